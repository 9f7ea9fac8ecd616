//! The names that a definition gives a meaning to: properties and values of enumerations, by the way to them.
//!
//! It follows local references (`#/..`), and each of them once on a way, so that recursion ends. It does not decide
//! what is valid; a name is a name in every branch of a combination.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{Part, canonical, digest};

/// What a part of a definition names.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Names {
    /// Way → digest of the property's schema.
    pub(crate) fields: BTreeMap<String, String>,
    /// (Way, canonical text of the value) → the value, and the digest of its own schema where it has one.
    pub(crate) values: BTreeMap<(String, String), (Value, Option<String>)>,
}

/// How deep a way may go; deeper names are left out.
const DEPTH: usize = 12;
/// How many schemas are looked at, and how many values are inlined; hostile schemas could branch without end.
const SCHEMAS: usize = 20_000;

/// The names in the input or output schema of a definition.
pub(crate) fn names(definition: &Value, part: Part) -> Names {
    let key = if part == Part::Input { "inputSchema" } else { "outputSchema" };
    let Some(root) = definition.get(key) else { return Names::default() };
    let mut walk = Walk { root, names: Names::default(), left: SCHEMAS, inlined: SCHEMAS };
    walk.schema(root, "", &mut Vec::new(), 0);
    walk.names
}

struct Walk<'a> {
    root: &'a Value,
    names: Names,
    left: usize,
    inlined: usize,
}

impl<'a> Walk<'a> {
    fn schema(&mut self, schema: &'a Value, way: &str, followed: &mut Vec<&'a str>, depth: usize) {
        if depth > DEPTH || self.left == 0 {
            return;
        }
        self.left -= 1;
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
            if let Some(target) = target
                && !followed.contains(&reference)
            {
                followed.push(reference);
                self.schema(target, way, followed, depth);
                followed.pop();
            }
        }
        for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let way = if way.is_empty() { name.clone() } else { format!("{way}.{name}") };
            let meaning = digest(&inlined(self.root, property, DEPTH, &mut self.inlined));
            self.names.fields.entry(way.clone()).or_insert(meaning);
            self.schema(property, &way, followed, depth + 1);
        }
        for key in ["items", "additionalProperties", "contains", "unevaluatedProperties"] {
            if let Some(items) = schema.get(key).filter(|items| items.is_object()) {
                self.schema(items, &format!("{way}[]"), followed, depth + 1);
            }
        }
        for key in ["anyOf", "oneOf", "allOf", "prefixItems"] {
            for branch in schema.get(key).and_then(Value::as_array).into_iter().flatten() {
                let way = if key == "prefixItems" { format!("{way}[]") } else { way.to_owned() };
                self.schema(branch, &way, followed, depth + 1);
            }
        }
        self.values(schema, way);
    }

    fn values(&mut self, schema: &Value, way: &str) {
        for value in schema.get("enum").and_then(Value::as_array).into_iter().flatten() {
            self.names.values.entry((way.to_owned(), canonical(value))).or_insert((value.clone(), None));
        }
        if let Some(value) = schema.get("const") {
            // A constant beside a description is how schemars writes a variant that is documented.
            let meaning = schema.get("description").map(|text| digest(&json!([value, text])));
            self.names.values.insert((way.to_owned(), canonical(value)), (value.clone(), meaning));
        }
    }
}

/// The schema with local references replaced by what they name, down to a depth and while `left` lasts.
fn inlined(root: &Value, schema: &Value, depth: usize, left: &mut usize) -> Value {
    if depth == 0 || *left == 0 {
        return schema.clone();
    }
    *left -= 1;
    match schema {
        Value::Object(members) => {
            let reference = members.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'));
            match reference.and_then(|pointer| root.pointer(pointer)) {
                Some(target) if members.len() == 1 => inlined(root, target, depth.saturating_sub(4), left),
                _ => {
                    members.iter().map(|(name, value)| (name.clone(), inlined(root, value, depth - 1, left))).collect()
                }
            }
        }
        Value::Array(items) => items.iter().map(|item| inlined(root, item, depth - 1, left)).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_through_references_lists_and_branches() {
        let definition = json!({ "inputSchema": {
            "properties": {
                "filter": { "$ref": "#/$defs/filter" },
                "ids": { "items": { "properties": { "id": {} } } },
                "state": { "oneOf": [{ "const": "open", "description": "Not yet closed." }, { "enum": ["closed"] }] },
            },
            "$defs": { "filter": { "properties": { "lang": {}, "and": { "$ref": "#/$defs/filter" } } } },
        }});
        let names = names(&definition, Part::Input);
        let fields: Vec<_> = names.fields.keys().map(String::as_str).collect();
        assert_eq!(fields, ["filter", "filter.and", "filter.lang", "ids", "ids[].id", "state"]);
        let values: Vec<_> = names.values.iter().map(|((way, value), of)| (&**way, &**value, of.1.is_some())).collect();
        assert_eq!(values, [("state", "\"closed\"", false), ("state", "\"open\"", true)]);
    }

    #[test]
    fn a_meaning_holds_when_a_schema_moves_behind_a_reference() {
        let plain = json!({ "outputSchema": { "properties": { "a": { "type": "string" } } } });
        let moved = json!({ "outputSchema": {
            "properties": { "a": { "$ref": "#/$defs/a" } }, "$defs": { "a": { "type": "string" } },
        }});
        assert_eq!(names(&plain, Part::Output).fields, names(&moved, Part::Output).fields);
    }

    #[test]
    fn a_schema_that_branches_without_end_is_left_soon() {
        let branch = json!({ "properties": { "a": { "$ref": "#/$defs/x" }, "b": { "$ref": "#/$defs/x" } } });
        let mut defs = serde_json::Map::new();
        for level in 0..40 {
            let next = json!({ "$ref": format!("#/$defs/{}", level + 1) });
            defs.insert(level.to_string(), json!({ "allOf": [next, next], "properties": { "p": next, "q": next } }));
        }
        let definition = json!({ "inputSchema": { "$ref": "#/$defs/0", "$defs": defs, "x": branch } });
        assert!(names(&definition, Part::Input).fields.len() <= SCHEMAS);
    }
}
