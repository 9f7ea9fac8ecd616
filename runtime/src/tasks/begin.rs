//! From a call to a task: at once, or when its function says so.

use std::sync::Arc;

use rmcp::model::{InputRequests, InputResponses, Task};
use serde_json::{Map, Value};
use tokio::{sync::oneshot, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    job::{Draft, Job},
    original::Original,
    record::{Again, Lease, Open, Phase, Record},
    run::{self, Work},
    wire,
};
use crate::{
    call::{Notes, Outcome, Stop},
    catalogue::{Served, Surface, SurfaceId},
    context::{Call, Deadline},
    duration::millis,
    engine::Engine,
    idempotency::Claim,
    pipeline,
    tool::{Effect, TaskSupport},
};

/// A call that passed every check, of a tool that supports tasks, by a client that knows them.
pub(crate) struct Start<'a> {
    pub(crate) served: Served<'a>,
    pub(crate) support: TaskSupport,
    pub(crate) surface: Option<SurfaceId>,
    pub(crate) call: Call,
    /// In the form of the current major.
    pub(crate) arguments: Map<String, Value>,
    /// As the caller wrote them.
    pub(crate) asked: Map<String, Value>,
    pub(crate) claim: Option<Claim>,
}

/// Runs a call as a task, or as a call that may become one.
pub(crate) async fn begin(engine: &Arc<Engine>, start: Start<'_>, notes: &mut Notes) -> Result<Outcome, Stop> {
    let record = record(engine, &start);
    // What can't be run again is not kept: arguments may hold secrets.
    let original = start.served.tool.declaration.idempotent.then(|| Original::of(&start.call, &start.asked));
    // What was no secret in an older major may be one now.
    let secret = start.served.contract().has_secrets || start.served.tool.current.has_secrets;
    // A task is not run again once it has run for as long as it may.
    let kept = engine.tasks.settings.longest_kept();
    let Start { served, support, surface, mut call, arguments, asked, claim } = start;
    // A task outlives its request.
    let own = CancellationToken::new();
    let request = std::mem::replace(&mut call.cancellation, own.clone());
    let job =
        Arc::new(Job::draft(engine, Draft { caller: call.caller.clone(), record, original, secret, kept, claim }));
    let (name, major) = (served.name.to_owned(), served.contract().version.major);
    let until = call.deadline.at();
    if !support.manual {
        call.deadline = deadline(engine, served);
    }
    let work = Work { surface, name, major, arguments, asked, call };
    if !support.manual {
        if request.is_cancelled() {
            return ended(engine, &job, Err(Stop::Cancelled), notes, until).await;
        }
        return match job.become_task().await {
            Ok(task) => {
                let task = handle(engine, &task.slot.id, &task.record);
                // Its caller gave up meanwhile and won't learn of it, so it ends before its function begins.
                if request.is_cancelled() {
                    own.cancel();
                }
                run::start(job, work, None);
                Ok(Outcome::Task(Box::new(task)))
            }
            Err(stop) => ended(engine, &job, Err(stop), notes, until).await,
        };
    }
    let unanswered = own.clone().drop_guard();
    let (tell, mut told) = oneshot::channel();
    run::start(Arc::clone(&job), work, Some(tell));
    let mut cancelled = false;
    loop {
        tokio::select! {
            task = job.became_task() => {
                unanswered.disarm();
                return Ok(Outcome::Task(Box::new(handle(engine, &task.slot.id, &task.record))));
            }
            told = &mut told => {
                unanswered.disarm();
                // It became a task and ended as one before this was looked at.
                if let Some(task) = job.task() {
                    return Ok(Outcome::Task(Box::new(handle(engine, &task.slot.id, &task.record))));
                }
                // Whoever would have told is gone only if the runtime ends.
                let (outcome, noted) = told.unwrap_or_else(|_| (Err(Stop::Cancelled), Notes::default()));
                *notes = noted;
                return ended(engine, &job, outcome, notes, until).await;
            }
            () = request.cancelled(), if !cancelled => {
                cancelled = true;
                own.cancel();
            }
        }
    }
}

/// The end of a call that did not become a task.
async fn ended(
    engine: &Engine,
    job: &Job,
    outcome: Result<Outcome, Stop>,
    notes: &Notes,
    until: Instant,
) -> Result<Outcome, Stop> {
    if let Some(claim) = job.claim() {
        pipeline::settle(engine, claim, &outcome, notes, until).await;
    }
    outcome
}

/// How a task is shown to whoever called.
pub(super) fn handle(engine: &Engine, id: &str, record: &Record) -> Task {
    wire::task(id, record, engine.tasks.poll_interval_ms())
}

/// How long a task may run that begins now.
fn deadline(engine: &Engine, served: Served<'_>) -> Deadline {
    let time = engine.policy(served.tool).task_time;
    Deadline::new(engine.clock, engine.clock.now(), time.idle, time.hard)
}

/// The first record of a task; when it is created is filled in then.
fn record(engine: &Engine, start: &Start<'_>) -> Record {
    let Start { served, surface, call, .. } = start;
    let declaration = &served.tool.declaration;
    let settings = &engine.tasks.settings;
    let release = |wanted: SurfaceId| {
        let mut surfaces = engine.catalogue.surfaces();
        surfaces.find(|(surface, _)| *surface == wanted).map(|(_, Surface { release, .. })| release.clone())
    };
    let again = declaration.idempotent.then(|| Again {
        surface: surface.and_then(release),
        major: served.contract().version.major,
        confirmed: call.confirmed,
    });
    Record {
        principal: call.caller.principal().as_str().to_owned(),
        tool: served.name.to_owned(),
        mutation: declaration.effect != Effect::ReadOnly,
        created_ms: 0,
        updated_ms: 0,
        ttl_ms: millis(settings.ttl),
        message: None,
        phase: Phase::Open(Box::new(Open {
            lease: Some(Lease { owner: engine.tasks.process.to_string(), left_ms: millis(settings.lease) }),
            runs: 1,
            questions: InputRequests::new(),
            answers: InputResponses::new(),
            again,
        })),
    }
}
