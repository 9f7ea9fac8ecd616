//! A tool call as the pipeline takes it, and its outcome as the pipeline returns it.
//!
//! This is the seam between the pipeline and what calls it: rmcp's handler is one caller, the `call` command and
//! the in-process test client are others. Nothing in the pipeline knows a transport.

use std::{fmt, sync::Arc};

use rmcp::model::{ClientCapabilities, ContentBlock, InputResponses, RequestId};
use serde_json::{Map, Value};
use steadfast_contract::shim::ShimError;
use tokio_util::sync::CancellationToken;

use crate::{
    catalogue::SurfaceId, context::Channel, contracts::Ended, error::ToolError, input_required::InputRequests,
    principal::Principal, request_state::StateError, violations::Violation,
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
    pub(crate) principal: Principal,
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
    pub(crate) outcome: Result<Outcome, Stop>,
}

/// What came of a call that was let in.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The tool answered.
    Done { content: Vec<ContentBlock>, structured: Option<Value> },
    /// The client is asked first.
    InputRequired { requests: InputRequests, state: String },
}

/// Why a call has no outcome. Each stage adds what it refuses with; [`answer`](crate::answer) turns all into answers.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stop {
    #[error("the server is shutting down")]
    Draining,
    #[error("the arguments take more than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the arguments are nested deeper than {limit} levels")]
    TooDeep { limit: usize },
    #[error("`_meta[\"{key}\"]` must be {expected}")]
    BadMeta { key: &'static str, expected: &'static str },
    #[error("there is no tool `{name}`")]
    UnknownTool { name: String, nearest: Option<String> },
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
    State(#[from] StateError),
    #[error("{0}")]
    Tool(ToolError),
    #[error("the client did not declare a capability that this tool needs")]
    MissingCapability(Box<ClientCapabilities>),
    #[error("the tool panicked: {0}")]
    Panicked(String),
    #[error("the result does not match the published output schema: {0}")]
    BadOutput(String),
    #[error("cancelled by the caller")]
    Cancelled,
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

impl From<ToolError> for Stop {
    fn from(error: ToolError) -> Self {
        Self::Tool(error)
    }
}
