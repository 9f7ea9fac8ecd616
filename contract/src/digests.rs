//! The three digests of a definition: what validates, what a model reads, every byte.
//!
//! Invariant: a digest is a function of the JSON value alone (never of the order of members, never of the machine),
//! and two definitions share one exactly when they agree in what it is about. RFC 8785 writes numbers as IEEE 754
//! doubles, so `9007199254740992` and `9007199254740993` have one canonical text; here integers outside ±2^53 enter
//! the text as tagged exact decimals before it is hashed ([`text`]). Numbers within are written as the RFC says.
//! This module does not say what a change means; that is what [`compare`](crate::compare) does.

mod inline;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value, json};

use crate::{
    compare::keywords::{Content, content, is_annotation, rewrite},
    digest,
    schema::rational,
};

/// The member that stands for an integer outside ±2^53. It begins with a character that no real name is left with:
/// names that begin with it get one more.
const INTEGER: &str = "\u{0}integer";

/// 2^53: up to here every integer is a double of its own.
const EXACT: u64 = 1 << 53;

/// The digests of a definition, each as `sha256:` and hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Digests {
    /// What validates: both schemas with references inlined, without annotations.
    pub wire: String,
    /// What a model reads: names, descriptions, defaults, examples, the order of enumerations.
    pub model: String,
    /// Every byte of the definition.
    pub definition: String,
}

impl Digests {
    /// The digests of a tool's definition, in the shape of an entry of `tools/list`.
    pub fn of(definition: &Value) -> Self {
        let schema = |name: &str| definition.get(name).map_or(Value::Null, inline::wire);
        let wire = json!({ "inputSchema": schema("inputSchema"), "outputSchema": schema("outputSchema") });
        Self { wire: of(&wire), model: of(&model(definition)), definition: of(definition) }
    }
}

fn of(value: &Value) -> String {
    if needs_tags(value) { digest(&tagged(value)) } else { digest(value) }
}

fn needs_tags(value: &Value) -> bool {
    match value {
        Value::Number(number) => decimal(number).is_some(),
        Value::Array(values) => values.iter().any(needs_tags),
        Value::Object(members) => members.iter().any(|(name, value)| name.starts_with('\0') || needs_tags(value)),
        _ => false,
    }
}

fn tagged(value: &Value) -> Value {
    match value {
        Value::Number(number) => match decimal(number) {
            Some(decimal) => json!({ INTEGER: decimal }),
            None => value.clone(),
        },
        Value::Array(values) => Value::Array(values.iter().map(tagged).collect()),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| {
                    let name = if name.starts_with('\0') { format!("\0{name}") } else { name.clone() };
                    (name, tagged(value))
                })
                .collect(),
        ),
        other => other.clone(),
    }
}

/// The exact decimal of an integer outside ±2^53, however it was written.
fn decimal(number: &Number) -> Option<String> {
    if let Some(integer) = number.as_i64() {
        return (integer.unsigned_abs() > EXACT).then(|| integer.to_string());
    }
    let exact = rational(number)?;
    (exact.is_integer() && exact.to_integer().magnitude() > &EXACT.into()).then(|| exact.to_integer().to_string())
}

/// What a model reads of a definition: everything that speaks, and the names and choices that it has to write.
fn model(definition: &Value) -> Value {
    let schema = |name: &str| definition.get(name).map_or(Value::Null, spoken);
    json!({
        "name": definition.get("name"),
        "title": definition.get("title"),
        "description": definition.get("description"),
        "inputSchema": schema("inputSchema"),
        "outputSchema": schema("outputSchema"),
    })
}

fn spoken(schema: &Value) -> Value {
    rewrite(&inline::inlined(schema), &mut |members| {
        let reads = |keyword: &str| {
            content(keyword) != Content::Data
                || matches!(keyword, "enum" | "const" | inline::RECURSIVE)
                || is_annotation(keyword) && !keyword.starts_with("x-") && keyword != "$comment"
        };
        members.iter().filter(|(keyword, _)| reads(keyword)).map(|(k, v)| (k.clone(), v.clone())).collect::<Map<_, _>>()
    })
}

#[cfg(test)]
mod tests;
