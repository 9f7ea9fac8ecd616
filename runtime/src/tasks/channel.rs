//! The way back to the caller of a call that is, or may become, a task.
//!
//! Before there is a task this is the client's own channel. From then on progress is the task's status message, a
//! question is kept in the task until its caller answers by `tasks/update`, and messages for the client's log have
//! nowhere to go.

use std::sync::Arc;

use rmcp::model::{ClientCapabilities, InputRequests, InputResponses};
use serde_json::Value;

use super::{
    job::{Job, Task},
    record::{Event, Phase},
    slot::Unchanged,
};
use crate::{
    context::{BoxFuture, Channel, Interaction, LogLevel, Time},
    error::{ErrorKind, ToolError},
    store::Kind,
};

/// See the module.
pub(super) struct TaskChannel {
    job: Arc<Job>,
    /// Of the call.
    before: Arc<dyn Channel>,
    capabilities: ClientCapabilities,
    /// Of the task.
    time: Time,
}

impl TaskChannel {
    pub(super) fn new(job: Arc<Job>, before: Arc<dyn Channel>, capabilities: ClientCapabilities, time: Time) -> Self {
        Self { job, before, capabilities, time }
    }

    /// The client's own channel, while there is no task.
    fn before(&self) -> Option<&Arc<dyn Channel>> {
        Some(&self.before).filter(|_| self.job.task().is_none())
    }

    async fn ask(&self, attempt: u32, requests: InputRequests) -> Result<InputResponses, ToolError> {
        if let Some(before) = self.before() {
            return before.request(attempt, requests).await;
        }
        let task = self.job.become_task().await.map_err(refused)?;
        let keyed: Vec<_> =
            requests.into_iter().map(|(key, request)| (self.job.key(attempt, &key), key, request)).collect();
        let questions = keyed.iter().map(|(wire, _, request)| (wire.clone(), request.clone())).collect();
        self.job.saw(self.put(task, &Event::Ask(questions)).await?);
        // A task that ends meanwhile ends this call, too.
        let mut seen = self.job.watch();
        let answered = seen.wait_for(|record| {
            let Some(Phase::Open(open)) = record.as_ref().map(|record| &record.phase) else { return false };
            keyed.iter().all(|(wire, ..)| open.answers.contains_key(wire))
        });
        let record = answered.await.map_err(|_| gone())?.clone();
        let Some(Phase::Open(open)) = record.as_ref().map(|record| &record.phase) else { return Err(gone()) };
        let answer = |(wire, key, _): &(String, String, _)| Some((key.clone(), open.answers.get(wire)?.clone()));
        Ok(keyed.iter().filter_map(answer).collect())
    }

    /// Writes to the record; while the store is away, again and again.
    async fn put(&self, task: &Task, event: &Event) -> Result<super::slot::Found, ToolError> {
        let engine = &self.job.engine;
        loop {
            match task.slot.change(event).await {
                Ok(found) => return Ok(found),
                Err(Unchanged::Absent | Unchanged::Foreign | Unchanged::Refused(_)) => return Err(gone()),
                Err(Unchanged::Contended) => {}
                Err(Unchanged::Store(error)) => engine.metrics.store_failed(Kind::Task, &error),
            }
            tokio::time::sleep(engine.tasks.settings.poll).await;
        }
    }
}

impl Channel for TaskChannel {
    fn progress(&self, progress: f64, total: Option<f64>, message: Option<String>) -> BoxFuture<'_, ()> {
        if let Some(before) = self.before() {
            return before.progress(progress, total, message);
        }
        let message = message.unwrap_or_else(|| match total {
            Some(total) => format!("{progress} of {total}"),
            None => progress.to_string(),
        });
        self.job.say(message);
        Box::pin(std::future::ready(()))
    }

    fn log(&self, level: LogLevel, data: Value) -> BoxFuture<'_, ()> {
        match self.before() {
            Some(before) => before.log(level, data),
            None => Box::pin(std::future::ready(())),
        }
    }

    fn capabilities(&self) -> ClientCapabilities {
        self.capabilities.clone()
    }

    fn interaction(&self) -> Interaction {
        self.before().map_or(Interaction::Live, |before| before.interaction())
    }

    fn request(&self, attempt: u32, requests: InputRequests) -> BoxFuture<'_, Result<InputResponses, ToolError>> {
        Box::pin(self.ask(attempt, requests))
    }

    fn become_task(&self) -> BoxFuture<'_, Result<Option<Time>, ToolError>> {
        Box::pin(async {
            // Only once: a call does not get its time again by asking for it.
            let first = self.job.task().is_none();
            self.job.become_task().await.map_err(refused)?;
            // Who looks after the task was woken, on this thread: it goes first, however long the function computes.
            tokio::task::yield_now().await;
            Ok(first.then_some(self.time))
        })
    }
}

/// A call that can't become a task.
fn refused(stop: crate::call::Stop) -> ToolError {
    ToolError::unavailable("the call can't become a task now; call again later").with_source(stop)
}

/// The task has ended; nobody reads what its function returns.
fn gone() -> ToolError {
    ToolError::new(ErrorKind::Cancelled, "the task has ended")
}
