//! `policy explain`: one call, decided, with the policies that decided, or with what would be needed.

use std::{io::Write as _, process::ExitCode, sync::Arc};

use clap::Args;
use serde_json::{Map, Value, json};

use super::{Format, PolicyFailure, open};
use crate::{
    access::{Asked, Explained, Told},
    caller::{Caller, Proved, Scopes},
    catalogue::{Entry, Major},
    config::Settings,
    engine::Parts,
    nearest::nearest_name,
    principal::Principal,
    violations,
};

/// The call that is asked about.
#[derive(Debug, Args)]
pub(in crate::cli) struct Call {
    /// The name of the caller in its tenant; `local` is who started the server.
    #[arg(long, value_name = "NAME")]
    principal: String,
    /// The tool.
    #[arg(long)]
    tool: String,
    /// The arguments, a JSON object.
    #[arg(long, value_name = "JSON", default_value = "{}")]
    input: String,
    /// The tenant of the caller, instead of the server's own.
    #[arg(long)]
    tenant: Option<String>,
    /// A scope that the caller was granted; may be repeated. `local` and `anonymous` have every scope.
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// The OAuth client that the caller uses.
    #[arg(long)]
    client: Option<String>,
    /// A claim of the caller's token; may be repeated, also for one name.
    #[arg(long = "claim", value_name = "NAME=TEXT")]
    claims: Vec<String>,
}

/// Prints the decision and its reasons. A call that would be denied is no failure of the command.
pub(super) fn run(parts: Parts, settings: &Settings, call: &Call, format: Format) -> Result<ExitCode, PolicyFailure> {
    let catalogue = Arc::clone(&parts.catalogue);
    let policies = open(parts, settings)?;
    let Some(tool) = catalogue.find(&call.tool) else {
        let names = catalogue.entries().iter().map(|entry| &*entry.name);
        let help = match nearest_name(&call.tool, names.clone()) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("the server has {}", names.collect::<Vec<_>>().join(", ")),
        };
        return Err(PolicyFailure::Asked { what: format!("there is no tool `{}`", call.tool), help });
    };
    let (caller, arguments) = (caller(call, settings)?, arguments(call, tool)?);
    let asked =
        Asked { tool, version: &tool.current.label, surface: settings.surface.as_deref(), arguments: &arguments };
    let missing = caller.scopes().missing(tool.declaration.scopes.iter().copied());
    let explained = policies.cedar.explain(&caller, &asked);
    let mut out = anstream::stdout().lock();
    match format {
        Format::Json => writeln!(out, "{:#}", as_json(&explained, &missing))?,
        Format::Text => text(&explained, &missing).iter().try_for_each(|line| writeln!(out, "{line}"))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn caller(call: &Call, settings: &Settings) -> Result<Caller, PolicyFailure> {
    let tenant: Arc<str> = call.tenant.as_deref().map_or_else(|| Arc::clone(&settings.tenant), Arc::from);
    let principal = Principal::named(&call.principal);
    let mut claims: Map<String, Value> = Map::new();
    for claim in &call.claims {
        let Some((name, text)) = claim.split_once('=') else {
            let (what, help) = (format!("`{claim}` is no claim"), "write `--claim department=law`".into());
            return Err(PolicyFailure::Asked { what, help });
        };
        let texts = claims.entry(name).or_insert_with(|| json!([]));
        texts.as_array_mut().into_iter().for_each(|texts| texts.push(text.into()));
    }
    let scopes = match principal {
        Principal::Named(_) => Scopes::Granted(call.scopes.iter().cloned().collect()),
        Principal::Local | Principal::Anonymous => Scopes::Unchecked,
    };
    Ok(Caller::new(principal, tenant, Proved { scopes, client: call.client.clone(), claims, ..Proved::default() }))
}

fn arguments(call: &Call, tool: &Entry) -> Result<Map<String, Value>, PolicyFailure> {
    let wrong = |what: String| PolicyFailure::Asked { what, help: "give arguments that the tool takes".into() };
    let arguments: Value =
        serde_json::from_str(&call.input).map_err(|error| wrong(format!("the input is not JSON: {error}")))?;
    if !tool.current.input.is_valid(&arguments) {
        let violations = violations::all(tool.called(&tool.name, Major::Current), &arguments);
        return Err(wrong(violations::text(&tool.name, &violations)));
    }
    Ok(arguments.as_object().cloned().unwrap_or_default())
}

fn as_json(explained: &Explained, missing: &[&str]) -> Value {
    let Explained { decision, decided, failed, close, needed, hidden } = explained;
    let told = |all: &[Told]| {
        all.iter().map(|Told { id, place, what }| json!({ "id": id, "place": place, "what": what })).collect::<Value>()
    };
    json!({
        "permitted": decision.permitted,
        "policies": told(decided),
        "failed": told(failed),
        "close": told(close),
        "needed": needed,
        "hidden": hidden,
        "missingScopes": missing,
    })
}

fn text(explained: &Explained, missing: &[&str]) -> Vec<String> {
    let Explained { decision, decided, failed, close, needed, hidden } = explained;
    let mut lines = vec![if decision.permitted { "permitted" } else { "denied" }.to_owned()];
    let mut tell = |all: &[Told], words: &str| {
        lines.extend(all.iter().map(|Told { id, place, what }| format!("  {id} ({place}){words}{what}")));
    };
    tell(decided, " ");
    tell(failed, " can't be evaluated, and denies it: ");
    if decided.is_empty() && !decision.permitted {
        tell(close, " does not permit it: ");
        lines.push("  nothing permits it".into());
    }
    if let Some(needed) = needed {
        lines.push("  this would:".into());
        lines.extend(needed.lines().map(|line| format!("    {line}")));
    }
    if *hidden {
        lines.push("  no call of the tool could be permitted, so the tool is hidden from the caller".into());
    }
    if !missing.is_empty() {
        lines.push(format!("  whatever policies say, the caller lacks the scopes {}", missing.join(", ")));
    }
    lines
}
