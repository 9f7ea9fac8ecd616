//! The seam through which time and randomness enter.
//!
//! Invariant: nothing else in this crate asks the system for the time or for random bytes, so a test that pauses
//! the clock decides what every timeout, expiry and identifier does.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Tells the time, monotonic and of day.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// A paused clock derives the time of day from the monotonic one, which a test advances.
    fixed: Option<(SystemTime, Instant)>,
}

impl Clock {
    /// The system's clock.
    pub const fn system() -> Self {
        Self { fixed: None }
    }

    /// A clock that shows `start` now and moves with tokio's time, which a test can pause and advance.
    #[allow(clippy::disallowed_methods, reason = "this is the seam")]
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn starting_at(start: SystemTime) -> Self {
        Self { fixed: Some((start, Instant::now())) }
    }

    /// Monotonic time; tokio's, so that timers agree with it.
    #[allow(clippy::disallowed_methods, reason = "this is the seam")]
    pub fn now(&self) -> Instant {
        Instant::now()
    }

    /// The time of day.
    #[allow(clippy::disallowed_methods, reason = "this is the seam")]
    pub fn wall(&self) -> SystemTime {
        match self.fixed {
            None => SystemTime::now(),
            Some((start, origin)) => start + self.now().saturating_duration_since(origin),
        }
    }

    /// The time of day in milliseconds since 1970-01-01T00:00:00Z.
    pub(crate) fn unix_millis(&self) -> u64 {
        let since = self.wall().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

/// Fills a key or a nonce with random bytes of the operating system.
///
/// # Errors
/// When the system has no randomness to give, which is a reason not to start or not to answer.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
