//! How long to wait before a retry: exponential, with full jitter.
//!
//! After Brooker, "Exponential Backoff and Jitter" (AWS Architecture Blog, 2015): of the variants compared there, full
//! jitter spreads callers that failed together best, with the fewest calls. It does not wait itself.

use std::time::Duration;

use super::random::Random;

/// The bounds of the delays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BackoffPolicy {
    /// The longest delay before the first retry; it doubles with each.
    pub(crate) base: Duration,
    /// The longest delay of all.
    pub(crate) cap: Duration,
}

impl Default for BackoffPolicy {
    fn default() -> Self {
        Self { base: Duration::from_millis(50), cap: Duration::from_secs(2) }
    }
}

impl BackoffPolicy {
    /// The delay before retry number `retry`, counted from zero: anything up to [`Self::ceiling`], each as likely.
    pub(crate) fn delay(&self, retry: u32, random: &Random) -> Duration {
        let most = u64::try_from(self.ceiling(retry).as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(random.up_to(most))
    }

    /// The longest delay before this retry: `min(cap, base * 2^retry)`.
    pub(crate) fn ceiling(&self, retry: u32) -> Duration {
        let factor = 1_u32.checked_shl(retry).unwrap_or(u32::MAX);
        self.base.saturating_mul(factor).min(self.cap)
    }
}
