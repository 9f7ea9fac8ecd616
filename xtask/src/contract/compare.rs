//! `contract compare`: two bare schemas.

use std::{fs, path::Path, process::ExitCode};

use serde_json::{Value, json};
use steadfast_contract::{Comparison, Direction, Mode, Rule, Verdict, compare};

use super::{
    BREAKS, CLEAN, batch,
    options::{Compare, Printed},
    report::{Item, text},
    show,
};
use crate::failure::{Failure, While};

pub(super) fn main(options: &Compare) -> Result<ExitCode, Failure> {
    if options.batch { batch::main() } else { one(options) }
}

fn one(options: &Compare) -> Result<ExitCode, Failure> {
    let (Some(old_path), Some(new_path), Some(way)) = (&options.old, &options.new, options.direction) else {
        return Err(Failure::new("two files and `--direction` are needed").help("see `--help`"));
    };
    let (old, new) = (read(old_path)?, read(new_path)?);
    let (direction, mode) = (Direction::from(way), if options.strict { Mode::Strict } else { Mode::Emitted });
    let comparison = compare(&old, &new, direction, mode).map_err(|error| {
        // The error says where; which file it is, only a look at each alone tells.
        let alone = compare(&old, &old, direction, mode).is_err();
        let path = if alone { old_path } else { new_path };
        Failure::new(format!("{}: {error}", path.display())).help("compare JSON Schemas, such as `inputSchema`")
    })?;
    match options.format {
        Printed::Json => show(&format!("{:#}\n", document(&comparison)))?,
        Printed::Text => show(&print(&comparison, old_path))?,
    }
    Ok(if comparison.verdict == Verdict::Compatible { CLEAN } else { BREAKS }.into())
}

/// The ids of the rules that fired, the gravest first, each once.
pub(super) fn rules(comparison: &Comparison) -> Vec<&'static str> {
    let mut rules: Vec<&str> = Vec::new();
    for id in comparison.findings.iter().map(|finding| Rule::id(finding.rule)) {
        if !rules.contains(&id) {
            rules.push(id);
        }
    }
    rules
}

fn document(comparison: &Comparison) -> Value {
    let mut document = json!({
        "format": 1,
        "verdict": comparison.verdict,
        "rules": rules(comparison),
        "findings": comparison.findings,
    });
    for (name, value) in
        [("witness", comparison.witness.clone()), ("reason", comparison.reason.clone().map(Value::from))]
    {
        if let Some(value) = value {
            document[name] = value;
        }
    }
    document
}

fn print(comparison: &Comparison, old: &Path) -> String {
    let items = comparison.findings.iter().map(|finding| Item {
        finding: finding.clone(),
        label: String::new(),
        file: old.display().to_string(),
        line: None,
        pointer: finding.pointer.clone(),
    });
    let mut printed = text::items(&items.collect::<Vec<_>>());
    let verdict = match comparison.verdict {
        Verdict::Compatible => "compatible",
        Verdict::Breaking => "breaking",
        Verdict::Unknown => "unknown",
    };
    printed.push_str(&format!("verdict: {verdict}"));
    if let Some(reason) = &comparison.reason {
        printed.push_str(&format!(" ({reason})"));
    }
    if let Some(witness) = &comparison.witness {
        printed.push_str(&format!("\nwitness: {witness}"));
    }
    printed.push('\n');
    printed
}

fn read(path: &Path) -> Result<Value, Failure> {
    let text = fs::read_to_string(path).while_(|| format!("reading {}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| {
        Failure::new(format!("{}:{}: no JSON: {error}", path.display(), error.line()))
            .help("compare two files that hold one JSON Schema each")
    })
}
