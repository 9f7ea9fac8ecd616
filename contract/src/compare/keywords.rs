//! Where schemas are inside a schema, and which keywords only speak to people and models.
//!
//! Invariant: a keyword that this module does not know holds data, never a schema. It judges nothing.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

use crate::schema::rational;

/// What the value of a keyword is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// One schema, or a list of them (`items` before 2020-12).
    Schema,
    /// A list of schemas.
    Schemas,
    /// Schemas by name; a list of names is possible too (`dependencies`).
    Named,
    /// Anything else.
    Data,
}

/// What a keyword's value is made of (JSON Schema 2020-12, and the older names of draft 7).
pub(crate) fn content(keyword: &str) -> Content {
    match keyword {
        "additionalItems"
        | "additionalProperties"
        | "contains"
        | "contentSchema"
        | "else"
        | "if"
        | "items"
        | "not"
        | "propertyNames"
        | "then"
        | "unevaluatedItems"
        | "unevaluatedProperties" => Content::Schema,
        "allOf" | "anyOf" | "oneOf" | "prefixItems" => Content::Schemas,
        "$defs" | "definitions" | "dependencies" | "dependentSchemas" | "patternProperties" | "properties" => {
            Content::Named
        }
        _ => Content::Data,
    }
}

/// Whether a keyword changes nothing about what is valid.
pub(crate) fn is_annotation(keyword: &str) -> bool {
    matches!(
        keyword,
        "$comment"
            | "default"
            | "deprecated"
            | "description"
            | "example"
            | "examples"
            | "readOnly"
            | "title"
            | "writeOnly"
    ) || keyword.starts_with("x-")
}

/// A copy of a schema with every schema in it changed by `change`, from the outside in: it gets the members of one
/// and says which stay.
pub(crate) fn rewrite(schema: &Value, change: &mut impl FnMut(&Map<String, Value>) -> Map<String, Value>) -> Value {
    let Value::Object(members) = schema else {
        return match schema {
            Value::Array(schemas) => Value::Array(schemas.iter().map(|schema| rewrite(schema, change)).collect()),
            other => other.clone(),
        };
    };
    let kept = change(members);
    let rewritten = kept.into_iter().map(|(keyword, value)| {
        let value = match (content(&keyword), value) {
            (Content::Data, value) => value,
            (Content::Schema, value) => rewrite(&value, change),
            (Content::Schemas, Value::Array(schemas)) => {
                Value::Array(schemas.iter().map(|schema| rewrite(schema, change)).collect())
            }
            (Content::Named, Value::Object(schemas)) => Value::Object(
                schemas
                    .into_iter()
                    .map(|(name, schema)| match schema {
                        Value::Array(_) => (name, schema),
                        schema => (name, rewrite(&schema, change)),
                    })
                    .collect(),
            ),
            (_, value) => value,
        };
        (keyword, value)
    });
    Value::Object(rewritten.collect())
}

/// The schema without annotations, at every depth.
pub(crate) fn bare(schema: &Value) -> Value {
    rewrite(schema, &mut |members| {
        members.iter().filter(|(keyword, _)| !is_annotation(keyword)).map(|(k, v)| (k.clone(), v.clone())).collect()
    })
}

/// Whether a schema refuses nothing by itself: `true`, `{}`, or annotations only.
pub(crate) fn says_nothing(schema: &Value) -> bool {
    match schema {
        Value::Bool(anything) => *anything,
        Value::Object(members) => members.keys().all(|keyword| is_annotation(keyword)),
        _ => false,
    }
}

/// Whether a schema asks for something of another place.
pub(crate) fn refers(schema: &Value) -> bool {
    match schema {
        Value::Object(members) => {
            members.iter().any(|(keyword, value)| keyword.ends_with("ef") && keyword.starts_with('$') || refers(value))
        }
        Value::Array(values) => values.iter().any(refers),
        _ => false,
    }
}

/// A pointer one step further (RFC 6901).
pub(crate) fn join(pointer: &str, token: &str) -> String {
    if token.contains(['~', '/']) {
        format!("{pointer}/{}", token.replace('~', "~0").replace('/', "~1"))
    } else {
        format!("{pointer}/{token}")
    }
}

/// The order of two numbers by their exact values; none when one is too large to work with.
pub(crate) fn order(one: &Number, other: &Number) -> Option<Ordering> {
    match (one.as_i64(), other.as_i64()) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        _ => Some(rational(one)?.cmp(&rational(other)?)),
    }
}

/// Equality as JSON Schema has it (2020-12 core, 4.2.2): `1` and `1.0` are the same number.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || order(one, other) == Some(Ordering::Equal),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, one)| other.get(name).is_some_and(|other| same(one, other)))
        }
        _ => one == other,
    }
}
