//! Lists: empty, as short and as long as allowed, with what `contains` asks for.

use std::collections::HashSet;

use serde_json::Value;

use super::{Generator, Mood, conjunction::Conjunction, hostile};
use crate::schema::{Id, Node, key};

/// The longest list that is made; a schema that asks for more gets no instance.
const LONGEST: usize = 1_024;
/// How long a list is at most when nothing asks for more.
const USUAL: usize = 4;

impl Generator<'_> {
    pub(super) fn list(&mut self, all: &Conjunction, depth: u32) -> Option<Value> {
        let (mut least, mut most, mut unique) = (0, LONGEST, false);
        let mut wanted: Vec<Id> = Vec::new();
        for node in self.nodes(&all.ids) {
            least = least.max(usize::try_from(node.min_items).unwrap_or(usize::MAX));
            most = most.min(node.max_items.map_or(LONGEST, |most| most.try_into().unwrap_or(LONGEST)));
            unique |= node.unique;
            if let Some(contains) = &node.contains {
                let times = usize::try_from(contains.min).unwrap_or(usize::MAX).min(LONGEST + 1);
                wanted.extend(std::iter::repeat_n(contains.schema, times));
            }
        }
        let least = least.max(wanted.len());
        if least > most {
            return None;
        }
        let length = self.length(least, most, depth);
        let mut items = Vec::new();
        let mut keys = HashSet::new();
        while items.len() < length {
            let place = items.len();
            // What is wanted comes last: positions with a schema of their own are at the front.
            let wanted = wanted.get((place + wanted.len()).wrapping_sub(length)).copied();
            let item = (0..if unique { 6 } else { 1 }).find_map(|_| {
                let item = self.item(all, place, wanted, depth)?;
                (!unique || keys.insert(key(&item))).then_some(item)
            });
            match item {
                Some(item) => items.push(item),
                None if place >= least && wanted.is_none() => break,
                None => return None,
            }
        }
        Some(Value::Array(items))
    }

    fn length(&mut self, least: usize, most: usize, depth: u32) -> usize {
        if self.terse(depth) {
            return least;
        }
        let usual = most.min(least.saturating_add(USUAL));
        match (self.mood, self.rng.u8(..6)) {
            (_, 0) => least,
            (Mood::Full, _) | (_, 1) if most <= 64 => most,
            (_, 2) => usual.min(least + 1),
            _ => self.rng.usize(least..=usual),
        }
    }

    fn item(&mut self, all: &Conjunction, place: usize, wanted: Option<Id>, depth: u32) -> Option<Value> {
        let own = |node: &Node| node.prefix.get(place).copied().or(node.items);
        let mut needs: Vec<Id> = self.nodes(&all.ids).filter_map(own).chain(wanted).collect();
        if needs.is_empty() {
            needs.extend(self.nodes(&all.ids).filter_map(|node| node.unevaluated_items));
        }
        if needs.is_empty() {
            self.spend(1)?;
            return Some(hostile::value(&mut self.rng));
        }
        self.value(&needs, depth + 1)
    }
}
