//! `policy`: whether policies are right, what they say of a call, and what they can speak of.
//!
//! No store is opened and no function is run; what is decided here is decided by the same policies as in a server.

mod explain;

use std::{io::Write as _, process::ExitCode};

use clap::Subcommand;
use serde_json::json;

use super::Format;
use crate::{access::Policies, config::Settings, engine::Parts, problem::Problem};

/// What to do with policies.
#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Reads and validates all policies, and tells everything that is wrong with them.
    Check {
        /// Fails also where something is only suspicious, such as a policy that can never apply.
        #[arg(long)]
        deny_warnings: bool,
    },
    /// Says what policies decide of a call, and why.
    Explain(explain::Call),
    /// Prints the schema of policies: types, tools, and their arguments.
    Schema,
}

/// Why a command about policies did not do what it should.
#[derive(Debug, thiserror::Error)]
pub(super) enum PolicyFailure {
    #[error(
        "there are no policies\n  help: write some in the directory `policies`, or name another with the setting `policy.dir`"
    )]
    None,
    #[error("the policies have problems:\n{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Wrong(Vec<Problem>),
    #[error("{what}\n  help: {help}")]
    Asked { what: String, help: String },
    #[error("the schema can't be printed: {0}")]
    Schema(String),
    #[error("can't write: {0}")]
    Output(#[from] std::io::Error),
}

/// Does it.
pub(super) fn run(
    parts: Parts,
    settings: &Settings,
    action: Action,
    format: Format,
) -> Result<ExitCode, PolicyFailure> {
    match action {
        Action::Check { deny_warnings } => check(parts, settings, deny_warnings, format),
        Action::Explain(call) => explain::run(parts, settings, &call, format),
        Action::Schema => schema(&parts, settings, format),
    }
}

/// The policies that a server with these settings would start with.
fn open(parts: Parts, settings: &Settings) -> Result<Policies, PolicyFailure> {
    let access = crate::access::Access::open(&parts.catalogue, &parts.info.name, &settings.access, parts.access);
    access.map_err(PolicyFailure::Wrong)?.policies.ok_or(PolicyFailure::None)
}

fn check(parts: Parts, settings: &Settings, deny: bool, format: Format) -> Result<ExitCode, PolicyFailure> {
    let policies = open(parts, settings)?;
    let warnings = policies.cedar.warnings();
    let code = if deny && !warnings.is_empty() { ExitCode::from(2) } else { ExitCode::SUCCESS };
    let mut out = anstream::stdout().lock();
    if format == Format::Json {
        let warnings =
            warnings.iter().map(|Problem { place, what, help }| json!({ "place": place, "what": what, "help": help }));
        let found = json!({ "policies": policies.cedar.policies(), "warnings": warnings.collect::<Vec<_>>() });
        writeln!(out, "{found:#}")?;
        return Ok(code);
    }
    for warning in &warnings {
        writeln!(out, "warning: {warning}")?;
    }
    let beside = if warnings.is_empty() { "" } else { ", and what is suspicious above" };
    writeln!(out, "policies: {}, without problems{beside}", policies.cedar.policies())?;
    Ok(code)
}

#[cfg(feature = "cedar")]
fn schema(parts: &Parts, settings: &Settings, format: Format) -> Result<ExitCode, PolicyFailure> {
    let policy = &settings.access.policy;
    let text = match format {
        Format::Json => format!("{:#}\n", crate::access::schema_json(&parts.catalogue, policy)),
        Format::Text => crate::access::schema_text(&parts.catalogue, policy).map_err(PolicyFailure::Schema)?,
    };
    write!(anstream::stdout(), "{text}")?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(not(feature = "cedar"))]
fn schema(_: &Parts, _: &Settings, _: Format) -> Result<ExitCode, PolicyFailure> {
    Err(PolicyFailure::Schema(
        "this server was compiled without policies; compile `steadfast` with its feature `cedar`".into(),
    ))
}
