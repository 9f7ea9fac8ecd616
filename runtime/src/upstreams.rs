//! The upstreams of a server at work: each with its breaker, its retry budget and its bulkhead.

use crate::{
    clock::Clock,
    policy::UpstreamPolicy,
    reliability::{Breaker, Budget, Bulkhead},
};

/// What is known of a dependency while the server runs.
pub(crate) struct Upstream {
    pub(crate) policy: UpstreamPolicy,
    pub(crate) breaker: Breaker,
    pub(crate) budget: Budget,
    pub(crate) bulkhead: Bulkhead,
}

impl Upstream {
    pub(crate) fn new(policy: UpstreamPolicy, clock: Clock) -> Self {
        Self {
            breaker: Breaker::new(policy.breaker),
            budget: Budget::new(policy.budget),
            bulkhead: Bulkhead::new(policy.bulkhead, clock),
            policy,
        }
    }
}
