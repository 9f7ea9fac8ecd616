//! What is kept of an answer, and given again.

use std::time::Duration;

use rmcp::model::ContentBlock;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    call::{Outcome, Stop},
    duration::millis,
    error::{ErrorKind, ToolError},
};

/// What is kept of an answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// The tool's result.
    Done { content: Vec<ContentBlock>, structured: Option<Value> },
    /// The tool's error.
    Error { kind: ErrorKind, message: String, retry_after_ms: Option<u64> },
    /// A task, which has the answer.
    Task { id: String },
    /// An answer that was larger than what is kept.
    TooLarge,
}

impl From<&ToolError> for Answer {
    fn from(error: &ToolError) -> Self {
        let retry_after_ms = error.retry_after().map(millis);
        Self::Error { kind: error.kind(), message: error.message().to_owned(), retry_after_ms }
    }
}

impl Answer {
    /// What was kept; an answer that can't be read was not.
    pub(crate) fn read(answer: &str) -> Self {
        serde_json::from_str(answer).unwrap_or(Self::TooLarge)
    }

    /// The outcome, or the stop that says that it was not kept. That of a task is looked for where tasks are.
    pub(crate) fn outcome(self) -> Result<Outcome, Stop> {
        match self {
            Self::Done { content, structured } => Ok(Outcome::Done { content, structured }),
            Self::Error { kind, message, retry_after_ms } => {
                let mut error = ToolError::new(kind, message);
                if let Some(after) = retry_after_ms {
                    error = error.with_retry_after(Duration::from_millis(after));
                }
                Err(Stop::Tool(error))
            }
            Self::TooLarge | Self::Task { .. } => Err(Stop::AnswerNotKept),
        }
    }
}
