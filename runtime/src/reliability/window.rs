//! Counts of the last seconds.
//!
//! Invariant: [`Window::totals`] holds what was added within the window, and nothing older. The window moves by a
//! tenth of its length, so what is younger than nine tenths of it is always counted.

use std::time::Duration;

use tokio::time::Instant;

const BUCKETS: u64 = 10;

/// `N` counters over a window of time, in a ring of buckets.
#[derive(Debug)]
pub(super) struct Window<const N: usize> {
    /// Of a bucket, in nanoseconds; never zero.
    width: u64,
    /// When the first bucket began: the first time that this window heard of.
    origin: Option<Instant>,
    /// The number of the current bucket, counted from the origin.
    newest: u64,
    buckets: [[u32; N]; BUCKETS as usize],
    totals: [u32; N],
}

impl<const N: usize> Window<N> {
    /// An empty window of this length.
    pub(super) fn new(length: Duration) -> Self {
        let width = (nanos(length) / BUCKETS).max(1);
        Self { width, origin: None, newest: 0, buckets: [[0; N]; BUCKETS as usize], totals: [0; N] }
    }

    /// Counts one more of `counter`.
    pub(super) fn add(&mut self, now: Instant, counter: usize) {
        self.move_to(now);
        self.buckets[(self.newest % BUCKETS) as usize][counter] += 1;
        self.totals[counter] += 1;
    }

    /// What was counted within the window.
    pub(super) fn totals(&mut self, now: Instant) -> [u32; N] {
        self.move_to(now);
        self.totals
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.buckets = [[0; N]; BUCKETS as usize];
        self.totals = [0; N];
    }

    /// Empties the buckets between the last time and now. Threads read the clock before they take the lock, so `now`
    /// may be a little earlier than the last: then it counts as the last.
    fn move_to(&mut self, now: Instant) {
        let origin = *self.origin.get_or_insert(now);
        let current = nanos(now.saturating_duration_since(origin)) / self.width;
        let passed = current.saturating_sub(self.newest);
        for bucket in 1..=passed.min(BUCKETS) {
            let old = std::mem::replace(&mut self.buckets[((self.newest + bucket) % BUCKETS) as usize], [0; N]);
            for (total, old) in self.totals.iter_mut().zip(old) {
                *total -= old;
            }
        }
        self.newest += passed;
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
