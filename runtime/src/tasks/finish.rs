//! Writes the end of a task whose function came to its own.
//!
//! Invariants: it is tried for as long as somebody could ask for it and the process is there; a result that the store
//! does not take, while it takes everything else of the task, does not keep the task open: its caller is told that it
//! ran, and that there is no result.

use std::sync::Arc;

use tokio::time::{Instant, sleep};

use super::{
    job::{Job, Task},
    record::{Event, Phase, Refused, failed},
    slot::{Read, Unchanged},
};
use crate::store::Kind;

/// What is said of a task whose result the store does not take.
const NOT_KEPT: &str = "it came to its end, and its result could not be kept";

/// Writes the end, unless somebody else wrote one.
pub(super) async fn finish(job: &Job, task: &Task, phase: Phase) {
    let (engine, settings) = (&job.engine, &job.engine.tasks.settings);
    let record = job.record().unwrap_or_else(|| Arc::clone(&task.record));
    // Once: each renewal may give the task more time.
    let until = record.created_ms.saturating_add(record.ttl_ms);
    let whole = Event::End(phase, None);
    let short = Event::End(failed(NOT_KEPT, "answer_not_kept"), Some(NOT_KEPT.into()));
    let (mut end, mut pause, mut told) = (&whole, settings.poll, false);
    let mut rest_since: Option<Instant> = None;
    loop {
        match task.slot.change(end).await {
            Ok(_) => return,
            Err(Unchanged::Refused(Refused::Ended)) if told && is_written(task, [&whole, &short]).await => {
                return task.slot.unmark().await;
            }
            Err(Unchanged::Absent | Unchanged::Foreign | Unchanged::Refused(_)) => {
                tracing::warn!(task = task.slot.id, "the task was ended or taken over before its own end was written");
                return;
            }
            Err(Unchanged::Contended) => {}
            Err(Unchanged::Store(error)) => {
                engine.metrics.store_failed(Kind::Task, &error);
                if !std::mem::replace(&mut told, true) {
                    tracing::error!(%error, task = task.slot.id, "the end of the task can't be written; it is kept");
                }
                let takes_the_rest = task.slot.change(&Event::Renew).await.is_ok();
                rest_since = takes_the_rest.then(|| rest_since.unwrap_or_else(|| engine.clock.now()));
            }
        }
        let now = engine.clock.now();
        if end != &short && rest_since.is_some_and(|since| now.saturating_duration_since(since) >= settings.lease) {
            tracing::error!(task = task.slot.id, "the store does not take the result of the task; it ends without one");
            end = &short;
            continue;
        }
        if engine.clock.unix_millis() >= until {
            tracing::error!(task = task.slot.id, "the end of the task could not be written in its time to live");
            return;
        }
        tokio::select! {
            () = task.place.running.stop.cancelled() => {
                tracing::error!(task = task.slot.id, "the end of the task can't be written before the process ends");
                return;
            }
            () = sleep(pause) => {}
        }
        pause = (pause * 2).min(settings.lease / 3);
    }
}

/// Whether one of these ends is the end that is there: it was written, and only the store's answer was lost.
async fn is_written(task: &Task, ends: [&Event; 2]) -> bool {
    let Ok(Read::Found(found)) = task.slot.read().await else { return false };
    ends.iter().any(|end| matches!(end, Event::End(phase, _) if *phase == found.record.phase))
}
