//! Proves the shims of a tool by instances: for each served major,
//!
//! 1. arguments that are valid under it are valid under the next major after `up` (`shim-up-invalid`);
//! 2. results that are valid under the next major are valid under it after `down` (`shim-down-invalid`);
//! 3. the same through the whole chain, to and from the current major;
//! 4. arguments that are valid under two majors mean the same in both (`dispatch-ambiguous`);
//! 5. a result loses nothing on its way down that the older major can tell, or a reason is given (`shim-lossy`).
//!
//! A shim that returns an error or panics for a valid value is `shim-fails`; where too few instances can be made, the
//! answer is `shim-unproven`. Failing instances are shrunk and become witnesses.
//!
//! Instances have the names that a schema declares: what callers of that major send, as everywhere in the comparison.
//! The same majors and options give the same findings, as long as typed shims are pure.
//! "Proved" means tried with generated instances; nothing here reasons about schemas.

mod dispatch;
mod fix;
mod line;
mod lossy;
mod meaning;
mod report;
mod sample;
mod validity;

use serde_json::Value;

use self::{line::Line, report::Report};
use crate::{Document, Finding, Part, Rule, shim::Translator};

/// One served major of a tool.
#[derive(Debug, Clone, Copy)]
pub struct Major<'a> {
    /// Its number.
    pub major: u64,
    /// Its `inputSchema`.
    pub input: &'a Value,
    /// Its `outputSchema`.
    pub output: Option<&'a Value>,
    /// The shim to the next newer major; none for the current one. An older one without a shim is passed on as it is.
    pub up: Option<&'a Translator>,
    /// Why losing something on the way down is right.
    pub lossy: Option<&'a str>,
    /// A call that names no version may be taken for this major, by its arguments.
    pub shape: bool,
}

/// How much is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProofOptions {
    /// The seed of the instances.
    pub seed: u64,
    /// Instances for each proof of each major.
    pub cases: u32,
}

/// What speaks against the shims of a tool; empty when nothing was found. `majors` are in order, the oldest first and
/// the current one last.
pub fn prove(tool: &str, majors: &[Major<'_>], options: ProofOptions) -> Vec<Finding> {
    let mut report = Report::new(tool);
    let Some(stages) = Stage::read_all(majors, &mut report) else { return report.findings };
    let Some(current) = stages.len().checked_sub(1) else { return report.findings };
    // For each major below the current one, whether the step up and the step down had no finding.
    let mut proved = Vec::new();
    for older in 0..current {
        let next = Line::new(&stages, older, older + 1);
        let up = validity::up(&next, options, &mut report);
        let down = validity::down(&next, options, &mut report);
        proved.push((up, down));
        if down && stages[older].lossy.is_none() {
            lossy::prove(&next, options, &mut report);
        }
        if stages[older].shape {
            dispatch::prove(&stages, older, options, &mut report);
        }
    }
    // A chain is as strong as its links: where one has failed, nothing is added by saying so again.
    for older in 0..current.saturating_sub(1) {
        let links = &proved[older..];
        let whole = Line::new(&stages, older, current);
        if links.iter().all(|(up, _)| *up) {
            validity::up(&whole, options, &mut report);
        }
        if links.iter().all(|(_, down)| *down) {
            validity::down(&whole, options, &mut report);
        }
    }
    report.findings
}

/// A major with its schemas read.
struct Stage<'a> {
    major: u64,
    input: Document,
    output: Option<Document>,
    up: Option<&'a Translator>,
    lossy: Option<&'a str>,
    shape: bool,
}

impl<'a> Stage<'a> {
    /// None when a schema can't be read, which is reported.
    fn read_all(majors: &[Major<'a>], report: &mut Report<'_>) -> Option<Vec<Self>> {
        majors.iter().map(|major| Self::read(major, report)).collect()
    }

    fn read(major: &Major<'a>, report: &mut Report<'_>) -> Option<Self> {
        let mut document = |part, schema| match Document::new(schema) {
            Ok(document) => Some(document),
            Err(error) => {
                let why = format!("the schema of major {} can't be read: {error}", major.major);
                report.unproven(part, why, "correct the schema");
                None
            }
        };
        let input = document(Part::Input, major.input)?;
        let output = match major.output {
            Some(schema) => Some(document(Part::Output, schema)?),
            None => None,
        };
        let Major { major, up, lossy, shape, .. } = *major;
        Some(Self { major, input, output, up, lossy, shape })
    }
}

#[cfg(test)]
mod tests;
