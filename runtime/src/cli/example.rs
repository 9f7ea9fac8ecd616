//! Arguments that a tool takes, for whoever wants to see a call before they read its schema.

use serde_json::{Map, Value};
use steadfast_contract::{Document, generate::Generator};

use crate::catalogue::Entry;

/// What the tool can't do without, in words that a person would use; none where that can't be guessed.
pub(super) fn arguments(entry: &Entry) -> Option<Map<String, Value>> {
    let schema = &entry.current.input_schema;
    let properties = schema["properties"].as_object()?;
    let required = schema.get("required").and_then(|names| names.as_array());
    let mut arguments = Map::new();
    for name in required.into_iter().flatten().filter_map(|name| name.as_str()) {
        let property = properties.get(name)?;
        let value = property.get("examples").and_then(|examples| examples.get(0)).cloned();
        let value = value.or_else(|| match property.get("type")?.as_str()? {
            "string" if property.get("pattern").is_none() && property.get("format").is_none() => Some("milk".into()),
            "integer" | "number" => property.get("minimum").cloned().or(Some(1.into())),
            "boolean" => Some(true.into()),
            _ => None,
        })?;
        arguments.insert(name.to_owned(), value);
    }
    let arguments = Value::Object(arguments);
    if !entry.current.input.is_valid(&arguments) {
        return None;
    }
    match arguments {
        Value::Object(arguments) => Some(arguments),
        _ => None,
    }
}

/// An instance of a schema, made up from a seed.
pub(super) fn instance(schema: &Value, seed: u64) -> Option<Value> {
    let document = Document::new(schema).ok()?;
    Generator::new(&document, seed).declared_only().instance()
}
