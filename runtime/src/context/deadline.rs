//! When a call ends: it may go without progress for a time, and takes no longer than a hard maximum.

use std::{
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use crate::{clock::Clock, duration::millis};

/// How much time a call has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time {
    /// Without progress.
    pub(crate) idle: Duration,
    /// Whatever progress it makes.
    pub(crate) hard: Duration,
}

/// When a call ends: an idle time that progress pushes back, under a hard maximum that nothing moves.
#[derive(Debug)]
pub(crate) struct Deadline {
    clock: Clock,
    start: Instant,
    /// In milliseconds, as what follows.
    idle: AtomicU64,
    hard: AtomicU64,
    /// Milliseconds after `start` at which there was progress last.
    touched: AtomicU64,
    /// How often the client is being asked now; a person may take their time.
    asking: AtomicUsize,
    /// The end may have come nearer.
    nearer: Notify,
}

impl Deadline {
    /// Of a call that began at `start`.
    pub(crate) fn new(clock: Clock, start: Instant, idle: Duration, hard: Duration) -> Self {
        let (idle, hard) = (millis(idle.min(hard)).into(), millis(hard).into());
        Self {
            clock,
            start,
            idle,
            hard,
            touched: AtomicU64::new(0),
            asking: AtomicUsize::new(0),
            nearer: Notify::new(),
        }
    }

    /// Gives the call more time, from now on.
    pub(super) fn extend(&self, Time { idle, hard }: Time) {
        self.touch();
        self.hard.store(self.touched.load(Ordering::Relaxed).saturating_add(millis(hard)), Ordering::Relaxed);
        self.idle.store(millis(idle.min(hard)), Ordering::Relaxed);
    }

    /// Stops the idle clock until the value that is returned is dropped.
    pub(super) fn asking(&self) -> Asking<'_> {
        self.asking.fetch_add(1, Ordering::SeqCst);
        Asking(self)
    }

    /// The call showed progress.
    pub(crate) fn touch(&self) {
        let elapsed = self.clock.now().saturating_duration_since(self.start);
        self.touched.store(millis(elapsed), Ordering::Relaxed);
    }

    /// When the call ends, as things stand.
    pub(crate) fn at(&self) -> Instant {
        if self.is_asking() {
            return self.start + self.hard();
        }
        let touched = Duration::from_millis(self.touched.load(Ordering::Relaxed));
        self.start + touched.saturating_add(self.idle()).min(self.hard())
    }

    /// Whether the client is being asked.
    pub(crate) fn is_asking(&self) -> bool {
        self.asking.load(Ordering::SeqCst) > 0
    }

    /// Resolves once the end that `end` computes from this deadline has passed, wherever it moved meanwhile.
    pub(crate) async fn passed(&self, end: impl Fn() -> Instant) {
        loop {
            let nearer = self.nearer.notified();
            let at = end();
            if at <= self.clock.now() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep_until(at) => {}
                () = nearer => {}
            }
        }
    }

    /// When there was progress last; before there was any, when the call began.
    pub(crate) fn last_progress(&self) -> Instant {
        self.start + Duration::from_millis(self.touched.load(Ordering::Relaxed))
    }

    /// How long the call may take, whatever progress it makes.
    pub(crate) fn hard(&self) -> Duration {
        Duration::from_millis(self.hard.load(Ordering::Relaxed))
    }

    /// How long the call may go without progress.
    pub(crate) fn idle(&self) -> Duration {
        Duration::from_millis(self.idle.load(Ordering::Relaxed))
    }

    pub(super) fn remaining(&self) -> Duration {
        self.at().saturating_duration_since(self.clock.now())
    }
}

/// The client is being asked.
pub(super) struct Asking<'a>(&'a Deadline);

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.touch();
        self.0.asking.fetch_sub(1, Ordering::SeqCst);
        self.0.nearer.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_end_comes_nearer_when_the_client_has_answered() {
        let clock = Clock::system();
        let start = clock.now();
        let deadline = Deadline::new(clock, start, Duration::from_secs(2), Duration::from_secs(300));
        let asking = deadline.asking();
        let answered = async {
            tokio::time::sleep(Duration::from_secs(10)).await;
            drop(asking);
        };
        tokio::join!(deadline.passed(|| deadline.at()), answered);
        assert_eq!(clock.now(), start + Duration::from_secs(12));
    }
}
