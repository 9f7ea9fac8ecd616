//! What was checked, what failed and what was skipped.
//!
//! Invariant: a step that could not run is counted as skipped, with its reason; nothing is left out silently.

use std::{fmt::Write as _, time::Duration};

use crate::clock;

/// The outcome of one step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) skipped: u32,
    /// Why something was skipped.
    pub(crate) reasons: Vec<String>,
    /// What a reader should know beside the numbers.
    pub(crate) notes: Vec<String>,
}

impl Outcome {
    /// One check that passed or failed.
    pub(crate) fn check(ok: bool) -> Self {
        Self { passed: ok.into(), failed: (!ok).into(), ..Self::default() }
    }

    pub(crate) fn skipped(reason: impl Into<String>) -> Self {
        Self { skipped: 1, reasons: vec![reason.into()], ..Self::default() }
    }

    #[must_use]
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.reasons.extend(other.reasons);
        self.notes.extend(other.notes);
    }

    fn result(&self) -> &'static str {
        match self {
            Self { failed: 1.., .. } => "FAILED",
            Self { passed: 0, skipped: 1.., .. } => "skipped",
            Self { passed: 0, .. } => "nothing",
            _ => "ok",
        }
    }
}

/// The outcomes of all steps, in order.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<(&'static str, Outcome, Duration)>,
}

impl Report {
    pub(crate) fn add(&mut self, step: &'static str, outcome: Outcome, time: Duration) {
        self.rows.push((step, outcome, time));
    }

    fn total(&self) -> Outcome {
        let mut total = Outcome::default();
        for (_, outcome, _) in &self.rows {
            total.add(outcome.clone());
        }
        total
    }

    pub(crate) fn ok(&self) -> bool {
        self.total().failed == 0
    }

    /// The table, what was skipped and why, and the totals in the last line.
    pub(crate) fn text(&self) -> String {
        let width = self.rows.iter().map(|(step, ..)| step.len()).max().unwrap_or(0).max(4);
        let mut text = format!("  {:width$}  RESULT   PASSED  FAILED  SKIPPED    TIME\n", "STEP");
        for (step, outcome, time) in &self.rows {
            let Outcome { passed, failed, skipped, .. } = outcome;
            let _ = writeln!(
                text,
                "  {step:width$}  {:7}  {passed:>6}  {failed:>6}  {skipped:>7}  {:>6}",
                outcome.result(),
                clock::seconds(*time),
            );
        }
        for (step, outcome, _) in &self.rows {
            for note in &outcome.notes {
                let _ = writeln!(text, "note {step}: {note}");
            }
        }
        for (step, outcome, _) in &self.rows {
            for reason in &outcome.reasons {
                let _ = writeln!(text, "SKIPPED {step}: {reason}");
            }
        }
        let Outcome { passed, failed, skipped, .. } = self.total();
        let _ = writeln!(text, "{passed} passed, {failed} failed, {skipped} skipped");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skips_are_counted_and_named_and_do_not_fail() {
        let mut report = Report::default();
        report.add("fmt", Outcome::check(true), Duration::from_millis(900));
        report.add("conformance", Outcome::skipped("npm is missing"), Duration::ZERO);
        let text = report.text();
        assert!(report.ok());
        assert!(text.contains("SKIPPED conformance: npm is missing"), "{text}");
        assert!(text.ends_with("1 passed, 0 failed, 1 skipped\n"), "{text}");
    }

    #[test]
    fn one_failure_fails_the_whole() {
        let mut report = Report::default();
        report.add("test", Outcome { passed: 9, failed: 1, ..Outcome::default() }, Duration::ZERO);
        assert!(!report.ok());
        assert!(report.text().contains("FAILED"));
    }
}
