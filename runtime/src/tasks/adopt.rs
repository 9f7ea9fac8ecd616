//! Tasks whose process is gone: found by whoever asks for them, and by every process every now and then.
//!
//! Invariant: who runs a task has taken it by a compare and set before, and knew that it can run it. What this process
//! can't run (a tool that it does not serve, or not in that version, or that is switched off) is left to others: while
//! one release takes the place of another, some replicas know more tools than the rest. Only when the task is about to
//! pass its time to live is it ended, so that its caller is told.

use std::sync::Arc;

use tokio::time::sleep;

use super::{
    Place,
    again::{LATE, Unfit, Why, fit},
    job::{Job, Task},
    record::{Event, Phase, failed},
    run, slot,
    slot::{Found, Read, Slot},
};
use crate::{
    caller::Caller,
    engine::Engine,
    store::{Kind, StoreError, Stored},
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
        for (mark, tenant) in &page {
            if engine.tasks.is_running(&mark.name) {
                continue;
            }
            let slot = slot(engine, &marked(engine, tenant), &mark.name);
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

/// The tenant that a mark names.
fn marked(engine: &Engine, mark: &Stored) -> Arc<str> {
    match std::str::from_utf8(&mark.value) {
        Ok(tenant) if !tenant.is_empty() => tenant.into(),
        _ => Arc::clone(&engine.tenant),
    }
}

/// Takes a task over; none where that is not possible now, somebody else was faster, or it runs here.
pub(super) async fn adopt(engine: &Arc<Engine>, slot: &Slot, found: &Found) -> Option<Found> {
    let Phase::Open(open) = &found.record.phase else { return None };
    // The lease of a task that runs here may run out while the store is away, or by a clock that jumps: its watch is
    // late then, and its process is not gone.
    if engine.tasks.is_running(&slot.id) {
        engine.tasks.wake(&slot.id);
        return None;
    }
    let Some(again) = &open.again else {
        let taken = slot.change(&Event::TakeOver).await.ok()?;
        ended(slot, &taken);
        return Some(taken);
    };
    // A process that has no room leaves it to others, without reading the call in vain.
    let caller = Caller::key_of(&slot.tenant, &found.record.principal);
    let place = Place::take(engine, &slot.id, (&slot.tenant, &caller), Arc::default()).ok()?;
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
