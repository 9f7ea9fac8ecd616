//! Which variant of a union became which: each step looks a variant up by a text, so that thousands of them stay cheap.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::values::types;
use crate::{Document, compare::view::View, schema::key};

/// How many pairs of unmatched variants are compared with each other to find the most alike; beyond it they are
/// matched in the order in which they stand.
const MAX_ALIKE: usize = 1_024;

/// A variant: where it is, what is written there, and what tells it apart.
pub(super) struct Variant<'a> {
    pub(super) at: String,
    pub(super) schema: &'a Value,
    pub(super) types: u8,
    pub(super) names: BTreeSet<&'a str>,
    /// Members with one value, and the name of a sole member that must be there (serde's external tag).
    pub(super) tags: HashMap<&'a str, String>,
    pub(super) external: Option<&'a str>,
}

/// Variants that still look for their counterpart.
pub(super) struct Matching<'m, 'a> {
    old: &'m [Variant<'a>],
    new: &'m [Variant<'a>],
    left_old: Vec<usize>,
    left_new: Vec<usize>,
    pub(super) pairs: Vec<(usize, usize)>,
}

impl<'m, 'a> Matching<'m, 'a> {
    pub(super) fn new(old: &'m [Variant<'a>], new: &'m [Variant<'a>]) -> Self {
        let (left_old, left_new) = ((0..old.len()).collect(), (0..new.len()).collect());
        Self { old, new, left_old, left_new, pairs: Vec::new() }
    }

    /// Matches those that share a text, in order; returns what it matched.
    pub(super) fn by(&mut self, text: impl Fn(&Variant<'a>) -> Option<String>) -> Vec<(usize, usize)> {
        if self.left_old.is_empty() || self.left_new.is_empty() {
            return Vec::new();
        }
        let mut known: HashMap<String, Vec<usize>> = HashMap::new();
        for index in self.left_new.iter().rev() {
            if let Some(text) = text(&self.new[*index]) {
                known.entry(text).or_default().push(*index);
            }
        }
        let found: Vec<(usize, usize)> = self
            .left_old
            .iter()
            .filter_map(|index| Some((*index, known.get_mut(&text(&self.old[*index])?)?.pop()?)))
            .collect();
        self.take(&found);
        found
    }

    /// Matches objects that share names of members, the most alike first.
    pub(super) fn alike(&mut self) {
        if self.left_old.len() * self.left_new.len() > MAX_ALIKE {
            return;
        }
        let mut scores = Vec::new();
        for before in &self.left_old {
            for after in &self.left_new {
                let (old, new) = (&self.old[*before], &self.new[*after]);
                let shared = old.names.intersection(&new.names).count();
                if shared > 0 && old.external.is_none() && new.external.is_none() {
                    let all = old.names.union(&new.names).count();
                    scores.push((shared * MAX_ALIKE / all, *before, *after));
                }
            }
        }
        scores.sort_by(|one, other| other.0.cmp(&one.0).then((one.1, one.2).cmp(&(other.1, other.2))));
        for (_, before, after) in scores {
            if self.left_old.contains(&before) && self.left_new.contains(&after) {
                self.take(&[(before, after)]);
            }
        }
    }

    /// Matches values that share a type.
    pub(super) fn overlapping(&mut self) {
        for before in self.left_old.clone() {
            let shares = |after: &&usize| {
                let (old, new) = (&self.old[before], &self.new[**after]);
                old.types & new.types != 0 && old.names.is_empty() && new.names.is_empty()
            };
            if let Some(after) = self.left_new.iter().find(shares).copied() {
                self.take(&[(before, after)]);
            }
        }
    }

    fn take(&mut self, found: &[(usize, usize)]) {
        let (old, new): (BTreeSet<usize>, BTreeSet<usize>) = found.iter().copied().unzip();
        self.left_old.retain(|index| !old.contains(index));
        self.left_new.retain(|index| !new.contains(index));
        self.pairs.extend(found);
    }
}

/// Reads a variant.
pub(super) fn variant<'a>(document: &'a Document, at: String, schema: &'a Value) -> Variant<'a> {
    let view = View::new(document, &at);
    let properties = view.properties();
    let constant = |schema: &Value| match (schema.get("const"), schema.get("enum").and_then(Value::as_array)) {
        (Some(value), _) => Some(key(value)),
        (None, Some(values)) if values.len() == 1 => values.first().map(key),
        _ => None,
    };
    let tags = properties.iter().filter_map(|(name, (_, schema))| Some((*name, constant(schema)?))).collect();
    let required = view.required();
    let external = match (properties.len(), properties.keys().next()) {
        (1, Some(name)) if required.contains(name) => Some(*name),
        _ => None,
    };
    Variant { types: types(&view), names: properties.into_keys().collect(), at, schema, tags, external }
}
