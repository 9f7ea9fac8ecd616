//! Runs a call that is a task, or may become one, apart from the request that it came with.
//!
//! Invariants: whatever happens (a panic, a cancellation, the end of the process), the run is recorded once, and the
//! end of a task is written unless somebody else has written one; what may run a second time stops before another
//! process may take it over: see `lease`. A function that is not `async` keeps its thread to its own end, and the task
//! its place; nobody reads its result.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt as _;
use rmcp::model::{CallToolResponse, JsonObject};
use serde_json::{Map, Value};
use tokio::sync::oneshot;
use tracing::Instrument as _;

use super::{
    again::served,
    channel::TaskChannel,
    finish::finish,
    job::{Job, Task},
    lease::{self, Watch, Why, can_run_again},
    record::{Event, Phase, UNKNOWN, failed},
    slot::Unchanged,
    threads::Threads,
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

/// Starts the run; if the call does not become a task, `ended` is told.
pub(super) fn start(job: Arc<Job>, work: Work, ended: Option<oneshot::Sender<Ended>>) {
    let abort = Arc::clone(&job.abort);
    // Spawned first: what is spawned last is the next on this thread and on no other, and a function that never yields
    // must not keep its watch from going on elsewhere.
    let watch = Watch::over(&job, work.call.cancellation.clone());
    // It is started once.
    let _ = abort.set(tokio::spawn(run(job, watch, work, ended)).abort_handle());
}

async fn run(job: Arc<Job>, mut watch: Watch, work: Work, ended: Option<oneshot::Sender<Ended>>) {
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
    // Masked until the end is written.
    let _secrets = call.bounds.hygiene.clone();
    let context = CallContext::new(call);
    let mut notes = Notes::default();
    let (threads, outcome) = {
        let ready = Ready { context, arguments, asked, claim: None };
        let (threads, running) =
            Threads::of(AssertUnwindSafe(pipeline::run(&engine, served, ready, &mut notes)).catch_unwind());
        let running = async { running.await.unwrap_or_else(|panic| Err(Stop::Panicked(panic_message(&*panic)))) };
        (threads, watch.unless(&job, running.instrument(record.span())).await)
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
            finish(&job, task, phase).await;
        }
        (Some(task), Err(why)) => {
            record.task(&task.slot.id);
            give_up(&job, task, why, record, &threads).await;
        }
        (None, Err(_)) => {}
    }
    drop(watch);
    if let Some(task) = job.task() {
        tokio::select! {
            () = threads.ended() => {}
            () = task.place.running.stop.cancelled() => {}
        }
        task.place.leave();
    }
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

/// Ends a task that can't go on in this process.
async fn give_up(job: &Job, task: &Task, why: Why, record: Record, threads: &Threads) {
    let engine = &job.engine;
    let event = match why {
        Why::Cancelled => return record.close(&engine.metrics, &Err(Stop::Cancelled), &Notes::default()),
        Why::Lost => {
            record.close_as("lost");
            if threads.have_ended() || !can_run_again(job) {
                return;
            }
            Event::Release
        }
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
    if event == Event::Release {
        // Who takes it over must not begin it while a thread of it still runs.
        lease::hold(job, task, threads.ended()).await;
    }
    if let Err(Unchanged::Store(error)) = task.slot.change(&event).await {
        engine.metrics.store_failed(Kind::Task, &error);
        let task = &task.slot.id;
        tracing::error!(%error, task, "the task could not be given up; others wait for its lease to end");
    }
}

fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        _ => JsonObject::new(),
    }
}
