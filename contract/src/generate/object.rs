//! Objects: with what is required only, with everything, and with some of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::{Map, Value};

use super::{Generator, Mood, conjunction::Conjunction, hostile};
use crate::schema::{Id, Kind, Kinds, Node};

/// Members that are made at most beyond the required ones.
const MOST: usize = 64;

impl Generator<'_> {
    pub(super) fn object(&mut self, all: &Conjunction, depth: u32) -> Option<Value> {
        let (mut least, mut most) = (0_u64, u64::MAX);
        let mut needed = all.forced.clone();
        let mut declared = BTreeSet::new();
        for node in self.nodes(&all.ids) {
            least = least.max(node.min_properties);
            most = most.min(node.max_properties.unwrap_or(u64::MAX));
            needed.extend(node.required.iter().cloned());
            declared.extend(node.properties.keys().cloned());
        }
        self.complete(all, &mut needed);
        let (least, most) = (usize::try_from(least).ok()?, usize::try_from(most).unwrap_or(usize::MAX));
        if needed.len() > most || needed.iter().any(|name| all.avoided.contains(name)) {
            return None;
        }
        let mut members = BTreeMap::new();
        for name in &needed {
            let value = self.member(all, name, depth)?;
            members.insert(name.clone(), value);
        }
        let mut optional: Vec<Arc<str>> =
            declared.into_iter().filter(|name| !needed.contains(name) && !all.avoided.contains(name)).collect();
        self.rng.shuffle(&mut optional);
        let one_in = self.rng.u32(1..4);
        for name in optional.into_iter().take(MOST) {
            let wanted = members.len() < least
                || (!self.terse(depth) && (self.mood == Mood::Full || one_in == 1 || !self.once_in(one_in)));
            let mut group = BTreeSet::from([name]);
            self.complete(all, &mut group);
            group.retain(|name| !members.contains_key(name));
            if !wanted || members.len() + group.len() > most || !group.is_disjoint(&all.avoided) {
                continue;
            }
            // A member without a value is left out, with those that need it.
            let made: Option<Vec<_>> =
                group.into_iter().map(|name| Some((name.clone(), self.member(all, &name, depth)?))).collect();
            members.extend(made.into_iter().flatten());
        }
        self.further(all, &mut members, (least, most), depth)?;
        Some(Value::Object(members.into_iter().map(|(name, value)| (name.to_string(), value)).collect::<Map<_, _>>()))
    }

    /// Adds what the names need (`dependentRequired`).
    fn complete(&self, all: &Conjunction, names: &mut BTreeSet<Arc<str>>) {
        loop {
            let rules = self.nodes(&all.ids).flat_map(|node| &node.dependent_required);
            let more: Vec<Arc<str>> = rules
                .filter(|(name, _)| names.contains(name))
                .flat_map(|(_, needs)| needs.iter().filter(|need| !names.contains(*need)).cloned())
                .collect();
            if more.is_empty() {
                return;
            }
            names.extend(more);
        }
    }

    fn member(&mut self, all: &Conjunction, name: &Arc<str>, depth: u32) -> Option<Value> {
        let needs = self.needs(all, name);
        if needs.is_empty() {
            self.spend(1)?;
            return Some(hostile::value(&mut self.rng));
        }
        self.value(&needs, depth + 1)
    }

    /// The schemas that a member of this name must match.
    fn needs(&mut self, all: &Conjunction, name: &str) -> Vec<Id> {
        let nodes: Vec<&Node> = self.nodes(&all.ids).collect();
        let mut needs = Vec::new();
        for node in &nodes {
            let before = needs.len();
            needs.extend(node.properties.get(name));
            for (pattern, id) in &node.patterns {
                if self.matches(pattern, name) {
                    needs.push(*id);
                }
            }
            if needs.len() == before {
                needs.extend(node.additional);
            }
        }
        if needs.is_empty() {
            needs.extend(nodes.iter().filter_map(|node| node.unevaluated_properties));
        }
        needs
    }

    /// Members that no schema names: as many as are needed, and some more where that is welcome.
    fn further(
        &mut self,
        all: &Conjunction,
        members: &mut BTreeMap<Arc<str>, Value>,
        (least, most): (usize, usize),
        depth: u32,
    ) -> Option<()> {
        if least > members.len() + MOST {
            return None;
        }
        let welcome = if self.invited(all) { self.rng.usize(..3) } else { 0 };
        let welcome = if !self.declared_only && self.once_in(4) { welcome + 1 } else { welcome };
        let welcome = if self.terse(depth) { 0 } else { welcome };
        let wanted = least.max(members.len().saturating_add(welcome)).min(most);
        let mut tries = wanted.saturating_sub(members.len()) * 4;
        while members.len() < wanted && tries > 0 {
            tries -= 1;
            let Some(name) = self.name(all, depth).map(Arc::<str>::from) else { continue };
            if members.contains_key(&name) || all.avoided.contains(&name) {
                continue;
            }
            if let Some(value) = self.member(all, &name, depth) {
                members.insert(name, value);
            }
        }
        (members.len() >= least).then_some(())
    }

    /// The schemas speak of members without naming them.
    fn invited(&self, all: &Conjunction) -> bool {
        self.nodes(&all.ids).any(|node| {
            let map = node.additional.is_some_and(|id| match self.nodes(&[id]).next().map(|node| node.always) {
                Some(Some(open)) => open && node.properties.is_empty(),
                _ => true,
            });
            map || !node.patterns.is_empty()
        })
    }

    fn name(&mut self, all: &Conjunction, depth: u32) -> Option<String> {
        let patterns: Vec<Arc<str>> =
            self.nodes(&all.ids).flat_map(|node| node.patterns.iter().map(|(pattern, _)| pattern.clone())).collect();
        let names: Vec<Id> = self.nodes(&all.ids).filter_map(|node| node.names).collect();
        if !names.is_empty() {
            let mut text = self.conjunction(&names, depth)?;
            text.kinds = text.kinds.and(Kinds::only(Kind::String));
            return self.conjoined(&text, depth).and_then(|name| name.as_str().map(str::to_owned));
        }
        if !patterns.is_empty() && !self.once_in(4) {
            let pattern = self.pick(&patterns)?.clone();
            return self.patterned(&pattern, 0, 64, 0);
        }
        Some(if self.mood == Mood::Plain || self.rng.bool() {
            (0..self.rng.usize(1..8)).map(|_| self.rng.alphanumeric()).collect()
        } else {
            hostile::text(&mut self.rng).to_owned()
        })
    }
}
