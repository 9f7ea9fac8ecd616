//! Findings about shims, in one form.

use serde_json::Value;

use crate::{Finding, Impact, Part, Rule, Witness};

/// What was found about one tool.
pub(super) struct Report<'t> {
    tool: &'t str,
    pub(super) findings: Vec<Finding>,
}

/// One thing that is wrong with a shim.
pub(super) struct Fault {
    pub(super) rule: Rule,
    pub(super) part: Part,
    pub(super) pointer: String,
    /// In the older form.
    pub(super) old: Option<Value>,
    /// In the newer form.
    pub(super) new: Option<Value>,
    pub(super) why: String,
    pub(super) witness: Option<Witness>,
    pub(super) fix: String,
}

impl<'t> Report<'t> {
    pub(super) fn new(tool: &'t str) -> Self {
        Self { tool, findings: Vec::new() }
    }

    /// No bump helps against a shim that is wrong: callers of the older major break whatever the version is.
    pub(super) fn fault(&mut self, fault: Fault) {
        self.push(fault, Impact::Error);
    }

    pub(super) fn unproven(&mut self, part: Part, why: String, fix: &str) {
        let (pointer, fix) = (String::new(), fix.to_owned());
        let fault = Fault { rule: Rule::ShimUnproven, part, pointer, old: None, new: None, why, witness: None, fix };
        self.push(fault, Impact::Unknown);
    }

    fn push(&mut self, fault: Fault, impact: Impact) {
        let Fault { rule, part, pointer, old, new, why, witness, fix } = fault;
        let tool = Some(self.tool.to_owned());
        let (shifts_model, fix) = (false, Some(fix));
        self.findings.push(Finding { rule, tool, part, pointer, old, new, impact, shifts_model, why, witness, fix });
    }
}
