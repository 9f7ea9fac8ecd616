//! A schema with its references inlined, so that where a subschema is written does not matter.
//!
//! Invariant: renaming or reordering `$defs`, or moving a subschema into them, changes nothing. A reference to a
//! schema that encloses it is a loop; it becomes the number of schema levels up to where that schema began, which no
//! name enters. What can't be followed (another document, a dynamic reference) stays as it was written.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::{
    Document,
    compare::keywords::{Content, bare, content, is_annotation, join, rewrite},
    schema::key,
};

/// The keyword that stands for a loop: how many schema levels up the schema began.
pub(super) const RECURSIVE: &str = "\u{0}recursive";

/// How many schemas one inlining may write. A chain of definitions that each use the next one twice doubles with each
/// step; ordinary definitions stay far below. Beyond it the schema is taken as it was written.
const MAX_SCHEMAS: usize = 20_000;

/// How deep inlined schemas may nest: each level takes stack. Text that `serde_json` reads has at most 128 levels;
/// references can chain beyond that.
const MAX_DEPTH: usize = 200;

/// What validates: references inlined, annotations left out, unordered lists sorted.
pub(super) fn wire(schema: &Value) -> Value {
    unordered(&bare(&inlined(schema)))
}

/// The schema with its references inlined; as it was written where that has no end.
pub(super) fn inlined(schema: &Value) -> Value {
    let Ok(document) = Document::new(schema) else { return schema.clone() };
    let mut inliner = Inliner { document: &document, open: HashMap::new(), written: 0, depth: 0 };
    inliner.schema(schema, "", 0).unwrap_or_else(|| schema.clone())
}

struct Inliner<'a> {
    document: &'a Document,
    /// The schemas that enclose the place, by their pointers, with the level at which each began.
    open: HashMap<String, usize>,
    written: usize,
    depth: usize,
}

impl Inliner<'_> {
    fn schema(&mut self, schema: &Value, pointer: &str, level: usize) -> Option<Value> {
        self.written += 1;
        if self.written > MAX_SCHEMAS || self.depth > MAX_DEPTH {
            return None;
        }
        let Value::Object(members) = schema else { return Some(schema.clone()) };
        let opened = !self.open.contains_key(pointer);
        if opened {
            self.open.insert(pointer.to_owned(), level);
        }
        self.depth += 1;
        let inlined = self.members(members, pointer, level);
        self.depth -= 1;
        if opened {
            self.open.remove(pointer);
        }
        inlined
    }

    fn members(&mut self, members: &Map<String, Value>, pointer: &str, level: usize) -> Option<Value> {
        let mut own = Map::new();
        for (keyword, value) in members {
            if matches!(keyword.as_str(), "$defs" | "definitions" | "$ref") {
                continue;
            }
            let at = join(pointer, keyword);
            let value = match (content(keyword), value) {
                (Content::Schema | Content::Schemas, Value::Array(schemas)) => {
                    let schemas = schemas.iter().enumerate();
                    let schemas = schemas.map(|(i, schema)| self.schema(schema, &join(&at, &i.to_string()), level + 1));
                    Value::Array(schemas.collect::<Option<_>>()?)
                }
                (Content::Schema, schema) => self.schema(schema, &at, level + 1)?,
                (Content::Named, Value::Object(schemas)) => {
                    let schemas = schemas
                        .iter()
                        .map(|(name, schema)| Some((name.clone(), self.schema(schema, &join(&at, name), level + 1)?)));
                    Value::Object(schemas.collect::<Option<_>>()?)
                }
                (_, value) => value.clone(),
            };
            own.insert(keyword.clone(), value);
        }
        match members.get("$ref") {
            Some(reference) => self.reference(reference, own, level),
            None => Some(Value::Object(own)),
        }
    }

    fn reference(&mut self, reference: &Value, mut own: Map<String, Value>, level: usize) -> Option<Value> {
        let document = self.document;
        let Some((pointer, target)) = reference.as_str().and_then(|reference| document.resolve(reference)) else {
            own.insert("$ref".into(), reference.clone());
            return Some(Value::Object(own));
        };
        let target = match self.open.get(&pointer) {
            Some(began) => json!({ RECURSIVE: level - began }),
            None => self.schema(target, &pointer, level)?,
        };
        Some(merged(own, target))
    }
}

/// What stands beside a reference, and what it leads to, as one schema. An annotation beside the reference speaks for
/// this place, so it wins; anything else must hold beside the target, as in an `allOf`.
fn merged(mut own: Map<String, Value>, target: Value) -> Value {
    if own.is_empty() {
        return target;
    }
    match target {
        Value::Object(mut members) if own.keys().all(|keyword| is_annotation(keyword)) => {
            members.extend(own);
            Value::Object(members)
        }
        target => {
            match own.get_mut("allOf") {
                Some(Value::Array(all)) => all.push(target),
                _ => drop(own.insert("allOf".into(), json!([target]))),
            }
            Value::Object(own)
        }
    }
}

/// Lists whose order validates nothing, sorted: `required`, `enum`, `type`, and the lists of `dependentRequired`.
fn unordered(schema: &Value) -> Value {
    rewrite(schema, &mut |members| {
        let sort = |keyword: &str, value: &Value| match (keyword, value) {
            ("required" | "enum" | "type", Value::Array(list)) => sorted(list),
            ("dependentRequired", Value::Object(lists)) => {
                let lists = lists.iter().map(|(name, list)| {
                    (name.clone(), list.as_array().map_or_else(|| list.clone(), |list| sorted(list)))
                });
                Value::Object(lists.collect())
            }
            _ => value.clone(),
        };
        members.iter().map(|(keyword, value)| (keyword.clone(), sort(keyword, value))).collect()
    })
}

fn sorted(list: &[Value]) -> Value {
    let mut list = list.to_vec();
    list.sort_by_cached_key(key);
    list.dedup();
    Value::Array(list)
}
