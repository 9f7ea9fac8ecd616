//! Retries, their timing and their budget; breakers.

use std::time::Duration;

use serde_json::{Value, json};
use steadfast::{
    ErrorKind,
    testing::{Answer, Client, advance},
};

use super::{Script, Upstream, now, server};

const FAIL: Script = Script::Fail(ErrorKind::Unavailable);

/// Opens never, so that only the budget holds retries back.
const NO_BREAKER: &str = "[upstreams.library]\nminimum_calls = 1000000\nfailures_in_a_row = 1000000";

fn kind(answer: &Answer) -> &Value {
    &answer.message()["_meta"]["dev.steadfast/error"]["kind"]
}

fn attempts(answer: &Answer) -> u64 {
    answer.message()["_meta"]["dev.steadfast/attempts"].as_u64().unwrap_or(1)
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_passes_is_not_seen() {
    let upstream = Upstream::that(Script::Answer).first([FAIL, FAIL]);
    let client = Client::new(server(&upstream)).unwrap();
    let answer = client.call("look_up", json!({})).await;
    assert_eq!((answer.text().as_str(), attempts(&answer)), ("answer 3", 3));
}

#[tokio::test(start_paused = true)]
async fn the_pauses_between_attempts_follow_from_the_seed_and_stay_below_their_ceiling() {
    let mut elapsed = Vec::new();
    for _ in 0..2 {
        let client = Client::new(server(&Upstream::that(FAIL))).unwrap();
        let begun = now();
        let answer = client.call("look_up", json!({})).await;
        assert_eq!((kind(&answer), attempts(&answer)), (&json!("unavailable"), 3));
        elapsed.push(now().duration_since(begun));
    }
    assert_eq!(elapsed[0], elapsed[1]);
    // Two pauses of up to 50 and 100 ms.
    assert!(elapsed[0] > Duration::ZERO && elapsed[0] <= Duration::from_millis(150), "{elapsed:?}");
}

#[tokio::test(start_paused = true)]
async fn only_failures_that_may_pass_of_calls_that_may_be_repeated_are_retried() {
    for (tool, script, calls) in [
        ("look_up", Script::Fail(ErrorKind::Invalid), 1),
        ("look_up", Script::Fail(ErrorKind::NotFound), 1),
        ("look_up", Script::Fail(ErrorKind::Internal), 1),
        ("look_up", Script::Panic, 1),
        ("look_up", Script::Fail(ErrorKind::Timeout), 3),
        ("put", FAIL, 1),
        ("put", Script::Hang, 1),
        ("place", FAIL, 2),
        ("place", Script::Hang, 2),
    ] {
        let upstream = Upstream::that(script);
        let client = Client::new(server(&upstream)).unwrap();
        client.call(tool, json!({"what": "it"})).await;
        assert_eq!(upstream.calls(), calls, "{tool} {script:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_hangs_leaves_time_for_another() {
    let upstream = Upstream::that(Script::Answer).first([Script::Hang]);
    let client = Client::new(server(&upstream)).unwrap();
    let answer = client.call("recall", json!({})).await;
    assert_eq!((answer.text().as_str(), attempts(&answer)), ("answer 2", 2));
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_all_attempts() {
    let client = Client::new(server(&Upstream::that(Script::After(1_500)))).unwrap();
    let begun = now();
    let meta = json!({"dev.steadfast/timeoutMs": 700});
    let answer = client.call_with_meta("look_up", json!({}), meta).await;
    assert_eq!(kind(&answer), "timeout");
    assert!(now().duration_since(begun) <= Duration::from_millis(800), "{:?}", now().duration_since(begun));
}

#[tokio::test(start_paused = true)]
async fn retries_cost_a_dead_upstream_a_fifth_of_its_load_at_most() {
    let upstream = Upstream::that(FAIL);
    let client = Client::with(server(&upstream), NO_BREAKER).unwrap();
    for offered in 1..=500_u32 {
        client.call("look_up", json!({})).await;
        advance(Duration::from_millis(20)).await;
        // A few retries are free.
        assert!(upstream.calls() <= (offered * 6).div_ceil(5) + 2, "{} of {offered}", upstream.calls());
    }
    assert!(upstream.calls() >= 550, "{}", upstream.calls());
    assert!(client.metrics().contains("steadfast_retries_refused_total{upstream=\"library\"}"));
}

#[tokio::test(start_paused = true)]
async fn a_dead_upstream_is_left_alone_after_twenty_failures_and_tried_again_by_exactly_so_many() {
    for dead in [FAIL, Script::Hang, Script::Panic, Script::Fail(ErrorKind::Internal)] {
        let upstream = Upstream::that(dead);
        let client = Client::new(server(&upstream)).unwrap();
        let mut refused = None;
        for _ in 0..40 {
            let answer = client.call("look_up", json!({})).await;
            let error = &answer.message()["_meta"]["dev.steadfast/error"];
            if error["reason"] == "breaker_open" {
                refused = Some(error.clone());
                break;
            }
        }
        let refused = refused.unwrap_or_else(|| panic!("{dead:?}: the breaker did not open"));
        assert!(upstream.calls() <= 20, "{dead:?}: {} calls", upstream.calls());
        assert!(refused["retryAfterMs"].as_u64().is_some_and(|after| (1..=5_000).contains(&after)), "{refused}");
        assert!(client.metrics().contains("steadfast_breaker_state{upstream=\"library\",state=\"open\"} 1"));

        let before = upstream.calls();
        advance(Duration::from_secs(5)).await;
        upstream.becomes(Script::After(100));
        let calls = (0..50).map(|_| client.call("look_up", json!({})));
        let answers = futures(calls).await;
        assert_eq!(answers.iter().filter(|answer| !answer.is_error()).count(), 3, "{dead:?}");
        assert_eq!(upstream.calls() - before, 3, "{dead:?}");

        assert!(!client.call("look_up", json!({})).await.is_error(), "{dead:?}: it is closed again");
        assert!(client.metrics().contains("steadfast_breaker_changes_total{upstream=\"library\",to=\"closed\"} 1"));
    }
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_errors_of_the_caller_do_not_open_a_breaker() {
    let upstream = Upstream::that(Script::Fail(ErrorKind::NotFound));
    let client = Client::new(server(&upstream)).unwrap();
    for _ in 0..100 {
        assert_eq!(kind(&client.call("look_up", json!({})).await), "not_found");
    }
    assert_eq!(upstream.calls(), 100);
}

#[tokio::test(start_paused = true)]
async fn callers_in_a_hurry_do_not_open_a_breaker_for_the_others() {
    let upstream = Upstream::that(Script::After(50));
    let client = Client::new(server(&upstream)).unwrap();
    for _ in 0..40 {
        let meta = json!({"dev.steadfast/timeoutMs": 10});
        assert_eq!(kind(&client.as_caller("hasty").call_with_meta("look_up", json!({}), meta).await), "timeout");
    }
    assert!(!client.call("look_up", json!({})).await.is_error());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_lost_a_little_of_its_time_on_its_way_still_says_that_its_upstream_hangs() {
    let upstream = Upstream::that(Script::Hang);
    // There is one place, so each call waits for another one first.
    let client = Client::with(server(&upstream), "[limits]\nconcurrency = 1\n[tools.look_up]\nretry = 0").unwrap();
    for _ in 0..20 {
        let _ = upstream.clone().first([Script::After(20)]);
        let (quick, slow) = tokio::join!(client.call("ask", json!({})), client.call("look_up", json!({})));
        assert!(!quick.is_error(), "{quick:?}");
        assert_eq!(kind(&slow), "timeout");
    }
    assert_eq!(kind(&client.call("look_up", json!({})).await), "unavailable", "the breaker is open");
    assert_eq!(upstream.calls(), 40);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_retried_takes_nothing_from_the_budget() {
    let client = Client::new(server(&Upstream::that(FAIL))).unwrap();
    for _ in 0..5 {
        client.call("put", json!({"what": "it"})).await;
    }
    assert!(!client.metrics().contains("steadfast_retries_total{"), "{}", client.metrics());
}

/// All at once.
async fn futures<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    futures_util::future::join_all(futures).await
}
