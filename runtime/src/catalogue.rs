//! The tools of a server, compiled: definitions as published, validators, names.
//!
//! Invariant: a catalogue exists only if every tool in it can be served; otherwise *all* problems are reported at
//! once. It is built when the server is, and never changes.

mod numbers;

use std::{collections::HashMap, fmt, sync::Arc};

use jsonschema::{Draft, PatternOptions, Validator};
use rmcp::model::{Icon, JsonObject, ListToolsResult, MetaObject, Tool as Definition, ToolAnnotations};
use semver::Version;
use serde_json::{Value, json};

use crate::{
    context::CallContext,
    names,
    tool::{Arguments, Declaration, Effect, OutputSchema, Tool, ToolFuture},
};

/// A tool's function with the state it needs.
pub(crate) type Run = Box<dyn Fn(CallContext, Arguments) -> ToolFuture + Send + Sync>;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    entries: Vec<Entry>,
    /// Published names and aliases.
    index: HashMap<&'static str, usize>,
}

/// One tool, ready to serve.
pub(crate) struct Entry {
    pub(crate) declaration: Declaration,
    pub(crate) name: Arc<str>,
    pub(crate) version: Version,
    /// As `tools/list` shows it.
    pub(crate) definition: Definition,
    /// Digest of the definition.
    pub(crate) digest: String,
    pub(crate) input_schema: Value,
    pub(crate) input: Validator,
    pub(crate) output: OutputSchema,
    pub(crate) output_validator: Option<Validator>,
    /// Some argument is mirrored in an HTTP header.
    pub(crate) has_headers: bool,
    pub(crate) run: Run,
}

/// Something that keeps a server from being built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The tool, or the part of the server.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// The way out.
    pub help: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n  help: {}", self.place, self.what, self.help)
    }
}

impl Catalogue {
    /// Compiles tools over one state.
    pub(crate) fn build<S: Send + Sync + 'static>(tools: Vec<Tool<S>>, state: &Arc<S>) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut entries: Vec<Entry> = Vec::new();
        for tool in tools {
            match Entry::build(tool, state) {
                Ok(entry) => entries.push(entry),
                Err(found) => problems.extend(found),
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        let mut index = HashMap::new();
        for (at, entry) in entries.iter().enumerate() {
            let declaration = &entry.declaration;
            for name in std::iter::once(&declaration.name).chain(declaration.aliases) {
                if let Some(other) = index.insert(*name, at) {
                    problems.push(Problem {
                        place: format!("tool `{}`", entry.name),
                        what: format!("the name `{name}` is taken by the tool `{}`", entries[other].name),
                        help: "give one of them another name: `#[mcp_tool(name = \"..\")]`".into(),
                    });
                }
            }
        }
        if problems.is_empty() { Ok(Self { entries, index }) } else { Err(problems) }
    }

    /// The tool of a name or an alias.
    pub(crate) fn find(&self, name: &str) -> Option<&Entry> {
        self.index.get(name).map(|at| &self.entries[*at])
    }

    /// All tools, sorted by name.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The body of `tools/list`.
    pub(crate) fn list(&self) -> ListToolsResult {
        ListToolsResult::with_all_items(self.entries.iter().map(|entry| entry.definition.clone()).collect())
    }
}

impl Entry {
    fn build<S: Send + Sync + 'static>(tool: Tool<S>, state: &Arc<S>) -> Result<Self, Vec<Problem>> {
        let declaration = tool.declaration;
        let problem = |what: String, help: &str| Problem {
            place: format!("tool `{}`", declaration.name),
            what,
            help: help.into(),
        };
        let mut problems = Vec::new();
        let version = Version::parse(declaration.version)
            .map_err(|error| {
                problems.push(problem(format!("version {}: {error}", declaration.version), "use semver, such as 1.0.0"))
            })
            .ok();
        let schema = (tool.input)().finish().map(numbers::bounded);
        let input = match schema {
            Ok(schema) => compile(&schema)
                .map_err(|error| {
                    problems.push(problem(
                    format!("its input schema can't be compiled: {error}"),
                    "patterns have no look-around and no back-references; check `pattern` and the types' own schemas",
                ))
                })
                .ok()
                .map(|validator| (schema, validator)),
            Err(found) => {
                problems.extend(found.into_iter().map(|what| problem(what, "see the documentation of `#[mcp_tool]`")));
                None
            }
        };
        let output = (tool.output)().map(numbers::bounded);
        let output_validator = match output.published().map(compile).transpose() {
            Ok(validator) => validator,
            Err(error) => {
                problems.push(problem(
                    format!("its output schema can't be compiled: {error}"),
                    "check the schemas of the result's types",
                ));
                None
            }
        };
        let (Some(version), Some((input_schema, input)), true) = (version, input, problems.is_empty()) else {
            return Err(problems);
        };
        let (definition, digest) = define(&declaration, &input_schema, &output);
        let run: Run = {
            let (state, call) = (Arc::clone(state), tool.call);
            Box::new(move |context, arguments| call(&state, context, arguments))
        };
        Ok(Self {
            name: declaration.name.into(),
            version,
            has_headers: input_schema["properties"]
                .as_object()
                .is_some_and(|properties| properties.values().any(|property| property.get("x-mcp-header").is_some())),
            declaration,
            definition,
            digest,
            input_schema,
            input,
            output,
            output_validator,
            run,
        })
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("name", &self.name).field("version", &self.version).finish_non_exhaustive()
    }
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

/// The published definition, and the digest of all of it but its own `_meta`.
fn define(declaration: &Declaration, input: &Value, output: &OutputSchema) -> (Definition, String) {
    let mut definition = Definition::new(declaration.name, declaration.description, object(input)).with_annotations(
        ToolAnnotations::new()
            .read_only(declaration.effect == Effect::ReadOnly)
            .destructive(declaration.effect == Effect::Destructive)
            .idempotent(declaration.idempotent)
            .open_world(declaration.open_world),
    );
    if let Some(title) = declaration.title {
        definition = definition.with_title(title);
    }
    if let Some(output) = output.published() {
        definition = definition.with_raw_output_schema(object(output));
    }
    if !declaration.icons.is_empty() {
        definition = definition.with_icons(declaration.icons.iter().map(|icon| Icon::new(*icon)).collect());
    }
    let published = serde_json::to_value(&definition).unwrap_or_default();
    let digest = steadfast_contract::digest(&published);
    let mut meta = MetaObject::new();
    meta.0.insert(names::meta::CONTRACT.into(), json!({ "version": declaration.version, "digest": digest }));
    (definition.with_meta(meta), digest)
}

fn object(schema: &Value) -> Arc<JsonObject> {
    Arc::new(schema.as_object().cloned().unwrap_or_default())
}
