//! Something that has to be made before a store can be used, and may fail: a connection, an open file, a migration.
//!
//! Invariant: at most one attempt runs at a time, and it goes on although whoever waited for it gave up, so that one
//! that takes longer than a single operation still gets to its end. A failure is remembered for a moment, so that
//! a store that is away is not asked at the rate of the calls.

use std::{
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{FutureExt, future::Shared};
use tokio::time::Instant;

use super::StoreError;
use crate::{clock::Clock, context::BoxFuture};

/// See the module.
pub(super) struct Attempt<T> {
    store: Arc<str>,
    clock: Clock,
    /// How long a failure is remembered.
    pause: Duration,
    state: Mutex<State<T>>,
}

type Running<T> = Shared<BoxFuture<'static, Result<Arc<T>, StoreError>>>;

enum State<T> {
    Idle,
    Running(Running<T>),
    Made(Arc<T>),
    Failed { error: StoreError, at: Instant },
}

impl<T: Send + Sync + 'static> Attempt<T> {
    /// Nothing was tried yet.
    pub(super) fn new(store: &Arc<str>, clock: Clock, pause: Duration) -> Self {
        Self { store: Arc::clone(store), clock, pause, state: Mutex::new(State::Idle) }
    }

    /// What was made, or is made now by `make`.
    pub(super) async fn get<F>(&self, make: impl FnOnce() -> F) -> Result<Arc<T>, StoreError>
    where
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let running = {
            let mut state = self.lock();
            match &*state {
                State::Made(made) => return Ok(Arc::clone(made)),
                State::Failed { error, at } if self.clock.now().saturating_duration_since(*at) < self.pause => {
                    return Err(error.clone());
                }
                State::Running(running) => running.clone(),
                State::Idle | State::Failed { .. } => {
                    let running = self.start(make());
                    *state = State::Running(running.clone());
                    running
                }
            }
        };
        let result = running.clone().await;
        let mut state = self.lock();
        if matches!(&*state, State::Running(current) if current.ptr_eq(&running)) {
            *state = match &result {
                Ok(made) => State::Made(Arc::clone(made)),
                Err(error) => State::Failed { error: error.clone(), at: self.clock.now() },
            };
        }
        result
    }

    /// What was made turned out to be of no use any more.
    pub(super) fn forget(&self, useless: &Arc<T>) {
        let mut state = self.lock();
        if matches!(&*state, State::Made(made) if Arc::ptr_eq(made, useless)) {
            *state = State::Idle;
        }
    }

    fn start(&self, attempt: impl Future<Output = Result<T, StoreError>> + Send + 'static) -> Running<T> {
        let task = tokio::spawn(attempt);
        let store = Arc::clone(&self.store);
        let running: BoxFuture<'static, _> = Box::pin(async move {
            match task.await {
                Ok(result) => result.map(Arc::new),
                Err(error) => {
                    Err(StoreError::broken(&store, "it can't be opened", "see the log for a panic").because(error))
                }
            }
        });
        running.shared()
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn attempt() -> (Attempt<u32>, Arc<AtomicU32>) {
        (Attempt::new(&"test".into(), Clock::system(), SECOND), Arc::default())
    }

    fn away() -> StoreError {
        StoreError::away(&"test".into(), "away", "wait")
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_goes_on_although_nobody_waits_for_it() {
        let (attempt, made) = attempt();
        for _ in 0..5 {
            let made = Arc::clone(&made);
            let slow = || async move {
                tokio::time::sleep(3 * SECOND).await;
                Ok(made.fetch_add(1, Ordering::Relaxed))
            };
            let _ = tokio::time::timeout(SECOND, attempt.get(slow)).await;
        }
        assert_eq!(attempt.get(|| async { Err(away()) }).await.ok().as_deref(), Some(&0));
        assert_eq!(made.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_remembered_for_the_pause_and_no_longer() {
        let (attempt, tried) = attempt();
        let try_it = async || {
            let tried = Arc::clone(&tried);
            let failing = || async move {
                tried.fetch_add(1, Ordering::Relaxed);
                Err(away())
            };
            attempt.get(failing).await.unwrap_err()
        };
        assert!(try_it().await.is_away() && try_it().await.is_away());
        assert_eq!(tried.load(Ordering::Relaxed), 1);
        tokio::time::advance(SECOND).await;
        try_it().await;
        assert_eq!(tried.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn what_became_useless_is_made_anew_once() {
        let (attempt, _) = attempt();
        let first = attempt.get(|| async { Ok(1) }).await.unwrap();
        attempt.forget(&first);
        let second = attempt.get(|| async { Ok(2) }).await.unwrap();
        attempt.forget(&first);
        assert_eq!(*attempt.get(|| async { Ok(3) }).await.unwrap(), *second);
    }
}
