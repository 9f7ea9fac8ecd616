//! `tools`: every tool with its contract in each major that is served, what is enforced for it, and what is only
//! declared so far.

use std::io::Write as _;

use serde_json::{Value, json};

use super::{Format, table::Table};
use crate::{
    catalogue::{Contract, Entry, State},
    config::Settings,
    date::Date,
    duration,
    engine::Engine,
    tool::Promise,
};

/// Prints the table to stdout.
pub(super) fn print(engine: &Engine, settings: &Settings, format: Format) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    let entries = engine.catalogue.entries();
    if format == Format::Json {
        let tools: Vec<Value> = entries.iter().map(|entry| as_json(entry, engine, settings)).collect();
        return writeln!(out, "{:#}", json!({ "tools": tools }));
    }
    let mut table = Table::new(&["TOOL", "CONTRACT", "STATE", "EFFECT", "OWNER", "ENFORCED", "DECLARED", "DIGEST"]);
    for entry in entries {
        table.row([
            entry.name.to_string(),
            entry.current.label.clone(),
            state(&entry.current, engine),
            entry.declaration.effect.as_str().replace('_', " "),
            entry.declaration.owner.unwrap_or("–").to_owned(),
            timeout(entry, settings),
            or_dash(declared(entry)),
            digest(&entry.current),
        ]);
        // What is not said again is as in the row above.
        for older in &entry.older {
            let [effect, owner, enforced, declared] = [const { String::new() }; 4];
            let (label, state) = (older.contract.label.clone(), state(&older.contract, engine));
            table.row([String::new(), label, state, effect, owner, enforced, declared, digest(&older.contract)]);
        }
    }
    for line in table.lines(0) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// The majors that are served, newest first.
pub(super) fn serves(entry: &Entry, engine: &Engine) -> String {
    let served = entry.majors().filter(|(_, contract)| !contract.lifecycle.has_ended(&engine.clock));
    let served: Vec<String> = served.map(|(_, contract)| contract.version.major.to_string()).collect();
    or_dash(served.join(" "))
}

/// The state today, and the days on which it changes.
fn state(contract: &Contract, engine: &Engine) -> String {
    let lifecycle = &contract.lifecycle;
    let today = Date::today(&engine.clock);
    let now = lifecycle.state(&contract.version, today);
    let changes = [(State::Deprecated, lifecycle.deprecated), (State::Sunset, lifecycle.sunset)];
    let mut text = now.as_str().to_owned();
    for (state, date) in changes.into_iter().filter_map(|(state, date)| Some((state, date?))) {
        match state {
            State::Deprecated if now == State::Sunset => {}
            _ if state == now => text.push_str(&format!(" since {date}")),
            _ => text.push_str(&format!(", {} from {date}", state.as_str())),
        }
    }
    text
}

fn digest(contract: &Contract) -> String {
    contract.digest.chars().take("sha256:".len() + 12).collect()
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
            Promise::AttemptTimeout => {
                format!("attempt {}", declaration.attempt_timeout.map(duration::text).unwrap_or_default())
            }
            Promise::Retry => format!("retry {}", declaration.retry),
            Promise::Upstream => format!("breaker {}", declaration.upstream.map_or("", |upstream| upstream.name)),
            Promise::RateLimit => {
                format!("limit {}", declaration.rate_limit.map(|rate| rate.to_string()).unwrap_or_default())
            }
            Promise::Fallback => "fallback".into(),
            Promise::Stale => format!("stale {}", declaration.stale.map(duration::text).unwrap_or_default()),
            Promise::Slo => "slo".into(),
            Promise::Confirmation => "confirm".into(),
        })
        .collect();
    words.join(" · ")
}

fn as_json(entry: &Entry, engine: &Engine, settings: &Settings) -> Value {
    let declaration = &entry.declaration;
    let today = Date::today(&engine.clock);
    let majors = entry.majors().zip(std::iter::once(None).chain(entry.older.iter().map(Some)));
    let majors = majors.map(|((_, contract), older)| {
        let mut about = contract.echo.clone();
        about["state"] = contract.lifecycle.state(&contract.version, today).as_str().into();
        if let Some(older) = older {
            about["shim"] = older.shim.into();
        }
        about
    });
    let promises: Vec<&str> = declaration.unenforced().into_iter().map(Promise::as_str).collect();
    json!({
        "name": &*entry.name,
        "version": declaration.version,
        "digest": entry.current.digest,
        "majors": majors.collect::<Value>(),
        "effect": declaration.effect.as_str(),
        "idempotent": declaration.idempotent,
        "owner": declaration.owner,
        "enforced": { "timeout": timeout(entry, settings) },
        "declared": promises,
        "definition": entry.current.definition,
    })
}

fn or_dash(text: String) -> String {
    if text.is_empty() { "–".into() } else { text }
}
