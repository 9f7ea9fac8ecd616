//! Members of arguments that the schema says nothing of, which policies don't see and the function may.
//!
//! A type reads a member under another name (`#[serde(alias)]`) that its schema does not show, and schemas of nested types
//! are open: a policy on the declared name would be passed by. So where policies are in force such members are refused.
//! Invariant: below an object that has declared members, each is declared, by any alternative of its schema, or the schema
//! expressly says what others are (`additionalProperties`, `unevaluatedProperties`, `patternProperties`). What it does not
//! do: objects of which nothing is declared. Policies don't see into them.

use serde_json::{Map, Value};

use crate::schemas::{descend, same_value};

/// The first member (RFC 6901) that is not declared.
pub(crate) fn first(schema: &Value, arguments: &Map<String, Value>) -> Option<String> {
    let mut path = String::new();
    Walk { root: schema, path: &mut path }.object(&[schema], arguments).then_some(path)
}

struct Walk<'r, 'p> {
    root: &'r Value,
    /// Where the walk is, and stays once it has found something.
    path: &'p mut String,
}

impl<'r> Walk<'r, '_> {
    /// Whether something undeclared is in a value that these schemas are of.
    fn value(&mut self, schemas: &[&'r Value], value: &Value) -> bool {
        match value {
            Value::Object(members) => self.object(schemas, members),
            Value::Array(items) => self.array(schemas, items),
            _ => false,
        }
    }

    fn object(&mut self, schemas: &[&'r Value], members: &Map<String, Value>) -> bool {
        let all = self.reached(schemas);
        let declares = all.iter().any(|schema| schema.get("properties").is_some());
        let open = all.iter().any(|schema| is_open(schema));
        members.iter().any(|(name, member)| {
            let named = all.iter().filter_map(|schema| schema.get("properties")?.get(name));
            let mut inner: Vec<&Value> = named.collect();
            let undeclared = inner.is_empty() && declares && !open;
            if inner.is_empty() {
                inner.extend(all.iter().flat_map(|schema| others(schema)));
            }
            self.within(name, |walk| undeclared || walk.value(&inner, member))
        })
    }

    fn array(&mut self, schemas: &[&'r Value], items: &[Value]) -> bool {
        let all = self.reached(schemas);
        items.iter().enumerate().any(|(index, item)| {
            let of_item = |schema: &&'r Map<String, Value>| {
                let prefix = schema.get("prefixItems").and_then(Value::as_array);
                prefix.and_then(|prefix| prefix.get(index)).or_else(|| schema.get("items"))
            };
            let inner: Vec<&Value> = all.iter().filter_map(of_item).collect();
            self.within(&index.to_string(), |walk| walk.value(&inner, item))
        })
    }

    /// Looks one step further, and stays there where something was found.
    fn within(&mut self, step: &str, look: impl FnOnce(&mut Self) -> bool) -> bool {
        let before = self.path.len();
        descend(self.path, step);
        let found = look(self);
        if !found {
            self.path.truncate(before);
        }
        found
    }

    /// These schemas and all that they refer to for the same value, each once.
    fn reached(&self, schemas: &[&'r Value]) -> Vec<&'r Map<String, Value>> {
        let mut waiting: Vec<&'r Value> = schemas.to_vec();
        let mut all: Vec<&'r Map<String, Value>> = Vec::new();
        while let Some(schema) = waiting.pop() {
            let Some(members) = schema.as_object() else { continue };
            if all.iter().any(|known| std::ptr::eq(*known, members)) {
                continue;
            }
            all.push(members);
            waiting.extend(same_value(self.root, members));
        }
        all
    }
}

/// Whether a schema says that it takes members that it does not name.
fn is_open(schema: &Map<String, Value>) -> bool {
    let says = |keyword| schema.get(keyword).is_some_and(|others| *others != Value::Bool(false));
    let patterns = schema.get("patternProperties").and_then(Value::as_object);
    says("additionalProperties")
        || says("unevaluatedProperties")
        || patterns.is_some_and(|patterns| !patterns.is_empty())
}

/// What members without a name of their own may be.
fn others(schema: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    let patterns = schema.get("patternProperties").and_then(Value::as_object).into_iter().flat_map(Map::values);
    ["additionalProperties", "unevaluatedProperties"]
        .into_iter()
        .filter_map(|keyword| schema.get(keyword))
        .chain(patterns)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_no_alternative_declares_is_found_however_deep() {
        let login = json!({ "type": "object", "properties": { "name": { "type": "string" },
                            "again": { "$ref": "#/$defs/Login" } } });
        let schema = json!({
            "properties": {
                "login": { "$ref": "#/$defs/Login" },
                "many": { "items": { "$ref": "#/$defs/Login" } },
                "pair": { "prefixItems": [{}, { "$ref": "#/$defs/Login" }] },
                "maybe": { "anyOf": [{ "$ref": "#/$defs/Login" }, { "type": "null" }] },
                "either": { "oneOf": [{ "properties": { "a": {} } }, { "properties": { "b": {} } }] },
                "both": { "allOf": [{ "$ref": "#/$defs/Login" }, { "properties": { "more": {} } }] },
                "map": { "type": "object", "additionalProperties": { "$ref": "#/$defs/Login" } },
                "open": { "properties": { "a": {} }, "additionalProperties": true },
                "closed": { "anyOf": [{ "properties": { "a": {} }, "additionalProperties": false },
                                      { "properties": { "b": {} } }] },
                "if": { "properties": { "a": {} }, "dependentSchemas": { "a": { "properties": { "b": {} } } } },
                "any": {},
            },
            "additionalProperties": false,
            "$defs": { "Login": login },
        });
        for (arguments, found) in [
            (json!({ "login": { "name": "a", "again": { "name": "b" } } }), None),
            (json!({ "login": { "user": "a" } }), Some("/login/user")),
            (json!({ "login": { "again": { "again": { "a/b": 1 } } } }), Some("/login/again/again/a~1b")),
            (json!({ "many": [{ "name": "a" }, { "user": "a" }] }), Some("/many/1/user")),
            (json!({ "pair": [{ "x": 1 }, { "user": "a" }] }), Some("/pair/1/user")),
            (json!({ "maybe": null }), None),
            (json!({ "maybe": { "user": "a" } }), Some("/maybe/user")),
            (json!({ "either": { "a": 1, "b": 2 } }), None),
            (json!({ "either": { "c": 1 } }), Some("/either/c")),
            (json!({ "both": { "name": "a", "more": 1 } }), None),
            (json!({ "both": { "user": "a" } }), Some("/both/user")),
            (json!({ "map": { "x": { "name": "a" } } }), None),
            (json!({ "map": { "x": { "user": "a" } } }), Some("/map/x/user")),
            (json!({ "closed": { "b": 1, "alias": 2 } }), Some("/closed/alias")),
            (json!({ "if": { "a": 1, "b": 2 } }), None),
            (json!({ "open": { "x": { "y": 1 } }, "any": { "x": { "y": 1 } } }), None),
        ] {
            assert_eq!(first(&schema, arguments.as_object().unwrap()).as_deref(), found, "{arguments}");
        }
    }
}
