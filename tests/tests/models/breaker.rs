//! The breaker: exactly as many probes as it may send, every change of state told once, nothing old counted.

use std::{sync::Arc, time::Duration};

use shuttle::rand::{Rng as _, thread_rng};
use tokio::time::Instant;

use super::{
    check,
    subjects::{
        Clock,
        breaker::{
            Breaker, BreakerPolicy,
            BreakerState::{self, Closed, HalfOpen, Open},
            Transition,
            Verdict::{self, Failed, Succeeded},
        },
    },
    together,
};

const OPENED: Transition = Transition { from: Closed, to: Open };
const CLOSED: Transition = Transition { from: HalfOpen, to: Closed };

/// A breaker that opened, and the time at which it may be tried again.
fn opened() -> (Arc<Breaker>, Instant) {
    let now = Clock::system().now();
    let breaker = Breaker::new(BreakerPolicy::default());
    while breaker.state(now) == Closed {
        breaker.enter(now).unwrap().finish(now, Failed);
    }
    (Arc::new(breaker), now + BreakerPolicy::default().open_for)
}

/// One call: the changes of state that it was told of, or nothing if it was refused.
fn call(breaker: &Breaker, now: Instant, verdict: Option<Verdict>) -> Option<Vec<Transition>> {
    let permit = breaker.enter(now).ok()?;
    let mut told: Vec<_> = permit.transition().into_iter().collect();
    shuttle::thread::yield_now();
    told.extend(verdict.and_then(|verdict| permit.finish(now, verdict)));
    Some(told)
}

#[test]
fn it_opens_once_within_twenty_failures_that_end_together() {
    check(|| {
        let now = Clock::system().now();
        let breaker = Arc::new(Breaker::new(BreakerPolicy::default()));
        let threads = (0..4).map(|_| {
            let breaker = Arc::clone(&breaker);
            move || (0..5).filter_map(|_| call(&breaker, now, Some(Failed))).collect::<Vec<_>>()
        });
        let calls: Vec<_> = together(threads).into_iter().flatten().collect();
        // Ten failures open it; only calls that were let through by then come on top.
        assert!(calls.len() <= 13, "{} calls", calls.len());
        assert_eq!(calls.concat(), [OPENED]);
        assert!(breaker.enter(now).is_err());
    });
}

#[test]
fn half_open_sends_exactly_three_probes() {
    check(|| {
        let (breaker, now) = opened();
        let everybody = Arc::new(shuttle::sync::Barrier::new(5));
        let threads = (0..5).map(|_| {
            let (breaker, everybody) = (Arc::clone(&breaker), Arc::clone(&everybody));
            move || {
                let permit = breaker.enter(now);
                everybody.wait();
                let probe = permit.ok()?;
                Some([probe.transition(), probe.finish(now, Succeeded)])
            }
        });
        let probes: Vec<_> = together(threads).into_iter().flatten().collect();
        assert_eq!(probes.len(), 3);
        let told: Vec<_> = probes.concat().into_iter().flatten().collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told.contains(&CLOSED));
    });
}

#[test]
fn probes_that_are_cancelled_free_exactly_their_places() {
    check(|| {
        let (breaker, now) = opened();
        let threads = (0..4).map(|_| {
            let breaker = Arc::clone(&breaker);
            move || (0..3).filter(|_| call(&breaker, now, None).is_some()).count()
        });
        assert!(together(threads).into_iter().sum::<usize>() >= 3);
        let probes: Vec<_> = std::iter::from_fn(|| breaker.enter(now).ok()).take(10).collect();
        assert_eq!(probes.len(), 3);
    });
}

#[test]
fn of_those_who_find_hanging_probes_exactly_three_take_their_places_and_what_hung_counts_nothing() {
    check(|| {
        let (breaker, now) = opened();
        let policy = BreakerPolicy::default();
        let later = now + policy.open_for.max(policy.slow_call);
        // The probes that hang enter first, and end at any time while the others come and after.
        let everybody = Arc::new(shuttle::sync::Barrier::new(7));
        let hanging = [Some(Failed), Some(Succeeded), None].map(|verdict| {
            let (breaker, everybody) = (Arc::clone(&breaker), Arc::clone(&everybody));
            shuttle::thread::spawn(move || {
                let permit = breaker.enter(now).unwrap();
                everybody.wait();
                everybody.wait();
                verdict.and_then(|verdict| permit.finish(later, verdict))
            })
        });
        let others = [(); 4].map(|()| {
            let (breaker, everybody) = (Arc::clone(&breaker), Arc::clone(&everybody));
            shuttle::thread::spawn(move || {
                everybody.wait();
                let permit = breaker.enter(later);
                everybody.wait();
                let probe = permit.ok()?;
                Some([probe.transition(), probe.finish(later, Succeeded)])
            })
        });
        assert_eq!(hanging.map(|late| late.join().unwrap()), [None; 3]);
        let probes: Vec<_> = others.into_iter().filter_map(|other| other.join().unwrap()).collect();
        assert_eq!(probes.len(), 3);
        assert_eq!(probes.concat().into_iter().flatten().collect::<Vec<_>>(), [CLOSED]);
        assert_eq!(breaker.state(later), Closed);
    });
}

#[test]
fn one_failed_probe_among_good_ones_never_lets_it_close() {
    check(|| {
        let (breaker, now) = opened();
        let [bad, good, other] = [Failed, Succeeded, Succeeded].map(|verdict| {
            let breaker = Arc::clone(&breaker);
            move || call(&breaker, now, Some(verdict))
        });
        let threads: [Box<dyn FnOnce() -> _ + Send>; 3] = [Box::new(bad), Box::new(good), Box::new(other)];
        let told = together(threads).into_iter().flatten().collect::<Vec<_>>().concat();
        assert!(!told.contains(&CLOSED), "{told:?}");
        assert_eq!(breaker.state(now), Open);
    });
}

#[test]
fn calls_from_before_it_opened_neither_reopen_nor_close_it() {
    check(|| {
        let start = Clock::system().now();
        let breaker = Arc::new(Breaker::new(BreakerPolicy::default()));
        let now = start + BreakerPolicy::default().open_for;
        // The old calls enter first, and end at any time during the round of probes and after it.
        let old = Arc::new(shuttle::sync::Barrier::new(3));
        let late = [Failed, Succeeded].map(|verdict| {
            let (breaker, old) = (Arc::clone(&breaker), Arc::clone(&old));
            shuttle::thread::spawn(move || {
                let permit = breaker.enter(start).unwrap();
                old.wait();
                old.wait();
                permit.finish(now, verdict)
            })
        });
        old.wait();
        while breaker.state(start) == Closed {
            breaker.enter(start).unwrap().finish(start, Failed);
        }
        let probes = Arc::clone(&breaker);
        let probes = shuttle::thread::spawn(move || {
            (0..3).flat_map(|_| call(&probes, now, Some(Succeeded)).expect("a place")).collect::<Vec<_>>()
        });
        old.wait();
        assert_eq!(late.map(|late| late.join().unwrap()), [None, None]);
        assert_eq!(probes.join().unwrap().last(), Some(&CLOSED));
        assert_eq!(breaker.state(now), Closed);
    });
}

#[test]
fn whatever_calls_do_the_changes_that_were_told_are_one_way_from_closed_to_the_state_at_the_end() {
    check(|| {
        let start = Clock::system().now();
        let policy = BreakerPolicy { minimum_calls: 2, half_open_calls: 2, ..BreakerPolicy::default() };
        let breaker = Arc::new(Breaker::new(policy));
        let threads = (0..3).map(|_| {
            let breaker = Arc::clone(&breaker);
            move || {
                let mut now = start;
                let calls = (0..6).filter_map(|_| {
                    now += Duration::from_secs(thread_rng().gen_range(0..4));
                    call(&breaker, now, [None, Some(Failed), Some(Succeeded)][thread_rng().gen_range(0..3)])
                });
                calls.collect::<Vec<_>>().concat()
            }
        });
        let told = together(threads).concat();
        let end = breaker.state(start);
        for state in [Closed, Open, HalfOpen] {
            let count = |of: fn(&Transition) -> BreakerState| told.iter().filter(|told| of(told) == state).count();
            let (left, entered) = (count(|told| told.from), count(|told| told.to));
            let (first, last) = (usize::from(state == Closed), usize::from(state == end));
            assert_eq!(left + last, entered + first, "{state:?} of {told:?}, {end:?} at the end");
        }
    });
}
