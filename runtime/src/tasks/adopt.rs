//! Tasks whose process is gone: found by whoever asks for them, and by every process every now and then.
//!
//! Invariant: who runs a task has taken it by a compare and set before. A task of a tool that is switched off waits
//! until it is switched on again.

use std::sync::Arc;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{
    Place,
    begin::deadline,
    job::{Job, Task},
    record::{Again, Event, Phase, Record, failed},
    run::{self, Work},
    slot,
    slot::{Found, Slot},
};
use crate::{
    call::Stop,
    catalogue::{Catalogue, Served, SurfaceId},
    context::{BoxFuture, Call, Channel, Interaction, LogLevel},
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

/// Takes over every task that has no process.
pub(crate) async fn sweep(engine: &Arc<Engine>) -> Result<(), StoreError> {
    let mut after: Option<String> = None;
    loop {
        let page = engine.store.list(&engine.tenant, Kind::Unfinished, after.as_deref(), PAGE).await?;
        for (mark, stored) in &page {
            if engine.tasks.is_running(&mark.name) {
                continue;
            }
            let slot = slot(engine, &mark.name);
            match slot.read().await? {
                Some(found) if found.record.has_ended() => slot.unmark().await,
                Some(found) if found.record.is_orphaned(found.age) => drop(adopt(engine, &slot, &found).await),
                Some(_) => {}
                // A task has its mark before it has its record.
                None if stored.age >= slot.lease => slot.unmark().await,
                None => {}
            }
        }
        if page.len() < PAGE {
            return Ok(());
        }
        after = page.last().map(|(mark, _)| mark.name.clone());
    }
}

/// Takes a task over; none where that is not possible now, or somebody else was faster.
pub(super) async fn adopt(engine: &Arc<Engine>, slot: &Slot, found: &Found) -> Option<Found> {
    let Phase::Open(open) = &found.record.phase else { return None };
    let place = match &open.again {
        Some(again) => {
            let served = again_served(&engine.catalogue, &found.record, again);
            if served.is_some_and(|served| engine.switches.check(served.tool).is_err()) {
                return None;
            }
            Some(Place::take(engine, &slot.id).ok()?)
        }
        None => None,
    };
    let held_since = engine.clock.now();
    let taken = slot.change(&Event::TakeOver).await.ok()?;
    let Phase::Open(open) = &taken.record.phase else {
        tracing::error!(
            task = slot.id,
            tool = found.record.tool,
            "the process of a task is gone; how it ended is unknown"
        );
        return Some(taken);
    };
    let (Some(place), Some(again)) = (place, open.again.clone()) else { return Some(taken) };
    tracing::warn!(
        task = slot.id,
        tool = taken.record.tool,
        run = open.runs,
        "the process of a task is gone; it is run again"
    );
    match work(engine, &taken.record, again) {
        Ok(work) => {
            let record = Arc::new(taken.record.clone());
            let task = Task { slot: slot.clone(), place, held_since, record };
            run::start(Arc::new(Job::adopted(engine, task)), work, None);
            Some(taken)
        }
        Err(stop) => {
            tracing::error!(task = slot.id, tool = taken.record.tool, "the task can't be run again: {stop}");
            let message = "the tool is no longer served as it was called; see what is served now, and call again";
            slot.change(&Event::End(failed(message, "gone"), Some(message.into()))).await.ok()
        }
    }
}

/// The call of a task, as it was made.
fn work(engine: &Engine, record: &Record, again: Again) -> Result<Work, Stop> {
    let name = &record.tool;
    let gone = || Stop::UnknownTool { name: name.clone(), nearest: None };
    let served = again_served(&engine.catalogue, record, &again).ok_or_else(gone)?;
    let arguments = pipeline::arguments(engine, served, again.arguments.clone())?;
    Ok(Work {
        surface: again.surface.and_then(|release| engine.catalogue.surface(&release)),
        name: name.clone(),
        major: again.major,
        arguments,
        asked: again.arguments,
        call: Call {
            tool: Arc::clone(&served.tool.name),
            request_id: again.request_id,
            principal: Principal::named(&record.principal),
            meta: again.meta,
            deadline: deadline(engine, served),
            cancellation: CancellationToken::new(),
            responses: again.responses,
            idempotency_key: again.idempotency_key,
            channel: Arc::new(Gone(again.capabilities)),
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
