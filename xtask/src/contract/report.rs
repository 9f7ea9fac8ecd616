//! Findings, with their places, in the forms that readers want.
//!
//! Each form is a function of a [`Report`]; none of them decides anything.

pub(super) mod github;
pub(super) mod json;
pub(super) mod junit;
pub(super) mod sarif;
#[cfg(test)]
pub(super) mod tests;
pub(super) mod text;

use serde_json::Value;
use steadfast_contract::{Finding, Impact, Part, Rule, fingerprint, sorted};

/// What a check found.
#[derive(Debug, Clone, Default)]
pub(super) struct Report {
    /// What counts.
    pub(super) items: Vec<Item>,
    /// What a waiver took out.
    pub(super) waived: Vec<Item>,
    /// The tools that were looked at.
    pub(super) tools: Vec<String>,
    /// What a reader should know beside the findings: the baseline, previews.
    pub(super) notes: Vec<String>,
    /// The folder of the package in its repository: empty, or ending in `/`.
    pub(super) prefix: String,
}

/// A finding and where it is.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) finding: Finding,
    /// `tool@major`; empty where there is none.
    pub(super) label: String,
    /// Relative to the root of the package.
    pub(super) file: String,
    /// From 1; none when the file is not there.
    pub(super) line: Option<usize>,
    /// In the file.
    pub(super) pointer: String,
}

/// How loud a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// It stops the check.
    Error,
    /// Nobody breaks, but a model may behave differently, or a waiver is of no use.
    Warning,
    /// For information.
    Note,
}

/// How many findings of each level there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) errors: usize,
    pub(super) warnings: usize,
    pub(super) notes: usize,
}

impl Report {
    /// Whether the check fails.
    pub(super) fn gates(&self) -> bool {
        self.counts().errors > 0
    }

    pub(super) fn counts(&self) -> Counts {
        let of = |level| self.items.iter().filter(|item| item.level() == level).count();
        Counts { errors: of(Level::Error), warnings: of(Level::Warning), notes: of(Level::Note) }
    }
}

impl Item {
    pub(super) fn level(&self) -> Level {
        match self.finding.impact {
            Impact::Unknown | Impact::Major | Impact::Error => Level::Error,
            Impact::Minor if self.finding.shifts_model || self.finding.rule == Rule::WaiverUnused => Level::Warning,
            Impact::Patch | Impact::Minor => Level::Note,
        }
    }

    /// Its fingerprint, where a waiver may name it.
    pub(super) fn waivable(&self) -> Option<String> {
        matches!(self.finding.impact, Impact::Unknown | Impact::Major).then(|| fingerprint(&self.finding))
    }

    /// `search@2 input /properties/lang`
    pub(super) fn place(&self) -> String {
        let part = match self.finding.part {
            Part::Input => "input",
            Part::Output => "output",
            Part::Tool | Part::Lock => "",
        };
        let pointer = if self.finding.part == Part::Lock { "" } else { self.finding.pointer.as_str() };
        let words = [self.label.as_str(), part, pointer];
        words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// One paragraph: what, why, what shows it, what to do.
    pub(super) fn message(&self) -> String {
        let finding = &self.finding;
        let mut text = format!("{}\nWhy: {}", finding.rule.summary(), finding.why);
        for (word, value) in [("Was", &finding.old), ("Is", &finding.new)] {
            if let Some(value) = value {
                text.push_str(&format!("\n{word}: {}", short(&in_order(value).to_string())));
            }
        }
        if let Some(witness) = &finding.witness {
            text.push_str(&format!(
                "\nWitness: {}\n{}",
                short(&in_order(&witness.instance).to_string()),
                short(&witness.shows)
            ));
        }
        if let Some(needs) = needs(finding.impact) {
            text.push_str(&format!("\nNeeds: {needs}"));
        }
        if let Some(fix) = &finding.fix {
            text.push_str(&format!("\nFix: {fix}"));
        }
        if let Some(print) = self.waivable() {
            text.push_str(&format!("\nWaive: {} {print}", finding.rule));
        }
        text
    }
}

/// The bump, in words; none where no bump helps.
pub(super) fn needs(impact: Impact) -> Option<&'static str> {
    match impact {
        Impact::Patch => Some("a patch bump"),
        Impact::Minor => Some("a minor bump"),
        Impact::Unknown => Some("a major bump, unless a person decides that it breaks nobody"),
        Impact::Major => Some("a major bump"),
        Impact::Error => None,
    }
}

/// A value with its members in the order of their names: otherwise it would depend on which other crates are compiled.
pub(super) fn in_order(value: &Value) -> Value {
    sorted(value.clone())
}

/// The beginning of a long text: witnesses of limits are as long as the limit.
pub(super) fn short(text: &str) -> String {
    const MOST: usize = 300;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}… ({} characters)", &text[..end], text.chars().count()),
        None => text.to_owned(),
    }
}
