use std::collections::BTreeSet;

use proptest::prelude::*;
use rmcp::model::InputRequest;

use super::*;

const LEASE: Duration = Duration::from_secs(15);
const TTL: Duration = Duration::from_secs(3600);

fn record(again: bool, mutation: bool) -> Record {
    let again = again.then_some(Again { surface: None, major: 1, confirmed: None });
    let lease = Some(Lease { owner: "a".into(), left_ms: millis(LEASE) });
    let open = Open { lease, runs: 1, questions: InputRequests::new(), answers: InputResponses::new(), again };
    Record {
        principal: "alice".into(),
        tool: "crawl".into(),
        mutation,
        created_ms: 0,
        updated_ms: 0,
        ttl_ms: millis(TTL),
        message: None,
        phase: Phase::Open(Box::new(open)),
    }
}

fn at(process: &str, age: Duration, now_ms: u64) -> At<'_> {
    At { process, age, now_ms, lease: LEASE, ttl: TTL }
}

fn question() -> InputRequest {
    InputRequest::ListRoots(rmcp::model::ListRootsRequest::default())
}

fn answer() -> Value {
    json!({ "roots": [] })
}

fn open(record: &Record) -> &Open {
    match &record.phase {
        Phase::Open(open) => open,
        ended => panic!("{ended:?}"),
    }
}

/// What happens, from which process, and how much later.
fn events() -> impl Strategy<Value = Vec<(Event, &'static str, u64)>> {
    let keys = || prop::collection::btree_set(prop::sample::select(vec!["name", "name-2", "colour"]), 0..3);
    let event = prop_oneof![
        4 => Just(Event::TakeOver),
        4 => Just(Event::Renew),
        1 => Just(Event::Release),
        2 => "[a-z]{0,3}".prop_map(|text| Event::Say(Some(text))),
        3 => keys().prop_map(|keys| Event::Ask(keys.into_iter().map(|key| (key.into(), question())).collect())),
        3 => keys().prop_map(|keys| Event::Answer(keys.into_iter().map(|key| (key.into(), answer())).collect())),
        1 => Just(Event::Cancel),
        1 => Just(Event::Abandon(Phase::Failed { error: JsonObject::new() }, "gone".into())),
        1 => Just(Event::End(Phase::Completed { result: JsonObject::new() }, None)),
    ];
    prop::collection::vec((event, prop::sample::select(vec!["a", "b", "c"]), 0..20_000_u64), 0..60)
}

proptest! {
    #[test]
    fn an_end_is_the_end_and_a_task_has_one_owner_and_asks_nothing_twice(
        events in events(), again: bool, mutation: bool,
    ) {
        let mut now = record(again, mutation);
        let (mut clock, mut written) = (0, 0);
        // Until when each process may believe that the task is its own.
        let mut believed = [("a", millis(LEASE))].into_iter().collect::<std::collections::BTreeMap<_, _>>();
        let mut answered = BTreeSet::new();
        for (event, process, later) in events {
            clock += later;
            let age = Duration::from_millis(clock - written);
            let Ok(next) = now.apply(event.clone(), at(process, age, clock)) else { continue };
            prop_assert!(!now.has_ended(), "{event:?}");
            prop_assert!(next.ttl_ms >= now.ttl_ms);
            prop_assert!(next.ttl_ms >= clock - next.created_ms, "it is past its time to live");
            if matches!(event, Event::TakeOver | Event::Abandon(..)) {
                prop_assert!(again || next.has_ended(), "what may not run twice was taken over");
                let others = believed.iter().filter(|(other, until)| **other != process && **until > clock);
                prop_assert_eq!(others.count(), 0, "two processes have it");
            }
            match &next.phase {
                Phase::Open(open) => {
                    let owns = open.lease.as_ref().is_some_and(|lease| lease.owner == process);
                    if owns && !matches!(event, Event::Answer(_)) {
                        believed.insert(process, clock + millis(LEASE));
                    } else if event == Event::Release {
                        believed.remove(process);
                    }
                    answered.extend(open.answers.keys().cloned());
                    prop_assert!(open.questions.keys().all(|key| !answered.contains(key)), "it was asked before");
                    prop_assert!(open.runs <= MOST_RUNS);
                }
                Phase::Failed { .. } => prop_assert!(next.message.is_some()),
                _ => {}
            }
            if next != now || !matches!(event, Event::Answer(_)) {
                written = clock;
            }
            now = next;
        }
    }
}

#[test]
fn a_task_whose_process_died_goes_on_only_where_that_can_do_no_harm() {
    let before = record(true, false).apply(Event::TakeOver, at("b", LEASE - Duration::from_millis(1), 14_999));
    assert_eq!(before, Err(Refused::NotYours));

    let again = record(true, true).apply(Event::TakeOver, at("b", LEASE, 15_000)).unwrap();
    assert_eq!((open(&again).runs, open(&again).lease.as_ref().unwrap().owner.as_str()), (2, "b"));

    let lost = record(false, true).apply(Event::TakeOver, at("b", LEASE, 15_000)).unwrap();
    let Phase::Failed { error } = &lost.phase else { panic!("{lost:?}") };
    assert_eq!(error["data"]["kind"], "unknown");
    assert!(lost.message.as_deref().unwrap().contains("may or may not"));
}

#[test]
fn a_task_that_ends_its_process_each_time_is_given_up() {
    let mut now = record(true, false);
    for run in 2..=MOST_RUNS {
        now = now.apply(Event::TakeOver, at("b", LEASE, u64::from(run) * 15_000)).unwrap();
        assert_eq!(open(&now).runs, run);
    }
    assert!(now.apply(Event::TakeOver, at("b", LEASE, 90_000)).unwrap().has_ended());
}

#[test]
fn what_is_given_up_is_taken_at_once() {
    let released = record(true, false).apply(Event::Release, at("a", Duration::ZERO, 1)).unwrap();
    assert!(released.is_orphaned(Duration::ZERO));
    assert_eq!(open(&released.apply(Event::TakeOver, at("b", Duration::ZERO, 2)).unwrap()).runs, 1);
}

#[test]
fn however_often_processes_are_stopped_a_task_goes_on() {
    let mut now = record(true, false);
    for stop in 0..u64::from(MOST_RUNS) * 3 {
        now = now.apply(Event::Release, at("a", Duration::ZERO, stop)).unwrap();
        now = now.apply(Event::TakeOver, at("a", Duration::ZERO, stop)).unwrap();
        assert!(!now.has_ended(), "after {stop} stops");
    }
}

#[test]
fn the_time_that_a_task_may_run_begins_once() {
    let minute = Duration::from_secs(60);
    let again = record(true, false).apply(Event::TakeOver, at("b", LEASE, 45_000)).unwrap();
    assert_eq!(again.time_left(minute, 45_000), LEASE);
    assert_eq!(again.time_left(minute, 60_001), Duration::ZERO);
}

#[test]
fn a_task_that_nobody_runs_fades_and_one_that_is_run_does_not() {
    let (mut run, orphan) = (record(true, false), record(true, false));
    for minute in 0..240 {
        let now_ms = minute * 60_000;
        assert_eq!(orphan.fades(TTL, now_ms), minute > 45, "after {minute} minutes");
        run = run.apply(Event::Renew, at("a", Duration::ZERO, now_ms)).unwrap();
        assert!(!run.fades(TTL, now_ms), "after {minute} minutes");
    }
}

#[test]
fn a_client_that_keeps_answering_does_not_keep_a_dead_owners_lease_alive() {
    let asked = Event::Ask(InputRequests::from([("x".into(), question()), ("y".into(), question())]));
    let asking = record(true, false).apply(asked, at("a", Duration::ZERO, 0)).unwrap();
    let ten = Duration::from_secs(10);
    let answer = |key: &str| Event::Answer(InputResponses::from([(key.to_owned(), answer())]));
    let once = asking.apply(answer("x"), at("b", ten, 10_000)).unwrap();
    assert!(!once.is_orphaned(Duration::from_secs(4)) && once.is_orphaned(Duration::from_secs(5)));
}

#[test]
fn only_answers_to_what_is_asked_count() {
    let asked = Event::Ask(InputRequests::from([("x".into(), question()), ("y".into(), question())]));
    let asking = record(true, false).apply(asked, at("a", Duration::ZERO, 0)).unwrap();
    for (key, answer, left) in [
        ("z", answer(), &["x", "y"][..]),
        ("x", json!(1), &["x", "y"]),
        ("x", json!({ "roots": 7 }), &["x", "y"]),
        ("x", answer(), &["y"]),
    ] {
        let event = Event::Answer(InputResponses::from([(key.to_owned(), answer)]));
        let next = asking.apply(event, at("b", Duration::ZERO, 1)).unwrap();
        assert_eq!(open(&next).questions.keys().collect::<Vec<_>>(), left, "{key}");
    }
}

#[test]
fn a_task_lives_longer_where_it_runs_longer() {
    let short = record(true, false).apply(Event::Renew, at("a", Duration::ZERO, 60_000)).unwrap();
    assert_eq!(short.ttl_ms, 3_600_000);
    let long = record(true, false).apply(Event::Renew, at("a", Duration::ZERO, 1_800_001)).unwrap();
    assert_eq!(long.ttl_ms, 1_800_001 + 3_600_000);
}
