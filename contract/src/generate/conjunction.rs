//! Nodes that must all hold a value, with one alternative picked wherever there are several.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use serde_json::Value;

use super::{Generator, spoken_of};
use crate::schema::{Id, Kind, Kinds, Node, key};

/// See the module.
#[derive(Debug)]
pub(super) struct Conjunction {
    /// Every node that must hold, each once.
    pub(super) ids: Vec<Id>,
    pub(super) kinds: Kinds,
    /// What `enum` and `const` leave, when there is one.
    pub(super) values: Option<Vec<Value>>,
    /// Members whose `dependentSchemas` are among the nodes.
    pub(super) forced: BTreeSet<Arc<str>>,
    /// Members whose `dependentSchemas` are not.
    pub(super) avoided: BTreeSet<Arc<str>>,
}

impl Generator<'_> {
    /// None when the picked alternatives exclude each other.
    pub(super) fn conjunction(&mut self, needs: &[Id], depth: u32) -> Option<Conjunction> {
        let (mut forced, mut avoided) = (BTreeSet::new(), BTreeSet::new());
        let (mut ids, mut seen) = (Vec::new(), HashSet::new());
        let mut waiting: Vec<Id> = needs.iter().rev().copied().collect();
        while let Some(id) = waiting.pop() {
            self.spend(1)?;
            if !seen.insert(id) {
                continue;
            }
            let node = self.nodes(&[id]).next()?;
            match node.always {
                Some(true) => continue,
                Some(false) => return None,
                None => ids.push(id),
            }
            waiting.extend(&node.all_of);
            for alternatives in [&node.any_of, &node.one_of] {
                if !alternatives.is_empty() {
                    waiting.push(self.alternative(alternatives, depth)?);
                }
            }
            if let Some(condition) = &node.condition {
                if self.rng.bool() {
                    waiting.push(condition.test);
                    waiting.extend(condition.then);
                } else {
                    waiting.extend(condition.otherwise);
                }
            }
            for (name, schema) in &node.dependent_schemas {
                if node.required.contains(name) || (!self.terse(depth) && self.rng.bool()) {
                    forced.insert(name.clone());
                    waiting.push(*schema);
                } else {
                    avoided.insert(name.clone());
                }
            }
        }
        let kinds = self.kinds(&ids);
        let values = self.values(&ids, kinds)?;
        Some(Conjunction { ids, kinds, values, forced, avoided })
    }

    fn alternative(&mut self, alternatives: &[Id], depth: u32) -> Option<Id> {
        let possible: Vec<Id> = alternatives.iter().copied().filter(|id| self.height(*id) < u32::MAX).collect();
        // When no end is in sight everything is as good as anything.
        let possible = if possible.is_empty() { alternatives } else { &possible };
        if self.terse(depth) && depth > 0 {
            let least = possible.iter().map(|id| self.height(*id)).min()?;
            let least: Vec<Id> = possible.iter().copied().filter(|id| self.height(*id) == least).collect();
            return self.pick(&least).copied();
        }
        self.pick(possible).copied()
    }

    fn height(&self, id: Id) -> u32 {
        self.heights.get(id as usize).copied().unwrap_or(u32::MAX)
    }

    /// The kinds that all nodes allow; when none of them names a type, mostly those that their keywords speak about.
    fn kinds(&mut self, ids: &[Id]) -> Kinds {
        let allowed = self.nodes(ids).fold(Kinds::ALL, |kinds, node| kinds.and(node.kinds));
        if allowed != Kinds::ALL || self.once_in(16) {
            return allowed;
        }
        let spoken = self.nodes(ids).map(spoken_of).filter(|kinds| !kinds.is_empty());
        spoken.reduce(|one, other| if one.and(other).is_empty() { one } else { one.and(other) }).unwrap_or(allowed)
    }

    /// The outer none is a contradiction, the inner one is "any value".
    #[allow(clippy::option_option, reason = "the two are told apart by the only caller, with `?`")]
    fn values(&mut self, ids: &[Id], kinds: Kinds) -> Option<Option<Vec<Value>>> {
        let mut listed: Vec<_> = self.nodes(ids).flat_map(|node: &Node| &node.values).collect();
        listed.sort_by_key(|values| values.list.len());
        let Some((first, others)) = listed.split_first() else { return Some(None) };
        self.spend(u32::try_from(first.list.len() / 16).unwrap_or(u32::MAX))?;
        let fits = |value: &&Value| {
            kinds.has(Kind::of(value)) && others.iter().all(|values| values.keys.contains(&key(value)))
        };
        let common: Vec<Value> = first.list.iter().filter(fits).cloned().collect();
        if common.is_empty() { None } else { Some(Some(common)) }
    }
}
