//! What a call meets when something is wrong: limits, retries, breakers, stand-ins, idempotency keys, switches.
//!
//! In the process, on a paused clock and with a fixed seed.

mod bounds;
mod degraded;
mod idempotency;
mod limits;
mod retries;
mod upstream;

pub use self::upstream::{Script, Upstream, server};

/// The time on the test's clock.
fn now() -> tokio::time::Instant {
    steadfast::Clock::system().now()
}
