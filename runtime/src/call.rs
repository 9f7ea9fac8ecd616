//! A tool call as the pipeline takes it, and its outcome as the pipeline returns it.
//!
//! This is the seam between the pipeline and what calls it: rmcp's handler is one caller, the `call` command and
//! the in-process test client are others. Nothing in the pipeline knows a transport.

use std::{fmt, sync::Arc, time::Duration};

use rmcp::model::{ClientCapabilities, ContentBlock, InputResponses, RequestId, Task};
use serde_json::{Map, Value};
use steadfast_contract::shim::ShimError;
use tokio_util::sync::CancellationToken;

use crate::{
    caller::Caller,
    catalogue::SurfaceId,
    confirm::{Attested, Shown},
    context::Channel,
    contracts::Ended,
    duration,
    error::{ErrorKind, Own, ToolError},
    input_required::InputRequests,
    request_state::StateError,
    store::StoreError,
    violations::Violation,
};

/// How much of a client's request id is repeated, in characters.
const REQUEST_ID: usize = 64;

/// A request id as it is logged and repeated in answers: it is the client's word and can be of any length.
pub(crate) fn request_id(id: &RequestId) -> String {
    match id {
        RequestId::String(id) => id.chars().take(REQUEST_ID).collect(),
        RequestId::Number(id) => id.to_string(),
    }
}

/// One call of a tool.
pub(crate) struct ToolCall {
    pub(crate) name: String,
    pub(crate) arguments: Map<String, Value>,
    pub(crate) meta: Map<String, Value>,
    pub(crate) request_id: String,
    pub(crate) caller: Caller,
    /// The surface that the call came in on.
    pub(crate) surface: Option<SurfaceId>,
    pub(crate) cancellation: CancellationToken,
    pub(crate) channel: Arc<dyn Channel>,
    pub(crate) responses: InputResponses,
    pub(crate) request_state: Option<String>,
}

/// What came of a call, and what its result says of the contract that it was held to, as far as that was found out.
/// What is retired is held to none.
pub(crate) struct Called<'a> {
    pub(crate) contract: Option<&'a Value>,
    pub(crate) notes: Notes,
    pub(crate) outcome: Result<Outcome, Stop>,
}

/// How an answer came about, for the caller and for the record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Notes {
    /// How often the function was begun.
    pub(crate) attempts: u32,
    /// Something was begun that may have had an effect: the function, or its fallback.
    pub(crate) begun: bool,
    /// What stood in for the function.
    pub(crate) degraded: Option<Degraded>,
    /// It is the answer of an earlier call with the same idempotency key.
    pub(crate) replayed: bool,
    /// Whose word it is that the call was confirmed.
    pub(crate) confirmed: Option<Attested>,
}

/// Something else answered than the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Degraded {
    pub(crate) mode: DegradedMode,
    /// Why the function did not: the name of the error.
    pub(crate) reason: &'static str,
}

/// What answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DegradedMode {
    /// The declared fallback.
    Fallback,
    /// The last good result of the same caller and arguments.
    Stale {
        /// How old it is.
        age: Duration,
    },
}

impl DegradedMode {
    /// The name in answers, logs and metrics.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Fallback => "fallback",
            Self::Stale { .. } => "stale",
        }
    }
}

/// What came of a call that was let in.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The tool answered.
    Done { content: Vec<ContentBlock>, structured: Option<Value> },
    /// The client is asked first.
    InputRequired { requests: InputRequests, state: String },
    /// It goes on as a task.
    Task(Box<Task>),
}

/// Why a call has no outcome. Each stage adds what it refuses with; [`answer`](crate::answer) turns all into answers.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stop {
    #[error("the server is shutting down")]
    Draining,
    #[error("the limit of calls {of} is used up")]
    RateLimited { of: RateOf, retry_after: Duration },
    #[error("the server is at its limit")]
    Overloaded { retry_after: Duration },
    #[error("{what} is switched off{}", .reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default())]
    SwitchedOff { what: String, reason: Option<String> },
    #[error("the server is in read-only mode{}", .reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default())]
    ReadOnly { reason: Option<String> },
    #[error("calls to `{upstream}` are suspended, because too many failed")]
    BreakerOpen { upstream: String, retry_after: Duration },
    #[error("too many calls to `{upstream}` are running and waiting")]
    BulkheadFull { upstream: String, retry_after: Duration },
    #[error("too many calls that take a thread are running")]
    NoThread { retry_after: Duration },
    #[error("a call with this idempotency key is running")]
    InFlight { retry_after: Duration },
    #[error("this idempotency key was used for a call with other arguments or of another version; use a new one")]
    KeyReused,
    #[error("this call was done before, and its answer was not kept")]
    AnswerNotKept,
    #[error("{why}. It may or may not have had its effect: look before you call it again")]
    EffectUnknown { why: String },
    #[error("{0}")]
    StoreAway(StoreError),
    #[error("the result takes more than {limit} bytes")]
    ResultTooLarge { limit: usize },
    #[error("the arguments take more than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the arguments are nested deeper than {limit} levels")]
    TooDeep { limit: usize },
    #[error("`_meta[\"{key}\"]` must be {expected}")]
    BadMeta { key: &'static str, expected: &'static str },
    /// `hidden`: there is, and the caller must not learn of it.
    #[error("there is no tool `{name}`")]
    UnknownTool { name: String, nearest: Option<String>, hidden: bool },
    #[error("the caller lacks the scopes {}", .missing.join(", "))]
    InsufficientScope { missing: Vec<String> },
    /// For the record alone: the policies that decided, and those that could not be evaluated.
    #[error("the call is denied")]
    Denied { by: Vec<String>, failed: Vec<String> },
    #[error("`{tool}` is not served in version {wanted}")]
    UnknownVersion { tool: String, wanted: String, available: Vec<String> },
    #[error("{0}")]
    Retired(Box<Retired>),
    #[error("the arguments of `{tool}` {version} have no meaning in its current version: {error}")]
    Untranslatable { tool: String, version: String, error: ShimError },
    #[error("the shim of `{tool}` {version} makes arguments that the current input schema refuses at {}", .places.join(", "))]
    BadShim { tool: String, version: String, places: Vec<String> },
    #[error("the arguments do not match the input schema of `{tool}`")]
    Violations { tool: String, violations: Vec<Violation> },
    #[error(transparent)]
    State(StateError),
    #[error("{0}")]
    Tool(ToolError),
    #[error("the call changes or removes something, and is done once it is confirmed")]
    Unconfirmed(Box<Unconfirmed>),
    #[error("the call changes or removes something, and is done once somebody else approves it")]
    Unapproved(Box<Unapproved>),
    #[error("{0}. Nothing was done")]
    NotConfirmed(&'static str),
    #[error(
        "too many calls of this caller wait for an approval; somebody else decides about them (`approve`), or the next of \
         them ends in {}", duration::rough(*.retry_after)
    )]
    TooManyApprovals { retry_after: Duration },
    #[error("the client did not declare a capability that this tool needs")]
    MissingCapability(Box<ClientCapabilities>),
    #[error("the tool panicked: {0}")]
    Panicked(String),
    #[error("the result does not match the published output schema: {0}")]
    BadOutput(String),
    #[error("cancelled by the caller")]
    Cancelled,
}

impl Stop {
    /// The name in logs and metrics.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Draining => "draining",
            Self::RateLimited { .. } => "rate_limited",
            Self::Overloaded { .. } => "overloaded",
            Self::SwitchedOff { .. } => "switched_off",
            Self::ReadOnly { .. } => "read_only",
            Self::BreakerOpen { .. } => "breaker_open",
            Self::BulkheadFull { .. } => "bulkhead_full",
            Self::NoThread { .. } => "no_thread",
            Self::InFlight { .. } => "in_flight",
            Self::KeyReused => "key_reused",
            Self::AnswerNotKept => "answer_not_kept",
            Self::EffectUnknown { .. } => "unknown",
            Self::StoreAway(_) => "store_away",
            Self::ResultTooLarge { .. } => "result_too_large",
            Self::TooLarge { .. } | Self::TooDeep { .. } | Self::BadMeta { .. } | Self::Violations { .. } => "invalid",
            Self::Retired(_) => "retired",
            Self::BadShim { .. } | Self::Untranslatable { .. } => "bad_shim",
            Self::UnknownTool { hidden: true, .. } => "hidden",
            Self::InsufficientScope { .. } => "insufficient_scope",
            Self::Denied { .. } => "policy_denied",
            Self::UnknownTool { .. } | Self::UnknownVersion { .. } => "not_found",
            Self::Unconfirmed(_) => "confirmation_required",
            Self::Unapproved(_) => "approval_required",
            Self::NotConfirmed(_) => "not_confirmed",
            Self::TooManyApprovals { .. } => "too_many_approvals",
            Self::State(StateError::NoRandomness | StateError::Key(_)) => "internal",
            Self::State(_) => "invalid_state",
            Self::MissingCapability(_) => "missing_capability",
            Self::Cancelled => "cancelled",
            Self::Panicked(_) => "panicked",
            Self::BadOutput(_) => "bad_output",
            Self::Tool(error) => error.kind().as_str(),
        }
    }

    /// What it is counted as. `begun`: the function was run, or its fallback.
    pub(crate) fn counts_as(&self, begun: bool) -> CountsAs {
        match self {
            Self::Draining
            | Self::RateLimited { .. }
            | Self::Overloaded { .. }
            | Self::SwitchedOff { .. }
            | Self::ReadOnly { .. }
            | Self::BreakerOpen { .. }
            | Self::BulkheadFull { .. }
            | Self::NoThread { .. }
            | Self::InFlight { .. }
            | Self::KeyReused
            | Self::AnswerNotKept
            | Self::StoreAway(_)
            | Self::TooLarge { .. }
            | Self::TooDeep { .. }
            | Self::BadMeta { .. }
            | Self::UnknownTool { .. }
            | Self::InsufficientScope { .. }
            | Self::Denied { .. }
            | Self::UnknownVersion { .. }
            | Self::Retired(_)
            | Self::Violations { .. }
            | Self::Unconfirmed(_)
            | Self::Unapproved(_)
            | Self::NotConfirmed(_)
            | Self::TooManyApprovals { .. }
            | Self::MissingCapability(_) => CountsAs::Refusal,
            Self::State(StateError::NoRandomness | StateError::Key(_)) => CountsAs::Failure,
            Self::State(_) => CountsAs::Refusal,
            // Another call failed, and this one repeats it.
            Self::EffectUnknown { .. } if !begun => CountsAs::Refusal,
            Self::EffectUnknown { .. }
            | Self::ResultTooLarge { .. }
            | Self::Untranslatable { .. }
            | Self::BadShim { .. }
            | Self::Panicked(_)
            | Self::BadOutput(_) => CountsAs::Failure,
            Self::Tool(error) => match error.kind() {
                ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Internal | ErrorKind::Unknown => {
                    CountsAs::Failure
                }
                ErrorKind::MissingCapability => CountsAs::Refusal,
                ErrorKind::Invalid
                | ErrorKind::NotFound
                | ErrorKind::Conflict
                | ErrorKind::Denied
                | ErrorKind::Cancelled
                | ErrorKind::InputRequired => CountsAs::Nothing,
            },
            Self::Cancelled => CountsAs::Nothing,
        }
    }
}

/// What a call that has no outcome is counted as; each as one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CountsAs {
    /// It was not run, or its upstream was not asked again.
    Refusal,
    /// It did not come to what it should, and that is not the caller's doing.
    Failure,
    /// The tool did its part, or the caller gave up.
    Nothing,
}

/// Whose rate is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RateOf {
    Caller,
    Tenant,
    Tool,
}

impl RateOf {
    /// The name in answers, logs and metrics.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Tenant => "tenant",
            Self::Tool => "tool",
        }
    }
}

impl fmt::Display for RateOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Caller => "of this caller",
            Self::Tenant => "of this tenant",
            Self::Tool => "of this tool by this caller",
        })
    }
}

/// What was called is no longer served: its sunset has come, or it is only a tombstone by now.
#[derive(Debug)]
pub(crate) struct Retired {
    /// As the caller calls it.
    pub(crate) tool: String,
    /// The version, or of what is gone the major; none when all of the tool is gone.
    pub(crate) version: Option<String>,
    pub(crate) ended: Ended,
    /// It is no longer in the source either.
    pub(crate) gone: bool,
    /// What is served of the tool.
    pub(crate) available: Vec<String>,
}

impl fmt::Display for Retired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tool, version, ended, available, .. } = self;
        write!(f, "`{tool}`")?;
        if let Some(version) = version {
            write!(f, " {version}")?;
        }
        write!(f, " is no longer served since {}.", ended.since)?;
        if let Some(note) = &ended.note {
            write!(f, " {}", note.trim_end())?;
            if !note.trim_end().ends_with(['.', '!', '?']) {
                f.write_str(".")?;
            }
        }
        match available.as_slice() {
            [] => Ok(()),
            some => write!(f, " Served now: {}.", some.join(", ")),
        }
    }
}

/// A call that its client is to confirm by a second one.
#[derive(Debug)]
pub(crate) struct Unconfirmed {
    pub(crate) shown: Shown,
    /// What the second call carries.
    pub(crate) token: String,
    /// How long it may.
    pub(crate) expires: Duration,
    /// Why the confirmation that came with the call is none.
    pub(crate) reason: Option<&'static str>,
}

/// A call that waits for somebody's approval.
#[derive(Debug)]
pub(crate) struct Unapproved {
    pub(crate) shown: Shown,
    /// What the call carries once it is approved.
    pub(crate) id: String,
    /// It has it, and the call did not say so.
    pub(crate) granted: bool,
    pub(crate) expires: Duration,
    /// Why the approval that came with the call is none.
    pub(crate) reason: Option<&'static str>,
}

impl From<StateError> for Stop {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Store(error) => Self::StoreAway(error),
            other => Self::State(other),
        }
    }
}

impl From<ToolError> for Stop {
    fn from(error: ToolError) -> Self {
        match error.own() {
            Some(Own::NoThread { retry_after }) => Self::NoThread { retry_after: *retry_after },
            Some(Own::ResultTooLarge { limit }) => Self::ResultTooLarge { limit: *limit },
            // Whoever knows the arguments says more.
            Some(Own::Unread { .. }) | None => Self::Tool(error.shortened()),
        }
    }
}
