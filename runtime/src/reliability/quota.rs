//! Quotas as people write them.
//!
//! Invariant: a quota that was read can be counted in nanoseconds without overflow, and none of its calls is free.

use std::{fmt, num::NonZeroU32, time::Duration};

use crate::duration;

/// The longest time in which a burst may become whole again; far below what governor can count.
const LONGEST: u64 = 366 * 24 * 3_600_000_000_000;

/// So many calls in a time, as people write it: `100/s`, `600/m`, `5000/h`, `5/10s`, `600/m burst 50`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Quota {
    count: NonZeroU32,
    per: Duration,
    burst: NonZeroU32,
}

impl Quota {
    /// Reads a quota. Without a burst of its own, all calls of a period may come at once.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (rate, burst) = match text.split_once(" burst ") {
            Some((rate, burst)) => (rate, Some(burst)),
            None => (text, None),
        };
        let (count, per) = rate.split_once('/')?;
        let count = number(count)?;
        let per = match per.starts_with(|first: char| first.is_ascii_digit()) {
            true => duration::parse(per)?,
            false => duration::parse(&format!("1{per}"))?,
        };
        let burst = burst.map_or(Some(count), number)?;
        let quota = Self { count, per, burst };
        let whole_again = u64::try_from(per.as_nanos())
            .ok()
            .filter(|nanos| (1..=LONGEST).contains(nanos))
            .and_then(|_| quota.interval().checked_mul(burst.get().into()))?;
        (whole_again <= LONGEST).then_some(quota)
    }

    /// How many calls may come at once.
    pub(crate) fn burst(self) -> NonZeroU32 {
        self.burst
    }

    /// The time that pays for one call, in nanoseconds; never zero, and rounded up, so that never too many pass.
    pub(crate) fn interval(self) -> u64 {
        let per = u64::try_from(self.per.as_nanos()).unwrap_or(LONGEST);
        per.div_ceil(self.count.get().into())
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per = duration::text(self.per);
        let unit = per.strip_prefix('1').filter(|unit| !unit.starts_with(|first: char| first.is_ascii_digit()));
        write!(f, "{}/{}", self.count, unit.unwrap_or(&per))?;
        if self.burst != self.count {
            write!(f, " burst {}", self.burst)?;
        }
        Ok(())
    }
}

fn number(text: &str) -> Option<NonZeroU32> {
    text.bytes().all(|digit| digit.is_ascii_digit()).then(|| text.parse().ok())?
}
