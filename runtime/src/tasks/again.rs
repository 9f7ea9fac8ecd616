//! Whether a task can be run again in this process, and the call that it then is.
//!
//! Invariant: nothing is changed here, and a task is told to be fit only with everything that its run needs. What this
//! process can't run, another may: a tool that it does not serve, or not in that version, or that is switched off here.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{
    original::{Locked, Original, Owner},
    record::{Again, Record},
    run::Work,
    slot::Slot,
};
use crate::{
    call::Stop,
    caller::Caller,
    catalogue::{Catalogue, Served, SurfaceId},
    confirm::ConfirmBy,
    context::{BoxFuture, Call, Channel, Deadline, Interaction, LogLevel},
    engine::Engine,
    error::ToolError,
    input_required::{InputRequests, InputResponses},
    pipeline,
    principal::Principal,
    store::Kind,
};

/// Why a task is not run again here.
pub(super) enum Unfit {
    /// It may be, a moment later.
    Now,
    /// Another process may do it.
    Here(&'static Why),
    /// It has run for as long as it may.
    Late,
}

/// Why a task that could be run again is ended instead.
pub(super) struct Why {
    pub(super) kind: &'static str,
    pub(super) message: &'static str,
}

/// Nobody serves it as it was called.
const GONE: Why = Why {
    kind: "gone",
    message: "the tool is no longer served as it was called; see what is served now, and call again",
};
/// An operator does not want it to run.
const OFF: Why =
    Why { kind: "unavailable", message: "its process ended and the tool is switched off; call again later" };
/// Its caller may not call it any more.
const DENIED: Why = Why { kind: "denied", message: "its process ended, and the call is denied now" };
/// It was begun by a release that did not ask, or asked somebody who is not enough now.
const UNCONFIRMED: Why =
    Why { kind: "denied", message: "its process ended and it is not confirmed as it must be; call the tool again" };
/// What was kept of it may hold secrets, and was sealed by other keys.
const LOCKED: Why = Why {
    kind: "gone",
    message: "its process ended, and this server no longer has the key that its call was sealed with; call the tool again",
};
/// It has run for as long as it may.
pub(super) const LATE: Why =
    Why { kind: "timeout", message: "its process ended, and the time that it may run is over; call the tool again" };

/// The call of a task, as it was made, if this process can run it.
pub(super) async fn fit(engine: &Engine, slot: &Slot, record: &Record, again: &Again) -> Result<Work, Unfit> {
    let served = again_served(&engine.catalogue, record, again).ok_or(Unfit::Here(&GONE))?;
    if engine.switches.check(served.tool).is_err() {
        return Err(Unfit::Here(&OFF));
    }
    let policy = engine.policy(served.tool);
    let needed = policy.confirmation.filter(|by| *by != ConfirmBy::Off);
    if needed.is_some_and(|by| again.confirmed.is_none_or(|confirmed| !confirmed.is_enough(by))) {
        return Err(Unfit::Here(&UNCONFIRMED));
    }
    let time = policy.task_time;
    let left = record.time_left(time.hard, engine.clock.unix_millis());
    if left.is_zero() {
        return Err(Unfit::Late);
    }
    let original = original(engine, slot, record).await?;
    work(
        engine,
        served,
        slot,
        record,
        again,
        original,
        Deadline::new(engine.clock, engine.clock.now(), time.idle, left),
    )
    .map_err(|stop| {
        if matches!(stop, Stop::InsufficientScope { .. } | Stop::Denied { .. }) {
            engine.metrics.refused(&served.tool.name, stop.name());
            return Unfit::Here(&DENIED);
        }
        let why = pipeline::words(&stop);
        tracing::debug!(task = slot.id, tool = record.tool, "the task can't be run again here: {why}");
        Unfit::Here(&GONE)
    })
}

async fn original(engine: &Engine, slot: &Slot, record: &Record) -> Result<Original, Unfit> {
    let kept = slot.call().await.map_err(|error| {
        engine.metrics.store_failed(Kind::Task, &error);
        Unfit::Now
    })?;
    let owner = Owner { tenant: &slot.tenant, principal: &record.principal, task: &slot.id };
    kept.ok_or(Unfit::Here(&GONE))?.open(owner, &engine.keyring).await.map_err(|locked| match locked {
        Locked::Keys(problem) => {
            tracing::debug!(task = slot.id, %problem, "the task can't be run again here at this moment");
            Unfit::Now
        }
        Locked::NoKey => {
            engine.tasks.tell_locked(&slot.id);
            Unfit::Here(&LOCKED)
        }
    })
}

fn work(
    engine: &Engine,
    served: Served<'_>,
    slot: &Slot,
    record: &Record,
    again: &Again,
    original: Original,
    deadline: Deadline,
) -> Result<Work, Stop> {
    let caller = Caller::new(Principal::named(&record.principal), Arc::clone(&slot.tenant), original.proved);
    let surface = again.surface.as_deref().and_then(|release| engine.catalogue.surface(release));
    let (arguments, secrets) = pipeline::arguments(engine, &caller, served, original.arguments.clone())?;
    pipeline::allowed(engine, &caller, served, surface, &arguments)?;
    Ok(Work {
        surface,
        name: record.tool.clone(),
        major: again.major,
        arguments,
        asked: original.arguments,
        call: Call {
            tool: Arc::clone(&served.tool.name),
            request_id: original.request_id,
            caller,
            meta: original.meta,
            deadline,
            cancellation: CancellationToken::new(),
            responses: original.responses,
            idempotency_key: original.idempotency_key,
            confirmed: again.confirmed,
            channel: Arc::new(Gone(original.capabilities)),
            bounds: engine.bounds(served.tool, secrets),
        },
    })
}

fn again_served<'a>(catalogue: &'a Catalogue, record: &'a Record, again: &Again) -> Option<Served<'a>> {
    let surface = again.surface.as_deref().and_then(|release| catalogue.surface(release));
    served(catalogue, surface, &record.tool, again.major)
}

/// The tool of a name in a major, as it is served on a surface.
pub(super) fn served<'a>(
    catalogue: &'a Catalogue,
    surface: Option<SurfaceId>,
    name: &str,
    major: u64,
) -> Option<Served<'a>> {
    let on_surface = surface.and_then(|surface| catalogue.find_on(surface, name));
    let mut served = on_surface.or_else(|| catalogue.call(name))?;
    served.major = served.tool.majors().find(|(_, contract)| contract.version.major == major)?.0;
    Some(served)
}

/// The channel of a call whose request was answered by another process.
struct Gone(rmcp::model::ClientCapabilities);

impl Channel for Gone {
    fn progress(&self, _progress: f64, _total: Option<f64>, _message: Option<String>) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn log(&self, _level: LogLevel, _data: serde_json::Value) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn capabilities(&self) -> rmcp::model::ClientCapabilities {
        self.0.clone()
    }

    fn interaction(&self) -> Interaction {
        Interaction::Live
    }

    fn request(&self, _attempt: u32, _requests: InputRequests) -> BoxFuture<'_, Result<InputResponses, ToolError>> {
        Box::pin(std::future::ready(Err(ToolError::unavailable("nobody is there to be asked"))))
    }
}
