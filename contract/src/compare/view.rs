//! A schema as the walker sees it: with what its references lead to, and with what its `allOf` says about members.
//!
//! Invariant: looking never recurses without end (each place of a document enters a view once). A view explains; it
//! decides nothing, so a keyword that is said twice is looked up where it is said first.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::{Map, Value};

use super::keywords::{join, says_nothing};
use crate::Document;

/// How many places one view may gather. Schemas of real tools need a handful; a chain of references or of nested
/// `allOf` beyond this is not explained further.
const MAX_FACETS: usize = 256;

/// One place that speaks about the instance.
#[derive(Debug, Clone)]
pub(super) struct Facet<'a> {
    pub(super) pointer: String,
    pub(super) members: &'a Map<String, Value>,
}

/// What an object schema says about members that it does not name.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Rest {
    /// They may be anything.
    Open,
    /// They must satisfy the schema at this pointer.
    Schema(String),
    /// They are refused, by the keyword at this pointer.
    Closed(String),
}

/// See the module.
#[derive(Debug)]
pub(super) struct View<'a> {
    document: &'a Document,
    /// The schema itself and what its references lead to.
    own: Vec<Facet<'a>>,
    /// These, and what `allOf` adds.
    all: Vec<Facet<'a>>,
    /// Places whose members beside `$ref` validate nothing (before 2019-09); their words are read all the same.
    beside: Vec<Facet<'a>>,
    /// It refuses everything.
    pub(super) never: bool,
}

impl<'a> View<'a> {
    pub(super) fn new(document: &'a Document, pointer: &str) -> Self {
        let start = [pointer.to_owned()];
        let own = gather(document, &start, &["$ref"]);
        let all = gather(document, &start, &["$ref", "allOf"]);
        Self { document, own: own.facets, all: all.facets, beside: own.beside, never: own.never }
    }

    /// The value of a keyword, and its pointer.
    pub(super) fn get(&self, keyword: &str) -> Option<(String, &'a Value)> {
        let of = |facet: &Facet<'a>| Some((join(&facet.pointer, keyword), facet.members.get(keyword)?));
        self.own.iter().find_map(of)
    }

    /// The value of a keyword alone.
    pub(super) fn value(&self, keyword: &str) -> Option<&'a Value> {
        self.own.iter().find_map(|facet| facet.members.get(keyword))
    }

    /// The value of an annotation, and its pointer: words may also stand in an `allOf`.
    pub(super) fn note(&self, keyword: &str) -> Option<(String, &'a Value)> {
        let mut facets = self.beside.iter().chain(&self.all);
        facets.find_map(|facet| Some((join(&facet.pointer, keyword), facet.members.get(keyword)?)))
    }

    /// The keywords of the schema itself and of what its references lead to.
    pub(super) fn keywords(&self) -> impl Iterator<Item = &'a String> {
        self.own.iter().flat_map(|facet| facet.members.keys())
    }

    /// Declared members with the pointers of their schemas; a member that may never be there is not declared.
    pub(super) fn properties(&self) -> BTreeMap<&'a str, (String, &'a Value)> {
        let mut found = BTreeMap::new();
        for facet in &self.all {
            let Some(Value::Object(properties)) = facet.members.get("properties") else { continue };
            let at = join(&facet.pointer, "properties");
            for (name, schema) in properties {
                if !is_never(self.document, schema) {
                    found.entry(name.as_str()).or_insert_with(|| (join(&at, name), schema));
                }
            }
        }
        found
    }

    /// Names of members that must be there.
    pub(super) fn required(&self) -> BTreeSet<&'a str> {
        let lists = self.all.iter().filter_map(|facet| facet.members.get("required")?.as_array());
        lists.flatten().filter_map(Value::as_str).collect()
    }

    /// Every name that is declared here in some branch: what moved into a variant was not removed.
    pub(super) fn declared(&self) -> BTreeSet<&'a str> {
        let start: Vec<String> = self.own.iter().map(|facet| facet.pointer.clone()).collect();
        let branches = ["$ref", "allOf", "anyOf", "oneOf", "if", "then", "else", "dependentSchemas"];
        let facets = gather(self.document, &start, &branches).facets;
        let properties = facets.iter().filter_map(|facet| facet.members.get("properties")?.as_object());
        properties
            .flat_map(|properties| properties.iter().filter(|(_, schema)| !is_never(self.document, schema)))
            .map(|(name, _)| name.as_str())
            .collect()
    }

    /// What holds for undeclared members. `true`, `{}` and absent are the same.
    pub(super) fn rest(&self) -> Rest {
        let said = |keyword| {
            self.all.iter().find_map(move |facet| {
                let value = facet.members.get(keyword).filter(|value| !says_nothing(value))?;
                Some((join(&facet.pointer, keyword), value))
            })
        };
        match said("additionalProperties").or_else(|| said("unevaluatedProperties")) {
            None => Rest::Open,
            Some((pointer, Value::Bool(false))) => Rest::Closed(pointer),
            Some((pointer, _)) => Rest::Schema(pointer),
        }
    }

    /// Schemas by name under a keyword, wherever one of the view's places has it.
    pub(super) fn named(&self, keyword: &str) -> BTreeMap<&'a str, (String, &'a Value)> {
        let mut found = BTreeMap::new();
        for facet in &self.own {
            let Some(Value::Object(schemas)) = facet.members.get(keyword) else { continue };
            let at = join(&facet.pointer, keyword);
            for (name, schema) in schemas {
                found.entry(name.as_str()).or_insert_with(|| (join(&at, name), schema));
            }
        }
        found
    }

    /// The schemas of a list under a keyword.
    pub(super) fn list(&self, keyword: &str) -> Vec<(String, &'a Value)> {
        let Some((at, Value::Array(schemas))) = self.get(keyword) else { return Vec::new() };
        schemas.iter().enumerate().map(|(index, schema)| (join(&at, &index.to_string()), schema)).collect()
    }
}

/// Whether a schema refuses everything, by itself or where its reference leads to.
fn is_never<'a>(document: &'a Document, mut schema: &'a Value) -> bool {
    for _ in 0..MAX_FACETS {
        let reference = match schema {
            Value::Bool(anything) => return !anything,
            schema => schema.get("$ref").and_then(Value::as_str),
        };
        match reference.and_then(|reference| document.resolve(reference)) {
            Some((_, target)) => schema = target,
            None => return false,
        }
    }
    false
}

/// What was reached from some places.
#[derive(Default)]
struct Gathered<'a> {
    facets: Vec<Facet<'a>>,
    beside: Vec<Facet<'a>>,
    never: bool,
}

/// The places that are reached from `start` through `keywords`, breadth first.
fn gather<'a>(document: &'a Document, start: &[String], keywords: &[&str]) -> Gathered<'a> {
    let mut found = Gathered::default();
    let (mut queue, mut seen) = (start.to_vec(), HashSet::new());
    let mut next = 0;
    while next < queue.len() && found.facets.len() < MAX_FACETS {
        let pointer = queue[next].clone();
        next += 1;
        if !seen.insert(pointer.clone()) {
            continue;
        }
        let members = match document.root().pointer(&pointer) {
            Some(Value::Object(members)) => members,
            Some(Value::Bool(false)) => {
                found.never = true;
                continue;
            }
            _ => continue,
        };
        let alone = document.dialect().reference_stands_alone() && members.contains_key("$ref");
        for keyword in keywords.iter().filter(|keyword| !alone || **keyword == "$ref") {
            if let Some(value) = members.get(*keyword) {
                follow(document, &join(&pointer, keyword), value, &mut queue);
            }
        }
        if alone { &mut found.beside } else { &mut found.facets }.push(Facet { pointer, members });
    }
    found
}

/// Queues the schemas under a keyword.
fn follow(document: &Document, at: &str, value: &Value, queue: &mut Vec<String>) {
    match value {
        Value::String(reference) => queue.extend(document.resolve(reference).map(|(pointer, _)| pointer)),
        Value::Array(schemas) => queue.extend((0..schemas.len()).map(|index| join(at, &index.to_string()))),
        Value::Object(schemas) if at.ends_with("/dependentSchemas") => {
            queue.extend(schemas.keys().map(|name| join(at, name)));
        }
        Value::Object(_) => queue.push(at.to_owned()),
        _ => {}
    }
}
