//! What `#[mcp_tool(..)]` says about a tool, as plain data.

mod builder;
mod history;
mod reliability;

use std::time::Duration;

pub use self::{
    history::{History, Translation},
    reliability::{Rate, Slo, TaskSupport, Upstream},
};

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
    /// The servers that its functions may reach: `https://api.example.com`, `https://*.example.org:8443`.
    pub egress: &'static [&'static str],
    /// How long a call may go without finishing or reporting progress.
    pub timeout: Option<Duration>,
    /// How long one attempt of a call may take; not above `timeout`.
    pub attempt_timeout: Option<Duration>,
    /// How many times a failed attempt may be repeated.
    pub retry: u32,
    /// The dependency that breaker and bulkhead are kept for.
    pub upstream: Option<Upstream>,
    /// How many calls one caller may make.
    pub rate_limit: Option<Rate>,
    /// The name of the function that serves when this one can't.
    pub fallback: Option<&'static str>,
    /// How long the last good result for the same caller and arguments may serve when the tool can't; for a tool that
    /// changes nothing.
    pub stale: Option<Duration>,
    /// A call may be answered with a task, which the caller asks for its result later (MCP tasks extension).
    pub task: Option<TaskSupport>,
    /// The name of the function that says what a destructive call would do, before it is confirmed.
    pub plan: Option<&'static str>,
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
            egress: &[],
            timeout: None,
            attempt_timeout: None,
            retry: 0,
            upstream: None,
            rate_limit: None,
            fallback: None,
            stale: None,
            task: None,
            plan: None,
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
        self.slo.iter().map(|_| Promise::Slo).collect()
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
    /// `slo`
    Slo,
}

impl Promise {
    /// The attribute key that declares it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Slo => "slo",
        }
    }
}
