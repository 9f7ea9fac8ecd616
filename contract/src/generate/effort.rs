//! How much a validator has to look at, so that it is not asked what it can't answer in time.
//!
//! A validator walks references and alternatives as often as they are written, for each value again: with schemas that
//! refer to each other twice that is exponential, and with a schema that is its own alternative it is endless.

use serde_json::Value;

use crate::{
    Document,
    schema::{Id, Node},
};

/// Pairs of a schema and a value, at most.
pub(super) const MOST: usize = 50_000;

/// [`Document::is_valid`], or none when the validator would have too much to do.
pub(crate) fn is_valid(document: &Document, instance: &Value) -> Option<bool> {
    of(document, instance).and_then(|_| document.is_valid(instance))
}

/// The pairs that a validator without short cuts looks at; none when there are more than [`MOST`].
pub(super) fn of(document: &Document, instance: &Value) -> Option<usize> {
    let mut waiting: Vec<(Id, &Value)> = vec![(super::ROOT, instance)];
    let mut looked = 0;
    while let Some((id, value)) = waiting.pop() {
        looked += 1;
        // What waits counts as well: it is what takes up the memory.
        if looked + waiting.len() > MOST {
            return None;
        }
        let Some(node) = document.nodes().get(id as usize) else { continue };
        waiting.extend(in_place(node).map(|id| (id, value)));
        match value {
            Value::Array(items) => {
                let every =
                    [node.items, node.contains.as_ref().map(|contains| contains.schema), node.unevaluated_items];
                for item in items {
                    waiting.extend(every.into_iter().flatten().map(|id| (id, item)));
                }
                waiting.extend(node.prefix.iter().copied().zip(items));
            }
            Value::Object(members) => {
                let every = [node.additional, node.unevaluated_properties];
                for (name, member) in members {
                    let own = node.properties.get(name.as_str()).copied().into_iter();
                    let patterns = node.patterns.iter().map(|(_, id)| *id);
                    waiting.extend(own.chain(patterns).chain(every.into_iter().flatten()).map(|id| (id, member)));
                }
            }
            _ => {}
        }
    }
    Some(looked)
}

/// The schemas that look at the same value.
fn in_place(node: &Node) -> impl Iterator<Item = Id> {
    let condition = node
        .condition
        .iter()
        .flat_map(|condition| [Some(condition.test), condition.then, condition.otherwise].into_iter().flatten());
    let listed = node.all_of.iter().chain(&node.any_of).chain(&node.one_of).chain(&node.not).copied();
    listed.chain(node.dependent_schemas.iter().map(|(_, id)| *id)).chain(condition)
}
