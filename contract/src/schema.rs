//! A JSON Schema document, read once: dialect, references, keywords.
//!
//! A document is a graph of [`Node`]s, one for each subschema that can be reached from its root; references are edges.
//! Keywords that are not understood are kept as a reason on their node, so that whoever reasons about it knows what
//! it does not know. Nothing is fetched: a reference that leaves the document is such a reason.
//! Dialects: JSON Schema 2020-12, which is what no `$schema` means, and drafts 4 to 2019-09 in its terms.

mod cost;
mod dialect;
mod node;
mod read;
mod reference;
mod value;

use std::{collections::HashMap, fmt, sync::OnceLock};

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

pub(crate) use self::{
    dialect::Dialect,
    node::{Bound, Id, Kind, Kinds, Node, Values},
    reference::escape,
    value::{key, rational, to_number},
};
use self::{read::Reader, reference::References};

/// How far the backtracking of a pattern may go before the validator says that it can't tell.
const BACKTRACKING: usize = 100_000;

/// See the module.
#[derive(Debug)]
pub struct Document {
    root: Value,
    dialect: Dialect,
    references: References,
    nodes: Vec<Node>,
    by_pointer: HashMap<String, Id>,
    /// Some schema leads to itself in place, so that a validator would not come to an end.
    loops: bool,
    validator: OnceLock<Option<Validator>>,
}

/// A document that is no JSON Schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SchemaError {
    /// A JSON pointer (RFC 6901) into the document.
    pub place: String,
    /// What is wrong there.
    pub what: String,
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.place.is_empty() { "the root" } else { &self.place };
        write!(f, "at {place}: {}", self.what)
    }
}

impl Document {
    /// Reads a schema.
    ///
    /// # Errors
    /// When it is none: the first place that can't be read, with what is expected there.
    pub fn new(schema: &Value) -> Result<Self, SchemaError> {
        let dialect = Dialect::of(schema);
        let references = References::of(schema, dialect);
        let (mut nodes, by_pointer) = Reader::new(schema, dialect, &references).read()?;
        let loops = cost::cut_loops(&mut nodes);
        let validator = OnceLock::new();
        Ok(Self { root: schema.clone(), dialect, references, nodes, by_pointer, loops, validator })
    }

    /// The schema as it was written.
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// What a `$ref` in the document points at, with its JSON pointer; none when it leaves the document.
    pub fn resolve(&self, reference: &str) -> Option<(String, &Value)> {
        let pointer = self.references.resolve(&self.root, reference, "")?;
        let value = self.root.pointer(&pointer)?;
        Some((pointer, value))
    }

    /// Whether the instance is valid, by the `jsonschema` crate: formats are assertions, nothing is fetched. None
    /// when the validator can't be built, can't tell, or would take too long.
    pub fn is_valid(&self, instance: &Value) -> Option<bool> {
        Some(self.validator_for(instance)?.is_valid(instance))
    }

    /// Every reason why the instance is refused, as `(instance pointer, what)`; empty when it is valid.
    pub fn violations(&self, instance: &Value) -> Vec<(String, String)> {
        let Some(validator) = self.validator_for(instance) else { return Vec::new() };
        let errors = validator.iter_errors(instance);
        errors.map(|error| (error.instance_path().as_str().to_owned(), error.to_string())).collect()
    }

    fn validator_for(&self, instance: &Value) -> Option<&Validator> {
        if self.loops || !cost::is_affordable(&self.nodes, instance) {
            return None;
        }
        self.validator.get_or_init(|| build(&self.root, self.dialect)).as_ref()
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node of a schema, by its JSON pointer.
    pub(crate) fn node(&self, pointer: &str) -> Option<Id> {
        self.by_pointer.get(pointer).copied()
    }
}

/// A validator as every check in this crate uses it.
pub(crate) fn build(schema: &Value, dialect: Dialect) -> Option<Validator> {
    jsonschema::options()
        .with_draft(dialect.draft())
        .should_validate_formats(true)
        .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(BACKTRACKING))
        .offline()
        .build(schema)
        .ok()
}
