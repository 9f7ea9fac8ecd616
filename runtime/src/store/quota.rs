//! Quotas by the generic cell rate algorithm (ITU-T I.371, appendix I), in whole microseconds.
//!
//! A quota is one moment, the theoretical arrival time: when everything would be there again. Each request moves it by
//! the quota's interval, and is refused when that would move it further ahead of now than the quota's span. The stores
//! that are servers do the same with the time of the server: `redis/take.lua` and `TAKE` in `postgres/sql.rs`.
//!
//! Invariant: in no window as long as the span is more granted than twice the count, and never more than the count at
//! once; what was refused moves nothing.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::{Key, Quota, Taken};
use crate::clock::Clock;

/// No quota is longer: its times stay exact in a double, which is what Lua reckons with.
const LONGEST: u64 = 3_650 * 86_400 * 1_000_000;

/// A quota as the algorithm takes it, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    /// Between two requests in the long run.
    pub(super) interval: u64,
    /// How far requests may run ahead.
    pub(super) span: u64,
}

impl From<Quota> for Rate {
    fn from(Quota { count, per }: Quota) -> Self {
        let per = u64::try_from(per.as_micros()).unwrap_or(u64::MAX).min(LONGEST);
        let count = u64::from(count.get());
        // Rounded up, and the span with it, so that the whole count fits into it.
        let interval = per.div_ceil(count).max(1);
        Self { interval, span: interval * count }
    }
}

impl Rate {
    /// Takes one at `now`; gives the new theoretical arrival time, or how long to wait.
    fn take(self, arrival: u64, now: u64) -> Result<u64, u64> {
        let next = arrival.max(now) + self.interval;
        let ahead = next - now;
        if ahead <= self.span { Ok(next) } else { Err(ahead - self.span) }
    }
}

/// Counts in this process alone. Forgets a quota when all of it is there again.
#[derive(Debug)]
pub(super) struct Local {
    clock: Clock,
    start: Instant,
    arrivals: Mutex<Arrivals>,
}

#[derive(Debug, Default)]
struct Arrivals {
    times: HashMap<Key, u64>,
    /// How many there may be before those that are over are looked for.
    room: usize,
}

impl Local {
    /// With nothing taken.
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, start: clock.now(), arrivals: Mutex::default() }
    }

    /// See [`Store::take`](super::Store::take).
    pub(super) fn take(&self, key: &Key, quota: Quota) -> Taken {
        let now = self.clock.now().saturating_duration_since(self.start).as_micros();
        let now = u64::try_from(now).unwrap_or(u64::MAX / 2);
        let mut arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        match Rate::from(quota).take(arrivals.times.get(key).copied().unwrap_or(0), now) {
            Ok(next) => {
                arrivals.make_room(now);
                arrivals.times.insert(key.clone(), next);
                Taken::Granted
            }
            Err(wait) => Taken::Limited { retry_after: Duration::from_micros(wait) },
        }
    }
}

impl Arrivals {
    /// Looks for those that are over each time the number of the rest has doubled, so that it costs little.
    fn make_room(&mut self, now: u64) {
        if self.times.len() >= self.room {
            self.times.retain(|_, arrival| *arrival > now);
            self.room = (2 * self.times.len()).max(1_024);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use proptest::prelude::*;

    use super::*;
    use crate::store::Kind;

    fn quota(count: u32, per: Duration) -> Quota {
        Quota { count: NonZeroU32::new(count).unwrap(), per }
    }

    proptest! {
        #[test]
        fn no_window_grants_more_than_what_was_there_and_what_came_back(
            count in 1..50_u32, per in 1..5_000_000_u64, steps in prop::collection::vec(0..500_000_u64, 1..200)
        ) {
            let rate = Rate::from(quota(count, Duration::from_micros(per)));
            let (mut now, mut arrival, mut granted) = (0, 0, Vec::new());
            for step in steps {
                now += step;
                match rate.take(arrival, now) {
                    Ok(next) => {
                        arrival = next;
                        granted.push(now);
                    }
                    Err(wait) => {
                        prop_assert!(wait > 0);
                        prop_assert!(rate.take(arrival, now + wait - 1).is_err() && rate.take(arrival, now + wait).is_ok());
                    }
                }
            }
            for (index, start) in granted.iter().enumerate() {
                for (more, end) in granted[index..].iter().enumerate() {
                    let came_back = (end - start) / rate.interval;
                    prop_assert!(more as u64 <= u64::from(count) + came_back);
                }
            }
        }

        #[test]
        fn the_whole_count_is_there_at_once_and_no_more(count in 1..1_000_u32, per in any::<u64>()) {
            let rate = Rate::from(quota(count, Duration::from_micros(per)));
            let end = (0..count).try_fold(7, |arrival, _| rate.take(arrival, 7));
            prop_assert!(end.is_ok_and(|arrival| rate.take(arrival, 7).is_err()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_over_is_forgotten() {
        let local = Local::new(Clock::system());
        for name in 0..10_000 {
            let key = Key { tenant: "t".into(), kind: Kind::Limit, name: format!("{name}") };
            assert_eq!(local.take(&key, quota(1, Duration::from_millis(1))), Taken::Granted);
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert!(local.arrivals.lock().unwrap().times.len() <= 1_024);
    }
}
