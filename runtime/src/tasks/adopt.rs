//! Tasks whose process is gone: found by whoever asks for them, and by every process every now and then.
//!
//! Invariant: who runs a task has taken it by a compare and set before, and knew that it can run it. What this process
//! can't run (a tool that it does not serve, or not in that version, or that is switched off) is left to others: while
//! one release takes the place of another, some replicas know more tools than the rest. Only when the task is about to
//! pass its time to live is it ended, so that its caller is told.

use std::sync::Arc;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{
    Place,
    job::{Job, Task},
    original::Original,
    record::{Again, Event, Phase, Record, failed},
    run::{self, Work},
    slot,
    slot::{Found, Read, Slot},
};
use crate::{
    call::Stop,
    catalogue::{Catalogue, Served, SurfaceId},
    context::{BoxFuture, Call, Channel, Deadline, Interaction, LogLevel},
    engine::Engine,
    error::ToolError,
    input_required::{InputRequests, InputResponses},
    pipeline,
    principal::Principal,
    store::{Kind, StoreError},
};

/// How many marks one page of the store's list has.
const PAGE: usize = 100;

/// Looks for tasks without a process, now and after each lease, for as long as the server runs.
pub(crate) async fn watch(engine: &Arc<Engine>) {
    let mut away = false;
    loop {
        match sweep(engine).await {
            Ok(()) => away = false,
            Err(error) => {
                engine.metrics.store_failed(Kind::Unfinished, &error);
                if !std::mem::replace(&mut away, true) {
                    tracing::warn!(%error, "tasks without a process can't be looked for");
                }
            }
        }
        sleep(engine.tasks.settings.lease).await;
    }
}

/// Takes over every task that has no process. One that can't be read keeps nobody from the others.
pub(crate) async fn sweep(engine: &Arc<Engine>) -> Result<(), StoreError> {
    let mut after: Option<String> = None;
    let mut broken = None;
    loop {
        let page = engine.store.list(&engine.tenant, Kind::Unfinished, after.as_deref(), PAGE).await?;
        for (mark, _) in &page {
            if engine.tasks.is_running(&mark.name) {
                continue;
            }
            let slot = slot(engine, &mark.name);
            match slot.read().await {
                Ok(Read::Found(found)) if found.record.has_ended() => slot.unmark().await,
                Ok(Read::Found(found)) if found.record.is_orphaned(found.age) => {
                    drop(adopt(engine, &slot, &found).await);
                }
                Ok(Read::Found(_) | Read::Foreign { .. }) => {}
                // The record is there before the mark is, so its time is over.
                Ok(Read::Absent) => slot.unmark().await,
                Err(error) if error.is_away() => return Err(error),
                Err(error) => broken = Some(error),
            }
        }
        if page.len() < PAGE {
            return broken.map_or(Ok(()), Err);
        }
        after = page.last().map(|(mark, _)| mark.name.clone());
    }
}

/// Takes a task over; none where that is not possible now, or somebody else was faster.
pub(super) async fn adopt(engine: &Arc<Engine>, slot: &Slot, found: &Found) -> Option<Found> {
    let Phase::Open(open) = &found.record.phase else { return None };
    let Some(again) = &open.again else {
        let taken = slot.change(&Event::TakeOver).await.ok()?;
        ended(slot, &taken);
        return Some(taken);
    };
    let work = match fit(engine, slot, &found.record, again).await {
        Ok(work) => work,
        Err(Unfit::Now) => return None,
        Err(Unfit::Here(why)) => {
            if !found.record.fades(slot.ttl, engine.clock.unix_millis()) {
                return None;
            }
            return abandon(slot, why).await;
        }
        Err(Unfit::Late) => return abandon(slot, &LATE).await,
    };
    let place = Place::take(engine, &slot.id, &found.record.principal, Arc::default()).ok()?;
    let held_since = engine.clock.now();
    let taken = slot.change(&Event::TakeOver).await.ok()?;
    let Phase::Open(open) = &taken.record.phase else {
        ended(slot, &taken);
        return Some(taken);
    };
    tracing::warn!(
        task = slot.id,
        tool = taken.record.tool,
        run = open.runs,
        "the process of a task is gone; it is run again"
    );
    let record = Arc::new(taken.record.clone());
    let task = Task::marked(slot.clone(), place, held_since, record);
    run::start(Arc::new(Job::adopted(engine, task)), work, None);
    Some(taken)
}

/// Why a task is not run again here.
enum Unfit {
    /// It may be, a moment later.
    Now,
    /// Another process may do it.
    Here(&'static Why),
    /// It has run for as long as it may.
    Late,
}

/// Why a task that could be run again is ended instead.
struct Why {
    kind: &'static str,
    message: &'static str,
}

const GONE: Why = Why {
    kind: "gone",
    message: "the tool is no longer served as it was called; see what is served now, and call again",
};
const OFF: Why =
    Why { kind: "unavailable", message: "its process ended and the tool is switched off; call again later" };
const LATE: Why =
    Why { kind: "timeout", message: "its process ended, and the time that it may run is over; call the tool again" };

async fn abandon(slot: &Slot, why: &Why) -> Option<Found> {
    let event = Event::Abandon(failed(why.message, why.kind), why.message.into());
    let abandoned = slot.change(&event).await.ok()?;
    tracing::error!(
        task = slot.id,
        tool = abandoned.record.tool,
        "a task can't be run again and is ended: {}",
        why.message
    );
    Some(abandoned)
}

fn ended(slot: &Slot, taken: &Found) {
    tracing::error!(task = slot.id, tool = taken.record.tool, "the process of a task is gone; how it ended is unknown");
}

/// The call of a task, as it was made, if this process can run it.
async fn fit(engine: &Engine, slot: &Slot, record: &Record, again: &Again) -> Result<Work, Unfit> {
    let served = again_served(&engine.catalogue, record, again).ok_or(Unfit::Here(&GONE))?;
    if engine.switches.check(served.tool).is_err() {
        return Err(Unfit::Here(&OFF));
    }
    let time = engine.policy(served.tool).task_time;
    let left = record.time_left(time.hard, engine.clock.unix_millis());
    if left.is_zero() {
        return Err(Unfit::Late);
    }
    let original = slot.original().await.map_err(|error| {
        engine.metrics.store_failed(Kind::Task, &error);
        Unfit::Now
    })?;
    let original = original.ok_or(Unfit::Here(&GONE))?;
    work(engine, served, record, again, original, Deadline::new(engine.clock, engine.clock.now(), time.idle, left))
        .map_err(|stop| {
            let why = pipeline::words(&stop);
            tracing::debug!(task = slot.id, tool = record.tool, "the task can't be run again here: {why}");
            Unfit::Here(&GONE)
        })
}

fn work(
    engine: &Engine,
    served: Served<'_>,
    record: &Record,
    again: &Again,
    original: Original,
    deadline: Deadline,
) -> Result<Work, Stop> {
    let arguments = pipeline::arguments(engine, served, original.arguments.clone())?;
    Ok(Work {
        surface: again.surface.as_deref().and_then(|release| engine.catalogue.surface(release)),
        name: record.tool.clone(),
        major: again.major,
        arguments,
        asked: original.arguments,
        call: Call {
            tool: Arc::clone(&served.tool.name),
            request_id: original.request_id,
            principal: Principal::named(&record.principal),
            meta: original.meta,
            deadline,
            cancellation: CancellationToken::new(),
            responses: original.responses,
            idempotency_key: original.idempotency_key,
            channel: Arc::new(Gone(original.capabilities)),
            bounds: engine.bounds(),
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
