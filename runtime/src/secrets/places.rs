//! Where a schema says that a value is a secret (`writeOnly`), and what is there in the arguments of a call.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::registry::Secrets;
use crate::catalogue::Contract;

/// How many values of one call are masked.
const MOST: usize = 64;

/// How deep schemas are followed: one that refers to itself has no end.
const DEEPEST: usize = 64;

/// A schema that marks something as a secret.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places<'a>(&'a Value);

impl<'a> Places<'a> {
    /// None where nothing is marked.
    pub(crate) fn of(schema: &'a Value) -> Option<Self> {
        marks(schema).then_some(Self(schema))
    }

    /// Gives each value at such a place to `take`, with its path (RFC 6901).
    pub(crate) fn visit<'v>(&self, value: &'v Value, mut take: impl FnMut(&str, &'v Value)) {
        visit(self.0, self.0, value, &mut String::new(), 0, &mut take);
    }
}

/// Makes the secrets among the arguments of a call known.
pub(crate) fn of_call(contract: &Contract, arguments: &Value) -> Secrets {
    let mut found = Vec::new();
    if contract.has_secrets {
        Places(&contract.input_schema).visit(arguments, |_, secret| texts(secret, &mut found));
    }
    Secrets::of(&found)
}

fn texts<'v>(value: &'v Value, found: &mut Vec<Cow<'v, str>>) {
    if found.len() >= MOST {
        return;
    }
    match value {
        Value::String(text) => found.push(text.into()),
        Value::Number(number) => found.push(number.to_string().into()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => members.values().for_each(|member| texts(member, found)),
        Value::Null | Value::Bool(_) => {}
    }
}

fn marks(schema: &Value) -> bool {
    match schema {
        Value::Object(object) => object.get("writeOnly") == Some(&Value::Bool(true)) || object.values().any(marks),
        Value::Array(items) => items.iter().any(marks),
        _ => false,
    }
}

fn visit<'v>(
    schema: &Value,
    root: &Value,
    value: &'v Value,
    path: &mut String,
    depth: usize,
    take: &mut impl FnMut(&str, &'v Value),
) {
    let Some(object) = schema.as_object().filter(|_| depth < DEEPEST) else { return };
    if object.get("writeOnly") == Some(&Value::Bool(true)) {
        return take(path, value);
    }
    if let Some(target) = referred(object, root) {
        visit(target, root, value, path, depth + 1, take);
    }
    for alternative in alternatives(object) {
        visit(alternative, root, value, path, depth + 1, take);
    }
    let start = path.len();
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                path.push('/');
                path.push_str(&name.replace('~', "~0").replace('/', "~1"));
                for inner in of_member(object, name) {
                    visit(inner, root, member, path, depth + 1, take);
                }
                path.truncate(start);
            }
        }
        Value::Array(items) => {
            let prefix = object.get("prefixItems").and_then(Value::as_array);
            for (index, item) in items.iter().enumerate() {
                let inner = prefix.and_then(|prefix| prefix.get(index)).or_else(|| object.get("items"));
                path.push_str(&format!("/{index}"));
                for inner in inner.into_iter().chain(object.get("contains")) {
                    visit(inner, root, item, path, depth + 1, take);
                }
                path.truncate(start);
            }
        }
        _ => {}
    }
}

fn of_member<'s>(object: &'s Map<String, Value>, name: &str) -> impl Iterator<Item = &'s Value> {
    let named = object.get("properties").and_then(|properties| properties.get(name));
    // Whether a pattern fits is not asked: rather one value too many is masked.
    let patterns = object.get("patternProperties").and_then(Value::as_object).into_iter().flat_map(Map::values);
    let others =
        ["additionalProperties", "unevaluatedProperties"].into_iter().filter_map(|keyword| object.get(keyword));
    named.into_iter().chain(patterns).chain(others.filter(move |_| named.is_none()))
}

fn referred<'s>(object: &Map<String, Value>, root: &'s Value) -> Option<&'s Value> {
    root.pointer(object.get("$ref")?.as_str()?.strip_prefix('#')?)
}

fn alternatives(object: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    let lists = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|keyword| object.get(keyword)?.as_array()).flatten();
    lists.chain(["if", "then", "else"].into_iter().filter_map(|keyword| object.get(keyword)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_found_wherever_a_schema_can_say_so() {
        let secret = || json!({ "type": "string", "writeOnly": true });
        let schema = json!({
            "properties": {
                "token": secret(),
                "login": { "$ref": "#/$defs/Login" },
                "keys": { "items": secret() },
                "pair": { "prefixItems": [{}, secret()] },
                "either": { "anyOf": [{ "properties": { "a/b": secret() } }, { "type": "null" }] },
                "named": { "additionalProperties": secret() },
                "whole": { "writeOnly": true },
                "open": { "type": "string" },
            },
            "$defs": { "Login": { "properties": { "password": secret(), "again": { "$ref": "#/$defs/Login" } } } },
        });
        let arguments = json!({
            "token": "1", "login": { "password": "2", "again": { "password": "3", "user": "-" } }, "keys": ["4", "5"],
            "pair": ["-", "6"], "either": { "a/b": "7", "c": "-" }, "named": { "x": "8" }, "whole": { "a": ["9"] },
            "open": "-",
        });
        let mut found = Vec::new();
        Places::of(&schema).unwrap().visit(&arguments, |path, value| found.push((path.to_owned(), value.clone())));
        // The order of members depends on features of `serde_json` that other crates may switch on.
        let mut paths: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
        paths.sort_unstable();
        assert_eq!(
            paths,
            [
                "/either/a~1b",
                "/keys/0",
                "/keys/1",
                "/login/again/password",
                "/login/password",
                "/named/x",
                "/pair/1",
                "/token",
                "/whole",
            ]
        );
        assert!(found.iter().all(|(_, value)| *value != json!("-")));
        assert!(Places::of(&json!({ "properties": { "writeOnly": { "type": "string" } } })).is_none());
    }

    #[test]
    fn a_schema_that_refers_to_itself_has_an_end() {
        let schema = json!({ "$ref": "#", "properties": { "a": { "writeOnly": true } } });
        let mut count = 0;
        Places::of(&schema).unwrap().visit(&json!({ "a": "x" }), |_, _| count += 1);
        assert!(count > 0);
    }
}
