//! The properties that a schema declares, and those that were seen.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    Document,
    proof::meaning::{self, Of},
    schema::{Id, Node},
};

/// Objects that must have been seen before something is said to be missing in all of them.
const ENOUGH: u32 = 32;
/// How deep properties are looked for.
const DEPTH: usize = 6;
/// How many are looked at.
const MOST: usize = 2_000;

/// Whether the schema declares a place; none is the elements of a list.
pub(super) fn declares(document: &Document, path: Vec<Option<&str>>) -> bool {
    let mut ids = meaning::root(document, Of::Any);
    for name in path {
        ids = match name {
            Some(name) => {
                if !meaning::nodes(document, &ids)
                    .any(|node| node.properties.contains_key(name) || is_map(document, node))
                {
                    return false;
                }
                meaning::member(document, &ids, name, Of::Any)
            }
            None => meaning::element(document, &ids, Of::Any),
        };
    }
    !ids.is_empty()
}

/// The members of the node's objects have a schema and no names.
fn is_map(document: &Document, node: &Node) -> bool {
    node.additional.is_some_and(|id| match meaning::nodes(document, &[id]).next().and_then(|node| node.always) {
        Some(open) => open && node.properties.is_empty(),
        None => true,
    })
}

/// How often there was an object at a place, and which members it had.
#[derive(Debug, Default)]
struct Seen {
    objects: u32,
    members: BTreeMap<String, Seen>,
}

/// What was seen in results. Lists are transparent: their elements are at the place of the list.
#[derive(Debug, Default)]
pub(super) struct Places {
    root: Seen,
}

impl Places {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn observe(&mut self, result: &Value) {
        self.root.observe(result, 0);
    }

    /// JSON pointers of properties that hold for every value of the schema, and that none of many objects had.
    pub(super) fn missing(&self, document: &Document) -> Vec<String> {
        let mut missing = Vec::new();
        let mut waiting = vec![(String::new(), meaning::root(document, Of::All), &self.root, 0)];
        let mut looked = 0;
        while let Some((pointer, ids, seen, depth)) = waiting.pop() {
            looked += 1;
            if looked > MOST || depth > DEPTH {
                break;
            }
            let elements = meaning::element(document, &ids, Of::All);
            if !elements.is_empty() {
                waiting.push((format!("{pointer}/0"), elements, seen, depth + 1));
            }
            if seen.objects < ENOUGH {
                continue;
            }
            for name in names(document, &ids) {
                let below = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                match seen.members.get(&name) {
                    Some(seen) => {
                        waiting.push((below, meaning::member(document, &ids, &name, Of::All), seen, depth + 1));
                    }
                    None => missing.push(below),
                }
            }
        }
        missing.sort();
        missing
    }
}

impl Seen {
    fn observe(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Object(members) if depth <= DEPTH => {
                self.objects += 1;
                for (name, value) in members {
                    self.members.entry(name.clone()).or_default().observe(value, depth + 1);
                }
            }
            Value::Array(items) if depth <= DEPTH => items.iter().for_each(|item| self.observe(item, depth + 1)),
            _ => {}
        }
    }
}

/// The names that the nodes declare and do not forbid.
fn names(document: &Document, ids: &[Id]) -> Vec<String> {
    let properties = meaning::nodes(document, ids).flat_map(|node| &node.properties);
    let possible =
        properties.filter(|(_, id)| meaning::nodes(document, &[**id]).all(|node| node.always != Some(false)));
    possible.map(|(name, _)| name.to_string()).collect()
}
