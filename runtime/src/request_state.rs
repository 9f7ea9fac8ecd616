//! What a server hands a client to bring back with a repeated call: the `requestState` of an `input_required` result, and
//! the token of a confirmation.
//!
//! Invariants: it opens only for the tenant, principal, tool, version, arguments and purpose that it was made for, before
//! it expires, and once in all replicas; nobody but the server reads it. That it was used is a record in the store: while
//! that is away, nothing opens.

#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use rmcp::model::InputResponses;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    clock::{self, Clock},
    confirm::Confirmed,
    duration::millis,
    hash::{Digest, hex},
    keyring::{KeyProblem, Keyring, Nonce},
    store::{Expect, Key, Kind, Put, Store, StoreError},
};

/// How long a client may take to answer what it is asked.
pub(crate) const STATE_TTL: Duration = Duration::from_secs(15 * 60);

/// How far the clocks of replicas may be apart: that something was used is remembered for so long beyond its end.
const SKEW: Duration = Duration::from_secs(10 * 60);

/// Seals and opens what clients bring back.
pub(crate) struct RequestStates {
    keyring: Arc<Keyring>,
    store: Arc<dyn Store>,
    clock: Clock,
    /// How long a confirmation may be used.
    confirmation_ttl: Duration,
}

/// What something is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// `requestState`
    State,
    /// `_meta["dev.steadfast/confirmation"]`
    Confirmation,
}

/// The call that a state belongs to.
#[derive(Clone, Copy)]
pub(crate) struct Binding<'a> {
    pub(crate) tenant: &'a Arc<str>,
    pub(crate) principal: &'a str,
    pub(crate) tool: &'a str,
    pub(crate) version: &'a str,
    /// As the caller wrote them.
    pub(crate) arguments: &'a Map<String, Value>,
}

/// Why a state was not accepted, or not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    #[error("{} is not one that this server gave for this call; repeat the call without it", .0.name())]
    Forged(Purpose),
    #[error("{} has expired; repeat the call without it", .0.name())]
    Expired(Purpose),
    #[error("{} was used before; repeat the call without it", .0.name())]
    Used(Purpose),
    #[error("{0}")]
    Store(StoreError),
    #[error("{0}")]
    Key(KeyProblem),
    #[error("the system has no randomness to give")]
    NoRandomness,
}

/// What a state holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Held {
    /// What the client answered so far.
    pub(crate) answers: InputResponses,
    /// How far the confirmation of a destructive call is.
    pub(crate) plan: Option<Planned>,
}

/// How far the confirmation of a plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Planned {
    /// The client is asked for it.
    Asked(Digest),
    /// It was given, and the function asks something of its own.
    Confirmed(Confirmed),
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    expires_ms: u64,
    held: Held,
}

/// A state that is one of this server's for this call, and may still have been used.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) held: Held,
    purpose: Purpose,
    nonce: Nonce,
    left: Duration,
}

/// A state that was used by this call.
#[derive(Debug)]
pub(crate) struct Spent {
    key: Key,
    version: u64,
}

impl RequestStates {
    /// States under the keys of a ring, used up in a store.
    pub(crate) fn new(keyring: Arc<Keyring>, store: Arc<dyn Store>, clock: Clock, confirmation_ttl: Duration) -> Self {
        Self { keyring, store, clock, confirmation_ttl }
    }

    /// How long what is sealed for a purpose may be used.
    pub(crate) fn ttl(&self, purpose: Purpose) -> Duration {
        match purpose {
            Purpose::State => STATE_TTL,
            Purpose::Confirmation => self.confirmation_ttl,
        }
    }

    /// Seals what the call `binding` is to bring back.
    pub(crate) async fn seal(&self, binding: &Binding<'_>, purpose: Purpose, held: Held) -> Result<String, StateError> {
        let keys = self.keyring.keys().await.map_err(StateError::Key)?;
        let nonce = Nonce(clock::random().map_err(|_| StateError::NoRandomness)?);
        let expires_ms = self.clock.unix_millis().saturating_add(millis(self.ttl(purpose)));
        let text = serde_json::to_vec(&Sealed { expires_ms, held }).map_err(|_| StateError::NoRandomness)?;
        keys.seal(nonce, &text, &binding.context(purpose)).ok_or(StateError::NoRandomness)
    }

    /// Opens what came back, without using it.
    pub(crate) async fn open(
        &self,
        binding: &Binding<'_>,
        purpose: Purpose,
        sealed: &str,
    ) -> Result<Opened, StateError> {
        let keys = self.keyring.keys().await.map_err(StateError::Key)?;
        let opened = keys.open(sealed, &binding.context(purpose));
        let (nonce, text) = opened.ok_or(StateError::Forged(purpose))?;
        let Sealed { expires_ms, held } = serde_json::from_slice(&text).map_err(|_| StateError::Forged(purpose))?;
        let left = Duration::from_millis(expires_ms.saturating_sub(self.clock.unix_millis()));
        if left.is_zero() {
            return Err(StateError::Expired(purpose));
        }
        Ok(Opened { held, purpose, nonce, left })
    }

    /// Uses what was opened; of all that try, in all replicas, one can.
    pub(crate) async fn spend(&self, binding: &Binding<'_>, opened: &Opened) -> Result<Spent, StateError> {
        let name = hex(&opened.nonce.0);
        let key = Key { tenant: Arc::clone(binding.tenant), kind: Kind::Nonce, name };
        match self.store.put(&key, Expect::Absent, b"used", Some(opened.left + SKEW)).await {
            Ok(Put::Done { version }) => Ok(Spent { key, version }),
            Ok(Put::Conflict(_)) => Err(StateError::Used(opened.purpose)),
            Err(error) => Err(StateError::Store(error)),
        }
    }

    /// Lets a state be used once more: nothing was done for the call that it came with. Where the store does not take
    /// this, it stays used.
    pub(crate) async fn give_back(&self, Spent { key, version }: Spent) -> Result<(), StoreError> {
        self.store.remove(&key, Expect::Version(version)).await.map(drop)
    }
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Confirmation => "confirmation",
        }
    }

    /// What the client calls it.
    const fn name(self) -> &'static str {
        match self {
            Self::State => "`requestState`",
            Self::Confirmation => "the confirmation",
        }
    }
}

impl Binding<'_> {
    /// Unambiguous bytes for the call. Not the canonical form of contracts: that writes large integers as doubles, and
    /// two ids beyond 2^53 would be one.
    fn context(&self, purpose: Purpose) -> Vec<u8> {
        let Self { tenant, principal, tool, version, arguments } = self;
        let parts = serde_json::json!([purpose.as_str(), &***tenant, principal, tool, version, arguments]);
        steadfast_contract::sorted(parts).to_string().into_bytes()
    }
}
