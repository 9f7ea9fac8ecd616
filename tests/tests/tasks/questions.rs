//! What a task asks its caller.

use serde_json::{Value, json};
use steadfast::testing::{Answer, Client};

use super::{Workshop, client, id, pass, replica, until};

fn asked(task: &Answer) -> Vec<String> {
    task.message()["inputRequests"].as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect()
}

fn answer(key: &str, field: &str, text: &str) -> Value {
    json!({key: {"action": "accept", "content": {field: text}}})
}

async fn interview(client: &Client) -> String {
    let id = id(&client.call("interview", json!({})).await);
    assert_eq!(asked(&until(client, &id, "input_required").await), ["colour", "name"]);
    id
}

#[tokio::test(start_paused = true)]
async fn what_is_answered_is_no_longer_asked_and_the_rest_is() {
    let client = client(&Workshop::default());
    let id = interview(&client).await;
    assert_eq!(client.task(&id).await.message()["inputRequests"]["name"]["method"], "elicitation/create");
    client.update_task(&id, answer("name", "name", "Ada")).await;
    assert_eq!(asked(&client.task(&id).await), ["colour"]);
    client.update_task(&id, answer("colour", "colour", "green")).await;
    assert_eq!(client.task(&id).await.status(), Some("working"));
    assert_eq!(asked(&until(&client, &id, "input_required").await), ["shape"]);
    client.update_task(&id, answer("shape", "shape", "round")).await;
    let done = until(&client, &id, "completed").await;
    assert_eq!(done.message()["result"]["content"][0]["text"], "Ada and green, round");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_answer_to_what_is_asked_changes_nothing() {
    let client = client(&Workshop::default());
    let id = interview(&client).await;
    for nothing in [json!({}), answer("age", "age", "36"), json!({"name": 5}), json!({"name": {"action": "shrug"}})] {
        assert!(client.update_task(&id, nothing).await.code().is_none());
        assert_eq!(asked(&client.task(&id).await), ["colour", "name"]);
    }
    client.cancel_task(&id).await;
    assert!(client.update_task(&id, answer("name", "name", "Ada")).await.code().is_none());
    assert_eq!(client.task(&id).await.status(), Some("cancelled"));
}

#[tokio::test(start_paused = true)]
async fn a_person_may_take_longer_than_the_tool_may() {
    let client = client(&Workshop::default());
    let id = interview(&client).await;
    pass(60).await;
    client.update_task(&id, json!({"name": {"action": "decline"}, "colour": {"action": "decline"}})).await;
    assert_eq!(asked(&until(&client, &id, "input_required").await), ["shape"]);
}

#[tokio::test(start_paused = true)]
async fn the_same_question_asked_again_has_a_key_of_its_own() {
    let client = client(&Workshop::default());
    let id = id(&client.call("nag", json!({})).await);
    let mut keys = Vec::new();
    for said in ["no", "no", "yes"] {
        let [key] = &asked(&until(&client, &id, "input_required").await)[..] else { panic!("one question") };
        client.update_task(&id, answer(key, "sure", said)).await;
        assert!(!keys.contains(key), "{key} was asked before");
        keys.push(key.clone());
    }
    let done = until(&client, &id, "completed").await;
    assert_eq!(done.message()["result"]["structuredContent"]["result"], 3);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_run_again_finds_what_was_answered() {
    let workshop = Workshop::default();
    let first = client(&workshop);
    let id = interview(&first).await;
    first.update_task(&id, json!({"name": {"action": "accept", "content": {"name": "Ada"}}})).await;
    first.crash();
    let second = replica(&first, &workshop);
    // An answer that comes while nobody runs the task is kept.
    second.update_task(&id, answer("colour", "colour", "green")).await;
    pass(16).await;
    second.adopt().await;
    assert_eq!(asked(&until(&second, &id, "input_required").await), ["shape"]);
    second.update_task(&id, answer("shape", "shape", "round")).await;
    let done = until(&second, &id, "completed").await;
    assert_eq!(done.message()["result"]["content"][0]["text"], "Ada and green, round");
    assert_eq!(workshop.begun("interview"), 2);
}
