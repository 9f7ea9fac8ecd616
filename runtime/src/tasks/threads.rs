//! The threads of a task whose function is not `async`: nothing can take them from it, so they may outlive its run.
//!
//! Invariant: a task counts as running for as long as one of its threads does, and its lease is kept for as long as the
//! store lets it, so that another process does not begin what still runs here. This does not stop a thread.

use std::future::Future;

use tokio::sync::watch;

tokio::task_local! {
    static OWN: Thread;
}

/// Held by each thread until its function ends.
pub(crate) type Thread = watch::Receiver<()>;

/// See the module.
pub(super) struct Threads(watch::Sender<()>);

/// For a thread that the task that runs here begins; none where no task does.
pub(crate) fn thread() -> Option<Thread> {
    OWN.try_with(Clone::clone).ok()
}

impl Threads {
    /// Runs a function, and counts its threads.
    pub(super) fn of<F: Future>(function: F) -> (Self, impl Future<Output = F::Output>) {
        let (threads, own) = watch::channel(());
        (Self(threads), OWN.scope(own, function))
    }

    /// Whether none is left, once what runs the function was dropped.
    pub(super) fn have_ended(&self) -> bool {
        self.0.is_closed()
    }

    /// Waits until none is left.
    pub(super) async fn ended(&self) {
        self.0.closed().await;
    }
}
