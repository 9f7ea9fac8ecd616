//! Functions that are not `async`: each runs on a thread of its own, which nothing can take from it.
//!
//! Invariant: a function counts from when it begins until it ends or panics, also after its call was answered without
//! it. The count is the process's, as its threads are; whoever ends the process looks at it.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

use crate::error::ToolError;

static RUNNING: AtomicUsize = AtomicUsize::new(0);
static ENDED: Notify = Notify::const_new();

/// Runs a function that may block on a thread of its own.
///
/// # Errors
/// When the runtime stops before the function begins. A panic of the function goes on in the caller.
pub async fn run_blocking<T: Send + 'static>(function: impl FnOnce() -> T + Send + 'static) -> Result<T, ToolError> {
    let counted = || {
        let _running = Running::begin();
        function()
    };
    match tokio::task::spawn_blocking(counted).await {
        Ok(value) => Ok(value),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(ToolError::internal("the server is stopping").with_source(error)),
        },
    }
}

/// How many run.
pub(crate) fn running() -> usize {
    RUNNING.load(Ordering::SeqCst)
}

/// Waits until none runs.
pub(crate) async fn idle() {
    loop {
        let ended = ENDED.notified();
        if running() == 0 {
            return;
        }
        ended.await;
    }
}

struct Running;

impl Running {
    fn begin() -> Self {
        RUNNING.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if RUNNING.fetch_sub(1, Ordering::SeqCst) == 1 {
            ENDED.notify_waiters();
        }
    }
}
