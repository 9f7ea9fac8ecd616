//! Steps through a JSON Schema (draft 2020-12) beside a value that it is of, and through the value.

use serde_json::{Map, Value};

/// Lists of schemas that are all of the value that the schema around them is of.
const LISTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];
const ALONE: [&str; 3] = ["if", "then", "else"];

/// The schemas that are of the same value as this one, one step further: what it refers to, and its alternatives.
pub(crate) fn same_value<'s>(root: &'s Value, schema: &'s Map<String, Value>) -> impl Iterator<Item = &'s Value> {
    let reference = schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    let referred = reference.and_then(|pointer| root.pointer(pointer));
    let lists = LISTS.into_iter().filter_map(|keyword| schema.get(keyword)?.as_array()).flatten();
    let alone = ALONE.into_iter().filter_map(|keyword| schema.get(keyword));
    let dependent = schema.get("dependentSchemas").and_then(Value::as_object).into_iter().flat_map(Map::values);
    referred.into_iter().chain(lists).chain(alone).chain(dependent)
}

/// Adds a name to a JSON pointer (RFC 6901).
pub(crate) fn descend(path: &mut String, name: &str) {
    path.push('/');
    path.push_str(&name.replace('~', "~0").replace('/', "~1"));
}
