//! `switch`: what is switched off, in every replica that shares the store.
//!
//! A server that runs looks every `switches.refresh`; one that starts looks first.

use std::{io::Write as _, process::ExitCode, time::Duration};

use clap::Subcommand;
use serde_json::{Value, json};

use super::{Format, table::Table};
use crate::{
    duration,
    engine::Engine,
    nearest::nearest_name,
    store::StoreError,
    switches::{self, Switch, Target},
};

/// What to do with the switches.
#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Shows what is switched off; the default.
    List,
    /// Switches a tool off, or `class:destructive`, `class:additive`, `class:read_only`, `all`, or `read-only` for
    /// everything that changes something.
    Off {
        /// What to switch off.
        target: String,
        /// Why, for callers and for whoever is on call next.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Switches it on again.
    On {
        /// What to switch on.
        target: String,
    },
}

/// Why a switch was not thrown.
#[derive(Debug, thiserror::Error)]
pub(super) enum SwitchFailure {
    #[error("there is no tool `{target}`, and no class of that name\n  help: {help}")]
    Target { target: String, help: String },
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("can't write: {0}")]
    Output(#[from] std::io::Error),
}

/// Does it, and prints what is switched off then.
pub(super) async fn run(engine: &Engine, action: Option<Action>, format: Format) -> Result<ExitCode, SwitchFailure> {
    let Engine { store, tenant, clock, .. } = engine;
    match action {
        None | Some(Action::List) => {}
        Some(Action::Off { target, reason }) => {
            let switch = Switch { reason, since_ms: clock.unix_millis() };
            switches::off(&**store, tenant, &meant(engine, &target)?, &switch).await?;
        }
        Some(Action::On { target }) => {
            // A tool that is gone may still have its switch.
            let target = Target::parse(&target).map_or_else(|| meant(engine, &target), Ok)?;
            if !switches::on(&**store, tenant, &target).await? {
                writeln!(anstream::stderr(), "`{target}` was not switched off")?;
            }
        }
    }
    print(&switches::list(&**store, tenant).await?, clock.unix_millis(), format)?;
    Ok(ExitCode::SUCCESS)
}

/// A tool goes by its name alone.
fn meant(engine: &Engine, target: &str) -> Result<Target, SwitchFailure> {
    let catalogue = &engine.catalogue;
    let named = target.strip_prefix("tool:").unwrap_or(target);
    if let Some(tool) = catalogue.find(named) {
        return Ok(Target::Tool(tool.name.to_string()));
    }
    match Target::parse(target) {
        Some(target) if !matches!(target, Target::Tool(_)) => Ok(target),
        _ => {
            let tools = catalogue.entries().iter().map(|tool| &*tool.name);
            let known = tools.chain(["all", "read-only", "class:read_only", "class:additive", "class:destructive"]);
            let help = match nearest_name(target, known.clone()) {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => format!("one of {}", known.collect::<Vec<_>>().join(", ")),
            };
            Err(SwitchFailure::Target { target: target.to_owned(), help })
        }
    }
}

fn print(set: &[(Target, Switch)], now_ms: u64, format: Format) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    if format == Format::Json {
        let off = set.iter().map(|(target, switch)| {
            json!({ "target": target.to_string(), "reason": switch.reason, "sinceMs": switch.since_ms })
        });
        return writeln!(out, "{:#}", json!({ "off": off.collect::<Value>() }));
    }
    if set.is_empty() {
        return writeln!(out, "nothing is switched off");
    }
    let mut table = Table::new(&["OFF", "SINCE", "REASON"]);
    for (target, switch) in set {
        let since = Duration::from_millis(now_ms.saturating_sub(switch.since_ms));
        let reason = switch.reason.clone().unwrap_or_else(|| "–".into());
        table.row([target.to_string(), format!("{} ago", duration::rough(since)), reason]);
    }
    table.lines(0).iter().try_for_each(|line| writeln!(out, "{line}"))
}
