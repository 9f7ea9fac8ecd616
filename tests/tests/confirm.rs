//! Destructive calls: nothing is done before its plan was confirmed, by whom it may be, once.

mod alterations;
mod approvals;
mod cli;
mod settings;
mod shed;

use std::time::Duration;

use serde_json::{Value, json};
use steadfast::{
    rmcp::model::ClientCapabilities,
    testing::{Answer, Client, advance},
};

use self::shed::{Shed, says};

const TOOL: &str = "throw_away";

fn milk() -> Value {
    json!({ "name": "milk" })
}

/// A client that can ask its user.
fn asking(client: Client) -> Client {
    client.with_capabilities(ClientCapabilities::builder().enable_elicitation().build())
}

fn error(answer: &Answer) -> &Value {
    &answer.message()["_meta"]["dev.steadfast/error"]
}

/// The token that a refused call came back with.
fn token(answer: &Answer) -> String {
    assert_eq!(error(answer)["kind"], "confirmation_required", "{answer:?}");
    error(answer)["confirmation"].as_str().unwrap().to_owned()
}

fn with_token(token: &str) -> Value {
    json!({ "dev.steadfast/confirmation": token })
}

fn is_question(answer: &Answer) -> bool {
    answer.message()["inputRequests"].get("dev.steadfast/confirm").is_some()
}

fn denied(answer: &Answer) -> bool {
    answer.is_error() && error(answer)["kind"] == "denied"
}

#[tokio::test]
async fn a_client_that_can_ask_is_shown_the_plan_and_nothing_is_done_before_it_says_yes() {
    for (action, confirm, outcome) in [
        ("accept", json!(true), "done"),
        ("accept", json!(false), "denied"),
        ("accept", json!("true"), "denied"),
        ("accept", Value::Null, "denied"),
        ("decline", json!(true), "denied"),
        ("cancel", json!(true), "denied"),
        ("agree", json!(true), "asked"),
    ] {
        let shed = Shed::with(&["milk jug", "milk crate", "rake"]);
        let client = asking(shed.client(""));
        let asked = client.call(TOOL, milk()).await;
        assert!(is_question(&asked), "{asked:?}");
        let message = &asked.message()["inputRequests"]["dev.steadfast/confirm"]["params"]["message"];
        let message = message.as_str().unwrap();
        assert!(message.contains("Throws away 2 things") && message.contains("- milk crate: thrown away"), "{message}");
        assert_eq!(shed.acted(), 0);

        let answer = client.answer(TOOL, milk(), says(action, confirm.clone()), &asked).await;
        let found = match () {
            () if is_question(&answer) => "asked",
            () if denied(&answer) => "denied",
            () => "done",
        };
        assert_eq!(found, outcome, "{action} {confirm}: {answer:?}");
        assert_eq!(shed.acted(), u32::from(outcome == "done"));
    }
}

#[tokio::test]
async fn a_yes_that_nobody_asked_for_is_none() {
    let shed = Shed::with(&["milk jug"]);
    let client = asking(shed.client(""));
    let another = client.call("burn_down", json!({})).await;
    let unasked = client.answer(TOOL, milk(), says("accept", json!(true)), &another).await;
    assert_eq!(unasked.code(), Some(-32602), "the state is another tool's");
    let nothing = shed.client("").call(TOOL, milk()).await;
    assert!(is_question(&client.answer(TOOL, milk(), says("accept", json!(true)), &nothing).await), "and none is none");
    assert_eq!(shed.acted(), 0);
}

#[tokio::test]
async fn a_client_that_can_not_ask_confirms_by_a_second_call() {
    let shed = Shed::with(&["milk jug"]);
    let client = shed.client("");
    let first = client.call(TOOL, milk()).await;
    let token = token(&first);
    assert!(first.text().contains("milk jug: thrown away") && !first.text().contains(&token), "{}", first.text());
    let about = error(&first);
    assert_eq!(
        (&about["expiresInMs"], &about["plan"]["summary"]),
        (&json!(300_000), &json!("Throws away 1 things, 10 at most"))
    );
    assert_eq!(shed.acted(), 0);

    let done = client.call_with_meta(TOOL, milk(), with_token(&token)).await;
    assert_eq!((done.is_error(), shed.acted()), (false, 1), "{done:?}");
    shed.put("milk jug");
    assert!(denied(&client.call_with_meta(TOOL, milk(), with_token(&token)).await), "it is used up");
    assert_eq!(shed.acted(), 1);
}

#[tokio::test]
async fn a_tool_without_a_plan_of_its_own_is_described() {
    let shed = Shed::default();
    let client = shed.client("").confirming();
    assert!(shed.client("").call("burn_down", json!({})).await.text().contains("Burn the shed down."));
    assert!(!client.call("burn_down", json!({})).await.is_error());
    assert_eq!(shed.acted(), 1);
}

#[tokio::test]
async fn a_plan_that_fails_is_the_answer_and_nothing_is_done() {
    let shed = Shed::default();
    let answer = shed.client("").confirming().call(TOOL, milk()).await;
    assert_eq!((&error(&answer)["kind"], shed.acted()), (&json!("not_found"), 0));
}

#[tokio::test(start_paused = true)]
async fn what_changed_meanwhile_is_asked_for_anew() {
    let shed = Shed::with(&["milk jug"]);
    let client = asking(shed.client(""));
    let asked = client.call(TOOL, milk()).await;
    shed.put("milk crate");
    let again = client.answer(TOOL, milk(), says("accept", json!(true)), &asked).await;
    assert!(is_question(&again) && again.message().to_string().contains("milk crate"), "{again:?}");
    assert_eq!(shed.acted(), 0);
    assert!(!client.answer(TOOL, milk(), says("accept", json!(true)), &again).await.is_error());
    assert_eq!(shed.acted(), 1);
}

#[tokio::test]
async fn a_token_for_another_plan_brings_a_new_one_with_the_plan_of_now() {
    let shed = Shed::with(&["milk jug"]);
    let client = shed.client("");
    let first = token(&client.call(TOOL, milk()).await);
    shed.put("milk crate");
    let again = client.call_with_meta(TOOL, milk(), with_token(&first)).await;
    assert_eq!(error(&again)["reason"], "plan_changed");
    assert_eq!(shed.acted(), 0);
    assert!(!client.call_with_meta(TOOL, milk(), with_token(&token(&again))).await.is_error());
    assert_eq!(shed.acted(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_confirmation_ends() {
    let shed = Shed::with(&["milk jug"]);
    let client = shed.client("[confirmation]\nttl = \"1m\"");
    let first = token(&client.call(TOOL, milk()).await);
    advance(Duration::from_secs(60)).await;
    let late = client.call_with_meta(TOOL, milk(), with_token(&first)).await;
    assert_eq!((&error(&late)["reason"], shed.acted()), (&json!("expired"), 0));
    advance(Duration::from_secs(59)).await;
    assert!(!client.call_with_meta(TOOL, milk(), with_token(&token(&late))).await.is_error());
}

#[tokio::test]
async fn what_a_tool_asks_itself_comes_after_the_confirmation_and_needs_no_second_one() {
    let shed = Shed::default();
    let client = asking(shed.client(""));
    let thing = json!({ "thing": "rake" });
    let asked = client.call("sell", thing.clone()).await;
    let price = client.answer("sell", thing.clone(), says("accept", json!(true)), &asked).await;
    assert!(price.message()["inputRequests"].get("price").is_some() && !is_question(&price), "{price:?}");
    let five = json!({ "price": { "action": "accept", "content": { "price": 5 } } });
    let sold = client.answer("sell", thing.clone(), five.clone(), &price).await;
    assert_eq!((sold.text(), shed.acted()), ("rake for 5".into(), 1));
    for (answers, state) in [(five, &price), (says("accept", json!(true)), &asked)] {
        assert_eq!(client.answer("sell", thing.clone(), answers, state).await.code(), Some(-32602), "it is used up");
    }
    assert_eq!(shed.acted(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_confirmation_ends_when_it_would_have_however_often_its_state_is_made_anew() {
    let shed = Shed::default();
    let client = asking(shed.client(""));
    let thing = json!({ "thing": "rake" });
    let asked = client.call("sell", thing.clone()).await;
    let mut price = client.answer("sell", thing.clone(), says("accept", json!(true)), &asked).await;
    for minutes in [7, 7] {
        advance(Duration::from_secs(60 * minutes)).await;
        price = client.answer("sell", thing.clone(), json!({}), &price).await;
        assert!(price.message()["inputRequests"].get("price").is_some() && !is_question(&price), "{price:?}");
    }
    advance(Duration::from_secs(60)).await;
    let five = json!({ "price": { "action": "accept", "content": { "price": 5 } } });
    let late = client.answer("sell", thing, five, &price).await;
    assert!(is_question(&late), "{late:?}");
    assert_eq!(shed.acted(), 0);
}

#[tokio::test]
async fn a_repeat_of_an_answered_key_gets_its_answer_and_a_refusal_uses_up_no_key() {
    let shed = Shed::with(&["milk jug"]);
    let client = shed.client("");
    let key = json!({ "dev.steadfast/idempotencyKey": "k1" });
    let token = token(&client.call_with_meta(TOOL, milk(), key.clone()).await);
    let mut both = key.clone();
    both["dev.steadfast/confirmation"] = token.into();
    let done = client.call_with_meta(TOOL, milk(), both.clone()).await;
    assert!(!done.is_error(), "{done:?}");
    for meta in [key, both] {
        let again = client.call_with_meta(TOOL, milk(), meta).await;
        assert_eq!(again.structured(), done.structured());
        assert_eq!(again.message()["_meta"]["dev.steadfast/replayed"], true);
    }
    assert_eq!(shed.acted(), 1);
}

#[tokio::test]
async fn while_the_store_is_away_nothing_is_confirmed() {
    let shed = Shed::with(&["milk jug"]);
    let client = asking(shed.client(""));
    let asked = client.call(TOOL, milk()).await;
    let token = token(
        &client.replica(shed.server(), "").unwrap().with_capabilities(Default::default()).call(TOOL, milk()).await,
    );
    client.put_store_away(true);
    let by_state = client.answer(TOOL, milk(), says("accept", json!(true)), &asked).await;
    let by_token = client.call_with_meta(TOOL, milk(), with_token(&token)).await;
    for refused in [by_state, by_token] {
        assert_eq!(error(&refused)["reason"], "store_away", "{refused:?}");
    }
    assert_eq!(shed.acted(), 0);
    client.put_store_away(false);
    assert!(!client.call_with_meta(TOOL, milk(), with_token(&token)).await.is_error());
}

#[tokio::test(start_paused = true)]
async fn a_confirmation_of_a_call_that_was_refused_before_it_began_can_be_used_again() {
    let shed = Shed::default();
    let client = shed.client("");
    let tokens = [token(&client.call("haul", json!({})).await), token(&client.call("haul", json!({})).await)];
    let haul = |token: &str| client.call_with_meta("haul", json!({}), with_token(token));
    let (first, refused) = tokio::join!(haul(&tokens[0]), haul(&tokens[1]));
    assert_eq!((first.is_error(), &error(&refused)["reason"]), (false, &json!("bulkhead_full")));
    assert!(!haul(&tokens[1]).await.is_error());
    assert_eq!(shed.acted(), 2);
    assert!(denied(&haul(&tokens[1]).await));
}

#[tokio::test(start_paused = true)]
async fn a_task_is_confirmed_before_it_is_one_and_not_again_when_it_is_run_again() {
    let shed = Shed::default();
    let able = ClientCapabilities::builder().enable_elicitation().enable_tasks().build();
    let client = shed.client("").with_capabilities(able);
    let asked = client.call("clear", json!({})).await;
    assert!(is_question(&asked) && asked.task_id().is_none(), "{asked:?}");
    let task = client.answer("clear", json!({}), says("accept", json!(true)), &asked).await;
    let id = task.task_id().unwrap().to_owned();
    tokio::task::yield_now().await;
    client.crash();

    let next = client.replica(shed.server(), "").unwrap();
    advance(Duration::from_secs(16)).await;
    next.adopt().await;
    for _ in 0..100 {
        advance(Duration::from_secs(1)).await;
        tokio::task::yield_now().await;
    }
    assert_eq!((next.task(&id).await.status(), shed.acted()), (Some("completed"), 1));
}

#[tokio::test]
async fn a_secret_is_in_no_plan_and_in_no_request() {
    let shed = Shed::with(&["milk jug"]);
    let arguments = json!({ "name": "milk", "pin": "hunter2" });
    let by_token = shed.client("").call(TOOL, arguments.clone()).await;
    let asked = asking(shed.client("")).call(TOOL, arguments.clone()).await;
    let approval = shed.client("[confirmation]\nmode = \"approver\"").call(TOOL, arguments).await;
    for answer in [by_token, asked, approval] {
        let message = answer.message().to_string();
        assert!(message.contains("milk jug") && !message.contains("hunter2"), "{message}");
    }
}

#[tokio::test]
async fn what_is_not_confirmed_is_counted() {
    let shed = Shed::with(&["milk jug"]);
    let client = shed.client("");
    let first = token(&client.call(TOOL, milk()).await);
    client.call_with_meta(TOOL, milk(), with_token("s1.AAAA")).await;
    let metrics = client.metrics();
    for (reason, count) in [("confirmation_required", 1), ("not_confirmed", 1)] {
        let line = format!("steadfast_refusals_total{{tool=\"throw_away\",reason=\"{reason}\"}} {count}");
        assert!(metrics.contains(&line), "{line} is not in\n{metrics}");
    }
    assert!(!metrics.contains(&first));
}
