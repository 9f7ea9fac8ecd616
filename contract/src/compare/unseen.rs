//! Members that the older schema declares and the newer one speaks of nowhere, however both are written.
//!
//! The walker pairs places and reports what it sees removed; where schemas are so rearranged that places can't be
//! paired, a member could vanish between them while everything stays valid, since undeclared members are taken. This
//! looks at instance paths instead: at each of them, everything that may apply on either side is taken together.
//! It names a path, and does not say that somebody uses it.

use std::collections::{BTreeSet, HashSet, VecDeque};

use serde_json::json;

use crate::{
    Document,
    schema::{self, Dialect, Id, Node, escape},
};

/// How many combinations of places are looked at.
const MAX_STATES: usize = 5_000;

/// How many positions of a list are told apart.
const MAX_POSITIONS: usize = 50;

/// What was found.
pub(super) enum Unseen {
    /// Every member is still spoken of.
    Nothing,
    /// The instance path of one that is not.
    Removed(String),
    /// There was too much to look at.
    TooMuch,
}

/// Looks for a member that is declared in the older document only, among those that `known` does not explain.
pub(super) fn look(old: &Document, new: &Document, known: impl Fn(&str) -> bool) -> Unseen {
    let (old, new) = (Side(old.nodes()), Side(new.nodes()));
    let mut seen = HashSet::new();
    let mut waiting = VecDeque::from([(String::new(), BTreeSet::from([0]), BTreeSet::from([0]))]);
    while let Some((path, before, after)) = waiting.pop_front() {
        let (before, after) = (old.all(before), new.all(after));
        if !seen.insert((before.clone(), after.clone())) {
            continue;
        }
        if seen.len() > MAX_STATES {
            return Unseen::TooMuch;
        }
        let mut next = |step: &str, before: BTreeSet<Id>, after: BTreeSet<Id>| {
            if !before.is_empty() && !after.is_empty() {
                waiting.push_back((format!("{path}/{step}"), before, after));
            }
        };
        // Where nothing is declared any more the object is free, and its members are what it is for.
        let free = !new.declares(&after);
        for name in old.names(&before) {
            let (was, is) = (old.members(&before, &name), new.members(&after, &name));
            if is.is_empty() && !free && !known(&name) && was.iter().any(|id| old.0[*id as usize].always != Some(false))
            {
                return Unseen::Removed(format!("{path}/{}", escape(&name)));
            }
            next(&escape(&name), was, is);
        }
        next("*", old.rest(&before), new.rest(&after));
        let positions = old.positions(&before).max(new.positions(&after)).min(MAX_POSITIONS);
        for at in 0..=positions {
            next(&at.to_string(), old.elements(&before, at), new.elements(&after, at));
        }
    }
    Unseen::Nothing
}

/// The schemas of one document.
struct Side<'a>(&'a [Node]);

impl Side<'_> {
    fn nodes<'s>(&'s self, ids: &'s BTreeSet<Id>) -> impl Iterator<Item = &'s Node> {
        ids.iter().filter_map(|id| self.0.get(*id as usize))
    }

    /// The schemas and all parts of them that may apply to the same value. What only tests a value says nothing of it.
    fn all(&self, ids: BTreeSet<Id>) -> BTreeSet<Id> {
        let (mut all, mut waiting) = (BTreeSet::new(), ids.into_iter().collect::<Vec<_>>());
        while let Some(id) = waiting.pop() {
            let Some(node) = self.0.get(id as usize).filter(|_| all.insert(id)) else { continue };
            waiting.extend(node.all_of.iter().chain(&node.any_of).chain(&node.one_of));
            waiting.extend(node.dependent_schemas.iter().map(|(_, schema)| *schema));
            if let Some(not) = node.not.and_then(|not| self.0.get(not as usize)).and_then(|not| not.not) {
                waiting.push(not);
            }
            if let Some(condition) = &node.condition {
                waiting.extend(condition.then.into_iter().chain(condition.otherwise));
            }
        }
        all
    }

    fn names(&self, ids: &BTreeSet<Id>) -> BTreeSet<String> {
        self.nodes(ids).flat_map(|node| node.properties.keys().map(ToString::to_string)).collect()
    }

    fn declares(&self, ids: &BTreeSet<Id>) -> bool {
        self.nodes(ids).any(|node| !node.properties.is_empty()) || !self.rest(ids).is_empty()
    }

    fn members(&self, ids: &BTreeSet<Id>, name: &str) -> BTreeSet<Id> {
        let mut members = BTreeSet::new();
        for node in self.nodes(ids) {
            let before = members.len();
            members.extend(node.properties.get(name));
            let patterns = node.patterns.iter().filter(|(pattern, _)| matches(pattern, name));
            members.extend(patterns.map(|(_, schema)| *schema));
            if members.len() == before {
                members.extend(
                    self.says_something(node.additional).chain(self.says_something(node.unevaluated_properties)),
                );
            }
        }
        members
    }

    /// The schemas of members that are not declared by name.
    fn rest(&self, ids: &BTreeSet<Id>) -> BTreeSet<Id> {
        let of = |node: &Node| {
            let patterns = node.patterns.iter().map(|(_, schema)| *schema).collect::<Vec<_>>();
            let rest = self.says_something(node.additional).chain(self.says_something(node.unevaluated_properties));
            patterns.into_iter().chain(rest).collect::<Vec<_>>()
        };
        self.nodes(ids).flat_map(of).collect()
    }

    fn positions(&self, ids: &BTreeSet<Id>) -> usize {
        self.nodes(ids).map(|node| node.prefix.len()).max().unwrap_or(0)
    }

    fn elements(&self, ids: &BTreeSet<Id>, at: usize) -> BTreeSet<Id> {
        let of = |node: &Node| {
            let position = node.prefix.get(at).copied().or(node.items).or(node.unevaluated_items);
            position.into_iter().chain(node.contains.as_ref().map(|contains| contains.schema)).collect::<Vec<_>>()
        };
        self.nodes(ids).flat_map(of).collect()
    }

    fn says_something(&self, id: Option<Id>) -> impl Iterator<Item = Id> {
        let node = id.and_then(|id| self.0.get(id as usize));
        let something = node.is_some_and(|node| node.always.is_none() && *node != Node::open(node.pointer.clone()));
        id.filter(|_| something).into_iter()
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    let validator = schema::build(&json!({ "pattern": pattern }), Dialect::Draft202012);
    validator.is_none_or(|validator| validator.is_valid(&json!(name)))
}
