//! A bounded number of calls at once, shared fairly between callers: for the whole server, and for each upstream.
//!
//! Invariant: whether a call runs, waits or is refused is decided by [`Bulkhead::enter`], at once; by which rules,
//! `queue` says. A place that becomes free goes straight to whoever is next. A future that is dropped, at any time,
//! gives back what it had: its place in the queue, or the place to run that it was given and had not taken yet.
//!
//! It knows no deadlines: whoever waits drops the future when its time is over.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    Clock,
    queue::{Arrival, BulkheadPolicy, Look, Queue, Whose},
    sync::{Mutex, lock},
};

/// How long a call is taken to run before any has ended.
const FIRST_GUESS: Duration = Duration::from_millis(100);

/// See the module.
#[derive(Debug)]
pub(crate) struct Bulkhead {
    clock: Clock,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    queue: Queue,
    /// How long calls ran, as a moving average.
    held: Duration,
}

/// There is no place to run, nor to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full {
    /// Whose bound is reached.
    pub(crate) whose: Whose,
    /// When there may be a place to run: a guess, from how long calls ran lately and how many wait.
    pub(crate) retry_after: Duration,
}

/// A call that was let in, or waits for that; a future of its [`Slot`]. [`Full`] comes out when the place to wait had
/// to be given to another caller.
#[derive(Debug)]
#[must_use = "the place is given back when this is dropped"]
pub(crate) struct Entering<'a> {
    bulkhead: &'a Bulkhead,
    caller: Arc<str>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    Inside,
    Waiting(u64),
    Over,
}

/// Held while a call runs.
#[derive(Debug)]
#[must_use = "the place is given back when this is dropped"]
pub(crate) struct Slot<'a> {
    bulkhead: &'a Bulkhead,
    caller: Arc<str>,
    since: Instant,
}

impl Bulkhead {
    /// Nobody runs, nobody waits.
    pub(crate) fn new(policy: BulkheadPolicy, clock: Clock) -> Self {
        Self { clock, inner: Mutex::new(Inner { queue: Queue::new(policy), held: FIRST_GUESS }) }
    }

    /// Lets a call of this caller in, or into the queue.
    ///
    /// # Errors
    /// [`Full`], when there is no place to wait either.
    pub(crate) fn enter(&self, caller: &Arc<str>) -> Result<Entering<'_>, Full> {
        let mut inner = lock(&self.inner);
        let arrival = inner.queue.arrive(caller).map_err(|whose| inner.full(caller, whose))?;
        drop(inner);
        let stage = match arrival {
            Arrival::Runs => Stage::Inside,
            Arrival::Waits { ticket, evicted } => {
                evicted.into_iter().for_each(std::task::Waker::wake);
                Stage::Waiting(ticket)
            }
        };
        Ok(Entering { bulkhead: self, caller: Arc::clone(caller), stage })
    }

    /// What [`Bulkhead::enter`] would refuse a call of this caller with, if it would.
    pub(crate) fn full(&self, caller: &Arc<str>) -> Option<Full> {
        let inner = lock(&self.inner);
        inner.queue.refuses(caller).map(|whose| inner.full(caller, whose))
    }

    /// How many calls run.
    pub(crate) fn running(&self) -> usize {
        lock(&self.inner).queue.running()
    }

    /// How many calls wait.
    pub(crate) fn waiting(&self) -> usize {
        lock(&self.inner).queue.waiting()
    }
}

#[cfg(test)]
impl Entering<'_> {
    /// Whether the call must wait: the future is not ready yet.
    pub(crate) fn waits(&self) -> bool {
        matches!(self.stage, Stage::Waiting(_))
    }
}

impl<'a> Future for Entering<'a> {
    type Output = Result<Slot<'a>, Full>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Stage::Waiting(ticket) = self.stage {
            let mut inner = lock(&self.bulkhead.inner);
            match inner.queue.look(ticket, context.waker()) {
                Look::Waits(other) => {
                    // Dropping a waker may run code of its task, which may come here.
                    drop(inner);
                    drop(other);
                    return Poll::Pending;
                }
                Look::Runs => {}
                Look::Evicted => {
                    let full = inner.full(&self.caller, Whose::Everybody);
                    drop(inner);
                    self.stage = Stage::Over;
                    return Poll::Ready(Err(full));
                }
            }
        }
        assert!(!matches!(self.stage, Stage::Over), "polled after it was ready");
        self.stage = Stage::Over;
        let since = self.bulkhead.clock.now();
        Poll::Ready(Ok(Slot { bulkhead: self.bulkhead, caller: Arc::clone(&self.caller), since }))
    }
}

impl Drop for Entering<'_> {
    fn drop(&mut self) {
        let (next, _own) = match self.stage {
            Stage::Inside => (lock(&self.bulkhead.inner).queue.leave(&self.caller), None),
            Stage::Waiting(ticket) => lock(&self.bulkhead.inner).queue.abandon(&self.caller, ticket),
            Stage::Over => (None, None),
        };
        next.into_iter().for_each(std::task::Waker::wake);
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let held = self.bulkhead.clock.now().saturating_duration_since(self.since);
        let mut inner = lock(&self.bulkhead.inner);
        inner.held = (inner.held * 7 + held) / 8;
        let next = inner.queue.leave(&self.caller);
        drop(inner);
        next.into_iter().for_each(std::task::Waker::wake);
    }
}

impl Inner {
    /// By Little's law: those who wait, and one more, pass at the rate at which running calls end.
    fn full(&self, caller: &str, whose: Whose) -> Full {
        let BulkheadPolicy { concurrency, per_caller, .. } = *self.queue.policy();
        let (ahead, lanes) = match whose {
            Whose::Caller => (self.queue.waiting_of(caller), per_caller.min(concurrency)),
            Whose::Everybody => (self.queue.waiting(), concurrency),
        };
        Full { whose, retry_after: self.held.mul_f64((ahead + 1) as f64 / lanes as f64) }
    }
}
