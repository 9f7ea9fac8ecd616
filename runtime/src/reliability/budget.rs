//! The retry budget of an upstream: how many retries its first attempts pay for.
//!
//! After the SRE book ("Handling Overload") and Finagle's `RetryBudget`. Invariant: a retry is allowed only while the
//! retries of the window, itself included, are at most the larger of `floor` and `ratio` times the first attempts of
//! the same window. Every retry outlives in the window the attempts that paid for it, so none pays twice, and an
//! upstream that fails everything sees at most `1 + ratio` of its normal load (the floor aside).
//!
//! It does not decide what is worth a retry, nor when.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    sync::{Mutex, lock},
    window::Window,
};

/// How much retrying an upstream must bear.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct BudgetPolicy {
    /// How far back attempts and retries count.
    pub(crate) window: Duration,
    /// Retries for each first attempt.
    pub(crate) ratio: f64,
    /// Retries that a window may have without any first attempts to pay for them.
    pub(crate) floor: u32,
}

impl Default for BudgetPolicy {
    fn default() -> Self {
        Self { window: Duration::from_secs(10), ratio: 0.2, floor: 2 }
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Budget {
    policy: BudgetPolicy,
    window: Mutex<Window<2>>,
}

impl Budget {
    /// A budget without attempts or retries.
    pub(crate) fn new(policy: BudgetPolicy) -> Self {
        Self { policy, window: Mutex::new(Window::new(policy.window)) }
    }

    /// How much retrying it allows.
    pub(crate) const fn policy(&self) -> BudgetPolicy {
        self.policy
    }

    /// Counts the first attempt of a call.
    pub(crate) fn offered(&self, now: Instant) {
        lock(&self.window).add(now, OFFERED);
    }

    /// Takes one retry from the budget; `false` if none is left.
    pub(crate) fn withdraw(&self, now: Instant) -> bool {
        let mut window = lock(&self.window);
        let [offered, retried] = window.totals(now);
        let allowed = retried < self.policy.floor || f64::from(retried + 1) <= self.policy.ratio * f64::from(offered);
        if allowed {
            window.add(now, RETRIED);
        }
        allowed
    }
}

/// The counters of the window.
const OFFERED: usize = 0;
const RETRIED: usize = 1;
