//! The locks of this folder: std's here, shuttle's where the model checks compile the same sources.

use std::sync::PoisonError;
pub(super) use std::sync::{Mutex, MutexGuard};

/// Locks; a panic while somebody held the lock is no reason to stop: no state here is ever left half changed.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
