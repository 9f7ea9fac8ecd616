use super::{
    super::breaker::{Breaker, BreakerPolicy, BreakerState, Transition, Verdict},
    *,
};

use BreakerState::{Closed, HalfOpen, Open};
use Verdict::{Failed, Succeeded};

/// One call that begins and ends at this time.
fn call(breaker: &Breaker, now: Instant, verdict: Verdict) -> Option<Transition> {
    breaker.enter(now).unwrap().finish(now, verdict)
}

/// A breaker that opened at `now`.
fn opened(now: Instant) -> Breaker {
    let breaker = Breaker::new(BreakerPolicy::default());
    while breaker.state(now) == Closed {
        call(&breaker, now, Failed);
    }
    breaker
}

#[test]
fn it_opens_by_ratio_once_there_are_enough_calls() {
    let start = start();
    // What the calls do, a tenth of a second apart, and which of them opens the breaker: `x` fails, `.` does not.
    let cases = [
        ("xxxxxxxxxx", Some(10)),
        ("xxxxxxxxx", None),
        (".........x", None),
        (".....xxxxx", Some(10)),
        ("......xxxxx", None),
        ("......xxxxxx", Some(12)),
        ("x.x.x.x.x.", Some(10)),
        ("..............................", None),
        ("....................xxxxxxxxxxxxxxxxxxxx", Some(40)),
    ];
    for (calls, opens) in cases {
        let breaker = Breaker::new(BreakerPolicy::default());
        let mut opened = None;
        for (number, call) in (1..).zip(calls.chars()) {
            let now = start + ms(100 * number);
            let verdict = if call == 'x' { Failed } else { Succeeded };
            if self::call(&breaker, now, verdict) == Some(Transition { from: Closed, to: Open }) {
                opened = Some(number);
                break;
            }
        }
        assert_eq!(opened, opens, "{calls}");
    }
}

#[test]
fn a_dead_upstream_opens_the_breaker_within_twenty_failures_however_slowly_they_come() {
    let start = start();
    for apart in [0, 1, 900, 1000, 3000, 30_000, 3_600_000] {
        let breaker = Breaker::new(BreakerPolicy::default());
        let opened = (1..=20).find(|number| call(&breaker, start + ms(apart * number), Failed).is_some());
        assert!(opened.is_some(), "{apart} ms apart");
        assert_eq!(breaker.state(start + ms(apart * opened.unwrap())), Open, "{apart} ms apart");
    }
}

#[test]
fn failures_that_end_together_open_it_once() {
    let now = start();
    let breaker = Breaker::new(BreakerPolicy::default());
    let calls: Vec<_> = (0..20).map(|_| breaker.enter(now).unwrap()).collect();
    let changes: Vec<_> = calls.into_iter().filter_map(|call| call.finish(now + ms(10), Failed)).collect();
    assert_eq!(changes, [Transition { from: Closed, to: Open }]);
    assert!(breaker.enter(now + ms(10)).is_err());
}

#[test]
fn a_success_between_failures_and_failures_outside_the_window_keep_it_closed() {
    let start = start();
    let breaker = Breaker::new(BreakerPolicy::default());
    for number in 0..200 {
        let verdict = if number % 19 == 0 { Succeeded } else { Failed };
        assert_eq!(call(&breaker, start + ms(2000 * number), verdict), None, "{number}");
    }
}

#[test]
fn an_upstream_that_hangs_opens_it_without_a_failure() {
    let start = start();
    let slow = BreakerPolicy::default().slow_call;
    for (late, opens) in [(slow - ms(1), false), (slow, true)] {
        let breaker = Breaker::new(BreakerPolicy::default());
        let calls: Vec<_> = (0..10).map(|_| breaker.enter(start).unwrap()).collect();
        let changes = calls.into_iter().filter_map(|call| call.finish(start + late, Succeeded)).count();
        assert_eq!(changes == 1, opens);
    }
}

#[test]
fn an_open_breaker_says_exactly_how_long() {
    let start = start();
    let breaker = opened(start);
    for passed in [0, 1, 4999] {
        assert_eq!(breaker.enter(start + ms(passed)).unwrap_err().retry_after, ms(5000 - passed));
        assert_eq!(breaker.state(start + ms(passed)), Open);
    }
    assert_eq!(breaker.state(start + ms(5000)), HalfOpen);
    let probe = breaker.enter(start + ms(5000)).unwrap();
    assert_eq!(probe.transition(), Some(Transition { from: Open, to: HalfOpen }));
}

#[test]
fn half_open_lets_exactly_three_through_and_closes_when_all_succeed() {
    let start = start();
    let breaker = opened(start);
    let now = start + ms(5000);
    let probes: Vec<_> = (0..3).map(|_| breaker.enter(now).unwrap()).collect();
    assert_eq!(probes.iter().filter_map(|probe| probe.transition()).count(), 1);
    let mut changes = Vec::new();
    for probe in probes {
        assert!(breaker.enter(now).is_err(), "a fourth while half open");
        changes.extend(probe.finish(now, Succeeded));
    }
    assert_eq!(changes, [Transition { from: HalfOpen, to: Closed }]);
    for _ in 0..9 {
        assert_eq!(call(&breaker, now, Failed), None, "failures before it opened are forgotten");
    }
}

#[test]
fn one_failed_probe_opens_it_again_and_the_others_count_nothing() {
    let start = start();
    let breaker = opened(start);
    let now = start + ms(5000);
    let [first, second, third] = [(); 3].map(|()| breaker.enter(now).unwrap());
    assert_eq!(first.finish(now, Succeeded), None);
    assert_eq!(second.finish(now, Failed), Some(Transition { from: HalfOpen, to: Open }));
    assert_eq!(third.finish(now, Failed), None);
    assert_eq!(breaker.enter(now).unwrap_err().retry_after, ms(5000));
}

#[test]
fn slow_probes_open_it_again_when_they_are_as_many_as_would_have_opened_it() {
    let start = start();
    let later = start + ms(20_000);
    for (slow, to) in [(2, Closed), (3, Open)] {
        let breaker = opened(start);
        let probes = [(); 3].map(|()| breaker.enter(start + ms(5000)).unwrap());
        let ends = probes
            .into_iter()
            .enumerate()
            .map(|(number, probe)| probe.finish(if number < slow { later } else { start + ms(5000) }, Succeeded));
        assert_eq!(ends.last().unwrap(), Some(Transition { from: HalfOpen, to }));
    }
}

#[test]
fn a_probe_that_is_cancelled_gives_its_place_to_another() {
    let start = start();
    let breaker = opened(start);
    let now = start + ms(5000);
    for _ in 0..10 {
        let probes = [(); 3].map(|()| breaker.enter(now).unwrap());
        assert!(breaker.enter(now).is_err());
        drop(probes);
    }
    assert_eq!(call(&breaker, now, Succeeded), None);
    assert_eq!(call(&breaker, now, Succeeded), None);
    drop(breaker.enter(now).unwrap());
    assert_eq!(call(&breaker, now, Succeeded), Some(Transition { from: HalfOpen, to: Closed }));
}

#[test]
fn probes_that_hang_are_given_up_and_say_nothing_any_more() {
    let start = start();
    let cases = [(5000, 5000, 5000), (2000, 7000, 7000), (9000, 1000, 9000)];
    for (open_for, slow_call, given) in cases {
        let policy = BreakerPolicy { open_for: ms(open_for), slow_call: ms(slow_call), ..BreakerPolicy::default() };
        let breaker = Breaker::new(policy);
        while breaker.state(start) == Closed {
            call(&breaker, start, Failed);
        }
        let now = start + ms(open_for);
        let first = [(); 2].map(|()| breaker.enter(now).unwrap());
        let latest = now + ms(100);
        let third = breaker.enter(latest).unwrap();
        let refused = breaker.enter(latest + ms(given - 1)).unwrap_err();
        assert_eq!(refused.retry_after, ms(1), "{open_for} {slow_call}: the last went out {given} ms ago");
        let again = latest + ms(given);
        let [one, two, three] = [(); 3].map(|()| breaker.enter(again).unwrap());
        assert_eq!(one.transition(), None, "it is half open as before");
        assert!(breaker.enter(again).is_err(), "a fourth of the new generation");
        assert_eq!(first.map(|late| late.finish(again, Failed)), [None, None]);
        drop(third);
        assert!(breaker.enter(again).is_err(), "what was given up frees no place");
        assert_eq!((one.finish(again, Succeeded), two.finish(again, Succeeded)), (None, None));
        assert_eq!(three.finish(again, Succeeded), Some(Transition { from: HalfOpen, to: Closed }));
    }
}

#[test]
fn a_probe_that_is_out_for_a_while_is_not_given_up_for_others_that_are_gone() {
    let start = start();
    let breaker = opened(start);
    let now = start + ms(5000);
    assert_eq!(call(&breaker, now, Succeeded), None);
    assert_eq!(call(&breaker, now, Succeeded), None);
    let young = breaker.enter(now + ms(4900)).unwrap();
    assert!(breaker.enter(now + ms(5000)).is_err());
    assert_eq!(young.finish(now + ms(5100), Succeeded), Some(Transition { from: HalfOpen, to: Closed }));
}

#[test]
fn calls_from_before_it_opened_say_nothing_about_recovery() {
    let start = start();
    let breaker = Breaker::new(BreakerPolicy::default());
    let [good, bad, cancelled, latest] = [(); 4].map(|()| breaker.enter(start).unwrap());
    while breaker.state(start) == Closed {
        call(&breaker, start, Failed);
    }
    let now = start + ms(5000);
    let probes = [(); 3].map(|()| breaker.enter(now).unwrap());
    assert_eq!((good.finish(now, Succeeded), bad.finish(now, Failed)), (None, None));
    drop(cancelled);
    assert!(breaker.enter(now).is_err(), "an old call freed a probe's place");
    let changes: Vec<_> = probes.into_iter().filter_map(|probe| probe.finish(now, Succeeded)).collect();
    assert_eq!(changes, [Transition { from: HalfOpen, to: Closed }]);
    for _ in 0..9 {
        call(&breaker, now, Failed);
    }
    assert_eq!(latest.finish(now, Failed), None, "the tenth failure is an old one");
}
