//! One major of a tool as it is published: its definition, the validators of its schemas, its dates.
//!
//! The current major and older ones are the same kind of thing here; what tells them apart is how calls of them are
//! served.

use jsonschema::{Draft, PatternOptions, Validator};
use rmcp::model::Tool as Definition;
use semver::Version;
use serde_json::{Map, Value};
use steadfast_contract::Digests;

use super::lifecycle::Lifecycle;
use crate::secrets::Places;

/// See the module.
pub(crate) struct Contract {
    pub(crate) version: Version,
    /// The version as text.
    pub(crate) label: String,
    /// As it is published, without `_meta`.
    pub(crate) definition: Definition,
    /// Digest of the definition.
    pub(crate) digest: String,
    pub(crate) input_schema: Value,
    pub(crate) input: Validator,
    pub(crate) output: Option<Validator>,
    pub(crate) lifecycle: Lifecycle,
    /// Some argument is mirrored in an HTTP header.
    pub(crate) has_headers: bool,
    /// Some argument is a secret.
    pub(crate) has_secrets: bool,
    /// What every result of a call says of the contract that served it.
    pub(crate) echo: Value,
}

/// A schema that no validator can be made of.
#[derive(Debug)]
pub(super) struct Uncompilable {
    /// `input` or `output`
    pub(super) part: &'static str,
    pub(super) error: String,
}

impl Contract {
    /// Compiles a definition, or says everything that is in the way.
    pub(super) fn new(
        version: Version,
        definition: Definition,
        digest: String,
        lifecycle: Lifecycle,
    ) -> Result<Self, Vec<Uncompilable>> {
        let mut wrong = Vec::new();
        let mut validator = |part, schema: &Value| {
            compile(schema).map_err(|error| wrong.push(Uncompilable { part, error: error.to_string() })).ok()
        };
        let input_schema = Value::Object((*definition.input_schema).clone());
        let input = validator("input", &input_schema);
        let output_schema = definition.output_schema.as_ref().map(|schema| Value::Object((**schema).clone()));
        let output = output_schema.as_ref().map(|schema| validator("output", schema));
        let (Some(input), Some(output)) = (input, output.map_or(Some(None), |output| output.map(Some))) else {
            return Err(wrong);
        };
        let label = version.to_string();
        let echo = Value::Object(about(&label, &digest, &lifecycle));
        let properties = input_schema["properties"].as_object();
        Ok(Self {
            has_secrets: Places::of(&input_schema).is_some(),
            has_headers: properties.is_some_and(|all| all.values().any(|one| one.get("x-mcp-header").is_some())),
            version,
            label,
            definition,
            digest,
            input_schema,
            input,
            output,
            lifecycle,
            echo,
        })
    }

    /// `{version, digest, deprecated?, sunset?, note?}` of the definition with this digest: the contract's own, or one
    /// under another name.
    pub(super) fn about(&self, digest: &str) -> Map<String, Value> {
        about(&self.label, digest, &self.lifecycle)
    }

    /// The definition under another name, if it has another.
    pub(super) fn under(&self, name: &str) -> Option<Renamed> {
        if self.definition.name == name {
            return None;
        }
        let mut definition = self.definition.clone();
        definition.name = name.to_owned().into();
        let digest = Digests::of(&serde_json::json!(definition)).definition;
        Some(Renamed { echo: Value::Object(self.about(&digest)), digest })
    }
}

/// What is different where a contract is published under another name than its own.
#[derive(Debug)]
pub(crate) struct Renamed {
    /// Of the definition with that name.
    pub(super) digest: String,
    /// As [`Contract::echo`].
    pub(super) echo: Value,
}

fn about(version: &str, digest: &str, lifecycle: &Lifecycle) -> Map<String, Value> {
    let mut about = Map::new();
    about.insert("version".into(), version.into());
    about.insert("digest".into(), digest.into());
    let dates = [("deprecated", lifecycle.deprecated), ("sunset", lifecycle.sunset)];
    for (name, date) in dates.into_iter().filter_map(|(name, date)| Some((name, date?))) {
        about.insert(name.into(), date.to_string().into());
    }
    if let Some(note) = lifecycle.note {
        about.insert("note".into(), note.into());
    }
    about
}

/// Formats are assertions, patterns run in linear time, and no reference leaves the document.
fn compile(schema: &Value) -> Result<Validator, Box<jsonschema::ValidationError<'static>>> {
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .with_pattern_options(PatternOptions::regex())
        .build(schema)
        .map_err(Box::new)
}
