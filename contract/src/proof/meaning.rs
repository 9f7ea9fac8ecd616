//! What a schema says about a value beyond whether it is valid: where it is described, and what a tool sees of it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    Document,
    schema::{Id, Node},
};

/// The root's node.
const ROOT: Id = 0;

/// Which subschemas of the same place count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// Those that hold for every value: references and `allOf`.
    All,
    /// Alternatives, too.
    Any,
}

/// The nodes that describe the root.
pub(super) fn root(document: &Document, of: Of) -> Vec<Id> {
    same_place(document, vec![ROOT], of)
}

/// The nodes that describe a member of what the nodes describe.
pub(super) fn member(document: &Document, ids: &[Id], name: &str, of: Of) -> Vec<Id> {
    let direct = nodes(document, ids).filter_map(|node| node.properties.get(name).copied().or(node.additional));
    same_place(document, direct.collect(), of)
}

/// The nodes that describe the elements of what the nodes describe.
pub(super) fn element(document: &Document, ids: &[Id], of: Of) -> Vec<Id> {
    let direct = nodes(document, ids).flat_map(|node| node.prefix.iter().chain(&node.items).copied());
    same_place(document, direct.collect(), of)
}

pub(super) fn nodes<'d>(document: &'d Document, ids: &[Id]) -> impl Iterator<Item = &'d Node> {
    ids.iter().filter_map(|id| document.nodes().get(*id as usize))
}

/// With everything that the nodes refer to for the same value, each once.
fn same_place(document: &Document, mut waiting: Vec<Id>, of: Of) -> Vec<Id> {
    let (mut seen, mut ids) = (BTreeSet::new(), Vec::new());
    waiting.reverse();
    while let Some(id) = waiting.pop() {
        let Some(node) = document.nodes().get(id as usize).filter(|_| seen.insert(id)) else { continue };
        ids.push(id);
        waiting.extend(node.all_of.iter().rev());
        if of == Of::Any {
            waiting.extend(node.any_of.iter().chain(&node.one_of).rev());
            waiting.extend(node.dependent_schemas.iter().map(|(_, id)| *id));
            if let Some(condition) = &node.condition {
                waiting.extend(condition.then.iter().chain(&condition.otherwise));
            }
        }
    }
    ids
}

/// The JSON pointer of the schema that describes what an instance pointer points at, or the nearest around it.
pub(super) fn schema_place(document: &Document, instance_pointer: &str) -> String {
    let mut ids = root(document, Of::Any);
    let mut place = String::new();
    for token in instance_pointer.split('/').skip(1) {
        let name = token.replace("~1", "/").replace("~0", "~");
        let inner = member(document, &ids, &name, Of::Any);
        let inner = if inner.is_empty() { element(document, &ids, Of::Any) } else { inner };
        let Some(first) = nodes(document, &inner).next() else { break };
        place.clone_from(&first.pointer);
        ids = inner;
    }
    place
}

/// The value as a tool with this schema sees it: defaults that the schema declares are filled in, and members that
/// it neither declares nor asks for are left out. Two arguments that are seen as the same mean the same.
pub(super) fn seen(document: &Document, value: &Value) -> Value {
    seen_by(document, &root(document, Of::All), &root(document, Of::Any), value)
}

fn seen_by(document: &Document, sure: &[Id], possible: &[Id], value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let closed = declares_all(document, possible);
            let mut seen = serde_json::Map::new();
            for (name, value) in members {
                if closed && !nodes(document, possible).any(|node| node.properties.contains_key(name.as_str())) {
                    continue;
                }
                let (sure, possible) =
                    (member(document, sure, name, Of::All), member(document, possible, name, Of::Any));
                seen.insert(name.clone(), seen_by(document, &sure, &possible, value));
            }
            for (name, id) in nodes(document, sure).flat_map(|node| &node.properties) {
                let node = nodes(document, &[*id]).next();
                let default = node.and_then(|node| document.root().pointer(&format!("{}/default", node.pointer)));
                if let Some(default) = default.filter(|_| !seen.contains_key(name.as_ref())) {
                    seen.insert(name.to_string(), default.clone());
                }
            }
            Value::Object(seen)
        }
        Value::Array(items) => {
            let (sure, possible) = (element(document, sure, Of::All), element(document, possible, Of::Any));
            Value::Array(items.iter().map(|item| seen_by(document, &sure, &possible, item)).collect())
        }
        other => other.clone(),
    }
}

/// The top-level names of the value are all declared.
pub(super) fn declares_names(document: &Document, value: &Value) -> bool {
    let ids = root(document, Of::Any);
    let declared = |name: &String| nodes(document, &ids).any(|node| node.properties.contains_key(name.as_str()));
    !declares_all(document, &ids) || value.as_object().is_none_or(|members| members.keys().all(declared))
}

/// The nodes name properties, and have no schema for others.
fn declares_all(document: &Document, ids: &[Id]) -> bool {
    let never = |id: &Id| document.nodes().get(*id as usize).is_some_and(|node| node.always == Some(false));
    nodes(document, ids).any(|node| !node.properties.is_empty())
        && nodes(document, ids).all(|node| node.patterns.is_empty() && node.additional.as_ref().is_none_or(never))
}
