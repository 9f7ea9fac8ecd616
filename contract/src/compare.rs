//! Compares two bare schemas: every change by the table of rules, and one verdict on the whole.
//!
//! The walker (`walk`) reports what changed; the judge (`judge`) asks the prover what it means. Invariant: the verdict
//! is semantic. A change of shape that keeps the set of values and their meaning is no alarm, and `Compatible` is said
//! only when it was proved. Bounded in time and memory on any pair of schemas; what a bound cuts off is `Unknown`.
//! This module knows nothing of tools, versions or files.

mod change;
mod judge;
pub(crate) mod keywords;
mod table;
mod unseen;
mod view;
mod walk;
mod witness;
mod words;

use serde::Serialize;
use serde_json::Value;

use self::walk::Walk;
pub(crate) use self::walk::notes::same_words;
use crate::{Direction, Document, Finding, Impact, SchemaError};

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Plain inclusion of the sets of instances.
    Strict,
    /// The values that peers emit: names that a schema does not declare are left out, and meaning counts.
    Emitted,
}

/// The answer to "may callers of the older one keep calling?"
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Proved.
    Compatible,
    /// Refuted.
    Breaking,
    /// Neither; gates like breaking.
    Unknown,
}

/// The outcome of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The verdict on the whole.
    pub verdict: Verdict,
    /// Every change, the gravest first.
    pub findings: Vec<Finding>,
    /// An instance that shows that the whole is breaking, checked by a validator.
    pub witness: Option<Value>,
    /// Why the verdict is unknown.
    pub reason: Option<String>,
}

impl Comparison {
    /// The bump that all changes together need; none when nothing changed.
    pub fn bump(&self) -> Option<Impact> {
        self.findings.iter().map(|finding| finding.impact).max()
    }

    /// Whether a model that reads the schema may behave differently.
    pub fn shifts_model(&self) -> bool {
        self.findings.iter().any(|finding| finding.shifts_model)
    }
}

/// Compares two schemas: may those who relied on `old` keep working with `new`?
///
/// # Errors
/// When one of them is no JSON Schema.
pub fn compare(old: &Value, new: &Value, direction: Direction, mode: Mode) -> Result<Comparison, SchemaError> {
    let (old, new) = (Document::new(old)?, Document::new(new)?);
    if old.root() == new.root() {
        return Ok(Comparison { verdict: Verdict::Compatible, findings: Vec::new(), witness: None, reason: None });
    }
    let mut walk = Walk::new(&old, &new, direction, mode);
    walk.run();
    Ok(judge::judge(&walk))
}

#[cfg(test)]
mod tests;
