//! Destructive control: what may change or remove something is done only after somebody saw what it will do and said yes.
//!
//! It follows from `effect = destructive`, with no code of the tool's author. A *plan* says what would change; a
//! confirmation is for one plan of one call (tenant, principal, tool, version, arguments), ends, and is used once. Who
//! confirms is the client's user, as the client says ("client-attested"), or an approver who is somebody else.
//!
//! The order of things is the pipeline's, in `pipeline/confirm.rs`. What is not known here is whether a person was asked
//! at all: a client that says so without asking is believed.

mod approvals;
mod arguments;
mod mask;
mod plan;
mod text;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::plan::Plan;
pub(crate) use self::{
    approvals::{Approval, Approvals, Decision, Refused, Standing, Taken, decide, find, list, os_user},
    plan::Shown,
    text::clean,
};
use crate::hash::Digest;

/// The key of the question in `inputRequests`.
pub(crate) const QUESTION: &str = "dev.steadfast/confirm";

/// Who confirms the calls of a destructive tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConfirmBy {
    /// The client's user, as the client says.
    Client,
    /// Somebody else than the caller, from the command line.
    Approver,
    /// Nobody: for development and tests.
    Off,
}

/// The settings of `[confirmation]`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConfirmationSettings {
    /// Where a tool's own setting does not say.
    pub(crate) mode: ConfirmBy,
    /// Clients that can't ask their user confirm by a second call.
    pub(crate) by_token: bool,
    /// How long such a call may come after the first.
    pub(crate) ttl: Duration,
    /// How long an approval is waited for and may be used.
    pub(crate) approval_ttl: Duration,
}

/// What is known of a confirmation that was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Confirmed {
    pub(crate) by: Attested,
    /// Of the plan.
    pub(crate) plan: Digest,
    /// Until when it holds for a call that comes again, in milliseconds since 1970-01-01T00:00:00Z.
    #[serde(default)]
    pub(crate) until_ms: u64,
}

/// Whose word a confirmation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Attested {
    Client,
    Approver,
}

impl ConfirmBy {
    pub(crate) const NAMES: [(&'static str, Self); 3] =
        [("client", Self::Client), ("approver", Self::Approver), ("off", Self::Off)];

    /// The name in the configuration.
    pub(crate) fn as_str(self) -> &'static str {
        Self::NAMES.iter().find(|(_, mode)| *mode == self).map_or("", |(name, _)| name)
    }
}

impl Confirmed {
    /// Whether whoever said yes is who has to.
    pub(crate) fn is_enough(self, mode: ConfirmBy) -> bool {
        mode != ConfirmBy::Approver || self.by == Attested::Approver
    }
}

impl Attested {
    /// The name in the log: no more than is known.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client-attested",
            Self::Approver => "approver",
        }
    }
}
