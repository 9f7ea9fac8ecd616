//! The idempotency key of a call: of all calls with one key one runs, and the others get its answer.
//!
//! Invariant: a claim that was made is settled on every way out: by what came of the call, or where nothing of it began, so
//! that its key is free again.

use std::time::Duration;

use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::{
    call::{Notes, Outcome, Stop},
    caller::Caller,
    catalogue::Served,
    engine::Engine,
    hash::Digest,
    idempotency::{Answer, Claim, Keyed, Repeat, Started},
    store::Kind,
    tasks,
    tool::Effect,
};

/// When to look again at a call that runs elsewhere.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What a caller waits beyond the deadline for its answer to be kept.
const KEPT_WITHIN: Duration = Duration::from_millis(50);

/// Whether a call is still to be run.
pub(super) enum Claimed {
    /// It is, under its claim if it has an idempotency key.
    Run(Unbegun),
    /// It was answered before.
    Answered(Outcome),
}

/// The claim of a call of which nothing was begun. Dropped, because its caller is gone, its key is free again: a person
/// may be thinking about it for long.
pub(super) struct Unbegun(Option<Claim>);

/// The digest of the arguments as the caller wrote them, where there is a key that they belong to.
pub(super) fn digest(key: Option<&str>, arguments: &Map<String, Value>) -> Option<Digest> {
    key.map(|_| Digest::of(Value::Object(arguments.clone())))
}

/// Claims the key of a call that has one and changes something.
pub(super) async fn claim(
    engine: &Engine,
    served: Served<'_>,
    caller: &Caller,
    keyed: Option<(&str, Digest)>,
    deadline: Duration,
    notes: &mut Notes,
) -> Result<Claimed, Stop> {
    let run = |claim| Ok(Claimed::Run(Unbegun(claim)));
    let Some((key, arguments)) = keyed.filter(|_| served.tool.declaration.effect != Effect::ReadOnly) else {
        return run(None);
    };
    let keyed =
        Keyed { tenant: caller.tenant(), principal: caller.principal().as_str(), key, served, arguments, deadline };
    let started = match engine.idempotency.claim(&keyed).await {
        Ok(started) => started,
        Err(error) => return engine.without(Kind::Claim, error).and_then(|()| run(None)),
    };
    match started {
        Started::New(claim) => run(Some(claim)),
        Started::Not(Repeat::Replay { answer }) => {
            notes.replayed = true;
            match Answer::read(&answer) {
                Answer::Task { id } => tasks::replay(engine, caller, &id).await,
                answer => answer.outcome(),
            }
            .map(Claimed::Answered)
        }
        Started::Not(Repeat::InFlight { left }) => Err(Stop::InFlight { retry_after: left.min(LOOK_AGAIN) }),
        Started::Not(Repeat::Mismatch) => Err(Stop::KeyReused),
        Started::Not(Repeat::Unknown) => {
            Err(Stop::EffectUnknown { why: "an earlier call with this idempotency key did not end".into() })
        }
    }
}

impl Unbegun {
    /// The claim of a call that begins now.
    pub(super) fn begin(mut self) -> Option<Claim> {
        self.0.take()
    }

    /// Answers the call, of which nothing was begun, and frees its key.
    pub(super) async fn turn_away(
        self,
        engine: &Engine,
        outcome: Result<Outcome, Stop>,
        notes: &Notes,
        until: Instant,
    ) -> Result<Outcome, Stop> {
        if let Some(claim) = self.begin() {
            settle(engine, claim, &outcome, notes, until).await;
        }
        outcome
    }
}

impl Drop for Unbegun {
    fn drop(&mut self) {
        // Said at once; nobody is there to wait until it is written.
        drop(self.0.take().map(|claim| claim.settle(&Err(Stop::Cancelled), false)));
    }
}

/// Keeps what came of a call for its idempotency key. The call had its effect, so its caller gets the answer in any
/// case, and in time: it waits for the first attempt and no longer than until its deadline, and the rest goes on
/// without it. Where the answer can't be kept, a repeat is told that it is unknown.
pub(crate) async fn settle(
    engine: &Engine,
    claim: Claim,
    outcome: &Result<Outcome, Stop>,
    notes: &Notes,
    deadline: Instant,
) {
    let written = claim.settle(outcome, notes.begun);
    if let Ok(Err(error)) = tokio::time::timeout_at(deadline + KEPT_WITHIN, written).await {
        engine.metrics.store_failed(Kind::Claim, &error);
        tracing::warn!(%error, "the answer is not yet kept for its idempotency key");
    }
}
