//! Says what is wrong with arguments: every violation of the published schema, with its place, what was expected
//! and what was found, in words that a model can act on.
//!
//! Invariants: the value at a place that the schema marks `writeOnly` (a secret) is never shown; what is told does not
//! grow with what the caller sent.

use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use serde::Serialize;
use serde_json::Value;

use crate::{
    catalogue::{Contract, Served},
    nearest::{echoed, nearest_name},
    schemas::{descend, same_value},
    secrets::{self, Places},
};

/// How many violations are described; a call that has more is told how many.
const DESCRIBED: usize = 100;
/// How much of a found value is shown, in characters.
const SHOWN: usize = 60;
/// How many of the known properties an unexpected one is answered with.
const KNOWN: usize = 50;
/// How many levels of a place are shown; and of each name as much as is repeated of any.
const LEVELS: usize = 20;

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

/// All violations of the schema in `instance`, which the validator has refused.
pub(crate) fn all(served: Served<'_>, instance: &Value) -> Vec<Violation> {
    let Contract { input, input_schema, .. } = served.contract();
    // What the current major takes for a secret may have another name here.
    let secrets = match secrets::hides_more(served) {
        true => vec![String::new()],
        false => Places::of(input_schema).map(|places| places.paths(instance)).unwrap_or_default(),
    };
    of(input, input_schema, &secrets, instance)
}

fn of(validator: &Validator, schema: &Value, secrets: &[String], instance: &Value) -> Vec<Violation> {
    let mut found = Found::default();
    for error in validator.iter_errors(instance) {
        describe(&error, schema, secrets, &mut found);
    }
    let Found { mut violations, more } = found;
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

/// What a type does not take that the current schema does, at a place in the arguments in their current form.
pub(crate) fn unread(served: Served<'_>, path: &str, arguments: &Value) -> Violation {
    let schema = &served.tool.current.input_schema;
    let format = at(schema, path).iter().find_map(|schema| schema.get("format")?.as_str());
    let expected = match format {
        Some(format) => format!("text in the format `{format}`"),
        None => "a value that the type of the parameter takes".to_owned(),
    };
    // Callers of an older major know neither the place nor the value.
    if !served.chain().is_empty() {
        let current = &served.tool.current.label;
        let expected = format!("what `{}` of version {current} takes: {expected}", place(path));
        return Violation { path: String::new(), expected, found: "something else".into() };
    }
    let secrets = Places::of(schema).map(|places| places.paths(arguments)).unwrap_or_default();
    let secret = secrets.iter().any(|place| is_within(path, place));
    let found = match arguments.pointer(path) {
        _ if secret => "a secret value".to_owned(),
        Some(value) => shown(value),
        None => "nothing".to_owned(),
    };
    Violation { path: place(path), expected, found }
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

/// As many as are described, and how many there are beyond.
#[derive(Default)]
struct Found {
    violations: Vec<Violation>,
    more: usize,
}

fn describe(error: &ValidationError<'_>, schema: &Value, secrets: &[String], out: &mut Found) {
    let room = DESCRIBED.saturating_sub(out.violations.len());
    if room == 0 {
        out.more += 1;
        return;
    }
    let path = error.instance_path().as_str();
    let secret = is_secret(error, schema) || secrets.iter().any(|place| is_within(path, place));
    let found = || if secret { "a secret value".to_owned() } else { shown(error.instance()) };
    let mut push = |path: String, expected: String, found: String| {
        out.violations.push(Violation { path: place(&path), expected, found });
    };
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            push(child(path, name), required(error, schema, name), "nothing".into());
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            let known = known_properties(error, schema);
            // One error is of all of them.
            for name in unexpected.iter().take(room) {
                push(child(path, name), no_property(name, &known), "an unexpected property".into());
            }
            out.more += unexpected.len().saturating_sub(room);
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

/// The schemas of a place, through references and alternatives, as far as few of them are.
fn at<'a>(schema: &'a Value, path: &str) -> Vec<&'a Value> {
    const MOST: usize = 64;
    let same = |found: Vec<&'a Value>| {
        let mut all = found;
        let mut next = 0;
        while next < all.len() && all.len() < MOST {
            all.extend(all[next].as_object().into_iter().flat_map(|one| same_value(schema, one)).collect::<Vec<_>>());
            next += 1;
        }
        all
    };
    let mut found = same(vec![schema]);
    for name in path.split('/').skip(1) {
        let name = name.replace("~1", "/").replace("~0", "~");
        let below = |one: &'a Value| {
            let item = name.parse().ok().and_then(|index: usize| one.get("prefixItems")?.get(index));
            let named = one.get("properties").and_then(|all| all.get(&name));
            named.or(item).or_else(|| one.get("items")).or_else(|| one.get("additionalProperties"))
        };
        found = same(found.into_iter().filter_map(below).collect());
    }
    found
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
        Kind::PropertyNames { error } => {
            format!("other property names than {}: {}", shown(error.instance()), expectation(error.kind()))
        }
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
        (None, known) if known.len() > KNOWN => {
            format!("no other property than `{}` and {} more", known[..KNOWN].join("`, `"), known.len() - KNOWN)
        }
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

/// A path, shortened where its names are long or many.
fn place(path: &str) -> String {
    let names: Vec<_> = path.split('/').take(LEVELS + 1).map(echoed).collect();
    let rest = if path.split('/').nth(LEVELS + 1).is_some() { "/…" } else { "" };
    names.join("/") + rest
}

fn child(path: &str, name: &str) -> String {
    let mut child = path.to_owned();
    descend(&mut child, name);
    child
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_told_does_not_grow_with_what_was_sent() {
        let known: Value = (0..200).map(|at| (format!("known_{at:03}"), json!({}))).collect();
        let schema = json!({
            "type": "object", "properties": known, "additionalProperties": false,
            "$defs": {
                "map": {"additionalProperties": {"items": {"type": "integer"}}},
                "short": {"propertyNames": {"maxLength": 3}},
            },
        });
        let many: Value = (0..5000).map(|at| (format!("x{at}"), json!(1))).collect();
        let long = "y".repeat(100_000);
        let wrong = vec![json!("z"); 500];
        for (about, schema, instance, least) in [
            ("names", schema.clone(), many, 4900),
            ("one name", schema.clone(), json!({ long.clone(): 1 }), 0),
            ("a long way", schema["$defs"]["map"].clone(), json!({ long.clone(): wrong }), 400),
            ("a name that is too long", schema["$defs"]["short"].clone(), json!({ long: 1 }), 0),
        ] {
            let validator = jsonschema::validator_for(&schema).unwrap();
            let found = of(&validator, &schema, &[], &instance);
            let told = text("tool", &found);
            assert!(found.len() <= DESCRIBED + 1 && told.len() < 120_000, "{about}: {} {}", found.len(), told.len());
            assert!(least == 0 || told.contains(&format!("{least} more than are listed here")), "{about}: {told}");
        }
    }

    #[test]
    fn a_secret_is_not_repeated_whatever_is_wrong_with_it() {
        let secret = json!({"writeOnly": true, "type": "string", "maxLength": 3});
        let schema = json!({"properties": {
            "token": secret,
            "login": {"anyOf": [{"properties": {"kind": {"const": 1}, "word": secret}}, {"properties": {"kind": {"const": 2}}}]},
            "either": {"anyOf": [secret, {"type": "integer"}], "not": {"type": "string"}},
            "whole": {"writeOnly": true, "properties": {"inner": {"type": "integer"}}},
        }});
        let validator = jsonschema::validator_for(&schema).unwrap();
        for instance in [
            json!({"token": "swordfish"}),
            json!({"token": 73519284}),
            json!({"login": {"kind": 1, "word": "swordfish"}}),
            json!({"either": "swordfish"}),
            json!({"whole": {"inner": "swordfish"}}),
        ] {
            let secrets = Places::of(&schema).unwrap().paths(&instance);
            let told = text("tool", &of(&validator, &schema, &secrets, &instance));
            assert!(told.contains("a secret value"), "{told}");
            assert!(!told.contains("swordfish") && !told.contains("73519284"), "{told}");
        }
    }

    #[test]
    fn a_deep_place_is_shown_from_its_beginning() {
        assert_eq!(place(""), "");
        assert_eq!(place("/a/b~1c/0"), "/a/b~1c/0");
        assert_eq!(place(&"/a".repeat(LEVELS)), "/a".repeat(LEVELS));
        assert_eq!(place(&"/a".repeat(LEVELS + 1)), "/a".repeat(LEVELS) + "/…");
    }
}
