//! Arguments as others than the caller may see them: without what the schema marks `writeOnly`.
//!
//! Invariant: where some alternative of the schema takes a value for a secret, it is one. What the schema does not
//! describe is shown.

use serde_json::{Map, Value};

use crate::{
    catalogue::Served,
    secrets::{self, Places},
};

/// In the place of a secret.
const HIDDEN: &str = "…";

/// The arguments of a call as its caller wrote them, without secrets; `current` is what its function gets.
pub(super) fn shown(served: Served<'_>, asked: &Map<String, Value>, current: &Map<String, Value>) -> Value {
    let mut shown = masked(&served.contract().input_schema, asked);
    if secrets::hides_more(served) {
        secrets::masked_as(served, current, &mut shown, HIDDEN);
    }
    shown
}

fn masked(schema: &Value, arguments: &Map<String, Value>) -> Value {
    let mut shown = Value::Object(arguments.clone());
    let secrets = Places::of(schema).map(|places| places.paths(&shown)).unwrap_or_default();
    for path in secrets {
        // What is in a secret that is hidden already is no longer there.
        if let Some(secret) = shown.pointer_mut(&path) {
            *secret = HIDDEN.into();
        }
    }
    shown
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
                "numbered": {"patternProperties": {"^[0-9]+$": secret}, "additionalProperties": false},
                "rest": {"unevaluatedProperties": secret},
                "some": {"contains": secret},
                "when": {"if": {}, "then": {"properties": {"x": secret}}},
            },
            "$defs": {"login": {"properties": {"user": {}, "password": secret, "next": {"$ref": "#/$defs/login"}}}},
        });
        let login = |next: Value| json!({"user": "u", "password": "hunter2", "next": next});
        let arguments = json!({
            "plain": "milk", "token": "hunter2", "list": [login(login(Value::Null))], "maybe": "hunter2",
            "pair": ["a", "hunter2"], "map": {"x": {"y": "hunter2"}}, "unknown": 1,
            "numbered": {"7": "hunter2"}, "rest": {"a": "hunter2"}, "some": ["hunter2"], "when": {"x": "hunter2"},
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
        let itself = json!({"$ref": "#", "properties": {"a": {"writeOnly": true}}});
        assert_eq!(masked(&itself, &Map::new()), json!(HIDDEN));
        let branch = json!({"properties": {"a": {"$ref": "#"}}});
        let deeper = json!({"anyOf": vec![branch; 10], "properties": {"b": {"writeOnly": true}}});
        let arguments = (0..30).fold(json!({}), |inner, _| json!({ "a": inner }));
        masked(&deeper, arguments.as_object().unwrap());
    }
}
