//! Idempotency keys: a call that changes something and carries `_meta["dev.steadfast/idempotencyKey"]` has its effect
//! at most once, in all replicas and over crashes.
//!
//! A key is bound to tenant, principal and tool, and its record to the major and the arguments. Invariants: the claim
//! is durable before the function runs; a claim that is dropped (the call was cancelled, the function panicked) becomes
//! `unknown`, not free; the stored answer is what a repeat gets. While the store is away, a call with a key is refused.
//!
//! The store holds neither keys nor arguments, but digests that no one can make who does not know the key.
//!
//! A claim holds a short lease, which its [`keeper`] renews while the call runs: the keys of a process that is gone are
//! `unknown` after that time, however long their calls could have taken.

mod answer;
mod flights;
mod keeper;
mod protocol;
mod slot;
#[cfg(test)]
mod tests;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use tokio::sync::oneshot;

pub(crate) use self::{answer::Answer, protocol::Repeat};
use self::{
    flights::{Entered, Flights},
    keeper::{Ending, Keepers, Told},
    protocol::{Found, Met, Mine},
    slot::Slot,
};
use crate::{
    call::{Outcome, Stop},
    catalogue::Served,
    clock::{self, Clock},
    error::ErrorKind,
    hash::{self, Digest},
    metrics::Metrics,
    store::{Key, Kind, Store, StoreError},
};

/// The longest key, in bytes.
pub(crate) const LONGEST_KEY: usize = 255;

/// What is remembered of a call that runs outlives its deadline by this: the time that its last write may take.
const GRACE: Duration = Duration::from_secs(5);

/// See the module.
pub(crate) struct Idempotency {
    store: Arc<dyn Store>,
    settings: IdempotencySettings,
    flights: Arc<Flights>,
    keepers: Keepers,
    /// What the nonces of this process begin with.
    process: String,
    claims: AtomicU64,
}

/// What is kept of calls with keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IdempotencySettings {
    /// How long a key is remembered, from the call's last change.
    pub(crate) ttl: Duration,
    /// The largest answer that is kept.
    pub(crate) max_bytes: usize,
    /// How long a process that is gone is waited for.
    pub(crate) lease: Duration,
}

/// The call that a key is for.
pub(crate) struct Keyed<'a> {
    pub(crate) tenant: &'a Arc<str>,
    pub(crate) principal: &'a str,
    pub(crate) key: &'a str,
    pub(crate) served: Served<'a>,
    /// Of the arguments as the caller wrote them: a release that translates them otherwise knows the key again.
    pub(crate) arguments: Digest,
    /// How long the call may take at most.
    pub(crate) deadline: Duration,
}

/// The right to run a call, and the duty to say how it ended. Dropped without a word (the call was cancelled, or the
/// process stops), the call may have had its effect.
pub(crate) struct Claim {
    keeper: oneshot::Sender<Told>,
    max_bytes: usize,
    /// The tool says that the same call twice has the effect of one.
    repeatable: bool,
}

/// Whether a claim was new.
pub(crate) enum Started {
    /// The call is this process's to run.
    New(Claim),
    /// It is not; why.
    Not(Repeat),
}

impl Idempotency {
    /// No key is held yet.
    pub(crate) fn new(
        store: Arc<dyn Store>,
        settings: IdempotencySettings,
        clock: Clock,
        metrics: Arc<Metrics>,
    ) -> Result<Self, getrandom::Error> {
        Ok(Self {
            store,
            settings,
            flights: Arc::default(),
            keepers: Keepers::new(clock, settings.lease, metrics),
            process: hash::hex(&clock::random::<16>()?),
            claims: AtomicU64::new(0),
        })
    }

    /// Claims a key for a call.
    pub(crate) async fn claim(&self, call: &Keyed<'_>) -> Result<Started, StoreError> {
        let (slot, fingerprint) = (self.slot(call), fingerprint(call));
        let flight = match self.flights.enter(&slot.key).await {
            Entered::First(flight) => flight,
            Entered::Later(learned) => return Ok(Started::Not(protocol::judge(&learned?, &fingerprint))),
        };
        let mine = Mine { fingerprint, nonce: self.nonce(), lease: self.settings.lease };
        // What is cut off in the middle, by the store or by the caller, may have been written.
        let unsure = self.keepers.unsure(&slot, &mine);
        let met = protocol::claim(&slot, &mine).await.inspect_err(|error| flight.tell(Err(error.clone())))?;
        unsure.known();
        Ok(match met {
            Met::Nobody { version } => {
                flight.tell(Ok(Found { record: mine.in_flight(), version, age: Duration::ZERO }));
                let keeper = self.keepers.keep(flight, slot, mine, version);
                let repeatable = call.served.tool.declaration.idempotent;
                Started::New(Claim { keeper, max_bytes: self.settings.max_bytes, repeatable })
            }
            Met::Somebody(found) => {
                let repeat = protocol::judge(&found, &mine.fingerprint);
                flight.tell(Ok(found));
                Started::Not(repeat)
            }
            // Whoever claims and releases that often is at it right now.
            Met::Many => Started::Not(Repeat::InFlight { left: mine.lease }),
        })
    }

    /// Waits until the ends of all calls are written that ended, so far as the store lets them.
    pub(crate) async fn idle(&self) {
        self.keepers.idle().await;
    }

    fn slot(&self, call: &Keyed<'_>) -> Slot {
        let name = Digest::of(json!([call.principal, call.served.tool.name, call.key])).to_string();
        let key = Key { tenant: Arc::clone(call.tenant), kind: Kind::Claim, name };
        let IdempotencySettings { ttl, lease, .. } = self.settings;
        Slot { store: Arc::clone(&self.store), key, ttl, running: ttl.max(lease).max(call.deadline + GRACE) }
    }

    fn nonce(&self) -> String {
        format!("{}-{}", self.process, self.claims.fetch_add(1, Ordering::Relaxed))
    }
}

/// What a call is, so that another call under its key is noticed. The key is part of it, and is not in the store: who reads
/// that can't try which secret was among the arguments.
fn fingerprint(call: &Keyed<'_>) -> String {
    let major = call.served.contract().version.major;
    Digest::of(json!([call.key, major, call.arguments])).to_string()
}

impl Claim {
    /// Says how the call ended, and frees the key where nothing happened. `begun`: the function was run.
    ///
    /// It is said at once; the future is only whether it was written at the first attempt. It is tried on without it.
    pub(crate) fn settle(
        self,
        outcome: &Result<Outcome, Stop>,
        begun: bool,
    ) -> impl Future<Output = Result<(), StoreError>> + use<> {
        let ending = self.ending(outcome, begun);
        self.tell(ending)
    }

    /// Says that the call goes on as a task, which is what a repeat gets.
    pub(crate) fn became_task(self, id: &str) -> impl Future<Output = Result<(), StoreError>> + use<> {
        let ending = self.answered(&Answer::Task { id: id.to_owned() });
        self.tell(ending)
    }

    fn tell(self, ending: Ending) -> impl Future<Output = Result<(), StoreError>> + use<> {
        let (first, written) = oneshot::channel();
        // The keeper is there as long as the process is.
        let _ = self.keeper.send(Told { ending, first });
        async { written.await.unwrap_or(Ok(())) }
    }

    fn ending(&self, outcome: &Result<Outcome, Stop>, begun: bool) -> Ending {
        match outcome {
            Ok(Outcome::Done { content, structured }) => {
                self.answered(&Answer::Done { content: content.clone(), structured: structured.clone() })
            }
            // A client is asked before anything is changed, and repeats the call with its answers.
            Ok(Outcome::InputRequired { .. }) | Err(Stop::MissingCapability(_)) => Ending::Nothing,
            Err(_) if !begun => Ending::Nothing,
            // Said when it became one.
            Ok(Outcome::Task(_)) => Ending::Unknown,
            Err(Stop::Tool(error)) if error.kind() == ErrorKind::Unavailable && self.repeatable => Ending::Nothing,
            Err(Stop::BreakerOpen { .. } | Stop::BulkheadFull { .. } | Stop::NoThread { .. }) if self.repeatable => {
                Ending::Nothing
            }
            Err(Stop::Tool(error)) => self.answered(&Answer::from(error)),
            // It was done; only what came of it can't be shown.
            Err(Stop::ResultTooLarge { .. } | Stop::BadOutput(_)) => self.answered(&Answer::TooLarge),
            Err(_) => Ending::Unknown,
        }
    }

    fn answered(&self, answer: &Answer) -> Ending {
        let written = serde_json::to_string(answer).unwrap_or_default();
        if written.len() <= self.max_bytes && !written.is_empty() {
            return Ending::Answered(written);
        }
        Ending::Answered(serde_json::to_string(&Answer::TooLarge).unwrap_or_default())
    }
}
