//! Arguments as others than the caller may see them: without what the schema marks `writeOnly`.
//!
//! Invariant: where some alternative of the schema takes a value for a secret, it is one. What the schema does not
//! describe is shown.

use serde_json::{Map, Value};

/// How deep a schema is followed and how many of its places are looked at; what is beyond is hidden. One may refer to
/// itself, and alternatives of alternatives are many.
const DEEPEST: u32 = 256;
const MOST: u32 = 20_000;

/// In the place of a secret.
const HIDDEN: &str = "…";

/// The arguments without secrets.
pub(crate) fn masked(schema: &Value, arguments: &Map<String, Value>) -> Value {
    let mut shown = Value::Object(arguments.clone());
    Mask { root: schema, left: MOST }.hide(&mut shown, schema, 0);
    shown
}

struct Mask<'a> {
    root: &'a Value,
    /// How many places may still be looked at.
    left: u32,
}

impl Mask<'_> {
    fn hide(&mut self, value: &mut Value, schema: &Value, depth: u32) {
        if schema["writeOnly"] == true || depth > DEEPEST || self.left == 0 {
            *value = HIDDEN.into();
            return;
        }
        self.left -= 1;
        let depth = depth + 1;
        let target = schema["$ref"].as_str().and_then(|reference| self.root.pointer(reference.strip_prefix('#')?));
        let branches =
            ["allOf", "anyOf", "oneOf"].into_iter().flat_map(|key| schema[key].as_array().into_iter().flatten());
        for branch in target.into_iter().chain(branches) {
            self.hide(value, branch, depth);
        }
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    let property = schema["properties"].get(name);
                    self.hide(member, property.unwrap_or(&schema["additionalProperties"]), depth);
                }
            }
            Value::Array(items) => {
                let first = schema["prefixItems"].as_array().map_or(&[][..], Vec::as_slice);
                for (at, item) in items.iter_mut().enumerate() {
                    self.hide(item, first.get(at).unwrap_or(&schema["items"]), depth);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_is_hidden_wherever_the_schema_says_so() {
        let secret = json!({"type": "string", "writeOnly": true});
        let schema = json!({
            "properties": {
                "plain": {"type": "string"},
                "token": secret,
                "list": {"items": {"$ref": "#/$defs/login"}},
                "maybe": {"anyOf": [{"type": "null"}, secret]},
                "pair": {"prefixItems": [{"type": "string"}, secret]},
                "map": {"additionalProperties": secret},
            },
            "$defs": {"login": {"properties": {"user": {}, "password": secret, "next": {"$ref": "#/$defs/login"}}}},
        });
        let login = |next: Value| json!({"user": "u", "password": "hunter2", "next": next});
        let arguments = json!({
            "plain": "milk", "token": "hunter2", "list": [login(login(Value::Null))], "maybe": "hunter2",
            "pair": ["a", "hunter2"], "map": {"x": {"y": "hunter2"}}, "unknown": 1,
        });
        let shown = masked(&schema, arguments.as_object().unwrap());
        assert!(!shown.to_string().contains("hunter2"), "{shown}");
        assert_eq!(
            (&shown["plain"], &shown["list"][0]["user"], &shown["pair"][0]),
            (&json!("milk"), &json!("u"), &json!("a"))
        );
    }

    #[test]
    fn a_schema_that_refers_to_itself_comes_to_an_end() {
        assert_eq!(masked(&json!({"$ref": "#"}), &Map::new()), json!(HIDDEN));
        let deeper = json!({"anyOf": vec![json!({"properties": {"a": {"$ref": "#"}}}); 10]});
        let arguments = (0..30).fold(json!({}), |inner, _| json!({ "a": inner }));
        masked(&deeper, arguments.as_object().unwrap());
    }
}
