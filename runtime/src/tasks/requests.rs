//! What callers do with their tasks: look, answer, cancel. At any replica.

use std::sync::Arc;

use rmcp::model::{DetailedTask, InputResponses};

use super::{
    AGAIN,
    adopt::adopt,
    begin::handle,
    record::{Event, Refused},
    slot,
    slot::{Found, Read, Slot, Unchanged},
    wire,
};
use crate::{
    call::{Outcome, Stop},
    caller::Caller,
    engine::Engine,
    store::{Kind, StoreError},
};

/// How long an id is, in hexadecimal digits.
const ID: usize = 32;

/// Why a task can't be shown or changed.
#[derive(Debug)]
pub(crate) enum TaskError {
    /// There is none of this id, or it is somebody else's, which is not told apart.
    Unknown,
    /// It is of another release, which can show it.
    Foreign,
    /// Too many others change it at this moment.
    Contended,
    /// The request's time is over.
    Late,
    Away(StoreError),
}

impl TaskError {
    /// The name in logs.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Unknown => "not_found",
            Self::Foreign => "other_release",
            Self::Contended => "contended",
            Self::Late => "timeout",
            Self::Away(_) => "store_away",
        }
    }
}

/// A task as it is. One whose process is gone is taken over by whoever asks for it.
pub(crate) async fn get(engine: &Arc<Engine>, caller: &Caller, id: &str) -> Result<DetailedTask, TaskError> {
    let (slot, mut found) = own(engine, caller, id).await?;
    if found.record.is_orphaned(found.age)
        && let Some(adopted) = adopt(engine, &slot, &found).await
    {
        found = adopted;
    }
    Ok(wire::detailed(id, &found.record, engine.tasks.poll_interval_ms()))
}

/// Answers what a task asks. What it does not ask is ignored, and so is every answer to a task that has ended.
pub(crate) async fn update(
    engine: &Arc<Engine>,
    caller: &Caller,
    id: &str,
    answers: InputResponses,
) -> Result<(), TaskError> {
    change(engine, caller, id, Event::Answer(answers)).await
}

/// Ends a task, unless it has ended. Its function stops at its next `await`, a moment later where another process
/// runs it.
pub(crate) async fn cancel(engine: &Arc<Engine>, caller: &Caller, id: &str) -> Result<(), TaskError> {
    change(engine, caller, id, Event::Cancel).await
}

/// The task that an earlier call with the same idempotency key became.
pub(crate) async fn replay(engine: &Engine, caller: &Caller, id: &str) -> Result<Outcome, Stop> {
    match own(engine, caller, id).await {
        Ok((_, found)) => Ok(Outcome::Task(Box::new(handle(engine, id, &found.record)))),
        Err(TaskError::Away(error)) => Err(Stop::StoreAway(error)),
        Err(TaskError::Foreign) => Err(Stop::Overloaded { retry_after: AGAIN }),
        Err(_) => Err(Stop::AnswerNotKept),
    }
}

async fn change(engine: &Engine, caller: &Caller, id: &str, event: Event) -> Result<(), TaskError> {
    let (slot, found) = own(engine, caller, id).await?;
    if found.record.has_ended() {
        return Ok(());
    }
    match slot.change(&event).await {
        Ok(_) | Err(Unchanged::Refused(Refused::Ended)) => {
            engine.tasks.wake(id);
            Ok(())
        }
        Err(Unchanged::Absent | Unchanged::Refused(_)) => Err(TaskError::Unknown),
        Err(Unchanged::Foreign) => Err(TaskError::Foreign),
        Err(Unchanged::Contended) => Err(TaskError::Contended),
        Err(Unchanged::Store(error)) => Err(away(engine, error)),
    }
}

/// A task that is the caller's, of a tool that it may use: what was given to it under other scopes or policies is not
/// shown any more.
async fn own(engine: &Engine, caller: &Caller, id: &str) -> Result<(Slot, Found), TaskError> {
    // An id is this server's own word; anything else is not even looked up.
    if id.len() != ID || !id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(TaskError::Unknown);
    }
    let slot = slot(engine, caller.tenant(), id);
    let principal = caller.principal().as_str();
    match slot.read().await.map_err(|error| away(engine, error))? {
        Read::Found(found) if found.record.principal == principal && may_use(engine, caller, &found) => {
            Ok((slot, found))
        }
        Read::Foreign { principal: Some(owner) } if owner == principal => Err(TaskError::Foreign),
        Read::Absent | Read::Found(_) | Read::Foreign { .. } => Err(TaskError::Unknown),
    }
}

fn may_use(engine: &Engine, caller: &Caller, found: &Found) -> bool {
    engine.catalogue.find(&found.record.tool).is_none_or(|tool| engine.access.may_use(caller, tool))
}

fn away(engine: &Engine, error: StoreError) -> TaskError {
    engine.store_failed(Kind::Task, &error);
    TaskError::Away(error)
}
