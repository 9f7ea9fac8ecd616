//! Rate limits: how many calls of a key may pass in a time.
//!
//! The generic cell rate algorithm (ITU-T I.371, annex A), as `governor` implements it, over this crate's clock.
//! Invariant: in any time `t`, at most `burst + t * count / per` calls of a key pass; who waits as long as it was
//! told to passes, unless another call of its key was faster.
//!
//! Kept in this process and forgotten with it. A key is remembered only until its burst is whole again.

use std::{collections::HashMap, sync::Arc, time::Duration};

use governor::{RateLimiter, clock::Clock as _, middleware::NoOpMiddleware, state::keyed::HashMapStateStore};
use tokio::time::Instant;

use super::{
    Clock,
    quota::Quota,
    sync::{Mutex, lock},
};

/// Idle keys are looked for after at least this many calls.
const SWEEP: usize = 1024;

/// Who came too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limited {
    /// When the next call passes.
    pub(crate) retry_after: Duration,
}

/// The calls of all keys, by quota.
#[derive(Debug)]
pub(crate) struct Limits {
    time: Time,
    inner: Mutex<Inner>,
}

impl Limits {
    /// Limits that nobody has used.
    pub(crate) fn new(clock: Clock) -> Self {
        let time = Time { origin: clock.now(), clock };
        Self { time, inner: Mutex::new(Inner { limiters: HashMap::new(), until_sweep: SWEEP }) }
    }

    /// Takes one call of this key from its quota. A key says whose calls it counts and for which limit: equal keys
    /// with equal quotas share.
    ///
    /// # Errors
    /// [`Limited`]; nothing was taken.
    pub(crate) fn take(&self, key: &Arc<str>, quota: Quota) -> Result<(), Limited> {
        let mut inner = lock(&self.inner);
        inner.sweep();
        let limiter = inner.limiters.entry(quota).or_insert_with(|| limiter(quota, self.time));
        let limited = match limiter.check_key(key) {
            Ok(()) => return Ok(()),
            Err(limited) => limited,
        };
        Err(Limited { retry_after: limited.wait_time_from(self.time.now()) })
    }

    /// How many keys are remembered.
    #[cfg(test)]
    pub(crate) fn keys(&self) -> usize {
        lock(&self.inner).keys()
    }
}

type Limiter = RateLimiter<Arc<str>, HashMapStateStore<Arc<str>>, Time, NoOpMiddleware<Duration>>;

#[derive(Debug)]
struct Inner {
    limiters: HashMap<Quota, Limiter>,
    until_sweep: usize,
}

impl Inner {
    /// Forgets idle keys after as many calls as there were keys, so that what a sweep costs is little for each call,
    /// and no more keys are idle than that.
    fn sweep(&mut self) {
        self.until_sweep -= 1;
        if self.until_sweep == 0 {
            self.limiters.retain(|_, limiter| {
                limiter.retain_recent();
                !limiter.is_empty()
            });
            self.until_sweep = self.keys().max(SWEEP);
        }
    }

    fn keys(&self) -> usize {
        self.limiters.values().map(RateLimiter::len).sum()
    }
}

fn limiter(quota: Quota, time: Time) -> Limiter {
    let interval = Duration::from_nanos(quota.interval());
    let rate = governor::Quota::with_period(interval).expect("an interval is never zero");
    RateLimiter::hashmap_with_clock(rate.allow_burst(quota.burst()), time)
}

/// This crate's clock as governor's.
#[derive(Debug, Clone, Copy)]
struct Time {
    clock: Clock,
    origin: Instant,
}

impl governor::clock::Clock for Time {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.clock.now().saturating_duration_since(self.origin)
    }
}
