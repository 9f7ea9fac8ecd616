//! One tool, ready to serve: its current major, the older ones, and the function behind all of them.

use std::{fmt, sync::Arc};

use rmcp::model::{Icon, JsonObject, Tool as Definition, ToolAnnotations};
use semver::Version;
use serde_json::Value;
use steadfast_contract::{Digests, Promises, PublishedTool};

use super::{
    contract::{Contract, Renamed, Uncompilable},
    lifecycle::Lifecycle,
    numbers,
    older::Older,
};
use crate::{
    context::CallContext,
    problem::Problem,
    tool::{Arguments, Declaration, Effect, Handler, OutputSchema, Tool, ToolFuture},
};

/// A tool's function with the state it needs.
pub(crate) type Run = Box<dyn Fn(CallContext, Arguments) -> ToolFuture + Send + Sync>;

/// See the module.
pub(crate) struct Entry {
    /// Its place in the catalogue.
    pub(crate) id: usize,
    pub(crate) declaration: Declaration,
    pub(crate) name: Arc<str>,
    pub(crate) current: Contract,
    /// Newest first.
    pub(crate) older: Vec<Older>,
    /// What the function returns.
    pub(crate) output: OutputSchema,
    pub(crate) run: Run,
    /// What serves when `run` can't.
    pub(crate) fallback: Option<Run>,
    /// What makes the plan of a call that is to be confirmed.
    pub(crate) plan: Option<Run>,
}

/// A major of a tool: the current one, or an older one by its place in [`Entry::older`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Major {
    Current,
    Older(usize),
}

/// A tool in the major that a call is served in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Served<'a> {
    pub(crate) tool: &'a Entry,
    /// What the caller calls it, which may be an alias or a surface's name for it. What callers are told says this.
    pub(crate) name: &'a str,
    pub(crate) major: Major,
    /// The surface of the call lists it under another name than the contract's own.
    pub(super) renamed: Option<&'a Renamed>,
}

/// A tool without its state's type.
pub(super) struct Source {
    declaration: Declaration,
    input: Result<Value, Vec<String>>,
    output: OutputSchema,
    run: Run,
    fallback: Option<Run>,
    plan: Option<Run>,
}

impl Source {
    /// The only part of a catalogue that is compiled for each server's state.
    pub(super) fn of<S: Send + Sync + 'static>(tool: Tool<S>, state: &Arc<S>) -> Self {
        let bound = |handler: Handler<S>| -> Run {
            let state = Arc::clone(state);
            Box::new(move |context, arguments| handler(&state, context, arguments))
        };
        Self {
            declaration: tool.declaration,
            input: (tool.input)().finish(),
            output: (tool.output)(),
            run: bound(tool.call),
            fallback: tool.fallback.map(&bound),
            plan: tool.plan.map(&bound),
        }
    }
}

impl Entry {
    /// Compiles the current major. Older ones are added by [`Older::all`].
    pub(super) fn build(source: Source) -> Result<Self, Vec<Problem>> {
        let Source { declaration, input, output, run, fallback, plan } = source;
        let place = || format!("tool `{}`", declaration.name);
        let mut problems = Vec::new();
        let version = Version::parse(declaration.version)
            .map_err(|error| {
                let what = format!("version {}: {error}", declaration.version);
                problems.push(Problem::new(place(), what, "use semver, such as 1.0.0"));
            })
            .ok();
        let input = input
            .map_err(|found| {
                let problem = |what| Problem::new(place(), what, "see the documentation of `#[mcp_tool]`");
                problems.extend(found.into_iter().map(problem));
            })
            .ok()
            .map(numbers::bounded);
        let output = output.map(numbers::bounded);
        let (Some(version), Some(input)) = (version, input) else {
            return Err(problems);
        };
        let lifecycle = Lifecycle::new(declaration.deprecated, declaration.sunset, declaration.note);
        let definition = define(&declaration, &input, &output);
        let digest = Digests::of(&serde_json::json!(definition)).definition;
        let current = Contract::new(version, definition, digest, lifecycle).map_err(|wrong| {
            let problem = |Uncompilable { part, error }| {
                let help = match part {
                    "input" => {
                        "patterns have no look-around and no back-references; check `pattern` and the types' own schemas"
                    }
                    _ => "check the schemas of the result's types",
                };
                Problem::new(place(), format!("its {part} schema can't be compiled: {error}"), help)
            };
            wrong.into_iter().map(problem).collect::<Vec<_>>()
        })?;
        Ok(Self {
            id: 0,
            name: declaration.name.into(),
            declaration,
            current,
            older: Vec::new(),
            output,
            run,
            fallback,
            plan,
        })
    }

    /// The names that it has or had.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.declaration.name).chain(self.declaration.aliases.iter().copied())
    }

    /// Itself in a major, called by a name.
    pub(crate) fn called<'a>(&'a self, name: &'a str, major: Major) -> Served<'a> {
        Served { tool: self, name, major, renamed: None }
    }

    /// A major's contract.
    pub(crate) fn contract(&self, major: Major) -> &Contract {
        match major {
            Major::Current => &self.current,
            Major::Older(at) => &self.older[at].contract,
        }
    }

    /// Every major, newest first, whether it is still served or not.
    pub(crate) fn majors(&self) -> impl Iterator<Item = (Major, &Contract)> {
        let older = self.older.iter().enumerate().map(|(at, older)| (Major::Older(at), &older.contract));
        std::iter::once((Major::Current, &self.current)).chain(older)
    }

    /// What the lock keeps of the tool.
    pub(super) fn published(&self) -> PublishedTool {
        let declaration = &self.declaration;
        let text = |text: Option<&str>| text.map(str::to_owned);
        let lifecycle = |deprecated, sunset, note| steadfast_contract::Lifecycle {
            deprecated: text(deprecated),
            sunset: text(sunset),
            note: text(note),
        };
        let mut scopes: Vec<String> = declaration.scopes.iter().map(|scope| (*scope).to_owned()).collect();
        scopes.sort();
        let history = declaration.history.iter().map(|older| steadfast_contract::Older {
            major: older.major,
            lifecycle: lifecycle(older.deprecated, older.sunset, older.note),
            lossy: text(older.lossy),
            shape: older.shape,
            shim: older.shim.as_str().to_owned(),
        });
        PublishedTool {
            name: declaration.name.to_owned(),
            version: declaration.version.to_owned(),
            definition: steadfast_contract::sorted(serde_json::json!(self.current.definition)),
            promises: Promises {
                effect: declaration.effect.as_str().to_owned(),
                idempotent: declaration.idempotent,
                open_world: declaration.open_world,
                scopes,
                timeout_ms: declaration.timeout.and_then(|timeout| u64::try_from(timeout.as_millis()).ok()),
            },
            aliases: declaration.aliases.iter().map(|alias| (*alias).to_owned()).collect(),
            owner: text(declaration.owner),
            lifecycle: lifecycle(declaration.deprecated, declaration.sunset, declaration.note),
            history: history.collect(),
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("name", &self.name)
            .field("version", &self.current.label)
            .field("fallback", &self.fallback.is_some())
            .finish_non_exhaustive()
    }
}

impl<'a> Served<'a> {
    /// The contract that the call is held to.
    pub(crate) fn contract(&self) -> &'a Contract {
        self.tool.contract(self.major)
    }

    /// What the result says of the contract.
    pub(crate) fn echo(&self) -> &'a Value {
        self.renamed.map_or(&self.contract().echo, |renamed| &renamed.echo)
    }

    /// The older majors between this one and the current, newest first: results go through them in this order,
    /// arguments in reverse.
    pub(crate) fn chain(&self) -> &'a [Older] {
        match self.major {
            Major::Current => &[],
            Major::Older(at) => &self.tool.older[..=at],
        }
    }
}

/// The definition as it is published, without `_meta`.
fn define(declaration: &Declaration, input: &Value, output: &OutputSchema) -> Definition {
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
    definition
}

fn object(schema: &Value) -> Arc<JsonObject> {
    Arc::new(schema.as_object().cloned().unwrap_or_default())
}
