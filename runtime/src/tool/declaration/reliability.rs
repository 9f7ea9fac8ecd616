//! What a tool declares about its objectives, its callers' share and what it leans on.
//!
//! Invariant: `None` means that the attribute is silent, never a default: defaults are the configuration's.

use std::{fmt, time::Duration};

use crate::duration;

/// Service level objectives of a tool.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slo {
    /// Successful calls, in percent, above 0 and below 100.
    pub success: Option<f64>,
    /// The latency that 95 % of calls stay below.
    pub p95: Option<Duration>,
    /// The latency that 99 % of calls stay below.
    pub p99: Option<Duration>,
}

/// The dependency of a tool, and what the attribute says about its breaker and its bulkhead.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Upstream {
    /// The name; tools that name the same upstream share its breaker, its bulkhead and its retry budget.
    pub name: &'static str,
    /// Calls that may run at the same time, 1 or more.
    pub concurrency: Option<u32>,
    /// From which time on a call counts as slow.
    pub slow_call: Option<Duration>,
    /// Failed calls that open the breaker, in percent of those in the window, above 0 and up to 100.
    pub failure_ratio: Option<f64>,
    /// Fewer calls than this in the window never open the breaker; 1 or more.
    pub minimum_calls: Option<u32>,
    /// How far back the breaker looks.
    pub window: Option<Duration>,
    /// How long an open breaker refuses calls before it lets some through on trial.
    pub open_for: Option<Duration>,
    /// Calls that a half-open breaker lets through on trial, 1 to 100.
    pub half_open: Option<u32>,
    /// Calls that may wait for others to end.
    pub queue: Option<u32>,
    /// Failed calls, with no other in between, that open the breaker; 1 or more.
    pub failures_in_a_row: Option<u32>,
    /// Slow calls that open the breaker, in percent of those in the window, above 0 and up to 100.
    pub slow_ratio: Option<f64>,
    /// Retries that ten seconds' first attempts pay for, in percent of these, above 0 and up to 100.
    pub retry_ratio: Option<f64>,
    /// Retries in ten seconds that need no first attempts to pay for them.
    pub retry_floor: Option<u32>,
}

impl Upstream {
    /// The upstream of a name, with nothing said about it.
    pub const fn named(name: &'static str) -> Self {
        Self {
            name,
            concurrency: None,
            slow_call: None,
            failure_ratio: None,
            minimum_calls: None,
            window: None,
            open_for: None,
            half_open: None,
            queue: None,
            failures_in_a_row: None,
            slow_ratio: None,
            retry_ratio: None,
            retry_floor: None,
        }
    }

    /// What two tools say of the upstream together; the setting that they say differently, if there is one.
    pub(crate) fn merged(mut self, other: &Self) -> Result<Self, &'static str> {
        fn both<T: PartialEq + Copy>(
            mine: &mut Option<T>,
            other: Option<T>,
            name: &'static str,
        ) -> Result<(), &'static str> {
            match (*mine, other) {
                (Some(mine), Some(other)) if mine != other => Err(name),
                (None, other) => {
                    *mine = other;
                    Ok(())
                }
                _ => Ok(()),
            }
        }
        both(&mut self.concurrency, other.concurrency, "concurrency")?;
        both(&mut self.slow_call, other.slow_call, "slow_call")?;
        both(&mut self.failure_ratio, other.failure_ratio, "failure_ratio")?;
        both(&mut self.minimum_calls, other.minimum_calls, "minimum_calls")?;
        both(&mut self.window, other.window, "window")?;
        both(&mut self.open_for, other.open_for, "open_for")?;
        both(&mut self.half_open, other.half_open, "half_open")?;
        both(&mut self.queue, other.queue, "queue")?;
        both(&mut self.failures_in_a_row, other.failures_in_a_row, "failures_in_a_row")?;
        both(&mut self.slow_ratio, other.slow_ratio, "slow_ratio")?;
        both(&mut self.retry_ratio, other.retry_ratio, "retry_ratio")?;
        both(&mut self.retry_floor, other.retry_floor, "retry_floor")?;
        Ok(self)
    }
}

/// How a long call is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TaskSupport {
    /// A client that does not know tasks is refused.
    pub required: bool,
    /// The call begins as any other, and goes on as a task when its function says so.
    pub manual: bool,
}

/// So many calls in a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Calls, 1 or more.
    pub count: u32,
    /// The time: a second, a minute or an hour.
    pub per: Duration,
}

/// As the attribute writes it: `100/s`.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per = duration::text(self.per);
        let unit = per.strip_prefix('1').filter(|unit| unit.starts_with(char::is_alphabetic));
        write!(f, "{}/{}", self.count, unit.unwrap_or(&per))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_written_as_the_attribute_takes_it() {
        let cases = [(1, "100/s"), (60, "100/m"), (3600, "100/h"), (10, "100/10s"), (7200, "100/2h")];
        for (seconds, wanted) in cases {
            assert_eq!(Rate { count: 100, per: Duration::from_secs(seconds) }.to_string(), wanted);
        }
    }
}
