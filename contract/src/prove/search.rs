//! Looks for a value that fulfils a goal, or shows that there is none.
//!
//! Invariant: [`Found::Nothing`] is a proof. Where something is not understood or too large, goals are answered as if
//! it asked for less, so that what is proved empty is empty; a value is only given away after it was checked against
//! the whole goal. Values are finite, so a goal that comes up again while it is being looked for adds nothing: if it
//! had a value, a smaller one would have been found without it (least fixpoint).
//! Bounded by a number of steps and by depth; when they are used up the answer is [`Found::Unknown`].

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use serde_json::Value;

use super::{branch::Branch, eval, goal::Goal, graph::Graph, text::Texts};
use crate::schema::{Kind, Kinds};

/// What a question may cost. An ordinary one costs some thousands; all of it takes about half a second.
const COST: u32 = 3_000_000;

/// What it costs to look for a value, or to go down a branch; to look something up costs 1.
pub(super) const STEP: u32 = 40;

/// How deep goals may be nested; a document of JSON is at most 128 deep, and references may add to it.
pub(super) const DEPTH: usize = 300;

/// The answer to a goal.
#[derive(Debug, Clone)]
pub(super) enum Found {
    /// A value that fulfils it.
    Value(Value),
    /// There is none.
    Nothing,
    /// Neither could be shown.
    Unknown(Arc<str>),
}

/// Alternatives of which one must be found: a value ends the search, what is unknown is remembered.
#[derive(Debug, Default)]
pub(super) struct Any {
    unknown: Option<Arc<str>>,
}

impl Any {
    /// The value, if it is one.
    pub(super) fn tried(&mut self, found: Found) -> Option<Value> {
        match found {
            Found::Value(value) => return Some(value),
            Found::Nothing => {}
            Found::Unknown(reason) => {
                self.unknown.get_or_insert(reason);
            }
        }
        None
    }

    pub(super) fn unknown(&mut self, reason: impl Into<Arc<str>>) {
        self.unknown.get_or_insert_with(|| reason.into());
    }

    /// What it comes to when no alternative gave a value.
    pub(super) fn none(self) -> Found {
        self.unknown.map_or(Found::Nothing, Found::Unknown)
    }
}

/// See the module. Keeps what it found for the next question about the same graph.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) graph: Graph,
    pub(super) texts: Texts,
    left: u32,
    known: HashMap<String, Found>,
    /// Goals that are being looked for, with their depth.
    active: HashMap<String, usize>,
    /// The shallowest active goal that was met again since this was last taken.
    met: usize,
}

impl Search {
    pub(super) fn new(graph: Graph) -> Self {
        let (known, active) = (HashMap::new(), HashMap::new());
        Self { graph, texts: Texts::default(), left: 0, known, active, met: usize::MAX }
    }

    /// Answers a question of its own, with all steps at its disposal.
    pub(super) fn ask(&mut self, goal: &Goal) -> Found {
        self.left = COST;
        self.texts.refill();
        self.active.clear();
        self.met = usize::MAX;
        self.find(goal)
    }

    /// Takes from what the question may cost; false when nothing is left.
    pub(super) fn spend(&mut self, cost: u32) -> bool {
        self.left = self.left.saturating_sub(cost);
        self.left > 0
    }

    pub(super) fn exhausted() -> Found {
        Found::Unknown("the schemas are too entangled to be decided within the limit".into())
    }

    /// Answers a goal that came up in the course of a question.
    pub(super) fn find(&mut self, goal: &Goal) -> Found {
        if goal.contradictory || goal.kinds.is_empty() {
            return Found::Nothing;
        }
        let key = goal.key();
        if let Some(found) = self.known.get(&key) {
            return found.clone();
        }
        if let Some(depth) = self.active.get(&key) {
            self.met = self.met.min(*depth);
            return Found::Nothing;
        }
        let depth = self.active.len();
        if depth > DEPTH {
            return Found::Unknown("the schemas are nested too deeply".into());
        }
        if !self.spend(STEP) {
            return Self::exhausted();
        }
        self.active.insert(key.clone(), depth);
        let met = std::mem::replace(&mut self.met, usize::MAX);
        let found = self.decide(goal);
        self.active.remove(&key);
        let own = std::mem::replace(&mut self.met, met);
        if own < depth {
            self.met = self.met.min(own);
        }
        // Nothing that was shown with the help of a goal above holds only as long as that one is being looked for.
        let settled = match found {
            Found::Value(_) => true,
            Found::Nothing => own >= depth,
            Found::Unknown(_) => own == usize::MAX,
        };
        if settled {
            self.known.insert(key, found.clone());
        }
        found
    }

    fn decide(&mut self, goal: &Goal) -> Found {
        if let Some(candidates) = self.candidates(goal) {
            return self.choose(goal, &candidates);
        }
        let mut any = Any::default();
        let kinds = self.kinds(goal);
        for kind in Kind::ALL.into_iter().filter(|kind| kinds.has(*kind)) {
            let Some(branch) = Branch::new(self, goal, kind) else { continue };
            let found = branch.solve(self);
            if let Some(value) = any.tried(found) {
                return Found::Value(value);
            }
        }
        any.none()
    }

    /// The kinds that the schemas which hold have in common.
    fn kinds(&self, goal: &Goal) -> Kinds {
        goal.holds.keys().fold(goal.kinds, |kinds, id| kinds.and(self.graph.node(*id).kinds))
    }

    /// The values that alone are possible, when a schema that holds enumerates them.
    pub(super) fn candidates(&self, goal: &Goal) -> Option<Vec<Value>> {
        let (mut waiting, mut seen) = (goal.holds.keys().copied().collect::<Vec<_>>(), BTreeSet::new());
        let mut best: Option<&Vec<Value>> = None;
        while let Some(id) = waiting.pop() {
            if seen.insert(id) {
                let node = self.graph.node(id);
                for values in &node.values {
                    if best.is_none_or(|best| values.list.len() < best.len()) {
                        best = Some(&values.list);
                    }
                }
                waiting.extend(&node.all_of);
            }
        }
        best.cloned()
    }

    /// The first of these values that fulfils the goal. An enumerated value is declared as a whole.
    pub(super) fn choose(&mut self, goal: &Goal, candidates: &[Value]) -> Found {
        let mut any = Any::default();
        for value in candidates {
            if !self.spend(STEP / 8) {
                return Self::exhausted();
            }
            match self.fulfils(goal, value) {
                Some(true) => return Found::Value(value.clone()),
                Some(false) => {}
                None => any.unknown("it could not be told whether an enumerated value is valid"),
            }
        }
        any.none()
    }

    /// Whether a value fulfils a goal; none when it can't be told.
    pub(super) fn fulfils(&mut self, goal: &Goal, value: &Value) -> Option<bool> {
        if !goal.kinds.has(Kind::of(value)) {
            return Some(false);
        }
        if !goal.except.is_empty() && goal.except.contains_key(&crate::schema::key(value)) {
            return Some(false);
        }
        let mut sure = true;
        if let Value::String(text) = value {
            for (pattern, wanted) in &goal.patterns {
                match self.texts.matches(pattern, text) {
                    Some(matches) if matches == *wanted => {}
                    Some(_) => return Some(false),
                    None => sure = false,
                }
            }
        }
        let holds = goal.holds.keys().map(|id| (*id, true));
        for (id, wanted) in holds.chain(goal.fails.iter().map(|id| (*id, false))) {
            let judge = if wanted { eval::accepted } else { eval::valid };
            match judge(&self.graph, &mut self.texts, id, value) {
                Some(valid) if valid == wanted => {}
                Some(_) => return Some(false),
                None => sure = false,
            }
        }
        sure.then_some(true)
    }

    /// A value that was made for the goal, if it fulfils it. What can't be told is left to the validator at the end.
    pub(super) fn checked(&mut self, goal: &Goal, value: Value) -> Found {
        if self.fulfils(goal, &value) == Some(false) {
            return Found::Unknown("no instance could be constructed, though none could be excluded".into());
        }
        Found::Value(value)
    }
}
