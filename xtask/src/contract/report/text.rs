//! For people at a terminal, in the manner of rustc. Styles are escape codes; `anstream` takes them out where nobody
//! would see them.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::Value;
use steadfast_contract::Finding;

use super::{Item, Level, Report, in_order, needs, short};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const NOTE: Style = AnsiColor::Green.on_default().bold();
const FRAME: Style = AnsiColor::Blue.on_default().bold();
const OLD: Style = AnsiColor::Red.on_default();
const NEW: Style = AnsiColor::Green.on_default();
const BOLD: Style = Style::new().bold();

/// The width of one side, in characters; wider values are stacked.
const SIDE: usize = 44;
/// The most lines that are shown of a value.
const LINES: usize = 14;

/// All findings, and a line that sums up.
pub(in crate::contract) fn print(report: &Report) -> String {
    let mut text = items(&report.items);
    for note in &report.notes {
        let _ = writeln!(text, "{NOTE}note{NOTE:#}: {note}");
    }
    let counts = report.counts();
    let mut parts =
        vec![plural(counts.errors, "error"), plural(counts.warnings, "warning"), plural(counts.notes, "note")];
    parts.push(format!("{} waived", report.waived.len()));
    let (style, word) = if report.gates() { (ERROR, "contract broken") } else { (NOTE, "contract holds") };
    let _ = writeln!(text, "{style}{word}{style:#}: {}", parts.join(", "));
    text
}

/// The findings alone.
pub(in crate::contract) fn items(items: &[Item]) -> String {
    let mut text = String::new();
    for item in items {
        print_item(&mut text, item);
        text.push('\n');
    }
    text
}

fn print_item(text: &mut String, item: &Item) {
    let finding = &item.finding;
    let (style, word) = match item.level() {
        Level::Error => (ERROR, "error"),
        Level::Warning => (WARNING, "warning"),
        Level::Note => (NOTE, "note"),
    };
    let place = item.place();
    let place = if place.is_empty() { place } else { format!("{place}: ") };
    let summary = finding.rule.summary();
    let _ = writeln!(text, "{style}{word}[{}]{style:#}{BOLD}: {place}{summary}{BOLD:#}", finding.rule);
    let line = item.line.map(|line| format!(":{line}")).unwrap_or_default();
    let pointer = if item.pointer.is_empty() { String::new() } else { format!("  ({})", item.pointer) };
    let _ = writeln!(text, "  {FRAME}-->{FRAME:#} {}{line}{pointer}", item.file);
    if finding.old.is_some() || finding.new.is_some() {
        let _ = writeln!(text, "   {FRAME}|{FRAME:#}");
        sides(text, finding);
        let _ = writeln!(text, "   {FRAME}|{FRAME:#}");
    }
    let mut fact = |name: &str, words: &str| {
        let words = words.replace('\n', "\n            ");
        let _ = writeln!(text, "   {FRAME}={FRAME:#} {BOLD}{name}:{BOLD:#} {words}");
    };
    fact("why", &finding.why);
    if let Some(witness) = &finding.witness {
        fact("witness", &format!("{}\n{}", short(&in_order(&witness.instance).to_string()), short(&witness.shows)));
    }
    if let Some(needs) = needs(finding.impact) {
        fact("needs", needs);
    }
    if finding.shifts_model {
        fact("note", "a model that reads this may behave differently");
    }
    if let Some(fix) = &finding.fix {
        fact("fix", fix);
    }
    if let Some(print) = item.waivable() {
        fact("waive", &format!("rule = \"{}\", fingerprint = \"{print}\" in contracts/waivers.toml", finding.rule));
    }
}

/// Old and new, side by side where they fit.
fn sides(text: &mut String, finding: &Finding) {
    let (old, new) = (lines(finding.old.as_ref()), lines(finding.new.as_ref()));
    let width = |side: &[String]| side.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    if width(&old) > SIDE || width(&new) > SIDE {
        for (mark, style, side) in [("-", OLD, &old), ("+", NEW, &new)] {
            for line in side {
                let _ = writeln!(text, "   {FRAME}|{FRAME:#} {style}{mark} {line}{style:#}");
            }
        }
        return;
    }
    let left = width(&old).max(3);
    let row = |text: &mut String, old: &str, new: &str| {
        let pad = " ".repeat(left.saturating_sub(old.chars().count()));
        let row = format!("   {FRAME}|{FRAME:#} {OLD}{old}{OLD:#}{pad} {FRAME}|{FRAME:#} {NEW}{new}{NEW:#}");
        let _ = writeln!(text, "{}", row.trim_end());
    };
    row(text, "old", "new");
    for at in 0..old.len().max(new.len()) {
        let side = |side: &[String]| side.get(at).cloned().unwrap_or_default();
        row(text, &side(&old), &side(&new));
    }
}

fn lines(value: Option<&Value>) -> Vec<String> {
    let Some(value) = value else { return vec!["(nothing)".into()] };
    let value = in_order(value);
    let short = value.to_string();
    let all: Vec<String> = if short.chars().count() <= SIDE {
        vec![short]
    } else {
        format!("{value:#}").lines().map(Into::into).collect()
    };
    if all.len() <= LINES {
        return all;
    }
    let more = format!("… {} more lines", all.len() - LINES);
    all.into_iter().take(LINES).chain([more]).collect()
}

fn plural(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}
