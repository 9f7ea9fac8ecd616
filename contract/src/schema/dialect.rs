//! Which meaning a document's keywords have.

use jsonschema::Draft;
use serde_json::Value;

/// A dialect of JSON Schema, as far as it matters to inclusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Dialect {
    Draft4,
    Draft6,
    Draft7,
    Draft201909,
    Draft202012,
}

impl Dialect {
    /// What `$schema` says; without it 2020-12, unless the document is written as only an older one can be.
    pub(crate) fn of(schema: &Value) -> Self {
        let said = Self::of_uri(schema.get("$schema").and_then(Value::as_str));
        said.or_else(|| written(schema)).unwrap_or(Self::Draft202012)
    }

    /// The dialect of a metaschema's URI; one that nobody knows is taken for the latest.
    pub(super) fn of_uri(uri: Option<&str>) -> Option<Self> {
        Some(match uri? {
            uri if uri.contains("draft-04") => Self::Draft4,
            uri if uri.contains("draft-06") => Self::Draft6,
            uri if uri.contains("draft-07") => Self::Draft7,
            uri if uri.contains("2019-09") => Self::Draft201909,
            _ => Self::Draft202012,
        })
    }

    pub(crate) const fn draft(self) -> Draft {
        match self {
            Self::Draft4 => Draft::Draft4,
            Self::Draft6 => Draft::Draft6,
            Self::Draft7 => Draft::Draft7,
            Self::Draft201909 => Draft::Draft201909,
            Self::Draft202012 => Draft::Draft202012,
        }
    }

    /// Members beside `$ref` are ignored.
    pub(crate) const fn reference_stands_alone(self) -> bool {
        matches!(self, Self::Draft4 | Self::Draft6 | Self::Draft7)
    }

    /// Whether it defines the keyword, among those that not all dialects define.
    pub(crate) fn has_keyword(self, keyword: &str) -> bool {
        match keyword {
            "const" | "contains" | "propertyNames" => self >= Self::Draft6,
            "if" => self >= Self::Draft7,
            "dependentRequired" | "dependentSchemas" | "unevaluatedItems" | "unevaluatedProperties" => {
                self >= Self::Draft201909
            }
            "$recursiveRef" => self == Self::Draft201909,
            "$dynamicRef" | "prefixItems" => self >= Self::Draft202012,
            _ => true,
        }
    }

    /// A validator may, or may not, check what a text encodes.
    pub(crate) const fn may_check_content(self) -> bool {
        matches!(self, Self::Draft6 | Self::Draft7)
    }

    /// Whether it defines the format, so that the validator checks it.
    pub(crate) fn has_format(self, format: &str) -> bool {
        match format {
            "uuid" | "duration" => self >= Self::Draft201909,
            "iri" | "iri-reference" | "idn-email" | "idn-hostname" | "relative-json-pointer" => self >= Self::Draft7,
            "json-pointer" | "uri-reference" | "uri-template" => self >= Self::Draft6,
            _ => true,
        }
    }

    /// `items` may be a list, continued by `additionalItems`.
    pub(crate) const fn has_item_lists(self) -> bool {
        !matches!(self, Self::Draft202012)
    }
}

/// The dialect that a way of writing gives away: a list in `items`, or a flag in `exclusiveMinimum`.
fn written(schema: &Value) -> Option<Dialect> {
    match schema {
        Value::Object(members) => {
            let flag = |name| members.get(name).is_some_and(Value::is_boolean);
            if flag("exclusiveMinimum") || flag("exclusiveMaximum") {
                return Some(Dialect::Draft4);
            }
            let inner = members.values().filter_map(written).min();
            let list = members.get("items").is_some_and(Value::is_array).then_some(Dialect::Draft7);
            inner.into_iter().chain(list).min()
        }
        Value::Array(items) => items.iter().filter_map(written).min(),
        _ => None,
    }
}
