//! Migration notes for the authors of clients, as Markdown.
//!
//! A function of source and lock: the same two give the same text, on any day. Notes say what a client should do; what
//! the server's author should do is what findings are for.

use std::fmt::Write as _;

use serde_json::Value;

use super::{file, target::locked};
use crate::{Finding, Impact, Lifecycle, LockSet, Part, Published, PublishedTool, Rule, ToolContract, compare_tools};

/// The notes: for each tool a table of its versions, and for each older major what changed since.
pub fn notes(published: &Published, lock: &LockSet) -> String {
    let mut text = format!("# Migration notes: {} {}\n", published.server, published.release);
    for tool in &published.tools {
        let _ = write!(text, "\n## `{}`\n\n| version | state | deprecated | sunset |\n|---|---|---|---|\n", tool.name);
        let state = if locked(tool, lock).is_some() { "current" } else { "preview: may change at any time" };
        row(&mut text, &tool.version, state, &tool.lifecycle);
        for older in &tool.history {
            let known = lock.promised(tool, older.major);
            let version = known.map_or_else(|| older.major.to_string(), |known| known.version.clone());
            row(&mut text, &version, "served", &older.lifecycle);
        }
        for (major, ended) in lock.tombstones.tools.get(&tool.name).into_iter().flat_map(|tool| &tool.majors) {
            let lifecycle = Lifecycle { sunset: Some(ended.sunset.clone()), ..Lifecycle::default() };
            row(&mut text, &major.to_string(), "ended", &lifecycle);
        }
        if let Some(note) = &tool.lifecycle.note {
            let _ = write!(text, "\n{note}\n");
        }
        for older in &tool.history {
            if let Some(before) = lock.promised(tool, older.major) {
                let found = compare_tools(&before.contract(), &ToolContract::from(tool));
                migration(&mut text, tool, older.major, &older.lifecycle, &found);
            }
        }
    }
    ended(&mut text, lock);
    text
}

fn row(text: &mut String, version: &str, state: &str, dates: &Lifecycle) {
    let day = |day: &Option<String>| day.clone().unwrap_or_default();
    let _ = writeln!(text, "| {version} | {state} | {} | {} |", day(&dates.deprecated), day(&dates.sunset));
}

fn migration(text: &mut String, tool: &PublishedTool, major: u64, dates: &Lifecycle, found: &[Finding]) {
    let current = file::version(tool).map_or_else(|| tool.version.clone(), |version| version.major.to_string());
    let _ = write!(text, "\n### From {major} to {current}\n\n");
    match (&dates.deprecated, &dates.sunset) {
        (_, Some(sunset)) => {
            let _ =
                write!(text, "Major {major} is served until {sunset}; from that day on calls of it are refused.\n\n");
        }
        (Some(deprecated), None) => {
            let _ = write!(text, "Major {major} is deprecated from {deprecated} on; its end is not decided.\n\n");
        }
        (None, None) => {
            let _ = write!(text, "Major {major} is served without an end date.\n\n");
        }
    }
    if let Some(note) = &dates.note {
        let _ = write!(text, "{note}\n\n");
    }
    let mut changes: Vec<_> = found.iter().filter(|finding| finding.impact >= Impact::Minor).collect();
    changes.sort_by(|a, b| (b.impact, &a.pointer).cmp(&(a.impact, &b.pointer)));
    if changes.is_empty() {
        text.push_str("Nothing changed that a client could see.\n");
    }
    for finding in changes {
        let mark = if finding.impact >= Impact::Unknown { "**breaking** " } else { "" };
        let place = match (finding.part, finding.pointer.as_str()) {
            (Part::Input, "") => "arguments".to_owned(),
            (Part::Input, pointer) => format!("arguments `{pointer}`"),
            (Part::Output, "") => "result".to_owned(),
            (Part::Output, pointer) => format!("result `{pointer}`"),
            (_, "") => "tool".to_owned(),
            (_, pointer) => format!("tool `{pointer}`"),
        };
        let _ = writeln!(text, "- {mark}{place} (`{}`): {}", finding.rule, finding.rule.summary());
        let sides = [("was", &finding.old), ("is", &finding.new)];
        for (word, value) in sides.into_iter().filter_map(|(word, value)| Some((word, value.as_ref()?))) {
            let _ = writeln!(text, "  - {word}: `{}`", short(value));
        }
        let _ = writeln!(text, "  - {}", advice(finding));
    }
}

fn ended(text: &mut String, lock: &LockSet) {
    let gone: Vec<_> = lock.tombstones.tools.iter().filter(|(_, stone)| stone.sunset.is_some()).collect();
    if gone.is_empty() {
        return;
    }
    text.push_str("\n## Retired tools\n\n| tool | sunset | what to do |\n|---|---|---|\n");
    for (name, stone) in gone {
        let day = stone.sunset.as_deref().unwrap_or_default();
        let note = stone.note.as_deref().unwrap_or_default().replace(['\n', '|'], " ");
        let _ = writeln!(text, "| `{name}` | {day} | {note} |");
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string().replace('`', "'");
    match text.char_indices().nth(120) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// What the author of a client does about a change.
fn advice(finding: &Finding) -> &'static str {
    let harmless = finding.impact < Impact::Unknown;
    match (finding.rule, finding.part) {
        (Rule::PropAddedRequired | Rule::RequiredAdded, Part::Input) => "Send it in every call.",
        (Rule::PropRenamed, Part::Input) => "Send it under the new name.",
        (Rule::PropRenamed, _) => "Read it under the new name.",
        (Rule::PropRemoved | Rule::PropRemovedIgnored, Part::Input) => "Stop sending it.",
        (Rule::PropRemoved | Rule::PropRemovedIgnored, _) => "Stop reading it.",
        (Rule::RequiredRemoved, Part::Output) => "Expect results without it.",
        (Rule::DefaultAdded | Rule::DefaultChanged | Rule::DefaultRemoved, _) => "Send it when the default matters.",
        (Rule::ScopeAdded, _) => "Ask for the scope when you get a token.",
        (Rule::EffectMoreDangerous | Rule::OpenWorldGained, _) => "Ask your user again before calling it.",
        (Rule::IdempotentLost, _) => "Stop repeating calls that may have arrived.",
        (Rule::TimeoutReduced, _) => "Expect it to give up earlier.",
        (Rule::HeaderAdded | Rule::HeaderRenamed, _) => "Send the header that the new schema names.",
        (Rule::DescriptionChanged | Rule::ExamplesChanged, _) => "Look at how your model uses it.",
        (_, Part::Input) if harmless => "Nothing to do; it is there to be used.",
        (_, Part::Input) => "Send only what the new schema allows.",
        (_, Part::Output) if harmless => "Nothing to do.",
        (_, Part::Output) => "Expect everything that the new schema allows.",
        _ => "Nothing to do for calls; read the new definition.",
    }
}
