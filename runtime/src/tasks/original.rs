//! A call as its caller made it, which is what it takes to run a task again.
//!
//! It is kept beside the task's record and written once: arguments may be large, and the record is written again with
//! every renewal of a lease. Invariant: it is there before the record is, and goes when the task has ended, since
//! arguments may hold secrets.

use rmcp::model::{ClientCapabilities, InputResponses};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{caller::Proved, context::Call};

/// See the module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Original {
    /// As the caller wrote them.
    pub(super) arguments: Map<String, Value>,
    pub(super) meta: Map<String, Value>,
    /// What the client answered before there was a task.
    pub(super) responses: InputResponses,
    pub(super) capabilities: ClientCapabilities,
    pub(super) request_id: String,
    pub(super) idempotency_key: Option<String>,
    /// What was proved of its caller.
    #[serde(default)]
    pub(super) proved: Proved,
}

impl Original {
    /// Of a call with arguments as the caller wrote them.
    pub(super) fn of(call: &Call, asked: &Map<String, Value>) -> Self {
        Self {
            arguments: asked.clone(),
            meta: call.meta.clone(),
            responses: call.responses.clone(),
            capabilities: call.channel.capabilities(),
            request_id: call.request_id.clone(),
            idempotency_key: call.idempotency_key.clone(),
            proved: call.caller.proved().clone(),
        }
    }
}
