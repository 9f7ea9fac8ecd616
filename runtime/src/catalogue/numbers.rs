//! Makes the published bounds of whole numbers those of their Rust types.
//!
//! schemars says `"format": "uint32"`, which no validator knows. A value that the schema lets through and the type
//! does not take would be a drift between what is published and what is enforced, so the format becomes bounds.

use serde_json::{Map, Value};

/// The schema with bounds in the place of formats that name a Rust integer, at every depth.
pub(super) fn bounded(schema: Value) -> Value {
    match schema {
        Value::Object(object) => {
            let mut object: Map<_, _> = object.into_iter().map(|(name, value)| (name, bounded(value))).collect();
            if is_number(&object) {
                bound(&mut object);
            }
            steadfast_contract::sorted(Value::Object(object))
        }
        Value::Array(items) => Value::Array(items.into_iter().map(bounded).collect()),
        other => other,
    }
}

/// A property may itself be called `format`; only a schema of a number has a type beside it that says so.
fn is_number(object: &Map<String, Value>) -> bool {
    let number = |kind: &Value| kind == "integer" || kind == "number";
    match object.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(number),
        Some(kind) => number(kind),
        None => false,
    }
}

fn bound(object: &mut Map<String, Value>) {
    let bounds: Option<(Value, Value)> = match object.get("format").and_then(Value::as_str) {
        Some("int8") => Some((i8::MIN.into(), i8::MAX.into())),
        Some("int16") => Some((i16::MIN.into(), i16::MAX.into())),
        Some("int32") => Some((i32::MIN.into(), i32::MAX.into())),
        Some("int64" | "int") => Some((i64::MIN.into(), i64::MAX.into())),
        Some("uint8") => Some((u8::MIN.into(), u8::MAX.into())),
        Some("uint16") => Some((u16::MIN.into(), u16::MAX.into())),
        Some("uint32") => Some((u32::MIN.into(), u32::MAX.into())),
        Some("uint64" | "uint") => Some((u64::MIN.into(), u64::MAX.into())),
        Some("float" | "double") => None,
        _ => return,
    };
    object.remove("format");
    if let Some((least, most)) = bounds {
        object.entry("minimum").or_insert(least);
        if !object.contains_key("exclusiveMaximum") {
            object.entry("maximum").or_insert(most);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_bounds_of_a_type_are_published_unless_narrower_ones_are() {
        for (given, published) in [
            (json!({"type": "integer", "format": "uint8"}), json!({"type": "integer", "minimum": 0, "maximum": 255})),
            (
                json!({"type": ["integer", "null"], "format": "int32", "minimum": 1}),
                json!({"type": ["integer", "null"], "minimum": 1, "maximum": 2_147_483_647}),
            ),
            (
                json!({"type": "integer", "format": "uint64", "minimum": 0}),
                json!({"type": "integer", "minimum": 0, "maximum": u64::MAX}),
            ),
            (json!({"type": "number", "format": "double"}), json!({"type": "number"})),
            (json!({"type": "string", "format": "int32"}), json!({"type": "string", "format": "int32"})),
            (json!({"type": "string", "format": "date"}), json!({"type": "string", "format": "date"})),
        ] {
            assert_eq!(bounded(given), published);
        }
    }
}
