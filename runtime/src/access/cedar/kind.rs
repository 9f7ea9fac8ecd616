//! What of an input schema a policy can speak of: JSON Schema to Cedar's types.
//!
//! Invariant: a kind is given only where every value that the schema takes has a place in it, so that a policy that
//! passes validation never meets an argument of another type. What Cedar has no type for (a map with free names, a choice
//! between types, a tuple, a schema that contains itself) is left out, and so is what is secret (`writeOnly`). What this
//! deliberately does not do: bounds, patterns and enumerations, which the arguments were already held to.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::value;

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
    match (Reader { root: schema, way: Vec::new() }).kind(schema) {
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

/// Reads a schema, with the references that led to where it is: what is met again on its own way contains itself.
struct Reader<'a> {
    root: &'a Value,
    way: Vec<&'a str>,
}

impl<'a> Reader<'a> {
    fn kind(&mut self, schema: &'a Value) -> Option<Seen> {
        let members = schema.as_object()?;
        if is_secret(schema) {
            return None;
        }
        if let Some(reference) = members.get("$ref") {
            return self.behind(reference.as_str()?);
        }
        if let Some(value) = members.get("const") {
            return of_values(std::slice::from_ref(value));
        }
        if let Some(values) = members.get("enum").and_then(Value::as_array) {
            return of_values(values);
        }
        if let Some(types) = members.get("type") {
            return self.of_types(types, members);
        }
        match (members.get("anyOf").or_else(|| members.get("oneOf")), members.get("allOf")) {
            (Some(Value::Array(choices)), None) => self.one_of(choices),
            (None, Some(Value::Array(all))) if all.len() == 1 => self.kind(&all[0]),
            _ => None,
        }
    }

    fn behind(&mut self, reference: &'a str) -> Option<Seen> {
        if self.way.contains(&reference) {
            return None;
        }
        let root = self.root;
        self.way.push(reference);
        let seen = root.pointer(reference.strip_prefix('#')?).and_then(|schema| self.kind(schema));
        self.way.pop();
        seen
    }

    fn of_types(&mut self, types: &'a Value, members: &'a Map<String, Value>) -> Option<Seen> {
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
                let element = self.kind(members.get("items")?)?;
                Kind::Set(Box::new(Some(element).filter(|element| !element.nullable)?.kind))
            }
            ["object"] => Kind::Record(self.members(members)?),
            _ => return None,
        };
        Some(Seen { kind, nullable })
    }

    /// None where the object has no members of its own, only free ones.
    fn members(&mut self, schema: &'a Map<String, Value>) -> Option<Members> {
        let properties = schema.get("properties").and_then(Value::as_object)?;
        let required = schema.get("required").and_then(Value::as_array);
        let required = |name: &str| required.is_some_and(|names| names.iter().any(|required| required == name));
        let members = properties.iter().filter_map(|(name, property)| {
            let Seen { kind, nullable } = self.kind(property)?;
            // A null is nobody's value, and as a default it says that there is none.
            let default = property.get("default").filter(|default| value::fits(&kind, default)).cloned();
            let always = !nullable && (required(name) || default.is_some());
            Some((name.clone(), Member { kind, always, default }))
        });
        Some(members.collect())
    }

    /// The kind of every choice, if they have one in common. Records that differ have none: which of them an argument is
    /// would be lost.
    fn one_of(&mut self, choices: &'a [Value]) -> Option<Seen> {
        let is_null = |choice: &&Value| choice.get("type").is_some_and(|name| name == "null");
        let nullable = choices.iter().any(|choice| is_null(&choice));
        let mut seen = choices.iter().filter(|choice| !is_null(choice)).map(|choice| self.kind(choice));
        let first = seen.next()??;
        seen.try_fold(first, |first, next| {
            let next = next.filter(|next| next.kind == first.kind)?;
            Some(Seen { nullable: first.nullable || next.nullable, ..first })
        })
        .map(|all| Seen { nullable: all.nullable || nullable, ..all })
    }
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

/// Whether a value must not be shown, by what stands beside a reference or behind it.
fn is_secret(schema: &Value) -> bool {
    schema.get("writeOnly") == Some(&Value::Bool(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kind of a member as Cedar's schemas write it; null where it is left out.
    fn seen(member: Value) -> Value {
        let definitions = json!({
            "Node": { "type": "object", "properties": { "name": { "type": "string" }, "next": { "$ref": "#/$defs/Node" } } },
            "Pin": { "type": "string", "writeOnly": true },
        });
        let schema =
            json!({ "type": "object", "properties": { "it": member }, "required": ["it"], "$defs": definitions });
        record(&of_input(&schema))["attributes"]["it"].clone()
    }

    #[test]
    fn a_schema_is_seen_as_the_type_that_all_its_values_have() {
        let text = json!({ "type": "String", "required": true });
        let maybe = json!({ "type": "String", "required": false });
        let node = json!({ "type": "Record", "attributes": { "name": maybe }, "required": true });
        for (schema, kind) in [
            (json!({"type": "string", "maxLength": 3}), text.clone()),
            (json!({"type": ["string", "null"]}), maybe.clone()),
            (json!({"anyOf": [{"type": "string"}, {"type": "null"}]}), maybe.clone()),
            (json!({"enum": ["a", "b"]}), text.clone()),
            (json!({"enum": ["a", null]}), maybe.clone()),
            (json!({"oneOf": [{"const": "a"}, {"const": "b", "description": "B."}]}), text.clone()),
            (json!({"allOf": [{"type": "string"}]}), text),
            (json!({"type": "integer"}), json!({"type": "Long", "required": true})),
            (json!({"type": "number"}), json!({"type": "Extension", "name": "decimal", "required": true})),
            (json!({"type": "boolean", "default": true}), json!({"type": "Boolean", "required": true})),
            (
                json!({"type": "array", "items": {"type": "integer"}}),
                json!({"type": "Set", "element": {"type": "Long"}, "required": true}),
            ),
            (json!({"$ref": "#/$defs/Node"}), node),
            // What Cedar has no type for, and what is secret.
            (json!({"$ref": "#/$defs/Pin"}), Value::Null),
            (json!({"anyOf": [{"$ref": "#/$defs/Pin"}, {"type": "null"}]}), Value::Null),
            (json!({"type": "string", "writeOnly": true}), Value::Null),
            (json!({"$ref": "#/$defs/Nothing"}), Value::Null),
            (json!({"type": ["string", "integer"]}), Value::Null),
            (json!({"anyOf": [{"type": "string"}, {"type": "integer"}]}), Value::Null),
            (json!({"enum": ["a", 1]}), Value::Null),
            (json!({"type": "object", "additionalProperties": {"type": "string"}}), Value::Null),
            (json!({"type": "array"}), Value::Null),
            (json!({"type": "array", "items": {"type": ["integer", "null"]}}), Value::Null),
            (json!({"type": "array", "prefixItems": [{"type": "string"}], "items": {"type": "string"}}), Value::Null),
            (json!(true), Value::Null),
            (json!({}), Value::Null),
        ] {
            assert_eq!(seen(schema.clone()), kind, "{schema}");
        }
    }

    #[test]
    fn a_member_with_a_default_is_always_there_and_one_that_may_be_null_is_not() {
        let schema = json!({ "type": "object", "required": ["c"], "properties": {
            "a": { "type": "integer", "default": 20 },
            "b": { "type": ["integer", "null"], "default": 20 },
            "c": { "type": ["integer", "null"] },
            "d": { "type": "integer", "default": null },
            "e": { "type": "integer" },
        } });
        let always: Vec<bool> = of_input(&schema).values().map(|member| member.always).collect();
        assert_eq!(always, [true, false, false, false, false]);
    }
}
