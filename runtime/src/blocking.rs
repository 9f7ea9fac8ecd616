//! Functions that are not `async`: each runs on a thread of its own, which nothing can take from it.
//!
//! Invariants:
//! - A server's functions take a bounded number of threads, those of one tool a part of them: the store needs threads,
//!   too, and a tool that hangs must not keep the others from theirs. Where none is left a call is refused at once.
//! - A function that has not begun when its caller gives up never begins.
//! - A function counts from when it begins until it ends or panics, also after its call was answered without it. The
//!   count is the process's, as its threads are; whoever ends the process looks at it.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Notify, task::JoinHandle};
use tracing::Span;

use crate::{context::CallContext, error::ToolError, tasks};

/// When a call that found no thread should be tried again: a guess, since what hangs says nothing.
const AGAIN: Duration = Duration::from_secs(1);

static RUNNING: AtomicUsize = AtomicUsize::new(0);
static ENDED: Notify = Notify::const_new();

/// Runs a function that may block on a thread of its own.
///
/// # Errors
/// When there is no thread for it, and when the runtime stops before it begins. A panic of the function goes on in the
/// caller.
pub async fn run_blocking<T: Send + 'static>(
    context: &CallContext,
    function: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ToolError> {
    let thread = context.threads().take(context.shared_tool()).ok_or_else(|| ToolError::no_thread(AGAIN))?;
    on(thread, function).await
}

async fn on<T: Send + 'static>(thread: Thread, function: impl FnOnce() -> T + Send + 'static) -> Result<T, ToolError> {
    let task = tasks::thread();
    let span = Span::current();
    let counted = move || {
        let _entered = span.enter();
        // Given back when the function has ended, however long after its call that is.
        let (_thread, _task) = (thread, task);
        let _running = Running::begin();
        function()
    };
    let mut waiting = UntilBegun(tokio::task::spawn_blocking(counted));
    match (&mut waiting.0).await {
        Ok(value) => Ok(value),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(ToolError::internal("the server is stopping").with_source(error)),
        },
    }
}

/// How many run in the process.
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

/// The threads that a server's functions may take.
#[derive(Debug)]
pub(crate) struct Threads {
    most: usize,
    most_of_one: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    /// The tools that have any.
    of: HashMap<Arc<str>, usize>,
}

/// Held while a function has a thread, or waits for one of the runtime's.
#[derive(Debug)]
struct Thread {
    threads: Arc<Threads>,
    tool: Arc<str>,
}

impl Threads {
    /// So many, of which one tool gets three quarters.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, most_of_one: most - most / 4, taken: Mutex::default() }
    }

    fn take(self: &Arc<Self>, tool: &Arc<str>) -> Option<Thread> {
        let mut taken = self.taken();
        let of_tool = taken.of.get(tool).copied().unwrap_or(0);
        if taken.all >= self.most || of_tool >= self.most_of_one {
            return None;
        }
        taken.all += 1;
        taken.of.insert(Arc::clone(tool), of_tool + 1);
        Some(Thread { threads: Arc::clone(self), tool: Arc::clone(tool) })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        let mut taken = self.threads.taken();
        taken.all -= 1;
        match taken.of.get_mut(&self.tool) {
            Some(of_tool) if *of_tool > 1 => *of_tool -= 1,
            _ => drop(taken.of.remove(&self.tool)),
        }
    }
}

/// Takes a function back when it is dropped, unless it has begun.
struct UntilBegun<T>(JoinHandle<T>);

impl<T> Drop for UntilBegun<T> {
    fn drop(&mut self) {
        self.0.abort();
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

#[cfg(test)]
mod tests;
