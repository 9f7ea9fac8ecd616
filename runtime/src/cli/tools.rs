//! `tools`: every tool with its contract, what is enforced for it, and what is only declared so far.

use std::io::Write as _;

use serde_json::{Value, json};

use super::{Format, table::Table};
use crate::{
    catalogue::{Catalogue, Entry},
    config::Settings,
    duration,
    tool::Promise,
};

/// Prints the table to stdout.
pub(super) fn print(catalogue: &Catalogue, settings: &Settings, format: Format) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    if format == Format::Json {
        let tools: Vec<Value> = catalogue.entries().iter().map(|entry| as_json(entry, settings)).collect();
        return writeln!(out, "{:#}", json!({ "tools": tools }));
    }
    let mut table = Table::new(&["TOOL", "CONTRACT", "EFFECT", "OWNER", "ENFORCED", "DECLARED", "DIGEST"]);
    for entry in catalogue.entries() {
        table.row([
            entry.name.to_string(),
            entry.declaration.version.to_owned(),
            entry.declaration.effect.as_str().replace('_', " "),
            entry.declaration.owner.unwrap_or("–").to_owned(),
            timeout(entry, settings),
            or_dash(declared(entry)),
            entry.digest.chars().take("sha256:".len() + 12).collect(),
        ]);
    }
    for line in table.lines(0) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// A tool's policy in a few words: what is enforced, then what is declared and not enforced yet.
pub(super) fn policy(entry: &Entry, settings: &Settings) -> String {
    let enforced = timeout(entry, settings);
    match declared(entry) {
        declared if declared.is_empty() => enforced,
        declared => format!("{enforced} (declared: {declared})"),
    }
}

/// The timeout that a call really gets.
fn timeout(entry: &Entry, settings: &Settings) -> String {
    let limits = &settings.limits;
    duration::text(entry.declaration.timeout.unwrap_or(limits.default_timeout).min(limits.deadline))
}

fn declared(entry: &Entry) -> String {
    let declaration = &entry.declaration;
    let words: Vec<String> = declaration
        .unenforced()
        .into_iter()
        .map(|promise| match promise {
            Promise::Scopes => format!("scopes {}", declaration.scopes.join(" ")),
            Promise::Retry => format!("retry {}", declaration.retry),
            Promise::Upstream => format!("breaker {}", declaration.upstream.unwrap_or_default()),
            Promise::Fallback => "fallback".into(),
            Promise::Slo => "slo".into(),
            Promise::History => {
                let majors: Vec<String> = declaration.history.iter().map(|entry| entry.major.to_string()).collect();
                format!("history {}", majors.join(" "))
            }
            Promise::Confirmation => "confirm".into(),
        })
        .collect();
    words.join(" · ")
}

fn as_json(entry: &Entry, settings: &Settings) -> Value {
    let declaration = &entry.declaration;
    let promises: Vec<&str> = declaration.unenforced().into_iter().map(Promise::as_str).collect();
    json!({
        "name": &*entry.name,
        "version": declaration.version,
        "digest": entry.digest,
        "effect": declaration.effect.as_str(),
        "idempotent": declaration.idempotent,
        "owner": declaration.owner,
        "enforced": { "timeout": timeout(entry, settings) },
        "declared": promises,
        "definition": entry.definition,
    })
}

fn or_dash(text: String) -> String {
    if text.is_empty() { "–".into() } else { text }
}
