//! Tasks as the protocol shows them (MCP tasks extension, SEP-2663).

use rmcp::model::{DetailedTask, Task, TaskPayload, TaskStatus};

use super::record::{Phase, Record};
use crate::date;

/// What `tasks/get` shows.
pub(super) fn detailed(id: &str, record: &Record, poll_interval_ms: u64) -> DetailedTask {
    let payload = match &record.phase {
        Phase::Open(open) if open.questions.is_empty() => TaskPayload::Working,
        Phase::Open(open) => TaskPayload::InputRequired { input_requests: open.questions.clone() },
        Phase::Completed { result } => TaskPayload::Completed { result: result.clone() },
        Phase::Failed { error } => TaskPayload::Failed { error: error.clone() },
        Phase::Cancelled => TaskPayload::Cancelled,
    };
    DetailedTask::new(task(id, record, poll_interval_ms), payload)
}

/// The same without what depends on the status: what a call is answered with that became a task.
pub(super) fn task(id: &str, record: &Record, poll_interval_ms: u64) -> Task {
    let status = match &record.phase {
        Phase::Open(open) if open.questions.is_empty() => TaskStatus::Working,
        Phase::Open(_) => TaskStatus::InputRequired,
        Phase::Completed { .. } => TaskStatus::Completed,
        Phase::Failed { .. } => TaskStatus::Failed,
        Phase::Cancelled => TaskStatus::Cancelled,
    };
    let (created, updated) = (date::timestamp(record.created_ms), date::timestamp(record.updated_ms));
    let task = Task::new(id, status, created, updated).with_ttl_ms(record.ttl_ms);
    let task = task.with_poll_interval_ms(poll_interval_ms);
    match &record.message {
        Some(message) => task.with_status_message(message),
        None => task,
    }
}
