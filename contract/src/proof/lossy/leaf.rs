//! The leaves of a result, and other values for them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Number, Value};

use crate::Document;

/// Values of the schema's own lists that are tried for a leaf, at most.
const LISTED: usize = 12;
/// Values seen before at the same place that are tried, at most.
const LEARNT: usize = 4;

/// A step into a value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Member(String),
    Element(usize),
}

/// A value that is no list and no object, and where it is.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    path: Vec<Step>,
    value: Value,
}

/// In depth-first order.
pub(super) fn leaves(value: &Value) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    let mut waiting = vec![(Vec::new(), value)];
    while let Some((path, value)) = waiting.pop() {
        let below = |step| path.iter().cloned().chain([step]).collect::<Vec<_>>();
        match value {
            Value::Array(items) => {
                waiting.extend(items.iter().enumerate().map(|(at, item)| (below(Step::Element(at)), item)).rev());
            }
            Value::Object(members) => {
                waiting.extend(members.iter().map(|(name, member)| (below(Step::Member(name.clone())), member)));
            }
            _ => leaves.push(Leaf { path, value: value.clone() }),
        }
    }
    leaves
}

impl Leaf {
    /// A JSON pointer (RFC 6901).
    pub(super) fn pointer(&self) -> String {
        pointer(&self.path, false)
    }

    /// The pointer with `-` for every index: the same for all elements of a list.
    pub(super) fn place(&self) -> String {
        pointer(&self.path, true)
    }

    /// The place's names; none stands for the elements of a list.
    pub(super) fn place_names(&self) -> Vec<Option<&str>> {
        let names = self.path.iter().map(|step| match step {
            Step::Member(name) => Some(name.as_str()),
            Step::Element(_) => None,
        });
        names.collect()
    }

    /// Nothing of the element that the leaf belongs to shows, but something of another element of the same list.
    pub(super) fn siblings_show(&self, shows: &BTreeSet<String>) -> bool {
        (0..self.path.len()).any(|depth| {
            let Step::Element(_) = self.path[depth] else { return false };
            let list = pointer(&self.path[..depth], false) + "/";
            let element = pointer(&self.path[..=depth], false);
            let own = |shown: &&String| **shown == element || shown.starts_with(&format!("{element}/"));
            let of_list: Vec<_> = shows.iter().filter(|shown| shown.starts_with(&list)).collect();
            !of_list.is_empty() && !of_list.iter().any(own)
        })
    }

    /// The whole with another value for the leaf.
    pub(super) fn replaced(&self, whole: &Value, other: &Value) -> Value {
        let mut changed = whole.clone();
        if let Some(place) = changed.pointer_mut(&self.pointer()) {
            *place = other.clone();
        }
        changed
    }
}

fn pointer(path: &[Step], any_index: bool) -> String {
    path.iter().fold(String::new(), |pointer, step| match step {
        Step::Member(name) => format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")),
        Step::Element(_) if any_index => format!("{pointer}/-"),
        Step::Element(index) => format!("{pointer}/{index}"),
    })
}

/// Other values for a leaf: near ones, those that the schema lists, those that were there before.
pub(super) struct Alternatives {
    listed: Vec<Value>,
    learnt: BTreeMap<String, Vec<Value>>,
}

impl Alternatives {
    pub(super) fn of(document: &Document) -> Self {
        let lists = document.nodes().iter().flat_map(|node| &node.values).flat_map(|values| &values.list);
        let mut listed: Vec<Value> = Vec::new();
        for value in lists.filter(|value| !value.is_array() && !value.is_object()) {
            if listed.len() < LISTED && !listed.contains(value) {
                listed.push(value.clone());
            }
        }
        Self { listed, learnt: BTreeMap::new() }
    }

    /// Remembers what was there.
    pub(super) fn learn(&mut self, leaf: &Leaf) {
        let known = self.learnt.entry(leaf.place()).or_default();
        if known.len() < LEARNT && !known.contains(&leaf.value) {
            known.push(leaf.value.clone());
        }
    }

    /// All different from the leaf's own.
    pub(super) fn to(&self, leaf: &Leaf) -> Vec<Value> {
        let near = match &leaf.value {
            Value::String(text) => vec![Value::from(format!("{text}a")), "b".into(), "".into()],
            Value::Number(number) => near(number),
            Value::Bool(on) => vec![Value::Bool(!on)],
            _ => vec!["a".into(), Value::Bool(true), 1.into()],
        };
        let learnt = self.learnt.get(&leaf.place()).into_iter().flatten().cloned();
        let all = near.into_iter().chain(self.listed.iter().cloned()).chain(learnt);
        all.filter(|other| *other != leaf.value).collect()
    }
}

fn near(number: &Number) -> Vec<Value> {
    if let Some(whole) = number.as_i128() {
        let others = [whole.saturating_add(1), whole.saturating_sub(1), 0];
        return others.into_iter().filter_map(Number::from_i128).map(Value::Number).collect();
    }
    let double = number.as_f64().unwrap_or_default();
    vec![Value::from(double / 2.0), Value::from(double + 1.0), 0.into()]
}
