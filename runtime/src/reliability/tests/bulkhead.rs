use futures_util::FutureExt as _;
use proptest::prelude::*;

use super::{
    super::{
        bulkhead::{Bulkhead, Entering, Slot},
        queue::{BulkheadPolicy, Whose},
    },
    *,
};

/// `running` at once, of one caller `per_caller`; `queue` wait, of one caller `queue_per_caller`.
fn bulkhead(concurrency: usize, per_caller: usize, queue: usize, queue_per_caller: usize) -> Bulkhead {
    Bulkhead::new(BulkheadPolicy { concurrency, per_caller, queue, queue_per_caller }, Clock::system())
}

/// Enters, and must not have to wait.
fn runs<'a>(bulkhead: &'a Bulkhead, caller: &str) -> Slot<'a> {
    bulkhead.enter(&key(caller)).unwrap().now_or_never().expect("there is room").unwrap()
}

/// Enters, and must have to wait.
fn waits<'a>(bulkhead: &'a Bulkhead, caller: &str) -> Entering<'a> {
    let entering = bulkhead.enter(&key(caller)).unwrap();
    assert!(entering.waits());
    entering
}

fn refused(bulkhead: &Bulkhead, caller: &str) -> Whose {
    bulkhead.enter(&key(caller)).unwrap_err().whose
}

/// Lets one after the other run: who ran in which order.
fn order<'a>(mut waiting: Vec<(&'static str, Entering<'a>)>, first: Slot<'a>) -> Vec<&'static str> {
    let mut ran = Vec::new();
    let mut running = first;
    while !waiting.is_empty() {
        drop(running);
        let mut ready = waiting.iter_mut().enumerate().filter_map(|(place, (caller, entering))| {
            entering.now_or_never().map(|slot| (place, *caller, slot.unwrap()))
        });
        let (place, caller, slot) = ready.next().expect("somebody is next");
        assert!(ready.next().is_none(), "only one is next");
        drop(waiting.remove(place));
        ran.push(caller);
        running = slot;
    }
    ran
}

#[test]
fn a_greedy_caller_takes_turns_with_the_others() {
    let bulkhead = bulkhead(1, 1, 100, 100);
    let first = runs(&bulkhead, "greedy");
    let arrivals = ["greedy", "greedy", "greedy", "greedy", "ada", "bob", "ada", "greedy"];
    let waiting = arrivals.map(|caller| (caller, waits(&bulkhead, caller))).into();
    // The greedy caller's turn comes when its running call ends, behind those who waited for theirs by then.
    assert_eq!(order(waiting, first), ["ada", "bob", "greedy", "ada", "greedy", "greedy", "greedy", "greedy"]);
    assert_eq!((bulkhead.running(), bulkhead.waiting()), (0, 0));
}

#[test]
fn calls_of_one_caller_run_in_the_order_in_which_they_came() {
    let bulkhead = bulkhead(1, 1, 100, 100);
    let mut running = runs(&bulkhead, "ada");
    let mut waiting = [(); 5].map(|()| waits(&bulkhead, "ada"));
    for next in 0..5 {
        drop(running);
        let mut slots = waiting[next..].iter_mut().map(|entering| entering.now_or_never());
        running = slots.next().unwrap().expect("the oldest is next").unwrap();
        assert!(slots.all(|slot| slot.is_none()));
    }
}

#[test]
fn a_caller_at_its_own_bound_waits_while_others_pass() {
    let bulkhead = bulkhead(3, 2, 10, 10);
    let held = [runs(&bulkhead, "ada"), runs(&bulkhead, "ada")];
    let mut third = waits(&bulkhead, "ada");
    drop(runs(&bulkhead, "bob"));
    assert!((&mut third).now_or_never().is_none());
    drop(held);
    assert!(third.now_or_never().unwrap().is_ok());
}

#[test]
fn whoever_finds_no_place_is_refused_at_once_and_told_why() {
    let bulkhead = bulkhead(1, 1, 2, 1);
    let _running = runs(&bulkhead, "ada");
    let _waiting = [waits(&bulkhead, "ada"), waits(&bulkhead, "bob")];
    assert_eq!(refused(&bulkhead, "ada"), Whose::Caller);
    // The one with most has one running and one waiting: two more than nothing.
    let mut eve = waits(&bulkhead, "eve");
    assert!((&mut eve).now_or_never().is_none());
    assert_eq!(refused(&bulkhead, "dan"), Whose::Everybody);
    assert_eq!((bulkhead.running(), bulkhead.waiting()), (1, 2));
}

#[test]
fn a_flood_of_one_caller_gives_its_newest_places_to_others() {
    let bulkhead = bulkhead(1, 1, 4, 4);
    let _running = runs(&bulkhead, "greedy");
    let mut flood = [(); 4].map(|()| waits(&bulkhead, "greedy"));
    let others = ["ada", "bob", "ada"].map(|caller| waits(&bulkhead, caller));
    let evicted = flood.each_mut().map(|entering| entering.now_or_never().map(|slot| slot.unwrap_err().whose));
    let whose = Some(Whose::Everybody);
    assert_eq!(evicted, [None, whose, whose, whose]);
    assert_eq!(refused(&bulkhead, "bob"), Whose::Everybody, "equal callers push nobody out");
    assert_eq!(refused(&bulkhead, "greedy"), Whose::Everybody);
    drop(others);
    assert_eq!(bulkhead.waiting(), 1);
}

#[test]
fn a_place_given_to_somebody_who_is_gone_goes_on_to_the_next() {
    let bulkhead = bulkhead(1, 1, 10, 10);
    let running = runs(&bulkhead, "ada");
    let [bob, mut eve, dan] = ["bob", "eve", "dan"].map(|caller| waits(&bulkhead, caller));
    assert!((&mut eve).now_or_never().is_none());
    drop(running);
    drop(bob);
    drop(eve);
    assert_eq!((bulkhead.running(), bulkhead.waiting()), (1, 0));
    assert!(dan.now_or_never().unwrap().is_ok());
    assert_eq!((bulkhead.running(), bulkhead.waiting()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_is_woken() {
    let bulkhead = Arc::new(bulkhead(2, 1, 100, 100));
    let calls = (0..50).map(|number| {
        let bulkhead = Arc::clone(&bulkhead);
        tokio::spawn(async move {
            let slot = bulkhead.enter(&key(["ada", "bob", "eve"][number % 3])).unwrap().await.unwrap();
            tokio::task::yield_now().await;
            assert!(bulkhead.running() <= 2);
            drop(slot);
        })
    });
    for call in calls.collect::<Vec<_>>() {
        tokio::time::timeout(ms(1000), call).await.expect("a call sleeps for good").unwrap();
    }
    assert_eq!((bulkhead.running(), bulkhead.waiting()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn the_time_to_come_back_is_learnt_from_how_long_calls_run() {
    let bulkhead = bulkhead(2, 2, 3, 2);
    for _ in 0..100 {
        let _slot = runs(&bulkhead, "ada");
        tokio::time::advance(ms(1000)).await;
    }
    let _running = [runs(&bulkhead, "ada"), runs(&bulkhead, "bob")];
    let _waiting = ["ada", "ada", "bob"].map(|caller| waits(&bulkhead, caller));
    let full = bulkhead.enter(&key("bob")).unwrap_err();
    assert!((ms(1990)..=ms(2000)).contains(&full.retry_after), "four calls, two at a time: {full:?}");
    let full = bulkhead.enter(&key("ada")).unwrap_err();
    assert!((ms(1490)..=ms(1500)).contains(&full.retry_after), "three calls, two at a time: {full:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bound_is_passed_and_nobody_waits_who_could_run(
        bounds in (1_usize..4, 1_usize..4, 0_usize..6, 0_usize..4),
        steps in proptest::collection::vec((0_usize..4, 0_usize..3, 0_usize..20), 1..200),
    ) {
        let (concurrency, per_caller, queue, queue_per_caller) = bounds;
        let bulkhead = bulkhead(concurrency, per_caller, queue, queue_per_caller);
        let mut waiting: Vec<(usize, Entering<'_>)> = Vec::new();
        let mut running: Vec<(usize, Slot<'_>)> = Vec::new();
        for (action, caller, which) in steps {
            match action {
                0 | 1 => waiting.extend(bulkhead.enter(&key(&caller.to_string())).ok().map(|new| (caller, new))),
                2 if !running.is_empty() => drop(running.remove(which % running.len())),
                3 if !waiting.is_empty() => drop(waiting.remove(which % waiting.len())),
                _ => {}
            }
            let mut still = Vec::new();
            for (caller, mut entering) in waiting.drain(..) {
                match (&mut entering).now_or_never() {
                    Some(Ok(slot)) => running.push((caller, slot)),
                    Some(Err(_)) => {}
                    None => still.push((caller, entering)),
                }
            }
            waiting = still;
            prop_assert_eq!((bulkhead.running(), bulkhead.waiting()), (running.len(), waiting.len()));
            prop_assert!(running.len() <= concurrency && waiting.len() <= queue);
            for caller in 0..3 {
                let runs = running.iter().filter(|(of, _)| *of == caller).count();
                let waits = waiting.iter().filter(|(of, _)| *of == caller).count();
                prop_assert!(runs <= per_caller && waits <= queue_per_caller);
                prop_assert!(waits == 0 || runs == per_caller || running.len() == concurrency, "{caller} could run");
            }
        }
        drop((waiting, running));
        prop_assert_eq!((bulkhead.running(), bulkhead.waiting()), (0, 0));
    }
}
