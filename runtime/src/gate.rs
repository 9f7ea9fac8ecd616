//! Counts the calls in flight and closes when the server drains.
//!
//! Invariant: once [`Gate::close`] was called no ticket is given, and [`Gate::idle`] returns only when the last one
//! was dropped. Who may pass while the gate is open is not decided here.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::Notify;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    inside: AtomicUsize,
    closed: AtomicBool,
    closing: Notify,
    changed: Notify,
}

/// Held while a call is in flight.
#[derive(Debug)]
pub(crate) struct Ticket<'a>(&'a Gate);

impl Gate {
    /// Lets a call in, unless the gate is closed.
    pub(crate) fn enter(&self) -> Option<Ticket<'_>> {
        // The count goes up before the gate is looked at: a drain that closes it in between waits for this call.
        self.inside.fetch_add(1, Ordering::SeqCst);
        let ticket = Ticket(self);
        (!self.closed.load(Ordering::SeqCst)).then_some(ticket)
    }

    /// Lets nobody in from now on.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.closing.notify_waiters();
    }

    /// Waits until the gate is closed.
    pub(crate) async fn closed(&self) {
        let closing = self.closing.notified();
        if self.is_open() {
            closing.await;
        }
    }

    /// Whether calls are let in.
    pub(crate) fn is_open(&self) -> bool {
        !self.closed.load(Ordering::SeqCst)
    }

    /// How many calls are in flight.
    pub(crate) fn inside(&self) -> usize {
        self.inside.load(Ordering::SeqCst)
    }

    /// Waits until no call is in flight.
    pub(crate) async fn idle(&self) {
        loop {
            let changed = self.changed.notified();
            if self.inside() == 0 {
                return;
            }
            changed.await;
        }
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if self.0.inside.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn a_closed_gate_gives_no_tickets_and_forgets_who_knocked() {
        let gate = Gate::default();
        gate.close();
        assert!(gate.enter().is_none());
        assert_eq!(gate.inside(), 0);
    }

    #[tokio::test]
    async fn whoever_waits_for_the_end_hears_of_it_early_or_late() {
        let gate = Gate::default();
        let mut early = std::pin::pin!(gate.closed());
        assert!(early.as_mut().now_or_never().is_none());
        gate.close();
        early.await;
        gate.closed().await;
    }

    #[tokio::test]
    async fn idle_waits_for_the_last_ticket() {
        let gate = Gate::default();
        let first = gate.enter().unwrap();
        let second = gate.enter().unwrap();
        gate.close();
        let mut idle = std::pin::pin!(gate.idle());
        assert!(idle.as_mut().now_or_never().is_none());
        drop(first);
        assert!(idle.as_mut().now_or_never().is_none());
        drop(second);
        idle.await;
    }
}
