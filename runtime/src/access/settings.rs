//! What is set of access control: `auth.step_up`, `policy.*`.

use std::{path::PathBuf, time::Duration};

/// Where policies are by default, in the working directory.
pub(crate) const DIR: &str = "policies";

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct AccessSettings {
    /// A caller that lacks scopes is told which, and sees the tools that it lacks them for.
    pub(crate) step_up: bool,
    pub(crate) policy: PolicySettings,
}

/// What is set of policies.
#[derive(Debug, Clone)]
#[cfg_attr(not(feature = "cedar"), allow(dead_code, reason = "they are read, and then there are no policies"))]
pub(crate) struct PolicySettings {
    /// The directory, if one is named; it must be there then.
    pub(crate) dir: Option<PathBuf>,
    /// Whether `policies` in the working directory counts where none is named.
    pub(crate) nearby: bool,
    pub(crate) mode: Mode,
    pub(crate) reads: Reads,
    /// How often the directory is looked at.
    pub(crate) refresh: Duration,
    /// The claims of tokens that policies can speak of.
    pub(crate) claims: Vec<String>,
}

/// What is done with a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A call that is denied is not run.
    Enforce,
    /// It is, and what would have been denied is logged and counted.
    Log,
}

/// What becomes of a call that changes nothing and that no policy speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    Permit,
    Deny,
}

impl Mode {
    pub(crate) const NAMES: [(&'static str, Self); 2] = [("enforce", Self::Enforce), ("log", Self::Log)];
}

impl Reads {
    pub(crate) const NAMES: [(&'static str, Self); 2] = [("permit", Self::Permit), ("deny", Self::Deny)];
}
