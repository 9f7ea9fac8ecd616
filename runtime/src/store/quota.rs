//! Quotas by the generic cell rate algorithm (ITU-T I.371, appendix I).
//!
//! A quota is one moment, the theoretical arrival time: when everything would be there again. Each request moves it by
//! the quota's interval, and is refused when that would move it further ahead of now than the quota's span. In the
//! process that is [`reliability::Limits`]; the stores that are servers do it on their own time, in `redis/take.lua` and
//! in `TAKE` of `postgres/sql.rs`.

use super::{Key, Quota, Taken};
use crate::reliability;

/// A quota as the servers take it, in whole microseconds, which stay exact in a double: Lua reckons with those.
#[cfg(any(feature = "postgres", feature = "redis"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    /// Between two requests in the long run.
    pub(super) interval: u64,
    /// How far requests may run ahead.
    pub(super) span: u64,
}

#[cfg(any(feature = "postgres", feature = "redis"))]
impl From<Quota> for Rate {
    fn from(quota: Quota) -> Self {
        // Rounded up, and the span with it, so that the whole burst fits into it.
        let interval = quota.interval().div_ceil(1_000).max(1);
        Self { interval, span: interval.saturating_mul(quota.burst().get().into()) }
    }
}

/// Takes one from a quota that is counted in this process.
pub(crate) fn take_here(limits: &reliability::Limits, key: &Key, quota: Quota) -> Taken {
    // A length before the part that may hold anything, so that no two keys are one.
    let name = format!("{}:{}:{}", key.tenant.len(), key.tenant, key.name);
    match limits.take(&name.into(), quota) {
        Ok(()) => Taken::Granted,
        Err(reliability::Limited { retry_after }) => Taken::Limited { retry_after },
    }
}
