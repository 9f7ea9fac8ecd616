//! When to log that a store fails: at once, and then now and then for as long as it does.
//!
//! Invariant: of each kind of record one warning in [`EVERY`] at most, however many calls fail. It does not log itself,
//! and does not know when the store is back.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::Kind;

/// Between two warnings.
const EVERY: Duration = Duration::from_secs(60);

/// When it was last warned, by kind.
#[derive(Debug, Default)]
pub(crate) struct Warnings(Mutex<HashMap<Kind, Instant>>);

impl Warnings {
    /// Whether to warn now. Who is told so has to.
    pub(crate) fn is_due(&self, kind: Kind, now: Instant) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.get(&kind).is_none_or(|last| now.saturating_duration_since(*last) >= EVERY);
        if due {
            last.insert(kind, now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn a_store_that_stays_away_is_warned_of_at_once_and_then_once_a_minute_for_each_kind() {
        let (warnings, began) = (Warnings::default(), Clock::system().now());
        let due = |kind, seconds| warnings.is_due(kind, began + Duration::from_secs(seconds));
        let claims: Vec<u64> = (0..150).filter(|second| due(Kind::Claim, *second)).collect();
        assert_eq!(claims, [0, 60, 120]);
        assert!(due(Kind::Limit, 1) && !due(Kind::Limit, 2));
    }
}
