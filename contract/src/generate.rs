//! Instances of a schema, made up from a seed.
//!
//! Invariant: what is handed out is valid, as [`Document::is_valid`] says; the same document and seed give the same
//! instances. Values at the edges (bounds and one off them, the ends of number types, empty and long text and lists,
//! text that breaks naive code) are mixed with ordinary ones.
//!
//! A schema is walked as a conjunction of its nodes; of alternatives one is picked, `not` and the rest are left to the
//! check at the end. So there are schemas with instances of which none is found: [`Generator::instance`] then says
//! `None`, after a bounded number of steps. This proves nothing; deciding is what `Prover` is for.

mod conjunction;
mod effort;
mod format;
mod height;
mod hostile;
mod list;
mod number;
mod object;
mod pattern;
mod shrink;
mod text;

use std::{collections::HashMap, rc::Rc, sync::Arc};

use fastrand::Rng;
use jsonschema::Validator;
use serde_json::{Value, json};

pub use self::shrink::shrink;
use self::{conjunction::Conjunction, pattern::Pattern};
pub(crate) use self::{effort::is_valid, shrink::shrink_within};
use crate::{
    Document,
    schema::{Id, Kind, Kinds, Node, build},
};

/// How often an instance is tried before there is said to be none.
const ATTEMPTS: u32 = 48;
/// The tries before only plain ones are made.
const ATTEMPTS_MIXED: u32 = 32;
/// What one try may cost: nodes looked at, values made, and text in units of 16 characters.
const FUEL: u32 = 6_000;
/// What all tries for one instance may cost.
const ALL_FUEL: u32 = 16 * FUEL;
/// From this depth on, only what must be there is made.
const SOFT_DEPTH: u32 = 5;
/// At this depth a try is given up.
const HARD_DEPTH: u32 = 64;
/// The root's node.
const ROOT: Id = 0;

/// Makes instances of a document. See the module.
pub struct Generator<'a> {
    document: &'a Document,
    rng: Rng,
    declared_only: bool,
    heights: Vec<u32>,
    patterns: HashMap<Arc<str>, Option<Rc<Pattern>>>,
    matchers: HashMap<Arc<str>, Option<Rc<Validator>>>,
    fuel: u32,
    mood: Mood,
}

/// What an instance is to look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    /// Only what is required, short and plain: the best chance to be valid.
    Plain,
    /// Everything that is allowed.
    Full,
    /// Anything.
    Mixed,
}

impl<'a> Generator<'a> {
    /// Instances with whatever the schema lets through, names that it does not declare included.
    pub fn new(document: &'a Document, seed: u64) -> Self {
        Self {
            document,
            rng: Rng::with_seed(seed),
            declared_only: false,
            heights: height::of(document.nodes()),
            patterns: HashMap::new(),
            matchers: HashMap::new(),
            fuel: 0,
            mood: Mood::Mixed,
        }
    }

    /// Only names that the schema declares, by `properties`, `patternProperties` or a schema for further ones: what
    /// well-behaved callers send and what a tool returns. A schema that merely does not forbid other names gets none.
    #[must_use]
    pub fn declared_only(mut self) -> Self {
        self.declared_only = true;
        self
    }

    /// The next instance; none when a bounded number of tries found no valid one.
    pub fn instance(&mut self) -> Option<Value> {
        let (mut effort, mut fuel) = (2 * effort::MOST, ALL_FUEL);
        for attempt in 0..ATTEMPTS {
            if fuel == 0 {
                break;
            }
            self.mood = match (attempt, self.rng.u8(..8)) {
                (ATTEMPTS_MIXED.., _) | (_, 0) => Mood::Plain,
                (_, 1) => Mood::Full,
                _ => Mood::Mixed,
            };
            self.fuel = FUEL.min(fuel);
            let value = self.value(&[ROOT], 0);
            fuel -= FUEL.min(fuel) - self.fuel;
            let Some(value) = value else { continue };
            let cost = effort::of(self.document, &value);
            effort = effort.checked_sub(cost.unwrap_or(effort::MOST))?;
            if cost.is_some() && self.document.is_valid(&value)? {
                return Some(value);
            }
        }
        None
    }

    /// A value that all of the nodes should accept.
    fn value(&mut self, needs: &[Id], depth: u32) -> Option<Value> {
        if depth > HARD_DEPTH {
            return None;
        }
        // Alternatives that were picked may exclude each other: pick again.
        (0..3).find_map(|_| {
            self.spend(1)?;
            let all = self.conjunction(needs, depth)?;
            self.conjoined(&all, depth)
        })
    }

    fn conjoined(&mut self, all: &Conjunction, depth: u32) -> Option<Value> {
        if let Some(values) = &all.values {
            return self.pick(values).cloned();
        }
        let mut kinds: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| all.kinds.has(*kind)).collect();
        if kinds.is_empty() {
            return None;
        }
        self.rng.shuffle(&mut kinds);
        if self.terse(depth) {
            // The others may go on for ever.
            kinds.sort_by_key(|kind| matches!(kind, Kind::Array | Kind::Object));
        } else if kinds[0] == Kind::Null && self.rng.bool() {
            // What may be left out is more often there than not.
            kinds.rotate_left(1);
        }
        kinds.into_iter().find_map(|kind| match kind {
            Kind::Null => Some(Value::Null),
            Kind::Boolean => Some(Value::Bool(self.rng.bool())),
            Kind::Integer => self.integer(all),
            Kind::Fraction => self.double(all),
            Kind::String => self.text(all).map(Value::String),
            Kind::Array => self.list(all, depth),
            Kind::Object => self.object(all, depth),
        })
    }

    fn nodes<'n>(&self, ids: &'n [Id]) -> impl Iterator<Item = &'a Node> + use<'a, 'n> {
        let nodes = self.document.nodes();
        ids.iter().filter_map(move |id| nodes.get(*id as usize))
    }

    /// Only what must be there, from here on.
    fn terse(&self, depth: u32) -> bool {
        self.mood == Mood::Plain || depth >= SOFT_DEPTH || self.fuel < FUEL / 2
    }

    fn spend(&mut self, cost: u32) -> Option<()> {
        self.fuel = self.fuel.checked_sub(cost)?;
        Some(())
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> Option<&'t T> {
        if from.is_empty() { None } else { from.get(self.rng.usize(..from.len())) }
    }

    /// True once in so many times.
    fn once_in(&mut self, times: u32) -> bool {
        self.rng.u32(..times) == 0
    }

    /// Whether the text matches, as the validator sees it; a pattern that it can't read matches nothing.
    fn matches(&mut self, pattern: &Arc<str>, text: &str) -> bool {
        let dialect = self.document.dialect();
        let matcher = self
            .matchers
            .entry(pattern.clone())
            .or_insert_with(|| build(&json!({ "pattern": pattern.as_ref() }), dialect).map(Rc::new));
        matcher.as_ref().is_some_and(|matcher| matcher.is_valid(&Value::String(text.to_owned())))
    }
}

/// The kinds that a keyword of the node speaks about, for a node that names no type.
fn spoken_of(node: &Node) -> Kinds {
    let object = !node.properties.is_empty()
        || !node.required.is_empty()
        || !node.patterns.is_empty()
        || node.additional.is_some()
        || node.names.is_some()
        || node.min_properties > 0
        || !node.dependent_required.is_empty()
        || !node.dependent_schemas.is_empty();
    let array = node.items.is_some()
        || !node.prefix.is_empty()
        || node.contains.is_some()
        || node.min_items > 0
        || node.max_items.is_some();
    let text = node.pattern.is_some() || node.format.is_some() || node.min_length > 0 || node.max_length.is_some();
    let number = node.min.is_some() || node.max.is_some() || node.multiple_of.is_some();
    [
        (object, Kind::Object),
        (array, Kind::Array),
        (text, Kind::String),
        (number, Kind::Integer),
        (number, Kind::Fraction),
    ]
    .into_iter()
    .filter(|(spoken, _)| *spoken)
    .fold(Kinds::NONE, |kinds, (_, kind)| kinds.with(kind))
}

#[cfg(test)]
mod tests;
