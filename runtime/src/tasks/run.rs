//! Runs a call that is a task, or may become one, apart from the request that it came with.
//!
//! Invariants: whatever happens (a panic, a cancellation, the end of the process), the run is recorded once, and the
//! end of a task is written unless somebody else has written one; what may run a second time stops before another
//! process may take it over. (A function that is not `async` keeps its thread to its own end; nobody reads its result.)

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt as _;
use rmcp::model::{CallToolResponse, JsonObject};
use serde_json::{Map, Value};
use tokio::{
    sync::oneshot,
    time::{Instant, sleep},
};
use tracing::Instrument as _;

use super::{
    adopt::served,
    channel::TaskChannel,
    held_until,
    job::{Job, Task},
    record::{Event, Phase, UNKNOWN, failed},
    slot::{Found, Unchanged},
};
use crate::{
    answer,
    call::{Called, Notes, Outcome, Stop},
    catalogue::{Served, SurfaceId},
    context::{Call, CallContext},
    engine::Engine,
    names::meta,
    pipeline::{self, Ready, Record, panic_message},
    store::Kind,
};

/// A call that is to be run.
pub(super) struct Work {
    pub(super) surface: Option<SurfaceId>,
    /// What the caller calls the tool.
    pub(super) name: String,
    pub(super) major: u64,
    /// In the form of the current major.
    pub(super) arguments: Map<String, Value>,
    /// As the caller wrote them.
    pub(super) asked: Map<String, Value>,
    /// Its channel is the client's own, or nobody's.
    pub(super) call: Call,
}

/// What comes of a call that did not become a task.
pub(super) type Ended = (Result<Outcome, Stop>, Notes);

/// Why a task does not come to its own end.
enum Why {
    /// By its caller, which is written.
    Cancelled,
    /// It is no longer this process's, or may not be.
    Lost,
    /// The process ends.
    Released,
}

/// Starts the run; if the call does not become a task, `ended` is told.
pub(super) fn start(job: Arc<Job>, work: Work, ended: Option<oneshot::Sender<Ended>>) {
    let running = job.task().map(|task| Arc::clone(&task.place.running));
    let handle = tokio::spawn(run(job, work, ended)).abort_handle();
    if let Some(running) = running {
        *running.abort.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(handle);
    }
}

async fn run(job: Arc<Job>, work: Work, ended: Option<oneshot::Sender<Ended>>) {
    let engine = Arc::clone(&job.engine);
    let Work { surface, name, major, arguments, asked, mut call } = work;
    // It was found before, in the same catalogue.
    let Some(served) = served(&engine.catalogue, surface, &name, major) else { return };
    let record = Record::of_task(engine.clock, served, &call);
    let (before, capabilities) = (Arc::clone(&call.channel), call.channel.capabilities());
    let time = engine.policy(served.tool).task_time;
    call.channel = Arc::new(TaskChannel::new(Arc::clone(&job), before, capabilities, time));
    // Whatever the function left behind that watches for the end of its call is told.
    let _ended = call.cancellation.clone().drop_guard();
    let context = CallContext::new(call);
    let mut notes = Notes::default();
    let outcome = {
        let ready = Ready { context, arguments, asked, claim: None };
        let running = AssertUnwindSafe(pipeline::run(&engine, served, ready, &mut notes)).catch_unwind();
        tokio::select! {
            biased;
            outcome = running.instrument(record.span()) => {
                Ok(outcome.unwrap_or_else(|panic| Err(Stop::Panicked(panic_message(&*panic)))))
            }
            why = watch(&job) => Err(why),
        }
    };
    match (job.task(), outcome) {
        (None, Ok(outcome)) => {
            // The request that waits for it records it.
            record.discard();
            if let Some(ended) = ended {
                let _ = ended.send((outcome, notes));
            }
        }
        (Some(task), Ok(outcome)) => {
            record.task(&task.slot.id);
            record.close(&engine.metrics, &outcome, &notes);
            let phase = end(&engine, served, &task.slot.id, outcome, notes);
            finish(&engine, task, phase).await;
        }
        (Some(task), Err(why)) => {
            record.task(&task.slot.id);
            give_up(&engine, &job, task, why, record).await;
        }
        (None, Err(_)) => {}
    }
    if let Some(task) = job.task() {
        task.place.leave();
    }
}

/// Looks after the task's lease and its record until the task can't go on.
async fn watch(job: &Job) -> Why {
    let task = job.became_task().await;
    let (engine, settings) = (&job.engine, &job.engine.tasks.settings);
    let every = settings.poll.min(settings.lease / 3);
    let (mut renewed, mut away) = (task.held_since, false);
    loop {
        tokio::select! {
            biased;
            () = task.place.running.stop.cancelled() => return Why::Released,
            () = task.place.running.wake.notified() => {}
            () = sleep(every) => {}
        }
        let now = engine.clock.now();
        match look(job, task, renewed, now).await {
            Ok(found) if found.record.phase == Phase::Cancelled => return Why::Cancelled,
            Ok(found) if !found.record.is_held_by(&engine.tasks.process) => return Why::Lost,
            Ok(found) => {
                if found.written {
                    renewed = now;
                }
                away = false;
                job.saw(found);
            }
            Err(Unchanged::Refused(_) | Unchanged::Absent) => return Why::Lost,
            Err(Unchanged::Contended) => {}
            Err(Unchanged::Store(error)) => {
                engine.metrics.store_failed(Kind::Task, &error);
                if !std::mem::replace(&mut away, true) {
                    tracing::warn!(%error, task = task.slot.id, "the task can't be looked after");
                }
            }
        }
        if can_run_again(job) && engine.clock.now() >= held_until(settings, renewed) {
            return Why::Lost;
        }
    }
}

/// Writes what there is to write, and renews the lease by it; else reads what others wrote.
async fn look(job: &Job, task: &Task, renewed: Instant, now: Instant) -> Result<Found, Unchanged> {
    let event = match job.said() {
        Some(said) => Some(Event::Say(Some(said))),
        None if now.saturating_duration_since(renewed) >= job.engine.tasks.settings.lease / 3 => Some(Event::Renew),
        None => None,
    };
    if let Some(event) = event {
        match task.slot.change(&event).await {
            // What it is now says why.
            Err(Unchanged::Refused(_)) => {}
            changed => return changed,
        }
    }
    task.slot.read().await?.ok_or(Unchanged::Absent)
}

fn can_run_again(job: &Job) -> bool {
    job.record().is_some_and(|record| matches!(&record.phase, Phase::Open(open) if open.again.is_some()))
}

/// The end of a task whose function has come to its own.
fn end(engine: &Engine, served: Served<'_>, id: &str, outcome: Result<Outcome, Stop>, notes: Notes) -> Phase {
    let called = Called { contract: Some(served.echo()), notes, outcome };
    match answer::to_call(called, id) {
        Ok(CallToolResponse::Complete(mut result)) => {
            let added = result.meta.get_or_insert_default();
            added.0.insert(meta::SERVER_INFO.into(), engine.server_info.clone());
            Phase::Completed { result: object(serde_json::json!(result)) }
        }
        Ok(_) => failed("internal error", "internal"),
        Err(error) => Phase::Failed { error: object(serde_json::json!(error)) },
    }
}

/// Writes the end, for as long as it takes.
async fn finish(engine: &Engine, task: &Task, phase: Phase) {
    let event = Event::End(phase, None);
    loop {
        match task.slot.change(&event).await {
            Ok(_) | Err(Unchanged::Absent | Unchanged::Refused(_)) => return,
            Err(Unchanged::Contended) => {}
            Err(Unchanged::Store(error)) => engine.metrics.store_failed(Kind::Task, &error),
        }
        tokio::select! {
            () = task.place.running.stop.cancelled() => {
                tracing::error!(task = task.slot.id, "the end of the task can't be written before the process ends");
                return;
            }
            () = sleep(engine.tasks.settings.poll) => {}
        }
    }
}

/// Ends a task that can't go on in this process.
async fn give_up(engine: &Engine, job: &Job, task: &Task, why: Why, record: Record) {
    let event = match why {
        Why::Cancelled => return record.close(&engine.metrics, &Err(Stop::Cancelled), &Notes::default()),
        Why::Lost => return record.close_as("lost"),
        Why::Released if can_run_again(job) => {
            record.close_as("released");
            Event::Release
        }
        Why::Released => {
            record.close_as("unknown");
            let message = format!("the server was stopped while the task ran. {UNKNOWN}");
            Event::End(failed(&message, "unknown"), Some(message))
        }
    };
    if let Err(Unchanged::Store(error)) = task.slot.change(&event).await {
        engine.metrics.store_failed(Kind::Task, &error);
        tracing::error!(%error, task = task.slot.id, "the task could not be given up; others wait for its lease to end");
    }
}

fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        _ => JsonObject::new(),
    }
}
