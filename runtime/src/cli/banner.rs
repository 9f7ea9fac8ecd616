//! What a person sees when a server starts: what it serves, where, and what to try. On stderr.

use anstyle::{AnsiColor, Style};

use serde_json::Value;

use super::{example, table::Table, tools};
use crate::{
    app::Addresses,
    catalogue::Entry,
    config::{Profile, Settings, Transport},
    engine::Engine,
    tool::Effect,
};

/// Prints the banner.
pub(super) fn print(engine: &Engine, settings: &Settings, addresses: &Addresses) {
    let (bold, dim, warning) =
        (Style::new().bold(), Style::new().dimmed(), Style::new().fg_color(Some(AnsiColor::Yellow.into())));
    let info = &engine.info;
    let mut lines = vec![format!(
        "{bold}{} {}{bold:#} {dim}· steadfast {} · profile {}{dim:#}",
        info.name,
        info.version,
        env!("CARGO_PKG_VERSION"),
        settings.profile.as_str(),
    )];
    let mut table = Table::new(&["TOOL", "CONTRACT", "SERVES", "EFFECT", "POLICY"]);
    for entry in engine.catalogue.entries() {
        table.row([
            entry.name.to_string(),
            entry.current.label.clone(),
            tools::serves(entry, engine),
            entry.declaration.effect.as_str().replace('_', " "),
            tools::policy(entry, engine),
        ]);
    }
    lines.extend(table.lines(0));
    match (&addresses.mcp, settings.transport) {
        (Some(mcp), _) => lines.push(format!("mcp      {mcp}")),
        (None, _) => lines.push("mcp      standard input and output".into()),
    }
    let releases: Vec<&str> = engine.catalogue.surfaces().map(|(_, surface)| surface.release.as_str()).collect();
    if let ([_, _, ..], Some(mcp)) = (releases.as_slice(), &addresses.mcp) {
        lines.push(format!("releases {mcp}/<release>: {}", releases.join(", ")));
    }
    lines.push(format!("store    {}", settings.store));
    if let Some(admin) = &addresses.admin {
        lines.push(format!("admin    {admin}/healthz {admin}/readyz {admin}/metrics"));
    }
    let http = settings.transport == Transport::Http;
    if let Some(auth) = settings.auth.as_ref().filter(|_| http) {
        let issuers: Vec<&str> = auth.issuers.iter().map(|issuer| issuer.url.as_str()).collect();
        lines.push(format!("tokens   of {}, for {}", issuers.join(", "), auth.resource));
    } else if settings.profile == Profile::Dev && http {
        let who = if settings.listen.is_socket() { "this user" } else { "this machine" };
        lines.push(format!("{warning}!{warning:#} dev profile: no authentication; only {who} can connect."));
    }
    if let Some(example) = engine.catalogue.entries().iter().find_map(example) {
        lines.push(format!("try      {} call {example}", program()));
        lines.push(format!("         {} tools", program()));
    }
    if let Some(drilled) = drilled(engine) {
        lines.push(format!("         {} drill {}    # watch the breaker open and recover", program(), drilled.name));
    }
    for line in lines {
        anstream::eprintln!("  {line}");
    }
}

/// The same for a program: one line of JSON.
pub(super) fn print_json(engine: &Engine, settings: &Settings, addresses: &Addresses) {
    let tools: Vec<&str> = engine.catalogue.entries().iter().map(|entry| &*entry.name).collect();
    let started = serde_json::json!({
        "server": engine.info.name,
        "version": engine.info.version,
        "steadfast": env!("CARGO_PKG_VERSION"),
        "profile": settings.profile.as_str(),
        "tools": tools,
        "mcp": addresses.mcp,
        "admin": addresses.admin,
        "store": settings.store.to_string(),
    });
    anstream::eprintln!("{started}");
}

/// A call that would work, of a tool that changes nothing.
fn example(entry: &Entry) -> Option<String> {
    if entry.declaration.effect != Effect::ReadOnly {
        return None;
    }
    example::arguments(entry).map(|arguments| format!("{} '{}'", entry.name, Value::Object(arguments)))
}

/// A tool that shows most in a drill: it is kept from an upstream that fails, and changes nothing.
fn drilled(engine: &Engine) -> Option<&Entry> {
    let entries = engine.catalogue.entries().iter();
    let guarded = entries.filter(|entry| entry.declaration.effect == Effect::ReadOnly);
    let mut guarded = guarded.filter(|entry| engine.policy(entry).upstream.is_some());
    guarded.find(|entry| example::arguments(entry).is_some())
}

/// How this program was started, as one would type it again.
fn program() -> String {
    match std::env::var_os("CARGO") {
        Some(_) => "cargo run --".into(),
        None => std::env::args_os().next().map_or_else(|| "server".into(), |name| name.to_string_lossy().into_owned()),
    }
}
