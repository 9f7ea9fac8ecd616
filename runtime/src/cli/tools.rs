//! `tools`: every tool with its contract in each major that is served, what is enforced for it, and what is only
//! declared so far.

use std::io::Write as _;

use serde_json::{Value, json};

use super::{Format, policy, table::Table};
use crate::{
    catalogue::{Contract, Entry, State},
    config::Settings,
    date::Date,
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
            current_state(entry, engine),
            entry.declaration.effect.as_str().replace('_', " "),
            entry.declaration.owner.unwrap_or("–").to_owned(),
            policy::enforced(entry, engine),
            or_dash(policy::declared(entry)),
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

/// The state of what is called now, and why it is not, where it is switched off.
fn current_state(entry: &Entry, engine: &Engine) -> String {
    let state = state(&entry.current, engine);
    match policy::off(entry, engine) {
        Some((_, why)) => format!("{state}; {why}"),
        None => state,
    }
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
pub(super) fn policy(entry: &Entry, engine: &Engine) -> String {
    let enforced = policy::enforced(entry, engine);
    match policy::declared(entry) {
        declared if declared.is_empty() => enforced,
        declared => format!("{enforced} (declared: {declared})"),
    }
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
        "off": policy::off(entry, engine).map(|(reason, message)| json!({ "reason": reason, "message": message })),
        "enforced": policy::as_json(entry, engine, settings),
        "declared": promises,
        "definition": entry.current.definition,
    })
}

fn or_dash(text: String) -> String {
    if text.is_empty() { "–".into() } else { text }
}
