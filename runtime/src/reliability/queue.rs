//! Who runs and who waits: the decisions of a bulkhead, without waiting.
//!
//! Invariants, after every operation:
//! - At most `concurrency` run, of one caller at most `per_caller`. At most `queue` wait, of one caller at most
//!   `queue_per_caller`.
//! - Nobody waits who could run. So whoever arrives and may run passes nobody by.
//! - Callers get their turn one after the other; within one caller, who came first runs first.
//!
//! When the queue is full, the caller with the most calls here, running and waiting, gives its newest place to a
//! caller that has at least two fewer. So a flood of one caller never keeps the others out, equal callers don't
//! push each other around, and evictions can't go in circles.
//!
//! It wakes nobody: a [`Waker`] to be woken, or dropped, is handed out, because either may run code that comes back.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    sync::Arc,
    task::Waker,
};

/// The bounds of a bulkhead. A bound of zero running counts as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BulkheadPolicy {
    /// How many run at once.
    pub(crate) concurrency: usize,
    /// How many of one caller run at once.
    pub(crate) per_caller: usize,
    /// How many wait.
    pub(crate) queue: usize,
    /// How many of one caller wait.
    pub(crate) queue_per_caller: usize,
}

/// Whose bound refuses a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The caller waits for as many calls as one caller may.
    Caller,
    /// All places to wait are taken, by callers who need them as much.
    Everybody,
}

/// What becomes of a call that arrives.
#[derive(Debug)]
pub(super) enum Arrival {
    /// It runs; [`Queue::leave`] must follow.
    Runs,
    /// It waits under this number; [`Queue::look`] until it no longer does, or [`Queue::abandon`], must follow.
    Waits {
        /// The number.
        ticket: u64,
        /// Who had to give its place, and is to be woken to learn of it.
        evicted: Option<Waker>,
    },
}

/// What became of a call that waited.
#[derive(Debug)]
pub(super) enum Look {
    /// It still waits, with the new waker instead of this one.
    Waits(Option<Waker>),
    /// It runs; [`Queue::leave`] must follow.
    Runs,
    /// It gave its place to another caller.
    Evicted,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Queue {
    policy: BulkheadPolicy,
    running: usize,
    waiting: usize,
    /// The callers that run or wait.
    callers: HashMap<Arc<str>, Caller>,
    /// The callers with somebody waiting who could run if there were room at all, the next one first.
    ready: VecDeque<Arc<str>>,
    /// What became of those who wait and have not looked since.
    waiters: HashMap<u64, Waiter>,
    next_ticket: u64,
}

#[derive(Debug, Default)]
struct Caller {
    running: usize,
    waiting: VecDeque<u64>,
    ready: bool,
}

/// What becomes of a call that is not refused.
enum Decision {
    Run,
    Wait,
    /// In the newest place of the caller with the most calls.
    WaitInsteadOf(Arc<str>),
}

#[derive(Debug)]
enum Waiter {
    Waiting(Option<Waker>),
    Running,
    Evicted,
}

impl Queue {
    /// Nobody runs, nobody waits.
    pub(super) fn new(policy: BulkheadPolicy) -> Self {
        let policy =
            BulkheadPolicy { concurrency: policy.concurrency.max(1), per_caller: policy.per_caller.max(1), ..policy };
        Self {
            policy,
            running: 0,
            waiting: 0,
            callers: HashMap::new(),
            ready: VecDeque::new(),
            waiters: HashMap::new(),
            next_ticket: 0,
        }
    }

    /// A call arrives: it runs, waits, or is refused.
    pub(super) fn arrive(&mut self, caller: &Arc<str>) -> Result<Arrival, Whose> {
        let evicted = match self.decide(caller)? {
            Decision::Run => {
                self.running += 1;
                self.change(caller, |of| of.running += 1);
                return Ok(Arrival::Runs);
            }
            Decision::Wait => None,
            Decision::WaitInsteadOf(other) => self.evict(&other),
        };
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.waiting += 1;
        self.waiters.insert(ticket, Waiter::Waiting(None));
        self.change(caller, |of| of.waiting.push_back(ticket));
        Ok(Arrival::Waits { ticket, evicted })
    }

    /// Why a call that arrived now would be refused, if it would.
    pub(super) fn refuses(&self, caller: &Arc<str>) -> Option<Whose> {
        self.decide(caller).err()
    }

    /// What becomes of a call that arrives now.
    fn decide(&self, caller: &Arc<str>) -> Result<Decision, Whose> {
        let (running, waiting) = self.callers.get(caller).map_or((0, 0), |of| (of.running, of.waiting.len()));
        if self.running < self.policy.concurrency && running < self.policy.per_caller {
            return Ok(Decision::Run);
        }
        if waiting >= self.policy.queue_per_caller {
            return Err(Whose::Caller);
        }
        if self.waiting < self.policy.queue {
            return Ok(Decision::Wait);
        }
        let waiters = self.callers.iter().filter(|(_, of)| !of.waiting.is_empty());
        let most = waiters.map(|(caller, of)| (of.running + of.waiting.len(), caller)).max_by_key(|(most, _)| *most);
        let (_, other) = most.filter(|(most, _)| *most > running + waiting + 1).ok_or(Whose::Everybody)?;
        Ok(Decision::WaitInsteadOf(Arc::clone(other)))
    }

    /// Looks whether a call still waits, and leaves the waker of whoever wants to know.
    pub(super) fn look(&mut self, ticket: u64, waker: &Waker) -> Look {
        let found = match self.waiters.get_mut(&ticket) {
            Some(Waiter::Waiting(left)) => {
                let same = left.as_ref().is_some_and(|left| left.will_wake(waker));
                return Look::Waits(if same { None } else { left.replace(waker.clone()) });
            }
            Some(Waiter::Running) => Look::Runs,
            Some(Waiter::Evicted) | None => Look::Evicted,
        };
        self.waiters.remove(&ticket);
        found
    }

    /// A call that ran is over. Its place goes to whoever is next, who is to be woken.
    pub(super) fn leave(&mut self, caller: &Arc<str>) -> Option<Waker> {
        self.running -= 1;
        self.change(caller, |of| of.running -= 1);
        self.admit()
    }

    /// A call waits no more, whatever has become of it meanwhile: who is to be woken, and its own waker to drop.
    pub(super) fn abandon(&mut self, caller: &Arc<str>, ticket: u64) -> (Option<Waker>, Option<Waker>) {
        match self.waiters.remove(&ticket) {
            Some(Waiter::Waiting(own)) => {
                self.waiting -= 1;
                self.change(caller, |of| of.waiting.retain(|waiting| *waiting != ticket));
                (None, own)
            }
            Some(Waiter::Running) => (self.leave(caller), None),
            Some(Waiter::Evicted) | None => (None, None),
        }
    }

    /// How many run.
    pub(super) fn running(&self) -> usize {
        self.running
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// How many of one caller wait.
    pub(super) fn waiting_of(&self, caller: &str) -> usize {
        self.callers.get(caller).map_or(0, |of| of.waiting.len())
    }

    /// The bounds, as they count.
    pub(super) fn policy(&self) -> &BulkheadPolicy {
        &self.policy
    }

    /// Lets the next one run if there is room; one is enough, as only one place at a time becomes free.
    fn admit(&mut self) -> Option<Waker> {
        if self.running >= self.policy.concurrency {
            return None;
        }
        let caller = self.ready.pop_front()?;
        let ticket = self.change(&caller, |of| {
            of.ready = false;
            of.running += 1;
            of.waiting.pop_front()
        })?;
        self.running += 1;
        self.dismiss(ticket, Waiter::Running)
    }

    /// Takes the newest place from a caller.
    fn evict(&mut self, caller: &Arc<str>) -> Option<Waker> {
        let ticket = self.change(caller, |of| of.waiting.pop_back())?;
        self.dismiss(ticket, Waiter::Evicted)
    }

    /// Ends somebody's waiting.
    fn dismiss(&mut self, ticket: u64, end: Waiter) -> Option<Waker> {
        self.waiting -= 1;
        match self.waiters.insert(ticket, end) {
            Some(Waiter::Waiting(waker)) => waker,
            _ => None,
        }
    }

    /// The only way in which a caller's calls change: puts it into the row of those who are ready, or out of it, and
    /// forgets it with its last call.
    fn change<T>(&mut self, caller: &Arc<str>, change: impl FnOnce(&mut Caller) -> T) -> T {
        let mut entry = match self.callers.entry(Arc::clone(caller)) {
            Entry::Occupied(entry) => entry,
            Entry::Vacant(entry) => entry.insert_entry(Caller::default()),
        };
        let of = entry.get_mut();
        let changed = change(of);
        let ready = !of.waiting.is_empty() && of.running < self.policy.per_caller;
        if ready && !of.ready {
            self.ready.push_back(Arc::clone(caller));
        } else if !ready && of.ready {
            self.ready.retain(|other| other != caller);
        }
        of.ready = ready;
        if of.running == 0 && of.waiting.is_empty() {
            entry.remove();
        }
        changed
    }
}
