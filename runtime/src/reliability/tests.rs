//! Each part alone, on time that the test makes up. How they hold when threads meet, the model checks say.

mod backoff;
mod breaker;
mod budget;
mod bulkhead;
mod limit;
mod quota;
mod window;

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::clock::Clock;

/// Some time to count from.
fn start() -> Instant {
    Clock::system().now()
}

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn key(name: &str) -> Arc<str> {
    Arc::from(name)
}
