//! What of an input schema a policy can speak of: JSON Schema to Cedar's types.
//!
//! Invariant: a kind is given only where every value that the schema takes has a place in it, so that a policy that
//! passes validation never meets an argument of another type. What Cedar has no type for (a map with free names, a choice
//! between types, a tuple, a schema that contains itself) is left out, and so is what is secret (`writeOnly`). What this
//! deliberately does not do: bounds, patterns and enumerations, which the arguments were already held to.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::value;

/// How deep references and members are followed.
const DEEPEST: usize = 16;

/// The type of a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Text,
    Flag,
    /// A number without a fraction, as a Cedar `Long`.
    Whole,
    /// Any other number, as a Cedar `decimal`.
    Decimal,
    /// A list; a policy does not see its order, nor what stands in it twice.
    Set(Box<Kind>),
    Record(Members),
}

/// The members of a record.
pub(super) type Members = BTreeMap<String, Member>;

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    pub(super) kind: Kind,
    /// It is always there: the schema requires it and takes no null, or it has a default.
    pub(super) always: bool,
    /// What the tool takes where the caller says nothing.
    pub(super) default: Option<Value>,
}

/// The members that a policy sees of a tool's arguments.
pub(super) fn of_input(schema: &Value) -> Members {
    match kind(schema, schema, 0) {
        Some(Seen { kind: Kind::Record(members), .. }) => members,
        _ => Members::new(),
    }
}

impl Kind {
    /// As Cedar's schemas write it in JSON.
    pub(super) fn as_json(&self) -> Value {
        match self {
            Self::Text => json!({ "type": "String" }),
            Self::Flag => json!({ "type": "Boolean" }),
            Self::Whole => json!({ "type": "Long" }),
            Self::Decimal => json!({ "type": "Extension", "name": "decimal" }),
            Self::Set(element) => json!({ "type": "Set", "element": element.as_json() }),
            Self::Record(members) => record(members),
        }
    }
}

/// A record as Cedar's schemas write it.
pub(super) fn record(members: &Members) -> Value {
    let attributes = members.iter().map(|(name, member)| {
        let mut about = member.kind.as_json();
        about["required"] = member.always.into();
        (name.clone(), about)
    });
    json!({ "type": "Record", "attributes": attributes.collect::<Map<_, _>>() })
}

/// A kind, and whether null is taken instead.
struct Seen {
    kind: Kind,
    nullable: bool,
}


fn kind(schema: &Value, root: &Value, depth: usize) -> Option<Seen> {
    let members = schema.as_object().filter(|_| depth < DEEPEST)?;
    if is_secret(schema) {
        return None;
    }
    let follow = |schema: &Value| kind(schema, root, depth + 1);
    if let Some(reference) = members.get("$ref") {
        return follow(root.pointer(reference.as_str()?.strip_prefix('#')?)?);
    }
    if let Some(value) = members.get("const") {
        return of_values(std::slice::from_ref(value));
    }
    if let Some(values) = members.get("enum").and_then(Value::as_array) {
        return of_values(values);
    }
    if let Some(types) = members.get("type") {
        return of_types(types, members, root, depth);
    }
    match (members.get("anyOf").or_else(|| members.get("oneOf")), members.get("allOf")) {
        (Some(Value::Array(choices)), None) => one_of(choices, follow),
        (None, Some(Value::Array(all))) if all.len() == 1 => follow(&all[0]),
        _ => None,
    }
}

fn of_types(types: &Value, members: &Map<String, Value>, root: &Value, depth: usize) -> Option<Seen> {
    let names: Vec<&str> = match types {
        Value::String(name) => vec![name.as_str()],
        Value::Array(names) => names.iter().map(Value::as_str).collect::<Option<_>>()?,
        _ => return None,
    };
    let nullable = names.contains(&"null");
    let mut names: Vec<&str> = names.into_iter().filter(|name| *name != "null").collect();
    names.sort_unstable();
    let kind = match names.as_slice() {
        ["string"] => Kind::Text,
        ["boolean"] => Kind::Flag,
        ["integer"] => Kind::Whole,
        ["number"] | ["integer", "number"] => Kind::Decimal,
        ["array"] if !members.contains_key("prefixItems") => {
            let element = kind(members.get("items")?, root, depth + 1)?;
            Kind::Set(Box::new(Some(element).filter(|element| !element.nullable)?.kind))
        }
        ["object"] => Kind::Record(members_of(members, root, depth)?),
        _ => return None,
    };
    Some(Seen { kind, nullable })
}

/// None where the object has no members of its own, only free ones.
fn members_of(schema: &Map<String, Value>, root: &Value, depth: usize) -> Option<Members> {
    let properties = schema.get("properties").and_then(Value::as_object);
    if properties.is_none() && depth > 0 {
        return None;
    }
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let members = properties.into_iter().flatten().filter_map(|(name, property)| {
        let Seen { kind, nullable } = kind(property, root, depth + 1)?;
        // A null is nobody's value, and as a default it says that there is none.
        let default = property.get("default").filter(|default| value::fits(&kind, default)).cloned();
        let always = !nullable && (required.contains(&name.as_str()) || default.is_some());
        Some((name.clone(), Member { kind, always, default }))
    });
    Some(members.collect())
}

/// The kind of a list of values, if they have one in common.
fn of_values(values: &[Value]) -> Option<Seen> {
    let nullable = values.iter().any(Value::is_null);
    let mut kinds = values.iter().filter(|value| !value.is_null()).map(|value| match value {
        Value::String(_) => Some(Kind::Text),
        Value::Bool(_) => Some(Kind::Flag),
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(Kind::Whole),
        Value::Number(_) => Some(Kind::Decimal),
        _ => None,
    });
    let first = kinds.next()??;
    kinds.all(|kind| kind.as_ref() == Some(&first)).then_some(Seen { kind: first, nullable })
}

/// The kind of every choice, if they have one in common. Records that differ have none: which of them an argument is
/// would be lost.
fn one_of(choices: &[Value], follow: impl Fn(&Value) -> Option<Seen>) -> Option<Seen> {
    let is_null = |choice: &&Value| choice.get("type").is_some_and(|name| name == "null");
    let nullable = choices.iter().any(|choice| is_null(&choice));
    let mut seen = choices.iter().filter(|choice| !is_null(choice)).map(follow);
    let first = seen.next()??;
    seen.try_fold(first, |first, next| {
        let next = next.filter(|next| next.kind == first.kind)?;
        Some(Seen { nullable: first.nullable || next.nullable, ..first })
    })
    .map(|all| Seen { nullable: all.nullable || nullable, ..all })
}

/// Whether a value must not be shown, by what stands beside a reference or behind it.
fn is_secret(schema: &Value) -> bool {
    schema.get("writeOnly") == Some(&Value::Bool(true))
}
