//! The last check before a function runs: who may run a call with an idempotency key.
//!
//! Refuses with `isError` results that a model can act on.

use std::time::Duration;

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

/// Whether a call is still to be run.
pub(super) enum Guarded {
    /// It is, under its claim if it has an idempotency key.
    Run(Option<Claim>),
    /// It was answered before.
    Answered(Outcome),
}

/// Claims the key of a call that has one and changes something.
pub(super) async fn claim(
    engine: &Engine,
    served: Served<'_>,
    caller: &Caller,
    keyed: Option<(&str, Digest)>,
    deadline: Duration,
    notes: &mut Notes,
) -> Result<Guarded, Stop> {
    let Some((key, arguments)) = keyed.filter(|_| served.tool.declaration.effect != Effect::ReadOnly) else {
        return Ok(Guarded::Run(None));
    };
    let keyed =
        Keyed { tenant: caller.tenant(), principal: caller.principal().as_str(), key, served, arguments, deadline };
    let started = match engine.idempotency.claim(&keyed).await {
        Ok(started) => started,
        Err(error) => return engine.without(Kind::Claim, error).map(|()| Guarded::Run(None)),
    };
    match started {
        Started::New(claim) => Ok(Guarded::Run(Some(claim))),
        Started::Not(Repeat::Replay { answer }) => {
            notes.replayed = true;
            match Answer::read(&answer) {
                Answer::Task { id } => tasks::replay(engine, caller, &id).await,
                answer => answer.outcome(),
            }
            .map(Guarded::Answered)
        }
        Started::Not(Repeat::InFlight { left }) => Err(Stop::InFlight { retry_after: left.min(LOOK_AGAIN) }),
        Started::Not(Repeat::Mismatch) => Err(Stop::KeyReused),
        Started::Not(Repeat::Unknown) => {
            Err(Stop::EffectUnknown { why: "an earlier call with this idempotency key did not end".into() })
        }
    }
}
