//! The last checks before a function runs: what the caller was granted, what policies say, and who may run a call with an
//! idempotency key.
//!
//! Scopes are refused with an error that names all that are missing, so that a client can ask for them at once. All else is
//! refused with `isError` results; of a denial by policies the caller learns nothing but that.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::{
    access::Asked,
    call::{Notes, Outcome, Stop},
    caller::Caller,
    catalogue::{Entry, Served, SurfaceId},
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

/// Refuses a caller who was not granted what the tool needs.
pub(super) fn scopes(engine: &Engine, caller: &Caller, tool: &Entry) -> Result<(), Stop> {
    match engine.access.missing(caller, tool) {
        missing if missing.is_empty() => Ok(()),
        missing => Err(Stop::InsufficientScope { missing }),
    }
}

/// Refuses what policies deny. `arguments` are in the form of the current major.
pub(super) fn policies(
    engine: &Engine,
    caller: &Caller,
    served: Served<'_>,
    surface: Option<SurfaceId>,
    arguments: &Map<String, Value>,
) -> Result<(), Stop> {
    let surface = surface.map(|surface| engine.catalogue.release(surface));
    let asked = Asked { tool: served.tool, version: &served.contract().label, surface, arguments };
    engine.access.decide(&engine.metrics, caller, &asked)
}

/// Lets a call pass that is run again, if it would be let in now.
pub(crate) fn allowed(
    engine: &Engine,
    caller: &Caller,
    served: Served<'_>,
    surface: Option<SurfaceId>,
    arguments: &Map<String, Value>,
) -> Result<(), Stop> {
    scopes(engine, caller, served.tool)?;
    policies(engine, caller, served, surface, arguments)
}

/// The claim of a call of which nothing was begun. Dropped, because its caller is gone, its key is free again: a person
/// may be thinking about it for long.
pub(super) struct Unbegun(pub(super) Option<Claim>);

impl Unbegun {
    /// The claim of a call that begins now.
    pub(super) fn begin(mut self) -> Option<Claim> {
        self.0.take()
    }
}

impl Drop for Unbegun {
    fn drop(&mut self) {
        // Said at once; nobody is there to wait until it is written.
        drop(self.0.take().map(|claim| claim.settle(&Err(Stop::Cancelled), false)));
    }
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
