//! Secrets that an older major of a tool does not call so.
//!
//! A field that is a secret now may have been none before, under this name or another, and a shim may make it of several.
//! Which one it is of can't be told from the schemas. Invariant: where the current schema has a place of a secret that the
//! older one does not have, a value of an older call is shown only if the current form of the call has it in the open.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::places::Places;
use crate::{catalogue::Served, schemas::same_value};

/// How many places of a schema are looked at, and how deep; beyond that it is taken for one that hides more.
const LOOKED_AT: usize = 10_000;
const DEEPEST: usize = 64;

/// Whether the current major takes for a secret what the major of a call may not.
pub(crate) fn hides_more(served: Served<'_>) -> bool {
    let (older, current) = (served.contract(), &served.tool.current);
    !served.chain().is_empty() && current.has_secrets && more(&older.input_schema, &current.input_schema)
}

/// Values of a call as they may be shown, beside the arguments in their current form: without those that are secret there,
/// or are not there at all.
pub(crate) fn masked_as(served: Served<'_>, current: &Map<String, Value>, shown: &mut Value, mask: &str) {
    let mut open = Value::Object(current.clone());
    let mut secret = BTreeSet::new();
    let paths = Places::of(&served.tool.current.input_schema).map(|places| places.paths(&open)).unwrap_or_default();
    for path in paths {
        if let Some(value) = open.pointer_mut(&path) {
            leaves(&std::mem::take(value), &mut secret);
        }
    }
    let mut known = BTreeSet::new();
    leaves(&open, &mut known);
    hide(shown, &|leaf| known.contains(leaf) && !secret.contains(leaf), mask);
}

fn hide(value: &mut Value, may_show: &impl Fn(&str) -> bool, mask: &str) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| hide(item, may_show, mask)),
        Value::Object(members) => members.values_mut().for_each(|member| hide(member, may_show, mask)),
        leaf if !may_show(&leaf.to_string()) => *leaf = mask.into(),
        _ => {}
    }
}

fn leaves(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| leaves(item, found)),
        Value::Object(members) => members.values().for_each(|member| leaves(member, found)),
        leaf => drop(found.insert(leaf.to_string())),
    }
}

fn more(older: &Value, current: &Value) -> bool {
    match (marked(older), marked(current)) {
        (Some(older), Some(current)) => !current.is_subset(&older),
        _ => true,
    }
}

/// Where values are that a schema marks, with `*` for every name and index that it leaves open; none where it is too large.
fn marked(schema: &Value) -> Option<BTreeSet<String>> {
    let mut walk = Walk { root: schema, left: LOOKED_AT, found: BTreeSet::new() };
    walk.visit(schema, &mut String::new(), 0)?;
    Some(walk.found)
}

struct Walk<'a> {
    root: &'a Value,
    left: usize,
    found: BTreeSet<String>,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, schema: &'a Value, path: &mut String, depth: usize) -> Option<()> {
        let Some(object) = schema.as_object() else { return Some(()) };
        self.left = self.left.checked_sub(1).filter(|_| depth <= DEEPEST)?;
        if object.get("writeOnly") == Some(&Value::Bool(true)) {
            self.found.insert(path.clone());
        }
        for same in same_value(self.root, object) {
            self.visit(same, path, depth + 1)?;
        }
        let named = object.get("properties").and_then(Value::as_object).into_iter().flatten();
        let named = named.map(|(name, inner)| (name.as_str(), inner));
        let patterns = object.get("patternProperties").and_then(Value::as_object).into_iter().flat_map(Map::values);
        let tuple = object.get("prefixItems").and_then(Value::as_array).into_iter().flatten();
        let others = ["additionalProperties", "unevaluatedProperties", "items", "contains"];
        let others = others.into_iter().filter_map(|keyword| object.get(keyword));
        for (name, inner) in named.chain(patterns.chain(tuple).chain(others).map(|inner| ("*", inner))) {
            let start = path.len();
            path.push('/');
            path.push_str(name);
            self.visit(inner, path, depth + 1)?;
            path.truncate(start);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "testing")]
    mod calls;

    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_hides_more_where_it_marks_another_place() {
        let secret = || json!({ "type": "string", "writeOnly": true });
        let schema = |name: &str, value: Value| json!({ "properties": { "user": {}, name: value } });
        let referring = json!({ "properties": { "key": { "$ref": "#/$defs/k" } }, "$defs": { "k": secret() } });
        let itself = json!({ "properties": { "key": secret(), "a": { "$ref": "#" } } });
        for (older, current, expected) in [
            (schema("key", secret()), schema("key", secret()), false),
            (schema("key", secret()), referring.clone(), false),
            (schema("key", secret()), schema("key", json!({})), false),
            (schema("key", json!({})), schema("key", secret()), true),
            (schema("pass", secret()), schema("key", secret()), true),
            (schema("key", json!({ "items": secret() })), schema("key", secret()), true),
            (referring, itself.clone(), true),
            (itself.clone(), itself, true),
        ] {
            assert_eq!(more(&older, &current), expected, "{older} {current}");
        }
    }
}
