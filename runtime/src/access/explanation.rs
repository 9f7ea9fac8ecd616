//! Why a call is permitted or denied, for whoever writes policies. Callers are never told.

use super::decision::Decision;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Explained {
    pub(crate) decision: Decision,
    /// The policies that decided.
    pub(crate) decided: Vec<Told>,
    /// The policies that could not be evaluated.
    pub(crate) failed: Vec<Told>,
    /// Where nothing permits the call: policies that permit calls of the tool, and why not this one.
    pub(crate) close: Vec<Told>,
    /// Where nothing permits the call: a policy that would.
    pub(crate) needed: Option<String>,
    /// Every call of the tool is denied to the caller, so that it is hidden.
    pub(crate) hidden: bool,
}

/// What there is to say of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) id: String,
    /// `file:line:column`
    pub(crate) place: String,
    pub(crate) what: String,
}
