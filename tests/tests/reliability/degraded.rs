//! What stands in for a tool: its fallback, its last good result; and what is switched off.

use std::time::Duration;

use serde_json::{Value, json};
use steadfast::{
    ErrorKind,
    testing::{Answer, Client, advance},
};

use super::{Script, Upstream, now, server};

const FAIL: Script = Script::Fail(ErrorKind::Unavailable);

fn degraded(answer: &Answer) -> &Value {
    &answer.message()["_meta"]["dev.steadfast/degraded"]
}

#[tokio::test(start_paused = true)]
async fn a_fallback_answers_within_the_time_of_the_call_and_says_so() {
    for (dead, reason) in [(FAIL, "unavailable"), (Script::Hang, "timeout")] {
        let client = Client::new(server(&Upstream::that(dead))).unwrap();
        let begun = now();
        let answer = client.call("recall", json!({})).await;
        assert_eq!(answer.text(), "remembered");
        assert_eq!(degraded(&answer), &json!({"mode": "fallback", "reason": reason}));
        assert!(now().duration_since(begun) <= Duration::from_secs(2));
        assert!(client.metrics().contains("steadfast_degraded_calls_total{tool=\"recall\",mode=\"fallback\"} 1"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_fallback_answers_while_the_breaker_is_open() {
    let upstream = Upstream::that(FAIL);
    let client = Client::new(server(&upstream)).unwrap();
    let mut reasons = Vec::new();
    for _ in 0..30 {
        let answer = client.call("recall", json!({})).await;
        assert!(!answer.is_error());
        reasons.push(degraded(&answer)["reason"].as_str().unwrap().to_owned());
    }
    assert_eq!(reasons.last().unwrap(), "breaker_open");
    assert!(upstream.calls() <= 20, "{}", upstream.calls());
}

#[tokio::test(start_paused = true)]
async fn a_fallback_that_is_switched_off_serves_nobody_and_keeps_no_time() {
    let client = Client::with(server(&Upstream::that(Script::Hang)), "[tools.recall]\nfallback = false").unwrap();
    let begun = now();
    let answer = client.call("recall", json!({})).await;
    assert!(answer.is_error() && degraded(&answer).is_null(), "{answer:?}");
    assert!(now().duration_since(begun) >= Duration::from_millis(600), "two attempts of 300 ms");
    assert!(!client.metrics().contains("steadfast_degraded_calls_total{"));
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_caller_has_no_stand_in() {
    let client = Client::new(server(&Upstream::that(Script::Fail(ErrorKind::Invalid)))).unwrap();
    let answer = client.call("recall", json!({})).await;
    assert!(answer.is_error() && degraded(&answer).is_null());
}

#[tokio::test(start_paused = true)]
async fn the_last_good_result_stands_in_for_the_same_caller_and_arguments_until_it_is_too_old() {
    let upstream = Upstream::that(Script::Answer);
    let client = Client::new(server(&upstream)).unwrap();
    assert_eq!(client.call("ask", json!({"what": "tea"})).await.text(), "answer 1");
    upstream.becomes(FAIL);
    advance(Duration::from_secs(60)).await;

    let answer = client.call("ask", json!({"what": "tea"})).await;
    assert_eq!(answer.text(), "answer 1");
    assert_eq!(degraded(&answer), &json!({"mode": "stale", "reason": "unavailable", "ageMs": 60_000}));

    assert!(client.call("ask", json!({"what": "milk"})).await.is_error());
    assert!(client.as_caller("bob").call("ask", json!({"what": "tea"})).await.is_error());
    advance(Duration::from_secs(541)).await;
    assert!(client.call("ask", json!({"what": "tea"})).await.is_error(), "it is older than ten minutes");
}

#[tokio::test(start_paused = true)]
async fn where_the_fallback_has_nothing_the_last_good_result_has() {
    let upstream = Upstream::that(Script::Answer);
    let client = Client::new(server(&upstream)).unwrap();
    assert_eq!(client.call("recall", json!({"what": "tea"})).await.text(), "answer 1");
    upstream.becomes(FAIL);
    let answer = client.call("recall", json!({"what": "tea"})).await;
    assert_eq!((answer.text().as_str(), &degraded(&answer)["mode"]), ("answer 1", &json!("stale")));
    let nothing = client.call("recall", json!({"what": "milk"})).await;
    assert_eq!(nothing.message()["_meta"]["dev.steadfast/error"]["kind"], "unavailable");
}

#[tokio::test(start_paused = true)]
async fn what_is_switched_off_is_refused_with_its_reason_and_comes_back() {
    let client = Client::new(server(&Upstream::that(Script::Answer))).unwrap();
    for (target, tool, other) in
        [("tool:put", "put", "place"), ("class:additive", "put", "ask"), ("read-only", "place", "ask")]
    {
        client.switch_off(target, Some("the shelf is wet")).await;
        let refused = client.call(tool, json!({"what": "it"})).await;
        assert!(refused.is_error() && refused.text().contains("the shelf is wet"), "{target}: {}", refused.text());
        assert!(!client.call(other, json!({"what": "it"})).await.is_error(), "{target}: {other}");
        client.switch_on(target).await;
        assert!(!client.call(tool, json!({"what": "it"})).await.is_error(), "{target}: {tool} is back");
    }
    client.switch_off("all", None).await;
    assert!(client.call("ask", json!({})).await.is_error());
    assert!(client.metrics().contains("{tool=\"put\",reason=\"switched_off\"} 2"), "{}", client.metrics());
}

#[tokio::test(start_paused = true)]
async fn a_switch_holds_while_the_store_is_away() {
    let client = Client::new(server(&Upstream::that(Script::Answer))).unwrap();
    client.switch_off("tool:ask", None).await;
    client.put_store_away(true);
    assert!(client.call("ask", json!({})).await.is_error());
    assert!(!client.call("look_up", json!({})).await.is_error());
}

#[tokio::test(start_paused = true)]
async fn read_only_mode_by_configuration_refuses_what_changes_something() {
    let client = Client::with(server(&Upstream::that(Script::Answer)), "read_only = true").unwrap();
    let refused = client.call("put", json!({"what": "it"})).await;
    assert_eq!(refused.message()["_meta"]["dev.steadfast/error"]["reason"], "read_only");
    assert!(!client.call("ask", json!({})).await.is_error());
}

#[tokio::test(start_paused = true)]
async fn every_call_that_fails_or_is_refused_is_counted_once_under_its_reason() {
    for (script, tool, counted) in [
        (Script::Panic, "put", Some("failures_total{tool=\"put\",reason=\"panicked\"} 1")),
        (Script::Hang, "ask", Some("failures_total{tool=\"ask\",reason=\"timeout\"} 1")),
        (Script::Hang, "put", Some("failures_total{tool=\"put\",reason=\"unknown\"} 1")),
        (Script::Large(5 << 20), "put", Some("failures_total{tool=\"put\",reason=\"result_too_large\"} 1")),
        (FAIL, "put", Some("failures_total{tool=\"put\",reason=\"unavailable\"} 1")),
        (Script::Fail(ErrorKind::Internal), "ask", Some("failures_total{tool=\"ask\",reason=\"internal\"} 1")),
        (Script::Fail(ErrorKind::NotFound), "ask", None),
        (Script::Answer, "forget", Some("refusals_total{tool=\"_OTHER\",reason=\"not_found\"} 1")),
    ] {
        let client = Client::new(server(&Upstream::that(script))).unwrap();
        client.call(tool, json!({"what": "it"})).await;
        let metrics = client.metrics();
        let found: Vec<_> = metrics
            .lines()
            .filter_map(|line| line.strip_prefix("steadfast_"))
            .filter(|line| line.starts_with("failures_total") || line.starts_with("refusals_total"))
            .collect();
        assert_eq!(found, counted.as_slice(), "{tool} {script:?}");
    }
    let client = Client::new(server(&Upstream::that(Script::Hang))).unwrap();
    let keyed = json!({"dev.steadfast/idempotencyKey": "k"});
    for _ in 0..2 {
        client.call_with_meta("put", json!({"what": "it"}), keyed.clone()).await;
    }
    client.call("put", json!({})).await;
    let metrics = client.metrics();
    for line in [
        "steadfast_failures_total{tool=\"put\",reason=\"unknown\"} 1",
        "steadfast_refusals_total{tool=\"put\",reason=\"unknown\"} 1",
        "steadfast_refusals_total{tool=\"put\",reason=\"invalid\"} 1",
    ] {
        assert!(metrics.contains(line), "{line} is not in {metrics}");
    }
}
