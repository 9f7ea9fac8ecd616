//! A call as its caller made it, which is what it takes to run a task again.
//!
//! It is kept beside the task's record and written once: arguments may be large, and the record is written again with
//! every renewal of a lease. Invariants: it is there before the record is, and goes when the task has ended; the call of a
//! tool that takes secrets is sealed as a whole, for its task and its caller, so that nobody reads them in the store.

use rmcp::model::{ClientCapabilities, InputResponses};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::{
    caller::Proved,
    clock,
    context::Call,
    keyring::{KeyProblem, Keyring, Nonce},
    request_state::StateError,
};

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

/// A call as it is in the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Kept {
    Sealed { sealed: String },
    Plain(Box<Original>),
}

/// Whose call of which task it is; what was sealed for another one does not open.
#[derive(Clone, Copy)]
pub(super) struct Owner<'a> {
    pub(super) tenant: &'a str,
    pub(super) principal: &'a str,
    pub(super) task: &'a str,
}

/// Why a call can't be read that is there.
#[derive(Debug)]
pub(super) enum Locked {
    /// The keys can't be read at this moment.
    Keys(KeyProblem),
    /// None of them sealed it, or not for this task.
    NoKey,
}

impl Kept {
    /// A call that may hold secrets.
    pub(super) async fn sealed(original: &Original, owner: Owner<'_>, keyring: &Keyring) -> Result<Self, StateError> {
        let keys = keyring.keys().await.map_err(StateError::Key)?;
        let nonce = Nonce(clock::random().map_err(|_| StateError::NoRandomness)?);
        // It is JSON all through.
        let text = Zeroizing::new(serde_json::to_vec(original).unwrap_or_default());
        let sealed = keys.seal(nonce, &text, &owner.context()).ok_or(StateError::NoRandomness)?;
        Ok(Self::Sealed { sealed })
    }

    /// The call.
    pub(super) async fn open(self, owner: Owner<'_>, keyring: &Keyring) -> Result<Original, Locked> {
        let sealed = match self {
            Self::Plain(original) => return Ok(*original),
            Self::Sealed { sealed } => sealed,
        };
        let keys = keyring.keys().await.map_err(Locked::Keys)?;
        let (_, text) = keys.open(&sealed, &owner.context()).ok_or(Locked::NoKey)?;
        serde_json::from_slice(&Zeroizing::new(text)).map_err(|_| Locked::NoKey)
    }
}

impl Owner<'_> {
    /// Unambiguous bytes; the first part is what no state and no confirmation is sealed for.
    fn context(self) -> Vec<u8> {
        json!(["task", self.tenant, self.principal, self.task]).to_string().into_bytes()
    }
}
