//! What a drill does to a function: it stands around it, and lets it answer, late, with an error, or not at all.

use std::{
    panic::resume_unwind,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use tokio::time::sleep;

use crate::{
    catalogue::Run,
    error::ToolError,
    tool::{Content, Output, OutputSchema, WRAPPER},
};

/// What is wrong with the upstream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing.
    #[default]
    None,
    /// It takes longer, and then answers.
    Slow(Duration),
    /// It can't be reached, and says so at once.
    Unavailable,
    /// Its answer makes the function panic.
    Panics,
    /// It never answers.
    Dead,
}

/// The fault of the moment, and how often the function was reached.
#[derive(Debug, Default)]
pub(super) struct Faults {
    now: Mutex<Fault>,
    attempts: AtomicU32,
}

impl Faults {
    /// Goes on with another fault, and counts from zero.
    pub(super) fn set(&self, fault: Fault) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = fault;
        self.attempts.store(0, Ordering::Relaxed);
    }

    /// Attempts since [`set`](Self::set).
    pub(super) fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// A function that has the fault of the moment.
    pub(super) fn around(self: &Arc<Self>, run: Run) -> Run {
        let (faults, run) = (Arc::clone(self), Arc::new(run));
        Box::new(move |context, arguments| {
            let (faults, run) = (Arc::clone(&faults), Arc::clone(&run));
            Box::pin(async move {
                faults.attempts.fetch_add(1, Ordering::Relaxed);
                let fault = *faults.now.lock().unwrap_or_else(PoisonError::into_inner);
                match fault {
                    Fault::None => {}
                    Fault::Slow(by) => sleep(by).await,
                    Fault::Unavailable => return Err(ToolError::unavailable("the upstream can't be reached")),
                    // Unwinds without the panic hook: nothing went wrong that anybody would want to read of.
                    Fault::Panics => resume_unwind(Box::new("a panic of the drill")),
                    Fault::Dead => std::future::pending().await,
                }
                run(context, arguments).await
            })
        })
    }
}

/// A function that does nothing, and answers as one with this output would.
pub(super) fn simulated(output: &OutputSchema, instance: impl FnOnce(&Value) -> Option<Value>) -> Run {
    let value = match output {
        OutputSchema::Object(schema) => instance(schema).unwrap_or_default(),
        OutputSchema::Wrapped(schema) => instance(schema).map(|mut value| value[WRAPPER].take()).unwrap_or_default(),
        OutputSchema::Text => "an answer of the drill".into(),
        OutputSchema::Unit => Value::Null,
        OutputSchema::Content => {
            return Box::new(|_, _| {
                Box::pin(std::future::ready(Ok(Output::Content(Content::text("an answer of the drill")))))
            });
        }
    };
    Box::new(move |_, _| Box::pin(std::future::ready(Ok(Output::Value(value.clone())))))
}
