//! Where a schema says that a value is a secret (`writeOnly`), and what is there in the arguments of a call.
//!
//! Invariant: where some alternative of the schema takes a value for a secret, it is one, and so is whatever the walk has
//! no budget left for: a schema may refer to itself, and alternatives of alternatives are many.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use serde_json::{Map, Value};

use super::registry::{Secrets, is_searched};
use crate::{
    caller::Caller,
    catalogue::Contract,
    schemas::{descend, same_value},
    violations::Violation,
};

/// How many values of one call may be secrets that are searched for, and how many bytes of them.
const MOST: usize = 64;
const BYTES: usize = 16 * 1024;

/// How deep schemas are followed, and how many places are looked at: so many, and so many more for each value.
const DEEPEST: usize = 256;
const LOOKED_AT: usize = 20_000;
const LOOKED_AT_EACH: usize = 32;

/// How many bytes the paths of secrets take together; where they take more, all of the arguments are one.
const PATHS: usize = 1024 * 1024;

/// A schema that marks something as a secret.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places<'a>(&'a Value);

impl<'a> Places<'a> {
    /// None where nothing is marked.
    pub(crate) fn of(schema: &'a Value) -> Option<Self> {
        marks(schema).then_some(Self(schema))
    }

    /// The places (RFC 6901) of what is secret in a value.
    pub(crate) fn paths(&self, value: &Value) -> Vec<String> {
        let (mut paths, mut bytes) = (Vec::new(), 0);
        self.visit(value, |path, _| {
            bytes += path.len() + 1;
            if bytes <= PATHS {
                paths.push(path.to_owned());
            }
        });
        if bytes > PATHS { vec![String::new()] } else { paths }
    }

    /// Gives each value at such a place to `take`, with its path.
    fn visit<'v>(&self, value: &'v Value, take: impl FnMut(&str, &'v Value)) {
        let left = LOOKED_AT.saturating_add(LOOKED_AT_EACH.saturating_mul(count(value)));
        Walk { root: self.0, path: String::new(), left, take }.visit(self.0, value, 0);
    }
}

/// More is marked as secret than is masked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TooMuch {
    /// In one call.
    OfCall,
    /// In the calls that run. What is not masked everywhere could stand in the log, in lines of others.
    OfRunning,
}

impl TooMuch {
    /// What is wrong with such arguments.
    pub(crate) fn violation(&self) -> Violation {
        let (expected, found) = match self {
            Self::OfCall => (format!("at most {MOST} secret values of together at most {BYTES} bytes"), "more"),
            Self::OfRunning => (
                "secret values for which there is room beside those of the calls that run".to_owned(),
                "more than there is room for now; try again when one of these calls has ended",
            ),
        };
        Violation { path: String::new(), expected, found: found.into() }
    }
}

/// Makes the secrets among the arguments of a caller's call known.
pub(crate) fn of_call(contract: &Contract, caller: &Caller, arguments: &Value) -> Result<Secrets, TooMuch> {
    if !contract.has_secrets {
        return Ok(Secrets::default());
    }
    known(caller.tenant(), caller.key(), &found(&contract.input_schema, arguments)?)
}

fn known(tenant: &Arc<str>, caller: &Arc<str>, found: &[Cow<'_, str>]) -> Result<Secrets, TooMuch> {
    let secrets = Secrets::of(tenant, caller, found);
    if secrets.are_masked_everywhere() { Ok(secrets) } else { Err(TooMuch::OfRunning) }
}

fn found<'v>(schema: &Value, arguments: &'v Value) -> Result<Vec<Cow<'v, str>>, TooMuch> {
    let mut found = BTreeSet::new();
    Places(schema).visit(arguments, |_, secret| texts(secret, &mut found));
    if found.len() > MOST || found.iter().map(|text| text.len()).sum::<usize>() > BYTES {
        return Err(TooMuch::OfCall);
    }
    Ok(found.into_iter().collect())
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// What is too short is not searched for, and what is too long is beyond the bound in any case.
fn texts<'v>(value: &'v Value, found: &mut BTreeSet<Cow<'v, str>>) {
    let mut add = |text: Cow<'v, str>| {
        if found.len() <= MOST && (is_searched(&text) || text.len() > BYTES) {
            found.insert(text);
        }
    };
    match value {
        Value::String(text) => add(text.into()),
        Value::Number(number) => add(number.to_string().into()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => members.values().for_each(|member| texts(member, found)),
        Value::Null | Value::Bool(_) => {}
    }
}

fn marks(schema: &Value) -> bool {
    match schema {
        Value::Object(object) => object.get("writeOnly") == Some(&Value::Bool(true)) || object.values().any(marks),
        Value::Array(items) => items.iter().any(marks),
        _ => false,
    }
}

struct Walk<'r, F> {
    root: &'r Value,
    path: String,
    /// How many places may still be looked at.
    left: usize,
    take: F,
}

impl<'r, 'v, F: FnMut(&str, &'v Value)> Walk<'r, F> {
    fn visit(&mut self, schema: &'r Value, value: &'v Value, depth: usize) {
        let Some(object) = schema.as_object() else { return };
        if object.get("writeOnly") == Some(&Value::Bool(true)) || depth > DEEPEST || self.left == 0 {
            return (self.take)(&self.path, value);
        }
        self.left -= 1;
        let depth = depth + 1;
        for same in same_value(self.root, object) {
            self.visit(same, value, depth);
        }
        let start = self.path.len();
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    descend(&mut self.path, name);
                    of_member(object, name).for_each(|inner| self.visit(inner, member, depth));
                    self.path.truncate(start);
                }
            }
            Value::Array(items) => {
                let prefix = object.get("prefixItems").and_then(Value::as_array);
                for (index, item) in items.iter().enumerate() {
                    let inner = prefix.and_then(|prefix| prefix.get(index)).or_else(|| object.get("items"));
                    self.path.push_str(&format!("/{index}"));
                    for inner in inner.into_iter().chain(object.get("contains")) {
                        self.visit(inner, item, depth);
                    }
                    self.path.truncate(start);
                }
            }
            _ => {}
        }
    }
}

fn of_member<'s>(object: &'s Map<String, Value>, name: &str) -> impl Iterator<Item = &'s Value> {
    let named = object.get("properties").and_then(|properties| properties.get(name));
    // Whether a pattern fits is not asked: rather one value too many is masked.
    let patterns = object.get("patternProperties").and_then(Value::as_object).into_iter().flat_map(Map::values);
    let others =
        ["additionalProperties", "unevaluatedProperties"].into_iter().filter_map(|keyword| object.get(keyword));
    named.into_iter().chain(patterns).chain(others.filter(move |_| named.is_none()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_call_whose_secrets_have_no_room_beside_those_that_run_is_refused() {
        let greedy: Arc<str> = "greedy".into();
        let known = |caller: &Arc<str>, found: &[Cow<'_, str>]| known(&"acme".into(), caller, found);
        let long = |mark: char| Cow::from(mark.to_string().repeat(BYTES));
        let running: Vec<Secrets> = ['a', 'b', 'c', 'd'].map(|mark| known(&greedy, &[long(mark)]).unwrap()).into();
        let another = [Cow::from("another-of-the-greedy")];
        assert_eq!(known(&greedy, &another).map(drop), Err(TooMuch::OfRunning));
        assert!(known(&"modest".into(), &[Cow::from("one-of-the-modest")]).is_ok(), "others have a part of their own");
        drop(running);
        let secrets = known(&greedy, &another).unwrap();
        assert_eq!(crate::secrets::mask_all("another-of-the-greedy"), "[secret]");
        drop(secrets);
    }

    #[test]
    fn secrets_are_found_wherever_a_schema_can_say_so() {
        let secret = || json!({ "type": "string", "writeOnly": true });
        let schema = json!({
            "properties": {
                "token": secret(),
                "login": { "$ref": "#/$defs/Login" },
                "keys": { "items": secret() },
                "pair": { "prefixItems": [{}, secret()] },
                "either": { "anyOf": [{ "properties": { "a/b": secret() } }, { "type": "null" }] },
                "named": { "additionalProperties": secret() },
                "if": { "dependentSchemas": { "x": { "properties": { "y": secret() } } } },
                "whole": { "writeOnly": true },
                "open": { "type": "string" },
            },
            "$defs": { "Login": { "properties": { "password": secret(), "again": { "$ref": "#/$defs/Login" } } } },
        });
        let arguments = json!({
            "token": "1", "login": { "password": "2", "again": { "password": "3", "user": "-" } }, "keys": ["4", "5"],
            "pair": ["-", "6"], "either": { "a/b": "7", "c": "-" }, "named": { "x": "8" }, "whole": { "a": ["9"] },
            "open": "-", "if": { "x": "-", "y": "10" },
        });
        let mut found = Vec::new();
        Places::of(&schema).unwrap().visit(&arguments, |path, value| found.push((path.to_owned(), value.clone())));
        // The order of members depends on features of `serde_json` that other crates may switch on.
        let mut paths: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
        paths.sort_unstable();
        assert_eq!(
            paths,
            [
                "/either/a~1b",
                "/if/y",
                "/keys/0",
                "/keys/1",
                "/login/again/password",
                "/login/password",
                "/named/x",
                "/pair/1",
                "/token",
                "/whole",
            ]
        );
        assert!(found.iter().all(|(_, value)| *value != json!("-")));
        assert!(Places::of(&json!({ "properties": { "writeOnly": { "type": "string" } } })).is_none());
    }

    #[test]
    fn what_is_too_far_or_too_much_to_look_at_is_secret() {
        let itself = json!({ "$ref": "#", "properties": { "a": { "writeOnly": true } } });
        assert!(Places::of(&itself).unwrap().paths(&json!({ "b": "x" })).contains(&String::new()));
        // Each level is looked at three times as often as the one above it.
        let inner = json!({ "properties": { "a": { "$ref": "#" } } });
        let schema = json!({ "anyOf": [inner, inner, inner], "properties": { "b": { "writeOnly": true } } });
        let arguments = (0..40).fold(json!({ "c": "deep" }), |inner, _| json!({ "a": inner }));
        let mut visits = 0;
        let places = Places::of(&schema).unwrap();
        places.visit(&arguments, |_, _| visits += 1);
        assert!((1..10 * LOOKED_AT).contains(&visits), "{visits}");
        let wide = json!({ "additionalProperties": { "items": { "writeOnly": true } } });
        let long = json!({ "n".repeat(PATHS / 10): vec![1; 20] });
        assert_eq!(Places::of(&wide).unwrap().paths(&long), [""], "paths take no more than that");
    }

    #[test]
    fn every_number_is_looked_at_however_many_there_are() {
        let schema = json!({ "properties": {
            "numbers": { "items": { "type": "integer" } }, "z": { "writeOnly": true },
        } });
        let paths = Places::of(&schema).unwrap().paths(&json!({ "numbers": vec![1; 50_000], "z": 1 }));
        assert_eq!(paths, ["/z"]);
    }

    #[test]
    fn a_call_has_no_more_secrets_than_are_masked() {
        let schema = json!({ "items": { "writeOnly": true } });
        let one = |index: usize| json!(format!("secret-{index}"));
        let most: Vec<Value> = (0..MOST).map(one).collect();
        let short = vec![json!("12345"); 1000];
        let found = |items: &[Value]| found(&schema, &json!(items)).map(|found| found.len()).ok();
        assert_eq!(found(&[most.clone(), most.clone(), short].concat()), Some(MOST), "each is counted once");
        assert_eq!(found(&[most, vec![one(MOST)]].concat()), None);
        assert_eq!(found(&["x".repeat(BYTES).into()]), Some(1));
        assert_eq!(found(&["x".repeat(BYTES).into(), one(0)]), None);
        assert_eq!(found(&["x".repeat(100 * BYTES).into()]), None);
    }
}
