//! Rates, places, and bounds of results.

use std::time::Duration;

use futures_util::{FutureExt as _, future::join_all, poll};
use serde_json::{Value, json};
use steadfast::testing::{Answer, Client, advance};

use super::{Script, Upstream, now, server};

fn refusal(answer: &Answer) -> (&Value, u64) {
    let data = &answer.message()["error"]["data"];
    (&data["reason"], data["retryAfterMs"].as_u64().unwrap_or_default())
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_is_too_fast_is_told_when_to_come_again() {
    let tenant = "[limits]\nrate_per_tenant = '5/s'";
    let caller = "[limits]\nrate_per_caller = '5/s'";
    for (configuration, tool, reason, others_pass) in [
        ("", "ask", "rate_limit_tool", true),
        (caller, "look_up", "rate_limit_caller", true),
        (tenant, "look_up", "rate_limit_tenant", false),
    ] {
        let client = Client::with(server(&Upstream::that(Script::Answer)), configuration).unwrap();
        for _ in 0..5 {
            assert!(!client.call(tool, json!({})).await.is_error());
        }
        let refused = client.call(tool, json!({})).await;
        assert_eq!(refused.code(), Some(-32050));
        let (why, after) = refusal(&refused);
        assert_eq!(why, reason);
        assert!((1..=200).contains(&after), "{after}");
        let other = client.as_caller("bob").call(tool, json!({})).await;
        assert_eq!(other.code().is_none(), others_pass, "{reason}");
        advance(Duration::from_millis(after)).await;
        assert!(client.call(tool, json!({})).await.code().is_none(), "{reason}: it waited as it was told");
    }
}

#[tokio::test(start_paused = true)]
async fn rates_hold_while_the_store_is_away_and_can_be_taken_away_by_configuration() {
    let client = Client::new(server(&Upstream::that(Script::Answer))).unwrap();
    client.put_store_away(true);
    let answers = join_all((0..20).map(|_| client.call("ask", json!({})))).await;
    assert_eq!(answers.iter().filter(|answer| answer.code().is_none()).count(), 5);

    let client = Client::with(server(&Upstream::that(Script::Answer)), "[tools.ask]\nrate_limit = 'off'").unwrap();
    let answers = join_all((0..20).map(|_| client.call("ask", json!({})))).await;
    assert!(answers.iter().all(|answer| answer.code().is_none()));
}

#[tokio::test(start_paused = true)]
async fn beyond_what_runs_and_waits_a_call_is_refused_at_once() {
    let places = "[limits]\nconcurrency = 2\nconcurrency_per_caller = 2\nqueue = 3\nqueue_per_caller = 3";
    let client = Client::with(server(&Upstream::that(Script::After(100))), places).unwrap();
    let mut calls: Vec<_> = (0..5).map(|_| Box::pin(client.call("ask", json!({})))).collect();
    for call in &mut calls {
        assert!(poll!(call).is_pending());
    }
    let refused = client.call("ask", json!({})).now_or_never().expect("a refusal does not wait");
    assert_eq!(refusal(&refused).0, "overloaded");
    assert!(refusal(&refused).1 > 0);
    assert!(client.metrics().contains("steadfast_requests_running 2\n") && client.metrics().contains("_waiting 3\n"));
    assert!(join_all(calls).await.iter().all(|answer| !answer.is_error()));
    assert!(client.metrics().contains("steadfast_refusals_total{tool=\"ask\",reason=\"overloaded\"} 1"));
}

#[tokio::test(start_paused = true)]
async fn one_greedy_caller_does_not_starve_another() {
    let places = "[limits]\nconcurrency = 4\nqueue = 40\n[tools.ask]\nrate_limit = 'off'";
    let client = Client::with(server(&Upstream::that(Script::After(100))), places).unwrap();
    let modest = client.as_caller("modest");
    let greedy = client.as_caller("greedy");
    let mut flood: Vec<_> = (0..200).map(|_| Box::pin(greedy.call("ask", json!({})))).collect();
    let mut waiting = Vec::new();
    for mut call in flood.drain(..) {
        if poll!(&mut call).is_pending() {
            waiting.push(call);
        }
    }
    let flooding = join_all(waiting);
    let waits = async {
        let mut waits = Vec::new();
        for _ in 0..5 {
            let begun = now();
            assert!(!modest.call("ask", json!({})).await.is_error());
            waits.push(now().duration_since(begun));
        }
        waits
    };
    let (_, waits) = tokio::join!(flooding, waits);
    // Never more than the call that runs, and its own.
    assert!(waits.iter().all(|wait| *wait <= Duration::from_millis(200)), "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_does_not_wait_longer_for_a_place_than_it_may_take() {
    let places = "[limits]\nconcurrency = 1\nconcurrency_per_caller = 1\nqueue = 3";
    let client = Client::with(server(&Upstream::that(Script::Hang)), places).unwrap();
    let meta = json!({"dev.steadfast/timeoutMs": 100});
    let begun = now();
    let (_, second) = tokio::join!(client.call("ask", json!({})), client.call_with_meta("ask", json!({}), meta),);
    assert_eq!(refusal(&second).0, "overloaded");
    assert!(now().duration_since(begun) >= Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn calls_of_one_upstream_wait_in_their_own_place_and_leave_the_others_alone() {
    let bulkhead = "[upstreams.library]\nconcurrency = 1\nqueue = 1";
    let client = Client::with(server(&Upstream::that(Script::After(100))), bulkhead).unwrap();
    let calls = (0..3).map(|_| client.call("look_up", json!({})));
    let (answers, other) = tokio::join!(join_all(calls), client.call("ask", json!({})));
    let reasons: Vec<_> =
        answers.iter().map(|answer| &answer.message()["_meta"]["dev.steadfast/error"]["reason"]).collect();
    assert_eq!(reasons, [&Value::Null, &Value::Null, &json!("bulkhead_full")]);
    assert!(!other.is_error());
}

#[tokio::test]
async fn a_result_of_a_gibibyte_is_an_error_and_the_server_lives() {
    let upstream = Upstream::that(Script::Answer).first([Script::Large(1 << 30)]);
    let client = Client::new(server(&upstream)).unwrap();
    let answer = client.call("look_up", json!({})).await;
    assert_eq!(answer.message()["_meta"]["dev.steadfast/error"]["reason"], "result_too_large");
    assert!(!client.call("look_up", json!({})).await.is_error());
}

#[test]
fn settings_of_what_the_server_does_not_have_are_problems() {
    let wrong = "[tools.asc]\nretry = 1\n[tools.put]\nretry = 1\nstale = '1m'\n[upstreams.libary]\nconcurrency = 3";
    let problems = Client::with(server(&Upstream::that(Script::Answer)), wrong).err().unwrap();
    let text = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    for part in [
        "the table `tools.asc`: there is no tool `asc`\n  help: did you mean `ask`?",
        "the table `upstreams.libary`: there is no upstream `libary`\n  help: did you mean `library`?",
        "the setting `tools.put.retry`",
        "the setting `tools.put.stale`",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let unknown = "[tools.ask]\nretrys = 1\n[upstreams]\nlibrary = 3\n[tools.look_up]\nretry = 11\nrate_limit = 'fast'";
    let problems = Client::with(server(&Upstream::that(Script::Answer)), unknown).err().unwrap();
    let text = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    for part in [
        "tools.ask.retrys: unknown key\n  help: did you mean `retry`?",
        "upstreams.library: unknown key\n  help: a setting of one of the upstreams is `upstreams.<name>.concurrency`",
        "tools.look_up.retry: 11 is not a whole number from 0 to 10",
        "tools.look_up.rate_limit: \"fast\" is not a rate",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn settings_that_contradict_each_other_are_problems() {
    for (settings, problem) in [
        (
            "[tools.ask]\nattempt_timeout = '2s'",
            "the setting `tools.ask.attempt_timeout`: 2s is more than the whole call has, which is 1s",
        ),
        (
            "[limits]\ndeadline = '200ms'",
            "the setting `tools.recall.attempt_timeout`: 300ms is more than the whole call has, which is 200ms",
        ),
        (
            "[tools.ask]\ntimeout = '10m'",
            "the setting `tools.ask.timeout`: 10m is more than any call may take, which is 5m",
        ),
        ("[tools.ask]\nfallback = true", "the setting `tools.ask.fallback`: the tool declares no fallback"),
        (
            "[upstreams.library]\nhalf_open = 101",
            "upstreams.library.half_open: 101 is not a whole number from 1 to 100",
        ),
    ] {
        let problems = Client::with(server(&Upstream::that(Script::Answer)), settings).err().unwrap();
        let text = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(text.contains(problem), "{problem} is not in\n{text}");
    }
    for settings in ["[tools.ask]\nattempt_timeout = '1s'", "[tools.recall]\nfallback = true"] {
        assert!(Client::with(server(&Upstream::that(Script::Answer)), settings).is_ok(), "{settings}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_caller_alone_gets_every_place() {
    let places = "[limits]\nconcurrency = 4\nqueue = 4\n[tools.ask]\nrate_limit = 'off'";
    let client = Client::with(server(&Upstream::that(Script::After(100))), places).unwrap();
    let begun = now();
    let answers = join_all((0..8).map(|_| client.call("ask", json!({})))).await;
    assert!(answers.iter().all(|answer| !answer.is_error() && answer.code().is_none()));
    assert_eq!(now().duration_since(begun).as_millis(), 200, "two rounds of four");
    let all = format!("[limits]\nconcurrency = {}", i64::MAX);
    assert!(Client::with(server(&Upstream::that(Script::Answer)), &all).is_ok());
}
