//! Idempotency keys: a call that changes something and carries `_meta["dev.steadfast/idempotencyKey"]` has its effect
//! at most once, in all replicas and over crashes.
//!
//! A key is bound to tenant, principal and tool, and its record to the major and the arguments. Invariants: the claim
//! is durable before the function runs; a claim that is dropped (the call was cancelled, the function panicked) becomes
//! `unknown`, not free; the stored answer is what a repeat gets. While the store is away, a call with a key is refused.

mod protocol;

use std::{sync::Arc, time::Duration};

use rmcp::model::ContentBlock;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(crate) use self::protocol::Claimed;
use self::protocol::{Found, Record, Records, State, Written};
use crate::{
    call::{Outcome, Stop},
    catalogue::Served,
    error::{ErrorKind, ToolError},
    hash::Digest,
    store::{Expect, Key, Kind, Put, Store, StoreError},
};

/// The longest key, in bytes.
pub(crate) const LONGEST_KEY: usize = 255;

/// What a claim outlives the deadline of its call by: the time that its last write may take, and clocks that differ.
const GRACE: Duration = Duration::from_secs(5);

/// See the module.
pub(crate) struct Idempotency {
    store: Arc<dyn Store>,
    settings: IdempotencySettings,
}

/// What is kept of calls with keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IdempotencySettings {
    /// How long a key is remembered, from the call's last change.
    pub(crate) ttl: Duration,
    /// The largest answer that is kept.
    pub(crate) max_bytes: usize,
}

/// The call that a key is for.
pub(crate) struct Keyed<'a> {
    pub(crate) tenant: &'a Arc<str>,
    pub(crate) principal: &'a str,
    pub(crate) key: &'a str,
    pub(crate) served: Served<'a>,
    /// In the form of the current major.
    pub(crate) arguments: &'a Map<String, Value>,
    /// How long the call may take.
    pub(crate) deadline: Duration,
}

/// The right to run a call, and the duty to say how it ended.
pub(crate) struct Claim {
    slot: Slot,
    version: u64,
    fingerprint: String,
    max_bytes: usize,
    /// The tool says that the same call twice has the effect of one.
    repeatable: bool,
    settled: bool,
}

/// What is kept of an answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// The tool's result.
    Done { content: Vec<ContentBlock>, structured: Option<Value> },
    /// The tool's error.
    Error { kind: ErrorKind, message: String, retry_after_ms: Option<u64> },
    /// A task, which has the answer.
    Task { id: String },
    /// An answer that was larger than what is kept.
    TooLarge,
}

/// Whether a claim was new.
pub(crate) enum Started {
    /// The call is this process's to run.
    New(Claim),
    /// It is not; why.
    Not(Claimed),
}

impl Idempotency {
    pub(crate) fn new(store: Arc<dyn Store>, settings: IdempotencySettings) -> Self {
        Self { store, settings }
    }

    /// Claims a key for a call.
    pub(crate) async fn claim(&self, call: &Keyed<'_>) -> Result<Started, StoreError> {
        let tool = &call.served.tool.name;
        // A length before each part that may hold anything, so that no two calls have one name.
        let name = format!("{}:{}:{tool}:{}", call.principal.len(), call.principal, call.key);
        let key = Key { tenant: Arc::clone(call.tenant), kind: Kind::Claim, name };
        let slot = Slot { store: Arc::clone(&self.store), key, ttl: self.settings.ttl };
        let fingerprint = fingerprint(call);
        let repeatable = call.served.tool.declaration.idempotent;
        Ok(match protocol::claim(&slot, &fingerprint, call.deadline + GRACE).await? {
            Claimed::New { version } => Started::New(Claim {
                slot,
                version,
                fingerprint,
                max_bytes: self.settings.max_bytes,
                repeatable,
                settled: false,
            }),
            other => Started::Not(other),
        })
    }
}

/// What a call is, so that another call under its key is noticed.
fn fingerprint(call: &Keyed<'_>) -> String {
    let major = call.served.contract().version.major;
    let parts = serde_json::json!([major, call.arguments]);
    Digest::of(&parts).to_string()
}

impl Claim {
    /// Says how the call ended, and frees the key where nothing happened. `begun`: the function was run.
    pub(crate) async fn settle(mut self, outcome: &Result<Outcome, Stop>, begun: bool) -> Result<(), StoreError> {
        self.settled = true;
        let state = match self.ending(outcome, begun) {
            Ending::Nothing => {
                return self.slot.store.remove(&self.slot.key, Expect::Version(self.version)).await.map(drop);
            }
            Ending::Unknown => State::Unknown,
            Ending::Answered(answer) => State::Done { answer: self.written(&answer) },
        };
        protocol::settle(&self.slot, self.version, &self.fingerprint, state).await.map(drop)
    }

    /// Says that the call goes on as a task, which is what a repeat gets.
    pub(crate) async fn became_task(mut self, id: &str) -> Result<(), StoreError> {
        self.settled = true;
        let state = State::Done { answer: self.written(&Answer::Task { id: id.to_owned() }) };
        protocol::settle(&self.slot, self.version, &self.fingerprint, state).await.map(drop)
    }

    fn ending(&self, outcome: &Result<Outcome, Stop>, begun: bool) -> Ending {
        match outcome {
            Ok(Outcome::Done { content, structured }) => {
                Ending::Answered(Answer::Done { content: content.clone(), structured: structured.clone() })
            }
            // A client is asked before anything is changed, and repeats the call with its answers.
            Ok(Outcome::InputRequired { .. }) | Err(Stop::MissingCapability(_)) => Ending::Nothing,
            Err(_) if !begun => Ending::Nothing,
            // Said when it became one.
            Ok(Outcome::Task(_)) => Ending::Unknown,
            Err(Stop::Tool(error)) if error.kind() == ErrorKind::Unavailable && self.repeatable => Ending::Nothing,
            Err(Stop::BreakerOpen { .. } | Stop::BulkheadFull { .. }) if self.repeatable => Ending::Nothing,
            Err(Stop::Tool(error)) => Ending::Answered(Answer::from(error)),
            // It was done; only what came of it can't be shown.
            Err(Stop::ResultTooLarge { .. } | Stop::BadOutput(_)) => Ending::Answered(Answer::TooLarge),
            Err(_) => Ending::Unknown,
        }
    }

    fn written(&self, answer: &Answer) -> String {
        let written = serde_json::to_string(answer).unwrap_or_default();
        if written.len() <= self.max_bytes && !written.is_empty() {
            return written;
        }
        serde_json::to_string(&Answer::TooLarge).unwrap_or_default()
    }
}

/// Nobody said how the call ended: it was cancelled, or the process stops. It may have had its effect.
impl Drop for Claim {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (slot, version) = (self.slot.clone(), self.version);
        let fingerprint = std::mem::take(&mut self.fingerprint);
        // If this is not written, the lease says the same a little later.
        runtime.spawn(async move { protocol::settle(&slot, version, &fingerprint, State::Unknown).await });
    }
}

enum Ending {
    /// The function did not run, or what it did may be done again.
    Nothing,
    Answered(Answer),
    Unknown,
}

impl From<&ToolError> for Answer {
    fn from(error: &ToolError) -> Self {
        let retry_after_ms = error.retry_after().map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
        Self::Error { kind: error.kind(), message: error.message().to_owned(), retry_after_ms }
    }
}

impl Answer {
    /// What was kept; an answer that can't be read was not.
    pub(crate) fn read(answer: &str) -> Self {
        serde_json::from_str(answer).unwrap_or(Self::TooLarge)
    }

    /// The outcome, or the stop that says that it was not kept. That of a task is looked for where tasks are.
    pub(crate) fn outcome(self) -> Result<Outcome, Stop> {
        match self {
            Self::Done { content, structured } => Ok(Outcome::Done { content, structured }),
            Self::Error { kind, message, retry_after_ms } => {
                let mut error = ToolError::new(kind, message);
                if let Some(after) = retry_after_ms {
                    error = error.with_retry_after(Duration::from_millis(after));
                }
                Err(Stop::Tool(error))
            }
            Self::TooLarge | Self::Task { .. } => Err(Stop::AnswerNotKept),
        }
    }
}

/// The record of one key in the store.
#[derive(Clone)]
struct Slot {
    store: Arc<dyn Store>,
    key: Key,
    ttl: Duration,
}

impl Records for Slot {
    type Error = StoreError;

    async fn write(&self, expect: Option<u64>, record: &Record) -> Result<Written, StoreError> {
        let value = serde_json::to_vec(record).unwrap_or_default();
        let expect = expect.map_or(Expect::Absent, Expect::Version);
        // A key must not be forgotten while its call runs.
        let ttl = match record.state {
            State::InFlight { lease_ms } => self.ttl.max(Duration::from_millis(lease_ms)),
            State::Done { .. } | State::Unknown => self.ttl,
        };
        Ok(match self.store.put(&self.key, expect, &value, Some(ttl)).await? {
            Put::Done { version } => Written::Done(version),
            Put::Conflict(None) => Written::Conflict(None),
            Put::Conflict(Some(stored)) => Written::Conflict(Some(Found {
                // What can't be read was written by another release; nobody knows how it ended.
                record: serde_json::from_slice(&stored.value)
                    .unwrap_or_else(|_| Record { fingerprint: record.fingerprint.clone(), state: State::Unknown }),
                age: stored.age,
            })),
        })
    }
}
