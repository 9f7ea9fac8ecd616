//! Which members a schema speaks of, by their names.

use std::{collections::BTreeSet, sync::Arc};

use super::{graph::Graph, text::Texts};
use crate::schema::Id;

/// What makes a name count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Some part of the schema says something about it.
    Declared,
    /// Some part may have evaluated it (JSON Schema Core 2020-12, section 11.3).
    MayBeEvaluated,
    /// It was evaluated whichever parts hold.
    IsEvaluated,
}

/// A set of names.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) names: BTreeSet<Arc<str>>,
    pub(super) patterns: BTreeSet<Arc<str>>,
    /// Every name.
    all: bool,
}

impl Names {
    pub(super) fn of_pattern(pattern: &Arc<str>) -> Self {
        Self { patterns: BTreeSet::from([Arc::clone(pattern)]), ..Self::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty() && self.patterns.is_empty() && !self.all
    }

    /// Whether a name is in the set; none when a pattern can't be told.
    pub(super) fn has(&self, texts: &mut Texts, name: &str) -> Option<bool> {
        if self.names.contains(name) { Some(true) } else { self.has_by(|pattern| texts.matches(pattern, name)) }
    }

    /// The same for a name that is not in the set by itself, and of which it is known which patterns it matches.
    pub(super) fn has_by(&self, mut matches: impl FnMut(&Arc<str>) -> Option<bool>) -> Option<bool> {
        if self.all {
            return Some(true);
        }
        let mut sure = true;
        for pattern in &self.patterns {
            match matches(pattern) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => sure = false,
            }
        }
        sure.then_some(false)
    }

    /// Adds what a schema speaks of. A schema that is only one of several that may hold is followed unless a name must
    /// be evaluated in any case.
    pub(super) fn add(&mut self, graph: &Graph, id: Id, purpose: Purpose) {
        let (mut waiting, mut seen) = (vec![id], BTreeSet::new());
        while let Some(id) = waiting.pop() {
            if !seen.insert(id) {
                continue;
            }
            self.add_own(graph, id, purpose);
            let node = graph.node(id);
            // What a part leaves unevaluated and judges then is evaluated for the whole.
            let judged = seen.len() > 1 && node.unevaluated_properties.is_some();
            self.all |= judged && purpose != Purpose::Declared;
            waiting.extend(&node.all_of);
            if purpose != Purpose::IsEvaluated {
                waiting.extend(node.any_of.iter().chain(&node.one_of));
                waiting.extend(node.dependent_schemas.iter().map(|(_, id)| *id));
                if let Some(condition) = &node.condition {
                    waiting.extend([Some(condition.test), condition.then, condition.otherwise].into_iter().flatten());
                }
            }
        }
    }

    /// Adds what a schema itself speaks of, without its parts.
    pub(super) fn add_own(&mut self, graph: &Graph, id: Id, purpose: Purpose) {
        let node = graph.node(id);
        self.names.extend(node.properties.keys().cloned());
        if purpose == Purpose::Declared {
            // What must be there is emitted, whether it has a schema or not.
            self.names.extend(node.required.iter().cloned());
            for (name, needs) in &node.dependent_required {
                self.names.extend(std::iter::once(name).chain(needs).cloned());
            }
            self.names.extend(node.dependent_schemas.iter().map(|(name, _)| std::sync::Arc::clone(name)));
        }
        self.patterns.extend(node.patterns.iter().map(|(pattern, _)| Arc::clone(pattern)));
        let rest = [node.additional, node.unevaluated_properties];
        self.all |= rest.into_iter().flatten().any(|rest| match purpose {
            // A schema for the rest that says nothing declares nothing.
            Purpose::Declared => graph.trivial(rest).is_none(),
            Purpose::MayBeEvaluated | Purpose::IsEvaluated => Some(rest) == node.additional,
        });
    }
}
