//! Says what is wrong with arguments: every violation of the published schema, with its place, what was expected
//! and what was found, in words that a model can act on.
//!
//! Invariant: the value at a place that the schema marks `writeOnly` (a secret) is never shown.

use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use serde::Serialize;
use serde_json::Value;

use crate::{nearest::nearest_name, secrets::Places};

/// How many violations are described; a call that has more is told how many.
const DESCRIBED: usize = 100;
/// How much of a found value is shown, in characters.
const SHOWN: usize = 60;

/// One violation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Where: a JSON Pointer (RFC 6901) into the arguments.
    pub path: String,
    /// What the schema wants there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

/// All violations of `schema` in `instance`, which the validator has refused.
pub(crate) fn all(validator: &Validator, schema: &Value, instance: &Value) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut secrets = Vec::new();
    if let Some(places) = Places::of(schema) {
        places.visit(instance, |path, _| secrets.push(path.to_owned()));
    }
    let mut more = 0_usize;
    for error in validator.iter_errors(instance) {
        if violations.len() >= DESCRIBED {
            more += 1;
            continue;
        }
        describe(&error, schema, &secrets, &mut violations);
    }
    violations.sort_by(|a, b| a.path.cmp(&b.path));
    violations.dedup();
    if more > 0 {
        violations.push(Violation {
            path: String::new(),
            expected: "fewer violations".into(),
            found: format!("{more} more than are listed here"),
        });
    }
    violations
}

/// The violations as text for a model.
pub(crate) fn text(tool: &str, violations: &[Violation]) -> String {
    let count = violations.len();
    let problems = if count == 1 { "problem" } else { "problems" };
    let mut text = format!("Invalid arguments for `{tool}`: {count} {problems}.");
    for Violation { path, expected, found } in violations {
        let place = if path.is_empty() { "(the arguments)" } else { path };
        text.push_str(&format!("\n- {place}: expected {expected}, found {found}"));
    }
    text
}

fn describe(error: &ValidationError<'_>, schema: &Value, secrets: &[String], out: &mut Vec<Violation>) {
    let path = error.instance_path().as_str();
    let secret = is_secret(error, schema) || secrets.iter().any(|place| is_within(path, place));
    let found = || if secret { "a secret value".to_owned() } else { shown(error.instance()) };
    let mut push = |path: String, expected: String, found: String| {
        out.push(Violation { path, expected, found });
    };
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            push(child(path, name), required(error, schema, name), "nothing".into());
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            let known = known_properties(error, schema);
            for name in unexpected {
                push(child(path, name), no_property(name, &known), "an unexpected property".into());
            }
        }
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            match nearest(path, context) {
                Some(branch) => branch.iter().for_each(|error| describe(error, schema, secrets, out)),
                None => push(path.into(), format!("one of {} alternatives", context.len()), found()),
            }
        }
        kind => push(path.into(), expectation(kind), found()),
    }
}

/// The alternative that the value was surely meant to be: the only one that has its type and its tag.
fn nearest<'a>(base: &str, context: &'a [Vec<ValidationError<'static>>]) -> Option<&'a [ValidationError<'static>]> {
    let another = |error: &ValidationError<'_>| {
        let path = error.instance_path().as_str();
        match error.kind() {
            ValidationErrorKind::Type { .. } => path == base,
            // `{"kind": "post", ..}` is told by its tag, a constant one level down.
            ValidationErrorKind::Constant { .. } | ValidationErrorKind::Enum { .. } => {
                path == base || path.rsplit_once('/').is_some_and(|(parent, _)| parent == base)
            }
            _ => false,
        }
    };
    let mut candidates = context.iter().filter(|errors| !errors.iter().any(another));
    let only = candidates.next()?;
    candidates.next().is_none().then_some(only.as_slice())
}

fn expectation(kind: &ValidationErrorKind) -> String {
    use ValidationErrorKind as Kind;
    match kind {
        Kind::Type { kind } => {
            let kinds = match kind {
                jsonschema::error::TypeKind::Single(kind) => vec![kind.to_string()],
                jsonschema::error::TypeKind::Multiple(kinds) => kinds.iter().map(|kind| kind.to_string()).collect(),
            };
            kinds.iter().map(|kind| article(kind)).collect::<Vec<_>>().join(" or ")
        }
        Kind::Minimum { limit } => format!("at least {limit}"),
        Kind::Maximum { limit } => format!("at most {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("more than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("less than {limit}"),
        Kind::MultipleOf { multiple_of } => format!("a multiple of {multiple_of}"),
        Kind::MinLength { limit } => format!("at least {}", counted(*limit, "character")),
        Kind::MaxLength { limit } => format!("at most {}", counted(*limit, "character")),
        Kind::MinItems { limit } => format!("at least {}", counted(*limit, "item")),
        Kind::MaxItems { limit } => format!("at most {}", counted(*limit, "item")),
        Kind::MinProperties { limit } => format!("at least {}", counted(*limit, "property")),
        Kind::MaxProperties { limit } => format!("at most {}", counted(*limit, "property")),
        Kind::UniqueItems => "items that all differ".into(),
        Kind::Pattern { pattern } => format!("text that matches `{pattern}`"),
        Kind::Format { format } => format!("text in the format `{format}`"),
        Kind::Enum { options } => match options.as_array() {
            Some(options) => {
                let options: Vec<_> = options.iter().map(Value::to_string).collect();
                format!("one of {}", options.join(", "))
            }
            None => options.to_string(),
        },
        Kind::Constant { expected_value } => expected_value.to_string(),
        Kind::OneOfMultipleValid { .. } => "a value that fits exactly one alternative".into(),
        Kind::Contains => "an item of the kind that the schema names in `contains`".into(),
        Kind::PropertyNames { error } => format!("other property names: {error}"),
        Kind::Not { .. } | Kind::FalseSchema => "no such value".into(),
        other => format!("a value that satisfies `{}`", other.keyword()),
    }
}

fn article(kind: &str) -> String {
    match kind {
        "null" => "null".into(),
        "integer" | "object" | "array" => format!("an {kind}"),
        _ => format!("a {kind}"),
    }
}

fn counted(count: u64, unit: &str) -> String {
    match (count, unit) {
        (1, _) => format!("1 {unit}"),
        (_, "property") => format!("{count} properties"),
        _ => format!("{count} {unit}s"),
    }
}

fn no_property(name: &str, known: &[String]) -> String {
    let nearest = nearest_name(name, known.iter().map(String::as_str));
    match (nearest, known) {
        (Some(nearest), _) => format!("no such property (did you mean `{nearest}`?)"),
        (None, []) => "no properties".into(),
        (None, known) => format!("no other property than `{}`", known.join("`, `")),
    }
}

/// What a missing property should be, from its own schema.
fn required(error: &ValidationError<'_>, schema: &Value, name: &str) -> String {
    let property = parent(error, schema).and_then(|object| object.get("properties")?.get(name));
    let kind = property.and_then(|property| property.get("type")).and_then(Value::as_str);
    match kind {
        Some(kind) => format!("{} (the property is required)", article(kind)),
        None => "a value (the property is required)".into(),
    }
}

fn known_properties(error: &ValidationError<'_>, schema: &Value) -> Vec<String> {
    parent(error, schema)
        .and_then(|object| object.get("properties")?.as_object())
        .map(|properties| properties.keys().cloned().collect())
        .unwrap_or_default()
}

/// The schema object whose keyword was violated.
fn parent<'a>(error: &ValidationError<'_>, schema: &'a Value) -> Option<&'a Value> {
    let path = error.schema_path().as_str();
    let (object, _keyword) = path.rsplit_once('/')?;
    schema.pointer(object)
}

/// Whether a path leads to a place or below it.
fn is_within(path: &str, place: &str) -> bool {
    path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether the violated schema object, or one above it, is marked as a secret.
fn is_secret(error: &ValidationError<'_>, schema: &Value) -> bool {
    let path = error.schema_path().as_str();
    path.match_indices('/').any(|(at, _)| {
        schema.pointer(&path[..at]).and_then(|object| object.get("writeOnly")) == Some(&Value::Bool(true))
    })
}

fn child(path: &str, name: &str) -> String {
    format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// A found value, shortened; long text and big structures are not repeated to the model.
fn shown(value: &Value) -> String {
    // What is inside a list or an object may be a secret, and is not needed to find it.
    let text = match value {
        Value::Array(items) => return counted_of("an array of", items.len(), "item"),
        Value::Object(members) => return counted_of("an object of", members.len(), "property"),
        other => other.to_string(),
    };
    if text.chars().count() <= SHOWN {
        return text;
    }
    let start: String = text.chars().take(SHOWN).collect();
    format!("{start}… ({} characters)", text.chars().count())
}

fn counted_of(what: &str, count: usize, unit: &str) -> String {
    format!("{what} {}", counted(count as u64, unit))
}
