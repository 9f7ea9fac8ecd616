//! Keeps the lease of a task and looks for what others did to it, apart from its function.
//!
//! It has a task of the runtime of its own, so that a function that computes for long between two `await`s keeps its
//! lease. Invariants: what may run a second time is told to stop while the lease still has a part of its time; no look
//! takes longer than the lease. A function that neither awaits nor looks whether it is cancelled can't be stopped: it
//! runs twice where the store is away for longer than a lease.

use std::{future::Future, sync::Arc};

use tokio::{
    sync::oneshot,
    task::AbortHandle,
    time::{Instant, sleep, timeout, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{
    TaskSettings,
    job::{Job, Task},
    record::{Event, Phase},
    slot::{Found, Unchanged},
};
use crate::{call::Stop, store::Kind};

/// Why a task does not come to its own end.
pub(super) enum Why {
    /// By its caller, which is written.
    Cancelled,
    /// It is no longer this process's, or may not be.
    Lost,
    /// The process ends.
    Released,
}

/// Looks after a task until this is dropped.
pub(super) struct Watch {
    why: oneshot::Receiver<Why>,
    watching: AbortHandle,
}

impl Watch {
    /// Looks after a job's task, once it has one. The function is told by `cancellation` that it can't go on.
    pub(super) fn over(job: &Arc<Job>, cancellation: CancellationToken) -> Self {
        let (tell, why) = oneshot::channel();
        let job = Arc::clone(job);
        let watching = tokio::spawn(async move {
            // Told before: who sees the cancellation finds why.
            let _ = tell.send(look_after(&job).await);
            cancellation.cancel();
        });
        Self { why, watching: watching.abort_handle() }
    }

    /// What comes of a function, unless it can't go on. What can be run again and was told to stop has no result, since
    /// it may have stopped half-way.
    pub(super) async fn unless<T>(
        &mut self,
        job: &Job,
        function: impl Future<Output = Result<T, Stop>>,
    ) -> Result<Result<T, Stop>, Why> {
        tokio::select! {
            biased;
            outcome = function => match (&outcome, self.why.try_recv()) {
                (Err(_), Ok(why)) => Err(why),
                (Ok(_), Ok(why)) if can_run_again(job) => Err(why),
                _ => Ok(outcome),
            },
            why = &mut self.why => Err(why.unwrap_or(Why::Lost)),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

/// Keeps the lease of a task that is to be given up until `ended`, as far as the store lets it.
pub(super) async fn hold(job: &Job, task: &Task, ended: impl Future<Output = ()>) {
    let settings = &job.engine.tasks.settings;
    let renewing = async {
        loop {
            let _ = timeout(settings.lease, task.slot.change(&Event::Renew)).await;
            sleep(settings.lease / 3).await;
        }
    };
    tokio::select! {
        biased;
        () = ended => {}
        () = renewing => {}
    }
}

/// Whether a task can be run again from its beginning.
pub(super) fn can_run_again(job: &Job) -> bool {
    job.record().is_some_and(|record| matches!(&record.phase, Phase::Open(open) if open.again.is_some()))
}

/// Looks after the task's lease and its record until the task can't go on.
async fn look_after(job: &Job) -> Why {
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
        // What nobody else will run goes on without a lease.
        let until = if can_run_again(job) { held_until(settings, renewed) } else { now + settings.lease };
        match timeout_at(until, look(job, task, renewed, now)).await {
            Ok(Ok(found)) if found.record.phase == Phase::Cancelled => return Why::Cancelled,
            Ok(Ok(found)) if !found.record.is_held_by(&engine.tasks.process) => return Why::Lost,
            Ok(Ok(found)) => {
                if found.written {
                    renewed = now;
                }
                away = false;
                job.saw(found);
            }
            Ok(Err(Unchanged::Refused(_) | Unchanged::Absent | Unchanged::Foreign)) => return Why::Lost,
            Ok(Err(Unchanged::Contended)) | Err(_) => {}
            Ok(Err(Unchanged::Store(error))) => {
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
    task.mark(&job.engine).await;
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
    task.slot.read().await?.found()
}

/// The moment up to which a task is this process's own for sure, if its lease was renewed at `renewed`. A part of the
/// lease is kept for what still runs to hear of its end.
fn held_until(settings: &TaskSettings, renewed: Instant) -> Instant {
    renewed + settings.lease * 5 / 6
}
