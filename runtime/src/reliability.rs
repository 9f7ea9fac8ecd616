//! What keeps a call from harming its server, its upstream and other callers: the parts, each on its own.
//!
//! Invariant: a part decides at once and from what it is given. Time comes in as [`Instant`](tokio::time::Instant)s,
//! randomness as [`Random`], locks are held for a few instructions and never while something else runs. Only
//! [`Bulkhead`] can make a caller wait, and only in a future that may be dropped at any time.
//!
//! What is shared between threads takes its locks from `sync`: the model checks of the integration tests compile the
//! same sources with another `sync`, and look at every order in which threads may meet. So these files name each
//! other by `super`, and their tests stand in `tests`.
//!
//! Which part guards which call, and what a refusal looks like to a client, is the pipeline's business.

mod backoff;
mod breaker;
mod budget;
mod bulkhead;
mod limit;
mod queue;
mod quota;
mod random;
mod shares;
mod sync;
mod window;

#[cfg(test)]
mod tests;

pub(crate) use self::{
    backoff::BackoffPolicy,
    breaker::{Breaker, BreakerPolicy, BreakerState, Transition, Verdict},
    budget::{Budget, BudgetPolicy},
    bulkhead::{Bulkhead, Full, Slot},
    limit::{Limited, Limits},
    queue::BulkheadPolicy,
    quota::Quota,
    random::Random,
    shares::{Part, Share, Shares, UsedUp},
};
use crate::clock::Clock;
