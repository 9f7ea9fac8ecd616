//! What a value is looked for that fulfils it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::Arc,
};

use serde_json::Value;

use crate::schema::{Id, Kinds, key};

/// Schemas that must hold and that must not, and what else is asked of one value.
#[derive(Debug, Clone)]
pub(super) struct Goal {
    /// These hold; with `true` the value has no undeclared members.
    pub(super) holds: BTreeMap<Id, bool>,
    /// These do not hold.
    pub(super) fails: BTreeSet<Id>,
    /// The value is none of these, by their keys.
    pub(super) except: BTreeMap<String, Value>,
    /// Text matches these patterns, or does not.
    pub(super) patterns: BTreeMap<Arc<str>, bool>,
    pub(super) kinds: Kinds,
    /// Two things were asked that exclude each other.
    pub(super) contradictory: bool,
}

impl Goal {
    pub(super) fn any() -> Self {
        Self {
            holds: BTreeMap::new(),
            fails: BTreeSet::new(),
            except: BTreeMap::new(),
            patterns: BTreeMap::new(),
            kinds: Kinds::ALL,
            contradictory: false,
        }
    }

    pub(super) fn holds(&mut self, id: Id, declared_only: bool) {
        self.contradictory |= self.fails.contains(&id);
        *self.holds.entry(id).or_default() |= declared_only;
    }

    pub(super) fn fails(&mut self, id: Id) {
        self.contradictory |= self.holds.contains_key(&id);
        self.fails.insert(id);
    }

    pub(super) fn is_not(&mut self, value: &Value) {
        self.except.insert(key(value), value.clone());
    }

    pub(super) fn matches(&mut self, pattern: &Arc<str>, wanted: bool) {
        self.contradictory |= self.patterns.insert(Arc::clone(pattern), wanted).is_some_and(|known| known != wanted);
    }

    /// Both at once.
    pub(super) fn and(&mut self, other: &Self) {
        self.contradictory |= other.contradictory;
        other.holds.iter().for_each(|(id, declared_only)| self.holds(*id, *declared_only));
        other.fails.iter().for_each(|id| self.fails(*id));
        self.except.extend(other.except.iter().map(|(key, value)| (key.clone(), value.clone())));
        other.patterns.iter().for_each(|(pattern, wanted)| self.matches(pattern, *wanted));
        self.kinds = self.kinds.and(other.kinds);
    }

    /// A text that equal goals share.
    pub(super) fn key(&self) -> String {
        let mut text = String::new();
        for (id, declared_only) in &self.holds {
            let _ = write!(text, "{}{id}", if *declared_only { '!' } else { '+' });
        }
        for id in &self.fails {
            let _ = write!(text, "-{id}");
        }
        for key in self.except.keys() {
            let _ = write!(text, "/{key}");
        }
        for (pattern, wanted) in &self.patterns {
            let _ = write!(text, "~{wanted}{pattern:?}");
        }
        let _ = write!(text, "@{:?}", self.kinds);
        text
    }
}
