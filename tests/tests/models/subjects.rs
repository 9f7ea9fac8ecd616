//! The sources under test, compiled once more with shuttle's locks in place of std's.

#![allow(dead_code, reason = "models use what they check")]

pub use steadfast::Clock;

#[path = "../../../runtime/src/reliability/breaker.rs"]
pub mod breaker;
#[path = "../../../runtime/src/reliability/budget.rs"]
pub mod budget;
#[path = "../../../runtime/src/reliability/bulkhead.rs"]
pub mod bulkhead;
#[path = "../../../runtime/src/idempotency/protocol.rs"]
pub mod claim;
#[path = "../../../runtime/src/reliability/queue.rs"]
pub mod queue;
#[path = "../../../runtime/src/reliability/window.rs"]
mod window;

/// Stands in for `runtime/src/reliability/sync.rs`.
mod sync {
    pub(super) use shuttle::sync::{Mutex, MutexGuard};

    pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap()
    }
}
