//! `approve`: destructive calls that wait until somebody else than their caller says yes.
//!
//! It works while the server runs, and with the store of a fleet from any machine that reaches it.

use std::{io::Write as _, process::ExitCode, sync::Arc, time::Duration};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Format, table::Table};
use crate::{
    confirm::{self, Approval, Decision, Refused, Standing},
    duration,
    engine::Engine,
    store::StoreError,
};

/// Whose requests, and what to do with them.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    action: Option<Action>,
    /// The tenant whose callers asked; the server's own where nothing is said.
    #[arg(long, global = true)]
    tenant: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists what waits and what was decided; the default.
    List,
    /// Shows a request with its plan and arguments.
    Show {
        /// The id of the request, or how it begins.
        id: String,
    },
    /// Lets the call be done, once.
    Grant(Choice),
    /// Refuses the call, also where it was granted and not done yet.
    Deny(Choice),
}

#[derive(Debug, Args)]
struct Choice {
    /// The id of the request, or how it begins.
    id: String,
    /// Who decides, where that is not the user who runs the command: about a call with a token `ISSUER:SUBJECT`, as
    /// tokens name the person.
    #[arg(long = "as", value_name = "NAME")]
    by: Option<String>,
}

/// Why nothing was shown or decided.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApproveFailure {
    #[error("{0}")]
    Refused(#[from] Refused),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("the user who runs this has no name\n  help: give one with `--as NAME`")]
    Nameless,
    #[error("can't write: {0}")]
    Output(#[from] std::io::Error),
}

/// Does it, and prints what came of it.
pub(super) async fn run(engine: &Engine, options: Options, format: Format) -> Result<ExitCode, ApproveFailure> {
    let tenant: Arc<str> = options.tenant.map_or_else(|| Arc::clone(&engine.tenant), Into::into);
    let (store, now_ms) = (&*engine.store, engine.clock.unix_millis());
    match options.action {
        None | Some(Action::List) => print_all(&confirm::list(store, &tenant, now_ms).await?, now_ms, format)?,
        Some(Action::Show { id }) => {
            let (id, approval) = confirm::find(store, &tenant, &id, now_ms).await?;
            print(&id, &approval, now_ms, format)?;
        }
        Some(Action::Grant(choice)) => decide(engine, &tenant, choice, Decision::Grant, format).await?,
        Some(Action::Deny(choice)) => decide(engine, &tenant, choice, Decision::Deny, format).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn decide(
    engine: &Engine,
    tenant: &Arc<str>,
    Choice { id, by }: Choice,
    decision: Decision,
    format: Format,
) -> Result<(), ApproveFailure> {
    let by = by.or_else(confirm::os_user).filter(|by| !by.is_empty()).ok_or(ApproveFailure::Nameless)?;
    let (store, now_ms) = (&*engine.store, engine.clock.unix_millis());
    let (id, _) = confirm::find(store, tenant, &id, now_ms).await?;
    let approval = confirm::decide(store, tenant, &id, decision, &by, now_ms).await?;
    Ok(print(&id, &approval, now_ms, format)?)
}

fn print_all(all: &[(String, Approval)], now_ms: u64, format: Format) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    if format == Format::Json {
        let all: Value = all.iter().map(|(id, approval)| as_json(id, approval)).collect();
        return writeln!(out, "{:#}", json!({ "approvals": all }));
    }
    if all.is_empty() {
        return writeln!(out, "nothing waits for an approval");
    }
    let mut table = Table::new(&["REQUEST", "STATE", "TOOL", "BY", "ASKED", "PLAN"]);
    for (id, approval) in all {
        let asked = format!("{} ago", ago(approval.asked_ms, now_ms));
        let tool = format!("{} {}", approval.tool, approval.version);
        table.row([id.clone(), state(approval), tool, shown(&approval.principal), asked, summary(approval)]);
    }
    table.lines(0).iter().try_for_each(|line| writeln!(out, "{line}"))
}

fn print(id: &str, approval: &Approval, now_ms: u64, format: Format) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    if format == Format::Json {
        return writeln!(out, "{:#}", as_json(id, approval));
    }
    let Approval { principal, tool, version, arguments, plan, asked_ms, expires_ms, .. } = approval;
    writeln!(out, "request    {id}")?;
    writeln!(out, "state      {}", state(approval))?;
    writeln!(out, "call       {tool} {version} {arguments}")?;
    if plan["argumentsCut"] == true {
        writeln!(out, "           too long to be shown whole: ask the caller what is missing")?;
    }
    writeln!(out, "by         {}, {} ago", shown(principal), ago(*asked_ms, now_ms))?;
    writeln!(out, "ends in    {}", duration::rough(Duration::from_millis(expires_ms.saturating_sub(now_ms))))?;
    writeln!(out, "plan       {}", summary(approval))?;
    for change in plan["changes"].as_array().into_iter().flatten() {
        let part = |key: &str| change[key].as_str().unwrap_or_default().to_owned();
        writeln!(out, "           - {}: {}", part("what"), part("change"))?;
    }
    match plan["more"].as_u64() {
        Some(more) => writeln!(out, "           - and {more} more"),
        None => Ok(()),
    }
}

fn as_json(id: &str, approval: &Approval) -> Value {
    let (state, by) = match &approval.state {
        Standing::Pending => ("pending", None),
        Standing::Granted { by } => ("granted", Some(by)),
        Standing::Denied { by } => ("denied", Some(by)),
    };
    json!({
        "id": id,
        "state": state,
        "decidedBy": by,
        "principal": approval.principal,
        "tool": approval.tool,
        "version": approval.version,
        "arguments": approval.arguments,
        "plan": approval.plan,
        "askedMs": approval.asked_ms,
        "expiresMs": approval.expires_ms,
    })
}

fn state(approval: &Approval) -> String {
    match &approval.state {
        Standing::Pending => "pending".into(),
        Standing::Granted { by } => format!("granted by {}", shown(by)),
        Standing::Denied { by } => format!("denied by {}", shown(by)),
    }
}

/// A name, as a terminal may show it.
fn shown(name: &str) -> String {
    confirm::clean(name, 80)
}

fn summary(approval: &Approval) -> String {
    approval.plan["summary"].as_str().unwrap_or_default().to_owned()
}

fn ago(then_ms: u64, now_ms: u64) -> String {
    duration::rough(Duration::from_millis(now_ms.saturating_sub(then_ms)))
}
