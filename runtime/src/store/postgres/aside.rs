//! A thread of its own for what talks to the server.
//!
//! Each step of an operation would otherwise wait in turn behind all calls that are being served. A server that is
//! swamped would take its store for away, close connections and open new ones, and be swamped the more.
//!
//! Invariant: an operation comes to its end, or to its time-out, whether anybody waits for it or not.

use tokio::{
    runtime::{Builder, EnterGuard, Runtime},
    task::JoinHandle,
};

/// See the module.
pub(super) struct Aside {
    /// None once it is ending.
    runtime: Option<Runtime>,
}

impl Aside {
    /// Starts the thread.
    pub(super) fn new() -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("store").enable_all().build()?;
        Ok(Self { runtime: Some(runtime) })
    }

    /// What is spawned by this thread meanwhile runs aside.
    pub(super) fn enter(&self) -> Option<EnterGuard<'_>> {
        self.runtime.as_ref().map(Runtime::enter)
    }

    /// Starts something aside.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        operation: impl Future<Output = T> + Send + 'static,
    ) -> Option<JoinHandle<T>> {
        self.runtime.as_ref().map(|runtime| runtime.spawn(operation))
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // Not waited for: this may be a thread that must not wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
