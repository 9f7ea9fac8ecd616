//! Decides whether every instance of one schema is an instance of another.
//!
//! The question is turned around: is there a value that the one accepts and the other refuses? `search` looks for it
//! and either finds one, or shows that there is none, or says that it can't tell. Invariant: [`Inclusion::Holds`] is a
//! proof, and [`Inclusion::Fails`] carries an instance that a validator has checked on both sides.
//! Bounded in time and memory whatever the schemas are.

mod automaton;
mod branch;
mod declared;
mod eval;
mod format;
mod goal;
mod graph;
mod list;
mod number;
mod object;
mod search;
#[cfg(test)]
mod tests;
mod text;

use serde_json::Value;

use self::{
    goal::Goal,
    graph::Graph,
    search::{Found, Search},
};
use crate::{
    Document,
    schema::{Id, Kind, Node},
};

/// How many enumerated values are left to the validator, where the search can't tell.
const ENUMERATED: usize = 1_000;

/// How deep schemas may be nested before a thread with a larger stack is used.
const SHALLOW: usize = 16;

/// The stack of the thread that searches, in bytes: goals are nested as deep as schemas are.
const STACK: usize = 256 << 20;

/// A schema inside a document.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The document, which references resolve in.
    pub document: &'a Document,
    /// The JSON pointer of the schema in it; empty for the whole.
    pub pointer: &'a str,
    /// Only instances without undeclared members: what peers emit. A member is declared when `properties` or
    /// `patternProperties` name it, or when `additionalProperties` has a schema for it that says something.
    pub declared_only: bool,
}

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Inclusion {
    /// Proved.
    Holds,
    /// Refuted by an instance of the one that the other refuses; a validator agreed where it could.
    Fails(Value),
    /// Neither, with the reason.
    Undecided(String),
}

/// Decides questions about a pair of documents, with one memory for all of them.
#[derive(Debug)]
pub struct Prover<'a> {
    first: &'a Document,
    second: &'a Document,
    search: Search,
    deep: bool,
}

impl<'a> Prover<'a> {
    /// For questions about these two documents.
    pub fn new(first: &'a Document, second: &'a Document) -> Self {
        let search = Search::new(Graph::new(first, second));
        let deep = search.graph.is_deeper_than(SHALLOW);
        Self { first, second, search, deep }
    }

    /// Whether every instance of `sub` is one of `sup`. Both are of the prover's documents.
    pub fn included(&mut self, sub: Side<'_>, sup: Side<'_>) -> Inclusion {
        match self.instance(&[sub], &[sup]) {
            Ok(None) => Inclusion::Holds,
            Ok(Some(witness)) => Inclusion::Fails(witness),
            Err(reason) => Inclusion::Undecided(reason),
        }
    }

    /// An instance of all of the schemas at once and of none of those in `without`; `Ok(None)` when there is none.
    ///
    /// # Errors
    /// The reason why it could not be decided.
    pub fn instance(&mut self, of: &[Side<'_>], without: &[Side<'_>]) -> Result<Option<Value>, String> {
        let mut goal = Goal::any();
        for side in of {
            goal.holds(self.class(side)?, side.declared_only);
        }
        for side in without {
            goal.fails(self.class(side)?);
        }
        match self.ask(&goal) {
            Found::Nothing => Ok(None),
            Found::Unknown(reason) => self.enumerated(&goal, of, without).ok_or_else(|| reason.to_string()),
            Found::Value(value) => {
                let agrees = |prover: &Self, value: &Value| {
                    let holds = of.iter().all(|side| prover.agrees(side, value, true));
                    holds && without.iter().all(|side| prover.agrees(side, value, false))
                };
                let mut value = value;
                // What the validator judges otherwise is a matter of one kind of value, such as numbers that are large.
                while !agrees(self, &value) {
                    goal.kinds = goal.kinds.without(Kind::of(&value));
                    match self.ask(&goal) {
                        Found::Value(another) => value = another,
                        _ => return Err("an instance was found that the validator judges otherwise".into()),
                    }
                }
                Ok(Some(value))
            }
        }
    }

    /// Decides by the validator alone, where a schema enumerates its values and all questions are about whole documents.
    fn enumerated(&self, goal: &Goal, of: &[Side<'_>], without: &[Side<'_>]) -> Option<Option<Value>> {
        let values = self.search.candidates(goal).filter(|values| values.len() <= ENUMERATED)?;
        // The validator takes every text for one of a format that it does not check.
        let unchecked = |node: &Node| node.format.as_deref().is_some_and(|format| !format::is_checked(format));
        let sides = || of.iter().chain(without);
        if sides().any(|side| !side.pointer.is_empty() || side.document.nodes().iter().any(unchecked)) {
            return None;
        }
        for value in values {
            let holds = of.iter().map(|side| side.document.is_valid(&value));
            let fails = without.iter().map(|side| side.document.is_valid(&value).map(|valid| !valid));
            let answers: Vec<Option<bool>> = holds.chain(fails).collect();
            if !answers.contains(&Some(false)) {
                return answers.iter().all(Option::is_some).then_some(Some(value));
            }
        }
        Some(None)
    }

    fn ask(&mut self, goal: &Goal) -> Found {
        if !self.deep {
            return self.search.ask(goal);
        }
        let search = &mut self.search;
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || search.ask(goal));
            match thread.map(std::thread::ScopedJoinHandle::join) {
                Ok(Ok(found)) => found,
                Ok(Err(_)) => Found::Unknown("the search ended unexpectedly".into()),
                Err(error) => Found::Unknown(format!("no thread could be started: {error}").into()),
            }
        })
    }

    fn class(&self, side: &Side<'_>) -> Result<Id, String> {
        let of_second = std::ptr::eq(side.document, self.second) && !std::ptr::eq(side.document, self.first);
        let id = side.document.node(side.pointer);
        let id = id.ok_or_else(|| format!("there is no schema at `{}` that is in use", side.pointer))?;
        Ok(self.search.graph.class(of_second, id))
    }

    /// Whether the validator says the same of the whole document. Of a part the search itself has to be believed.
    fn agrees(&self, side: &Side<'_>, value: &Value, valid: bool) -> bool {
        !side.pointer.is_empty() || side.document.is_valid(value) == Some(valid)
    }
}
