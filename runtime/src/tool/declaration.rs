//! What `#[mcp_tool(..)]` says about a tool, as plain data.

mod builder;

use std::time::Duration;

use steadfast_contract::shim::{Operation, OperationError, Shim, Translator};

/// Everything the attribute declares. The macro has checked each value; nothing here is checked again.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Declaration {
    /// The published name: 1 to 128 of `A-Z a-z 0-9 _ . -`.
    pub name: &'static str,
    /// The contract version, semver.
    pub version: &'static str,
    /// A name for people.
    pub title: Option<&'static str>,
    /// What a model reads: the doc comment, or `description = ".."`.
    pub description: &'static str,
    /// What a call may do to the world.
    pub effect: Effect,
    /// The same call twice has the effect of one.
    pub idempotent: bool,
    /// The tool reaches entities outside the server's control.
    pub open_world: bool,
    /// Who is on call for it.
    pub owner: Option<&'static str>,
    /// OAuth scopes a caller needs (RFC 6749, section 3.3).
    pub scopes: &'static [&'static str],
    /// How long a call may go without finishing or reporting progress.
    pub timeout: Option<Duration>,
    /// How many times a failed attempt may be repeated.
    pub retry: u32,
    /// The dependency that breaker and bulkhead are kept for.
    pub upstream: Option<&'static str>,
    /// The name of the function that serves when this one can't.
    pub fallback: Option<&'static str>,
    /// Service level objectives.
    pub slo: Option<Slo>,
    /// URIs of images for a client's interface (`https:` or `data:`).
    pub icons: &'static [&'static str],
    /// Other names the tool answers to; they are not listed.
    pub aliases: &'static [&'static str],
    /// ISO 8601 date from which the whole tool is deprecated.
    pub deprecated: Option<&'static str>,
    /// ISO 8601 date from which the whole tool is no longer served.
    pub sunset: Option<&'static str>,
    /// What its callers should do instead.
    pub note: Option<&'static str>,
    /// Older majors, newest first.
    pub history: &'static [History],
}

impl Declaration {
    /// A declaration with nothing but what is required; generated code fills in the rest.
    pub const fn new(name: &'static str, version: &'static str, description: &'static str, effect: Effect) -> Self {
        Self {
            name,
            version,
            title: None,
            description,
            effect,
            idempotent: matches!(effect, Effect::ReadOnly),
            open_world: false,
            owner: None,
            scopes: &[],
            timeout: None,
            retry: 0,
            upstream: None,
            fallback: None,
            slo: None,
            icons: &[],
            aliases: &[],
            deprecated: None,
            sunset: None,
            note: None,
            history: &[],
        }
    }

    /// The major version, as callers name it.
    pub fn major(&self) -> &'static str {
        self.version.split('.').next().unwrap_or(self.version)
    }

    /// What the attribute promises and this release of Steadfast carries but does not enforce yet.
    pub fn unenforced(&self) -> Vec<Promise> {
        [
            (!self.scopes.is_empty(), Promise::Scopes),
            (self.retry > 0, Promise::Retry),
            (self.upstream.is_some(), Promise::Upstream),
            (self.fallback.is_some(), Promise::Fallback),
            (self.slo.is_some(), Promise::Slo),
            (self.effect == Effect::Destructive, Promise::Confirmation),
        ]
        .into_iter()
        .filter_map(|(declared, promise)| declared.then_some(promise))
        .collect()
    }
}

/// What a call may do to the world. There is no default: the author says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Changes nothing.
    ReadOnly,
    /// Adds, and never changes or removes what is there.
    Additive,
    /// May change or remove what is there.
    Destructive,
}

impl Effect {
    /// The name as the attribute and the tables write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "read_only",
            Self::Additive => "additive",
            Self::Destructive => "destructive",
        }
    }
}

/// A promise that is declared and carried, and that nothing enforces yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Promise {
    /// `scopes`
    Scopes,
    /// `retry`
    Retry,
    /// `upstream`: breaker and bulkhead
    Upstream,
    /// `fallback`
    Fallback,
    /// `slo`
    Slo,
    /// `effect = destructive`: plan and confirmation
    Confirmation,
}

impl Promise {
    /// The attribute key that declares it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scopes => "scopes",
            Self::Retry => "retry",
            Self::Upstream => "upstream",
            Self::Fallback => "fallback",
            Self::Slo => "slo",
            Self::Confirmation => "confirmation",
        }
    }
}

/// Service level objectives of a tool.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slo {
    /// Successful calls, in percent, above 0 and below 100.
    pub success: Option<f64>,
    /// The latency that 95 % of calls stay below.
    pub p95: Option<Duration>,
    /// The latency that 99 % of calls stay below.
    pub p99: Option<Duration>,
}

/// An older major of a tool and how its callers are kept working.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct History {
    /// The major.
    pub major: u64,
    /// How its calls are translated.
    pub shim: Translation,
    /// The text of its lock file: what it published when it was current.
    pub lock: &'static str,
    /// A call that names no version may be taken for this major by the shape of its arguments.
    pub shape: bool,
    /// ISO 8601 date from which it is deprecated.
    pub deprecated: Option<&'static str>,
    /// ISO 8601 date from which it is no longer served.
    pub sunset: Option<&'static str>,
    /// What a caller should change.
    pub note: Option<&'static str>,
    /// Why a result can't be translated without loss.
    pub lossy: Option<&'static str>,
}

/// How an older major's calls are translated to the next newer one, and its results back.
#[derive(Debug, Clone, Copy)]
pub enum Translation {
    /// By declared operations: arguments up, results down.
    Declared {
        /// Applied to the arguments, in order.
        input: &'static [Operation],
        /// Written from the older to the newer form, too; applied to results inverted, the last one first.
        output: &'static [Operation],
    },
    /// By a type with [`Shim`].
    Typed {
        /// The type's path as written.
        path: &'static str,
        /// What the type does.
        translator: fn() -> Translator,
    },
}

impl Translation {
    /// By the type `T`, which is written as `path`.
    pub const fn typed<T: Shim>(path: &'static str) -> Self {
        Self::Typed { path, translator: Translator::typed::<T> }
    }

    /// `declared` or `typed`.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Declared { .. } => "declared",
            Self::Typed { .. } => "typed",
        }
    }

    /// Ready to run.
    pub(crate) fn translator(&self) -> Result<Translator, OperationError> {
        match self {
            Self::Declared { input, output } => Translator::declared(input, output),
            Self::Typed { translator, .. } => Ok(translator()),
        }
    }
}

/// Types are told apart by their paths.
impl PartialEq for Translation {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Declared { input, output }, Self::Declared { input: i, output: o }) => input == i && output == o,
            (Self::Typed { path, .. }, Self::Typed { path: other, .. }) => path == other,
            _ => false,
        }
    }
}
