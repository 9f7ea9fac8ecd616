//! Idempotency keys: one effect, one answer.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use steadfast::{
    ErrorKind,
    rmcp::model::ClientCapabilities,
    testing::{Answer, Client, advance},
};

use super::{Script, Upstream, server};

async fn keyed(client: &Client, tool: &str, what: &str, key: &str) -> Answer {
    client.call_with_meta(tool, json!({"what": what}), json!({"dev.steadfast/idempotencyKey": key})).await
}

fn error(answer: &Answer) -> &Value {
    &answer.message()["_meta"]["dev.steadfast/error"]
}

fn is_replayed(answer: &Answer) -> bool {
    answer.message()["_meta"]["dev.steadfast/replayed"] == true
}

#[tokio::test(start_paused = true)]
async fn a_repeat_gets_the_same_answer_and_nothing_is_done_again() {
    for script in [Script::Answer, Script::Fail(ErrorKind::Conflict), Script::Fail(ErrorKind::Unavailable)] {
        let upstream = Upstream::that(script);
        let client = Client::new(server(&upstream)).unwrap();
        let first = keyed(&client, "put", "tea", "k").await;
        let again = keyed(&client, "put", "tea", "k").await;
        assert_eq!((first.text(), first.is_error()), (again.text(), again.is_error()), "{script:?}");
        assert!(!is_replayed(&first) && is_replayed(&again));
        assert_eq!(upstream.calls(), 1, "{script:?}");
        assert!(client.metrics().contains("steadfast_idempotent_replays_total{tool=\"put\"} 1"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_fills_no_store_with_keys() {
    let upstream = Upstream::that(Script::Answer);
    let client = Client::with(server(&upstream), "[limits]\nkept_per_caller = '3/h'").unwrap();
    for number in 0..6 {
        let answer = keyed(&client, "put", "tea", &format!("k{number}")).await;
        let refused = (number >= 3).then_some(-32050);
        assert_eq!(answer.code(), refused, "{number}: {}", answer.text());
        assert!(refused.is_none() || answer.message()["error"]["data"]["reason"] == "rate_limit_caller");
    }
    assert_eq!(upstream.calls(), 3);
    assert!(!client.call("put", json!({"what": "tea"})).await.is_error(), "nothing is kept of it");
    assert!(!keyed(&client.as_caller("bob"), "put", "tea", "k").await.is_error());
    advance(Duration::from_secs(1200)).await;
    assert!(!keyed(&client, "put", "tea", "another").await.is_error());
}

#[tokio::test(start_paused = true)]
async fn what_is_idempotent_anyway_may_be_tried_again_after_a_failure_that_passes() {
    let upstream = Upstream::that(Script::Answer).first([Script::Fail(ErrorKind::Unavailable); 2]);
    let client = Client::new(server(&upstream)).unwrap();
    assert!(keyed(&client, "place", "tea", "k").await.is_error());
    assert!(!keyed(&client, "place", "tea", "k").await.is_error());
}

#[tokio::test(start_paused = true)]
async fn a_key_belongs_to_one_caller_tool_and_call() {
    let upstream = Upstream::that(Script::Answer);
    let client = Client::new(server(&upstream)).unwrap();
    keyed(&client, "put", "tea", "k").await;
    assert_eq!(error(&keyed(&client, "put", "milk", "k").await)["reason"], "key_reused");
    assert!(!is_replayed(&keyed(&client.as_caller("bob"), "put", "tea", "k").await));
    assert!(!is_replayed(&keyed(&client, "place", "tea", "k").await));
    assert!(!is_replayed(&keyed(&client, "put", "tea", "k2").await));
    assert_eq!(upstream.calls(), 4);
}

#[tokio::test(start_paused = true)]
async fn of_a_thousand_at_once_one_runs_and_the_others_are_told_so() {
    let upstream = Upstream::that(Script::After(100));
    let places = "[limits]\nconcurrency = 2000\nconcurrency_per_caller = 2000";
    let client = Client::with(server(&upstream), places).unwrap();
    let answers = join_all((0..1_000).map(|_| keyed(&client, "put", "tea", "k"))).await;
    assert_eq!(upstream.calls(), 1);
    let (done, others): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| !answer.is_error());
    assert_eq!(done.len(), 1);
    assert!(others.iter().all(|answer| error(answer)["reason"] == "in_flight"));
    assert!(others.iter().all(|answer| error(answer)["retryAfterMs"].as_u64().is_some_and(|after| after > 0)));
    assert_eq!(keyed(&client, "put", "tea", "k").await.text(), "answer 1");
}

#[tokio::test(start_paused = true)]
async fn what_was_cut_off_is_unknown_and_stays_so() {
    for script in [Script::Hang, Script::Panic, Script::Fail(ErrorKind::Timeout)] {
        let upstream = Upstream::that(Script::Answer).first([script]);
        let client = Client::new(server(&upstream)).unwrap();
        let first = keyed(&client, "put", "tea", "k").await;
        assert!(first.is_error() || first.code().is_some(), "{script:?}");
        for _ in 0..2 {
            let again = keyed(&client, "put", "tea", "k").await;
            assert_eq!(error(&again)["kind"], "unknown", "{script:?}");
        }
        assert_eq!(upstream.calls(), 1, "{script:?}: it was not done twice");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_caller_went_away_is_unknown() {
    let upstream = Upstream::that(Script::Answer).first([Script::Hang]);
    let client = Client::new(server(&upstream)).unwrap();
    let gone = tokio::time::timeout(Duration::from_millis(100), keyed(&client, "put", "tea", "k")).await;
    assert!(gone.is_err());
    advance(Duration::from_millis(1)).await;
    assert_eq!(error(&keyed(&client, "put", "tea", "k").await)["kind"], "unknown");
    assert_eq!(upstream.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_mutation_that_was_cut_off_says_that_its_effect_is_unknown() {
    let client = Client::new(server(&Upstream::that(Script::Hang))).unwrap();
    let answer = client.call("put", json!({"what": "tea"})).await;
    assert_eq!(error(&answer)["kind"], "unknown");
    assert!(answer.text().contains("may or may not"), "{}", answer.text());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_refused_before_it_began_does_not_use_its_key_up() {
    let upstream = Upstream::that(Script::Answer);
    let client = Client::new(server(&upstream)).unwrap();
    client.switch_off("all", None).await;
    assert!(keyed(&client, "put", "tea", "k").await.is_error());
    client.switch_on("all").await;
    assert!(!keyed(&client, "put", "tea", "k").await.is_error());
}

#[tokio::test(start_paused = true)]
async fn without_its_store_a_call_with_a_key_is_refused_and_one_without_is_served() {
    let upstream = Upstream::that(Script::Answer);
    let client = Client::new(server(&upstream)).unwrap();
    client.put_store_away(true);
    let refused = keyed(&client, "put", "tea", "k").await;
    assert_eq!(error(&refused)["reason"], "store_away");
    assert_eq!(upstream.calls(), 0);
    assert!(!client.call("put", json!({"what": "tea"})).await.is_error());
    assert!(!keyed(&client, "ask", "tea", "k").await.is_error(), "nothing has to be remembered of what only reads");
    assert!(client.metrics().contains("steadfast_store_failures_total{kind=\"claim\",state=\"away\"} 1"));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_too_large_to_keep_is_not_given_again() {
    let upstream = Upstream::that(Script::Large(2_000));
    let client = Client::with(server(&upstream), "[idempotency]\nmax_bytes = 1000").unwrap();
    assert!(!keyed(&client, "put", "tea", "k").await.is_error());
    assert_eq!(error(&keyed(&client, "put", "tea", "k").await)["reason"], "answer_not_kept");
    assert_eq!(upstream.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_key_is_forgotten_after_its_time() {
    let upstream = Upstream::that(Script::Answer);
    let client = Client::with(server(&upstream), "[idempotency]\nttl = '1h'").unwrap();
    keyed(&client, "put", "tea", "k").await;
    advance(Duration::from_secs(3_599)).await;
    assert!(is_replayed(&keyed(&client, "put", "tea", "k").await));
    advance(Duration::from_secs(3_601)).await;
    assert!(!is_replayed(&keyed(&client, "put", "tea", "k").await));
}

#[tokio::test(start_paused = true)]
async fn a_key_is_not_forgotten_while_its_call_runs() {
    let upstream = Upstream::that(Script::After(900));
    let client = Client::with(server(&upstream), "[idempotency]\nttl = '100ms'").unwrap();
    let later = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        keyed(&client, "put", "tea", "k").await
    };
    let (first, second) = tokio::join!(keyed(&client, "put", "tea", "k"), later);
    assert!(!first.is_error());
    assert_eq!(error(&second)["reason"], "in_flight");
}

#[tokio::test(start_paused = true)]
async fn what_was_done_and_can_not_be_shown_is_not_done_again() {
    let upstream = Upstream::that(Script::Large(5_000));
    let client = Client::with(server(&upstream), "[limits]\nresult_bytes = 1000").unwrap();
    assert_eq!(error(&keyed(&client, "put", "tea", "k").await)["reason"], "result_too_large");
    assert_eq!(error(&keyed(&client, "put", "tea", "k").await)["reason"], "answer_not_kept");
    assert_eq!(upstream.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_key_is_refused() {
    let client = Client::new(server(&Upstream::that(Script::Answer))).unwrap();
    for key in [json!(""), json!(1), json!("k".repeat(256)), json!(null)] {
        let meta = json!({"dev.steadfast/idempotencyKey": key});
        let answer = client.call_with_meta("put", json!({"what": "tea"}), meta).await;
        assert_eq!(answer.code(), Some(-32602), "{key}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_never_began_leaves_nothing_unknown() {
    let upstream = Upstream::that(Script::Answer).first([Script::Fail(ErrorKind::Unavailable), Script::Hang]);
    let client = Client::new(server(&upstream)).unwrap();
    // The first one fails, and its second attempt waits in vain behind the other, which hangs.
    let (first, other) = tokio::join!(keyed(&client, "shelve", "tea", "k"), keyed(&client, "shelve", "milk", "other"));
    assert_eq!(error(&first)["kind"], "timeout", "{first:?}");
    assert_eq!(error(&other)["kind"], "unknown");
    assert_eq!(upstream.calls(), 2);
    assert!(!keyed(&client, "shelve", "tea", "k").await.is_error());
}

/// A client whose user can be asked, and what it gave its name for.
async fn asked(upstream: &Upstream) -> (Client, Answer) {
    let mut capabilities = ClientCapabilities::default();
    capabilities.elicitation = Some(Default::default());
    let client = Client::new(server(upstream)).unwrap().with_capabilities(capabilities);
    let asked = keyed(&client, "lend", "tea", "k").await;
    assert!(asked.message()["inputRequests"].get("name").is_some(), "{asked:?}");
    (client, asked)
}

async fn lend(client: &Client, asked: &Answer) -> Answer {
    let given = json!({"name": {"action": "accept", "content": {"name": "Ada"}}});
    let key = json!({"dev.steadfast/idempotencyKey": "k"});
    client.answer_with_meta("lend", json!({"what": "tea"}), given, asked, key).await
}

#[tokio::test(start_paused = true)]
async fn a_repeat_of_a_call_that_brought_an_answer_back_gets_what_came_of_it() {
    let upstream = Upstream::that(Script::After(10));
    let (client, asked) = asked(&upstream).await;
    let (first, second) = tokio::join!(lend(&client, &asked), lend(&client, &asked));
    assert_eq!((first.text().as_str(), &error(&second)["reason"]), ("answer 1", &json!("in_flight")));
    let again = lend(&client, &asked).await;
    assert!(is_replayed(&again) && again.text() == "answer 1", "{again:?}");
    assert_eq!(upstream.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_refused_before_it_began_can_be_made_again_with_the_answer_it_brought() {
    let upstream = Upstream::that(Script::Answer).first([Script::Hang]);
    let (client, asked) = asked(&upstream).await;
    let busy = ["a", "b"].map(|key| keyed(&client, "shelve", "milk", key));
    let (refused, _) = tokio::join!(
        async {
            tokio::task::yield_now().await;
            lend(&client, &asked).await
        },
        join_all(busy),
    );
    assert_eq!(error(&refused)["reason"], "bulkhead_full", "{refused:?}");
    assert_eq!(lend(&client, &asked).await.text(), "answer 2");
}
