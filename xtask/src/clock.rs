//! The only place of this crate that reads the clock and pauses: commands measure and wait in real time.

use std::{
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use steadfast_contract::Date;

/// A moment after which a wait is given up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(crate) fn after(limit: Duration) -> Self {
        Self(now() + limit)
    }

    /// What is left, or `None` once it has passed.
    pub(crate) fn left(self) -> Option<Duration> {
        self.0.checked_duration_since(now()).filter(|left| !left.is_zero())
    }
}

#[expect(clippy::disallowed_methods, reason = "commands run in real time; no test depends on it")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The day, in UTC; none when the system's clock is outside of the calendar.
#[expect(clippy::disallowed_methods, reason = "dates of contracts are judged on the day of the command")]
pub(crate) fn today() -> Option<Date> {
    Date::at(SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs())
}

/// Waits a moment before a condition is looked at again.
#[expect(clippy::disallowed_methods, reason = "the condition is another process's, which can't notify this one")]
pub(crate) fn pause() {
    thread::sleep(Duration::from_millis(20));
}

/// `1.4s`, `72s`.
pub(crate) fn seconds(time: Duration) -> String {
    if time < Duration::from_secs(10) { format!("{:.1}s", time.as_secs_f64()) } else { format!("{}s", time.as_secs()) }
}
