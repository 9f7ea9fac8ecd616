//! From a call to the end of its task, in one process.

use std::time::Duration;

use serde_json::{Value, json};
use steadfast::{
    rmcp::model::ClientCapabilities,
    testing::{Answer, Client},
};

use super::{Workshop, able, client, configured, id, pass, settle, until};

fn error(answer: &Answer) -> &Value {
    &answer.message()["error"]
}

#[tokio::test(start_paused = true)]
async fn a_long_call_is_answered_with_a_task_that_comes_to_its_end() {
    let workshop = Workshop::default();
    let client = client(&workshop);
    let call = client.call("crawl", json!({"seconds": 5})).await;
    let message = call.message();
    assert_eq!((message["resultType"].as_str(), call.status()), (Some("task"), Some("working")));
    assert_eq!((&message["ttlMs"], &message["pollIntervalMs"]), (&json!(3_600_000), &json!(1000)));
    assert_eq!(message["createdAt"], "2026-01-01T00:00:00.000Z");
    assert_eq!(message["_meta"]["dev.steadfast/contract"]["version"], "1.2.0");
    let id = id(&call);
    assert!(id.len() == 32 && client.task(&id).await.status() == Some("working"));

    let done = until(&client, &id, "completed").await;
    let result = &done.message()["result"];
    assert_eq!(result["content"][0]["text"], "took 5 seconds");
    assert_eq!(
        (&result["isError"], &result["_meta"]["dev.steadfast/contract"]["version"]),
        (&json!(false), &json!("1.2.0"))
    );
    assert_eq!((workshop.begun("crawl"), workshop.running()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_tool_is_a_result_and_a_fault_of_the_server_is_a_failure() {
    let client = client(&Workshop::default());
    let fail = until(&client, &id(&client.call("fail", json!({})).await), "completed").await;
    assert_eq!(fail.message()["result"]["isError"], true);
    assert_eq!(fail.message()["result"]["content"][0]["text"], "somebody else was first");
    for tool in ["explode", "lie"] {
        let failed = until(&client, &id(&client.call(tool, json!({})).await), "failed").await;
        assert_eq!(error(&failed)["code"], -32603, "{tool}");
        assert!(failed.message().get("result").is_none());
        assert!(!failed.message().to_string().contains("hunter2"));
    }
    let mute = client.as_caller("mute").with_capabilities(ClientCapabilities::builder().enable_tasks().build());
    let failed = until(&mute, &id(&mute.call("interview", json!({})).await), "failed").await;
    assert_eq!(error(&failed)["code"], -32021);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_know_tasks_waits_or_is_refused() {
    let client = Client::new(Workshop::default().server()).unwrap();
    assert_eq!(client.call("crawl", json!({"seconds": 2})).await.text(), "took 2 seconds");
    assert_eq!(client.call("build", json!({"seconds": 1})).await.text(), "took 1 seconds");
    for tool in ["fail", "order"] {
        let arguments = if tool == "order" { json!({"seconds": 1}) } else { json!({}) };
        let refused = client.call(tool, arguments).await;
        assert_eq!(refused.code(), Some(-32021), "{tool}");
        let needed = &error(&refused)["data"]["requiredCapabilities"]["extensions"];
        assert_eq!(needed["io.modelcontextprotocol/tasks"], json!({}), "{tool}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_tool_without_tasks_has_none() {
    assert_eq!(client(&Workshop::default()).call("lookup", json!({})).await.text(), "found");
}

#[tokio::test(start_paused = true)]
async fn progress_is_the_status_message() {
    let client = client(&Workshop::default());
    let id = id(&client.call("crawl", json!({"seconds": 8})).await);
    pass(4).await;
    let message = client.task(&id).await.message()["statusMessage"].clone();
    assert!(["second 3", "second 4"].contains(&message.as_str().unwrap()), "{message}");
    assert!(until(&client, &id, "completed").await.message().get("statusMessage").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_cancelled_stops_and_stays_cancelled() {
    let workshop = Workshop::default();
    let client = client(&workshop);
    for (tool, message) in [("crawl", None), ("publish", Some("may or may not"))] {
        let id = id(&client.call(tool, json!({"seconds": 60})).await);
        settle().await;
        assert_eq!(workshop.running(), 1, "{tool}");
        assert!(client.cancel_task(&id).await.code().is_none());
        settle().await;
        assert_eq!(workshop.running(), 0, "{tool}");
        for _ in 0..2 {
            let task = client.task(&id).await;
            assert_eq!(task.status(), Some("cancelled"));
            let said = task.message()["statusMessage"].as_str().map(str::to_owned);
            assert_eq!(said.is_some(), message.is_some());
            assert!(said.is_none_or(|said| said.contains(message.unwrap())));
            assert!(client.cancel_task(&id).await.code().is_none(), "a second time is as good as the first");
            pass(61).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_ends_when_its_time_does() {
    let client = configured(&Workshop::default(), "[tasks]\ndeadline = '10s'");
    let slow = until(&client, &id(&client.call("crawl", json!({"seconds": 60})).await), "completed").await;
    assert_eq!(slow.message()["result"]["isError"], true);
    assert!(slow.message()["result"]["content"][0]["text"].as_str().unwrap().contains("10s"));
    // The tool's own, without progress.
    let quick = until(&client, &id(&client.call("quick", json!({})).await), "completed").await;
    assert!(quick.message()["result"]["content"][0]["text"].as_str().unwrap().contains("3s"));
}

#[tokio::test(start_paused = true)]
async fn a_task_outlives_the_time_of_a_call() {
    let client = configured(&Workshop::default(), "[limits]\ndeadline = '5s'\ndefault_timeout = '1s'");
    for (tool, seconds) in [("crawl", 60), ("build", 60)] {
        let id = id(&client.call(tool, json!({"seconds": seconds})).await);
        assert_eq!(until(&client, &id, "completed").await.message()["result"]["isError"], false, "{tool}");
    }
}

#[tokio::test(start_paused = true)]
async fn beyond_so_many_tasks_calls_are_refused_at_once() {
    let client = configured(&Workshop::default(), "[tasks]\nconcurrency = 2");
    let first = id(&client.call("crawl", json!({"seconds": 5})).await);
    client.call("crawl", json!({"seconds": 50})).await;
    let refused = client.call("crawl", json!({"seconds": 1})).await;
    assert_eq!(refused.code(), Some(-32050));
    assert_eq!(error(&refused)["data"]["retryAfterMs"], 1000);
    assert!(client.call("build", json!({"seconds": 1})).await.is_error(), "a call that would become one is, too");
    until(&client, &first, "completed").await;
    client.call("crawl", json!({"seconds": 1})).await.task_id().unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_caller_does_not_take_every_place_of_tasks() {
    let workshop = Workshop::default();
    for (settings, allowed) in
        [("[tasks]\nconcurrency = 4", 4), ("[tasks]\nconcurrency = 4\nconcurrency_per_caller = 3", 3)]
    {
        let greedy = configured(&workshop, settings);
        let mut first = None;
        for _ in 0..allowed {
            first.get_or_insert(id(&greedy.call("crawl", json!({"seconds": 30})).await));
        }
        let refused = greedy.call("crawl", json!({"seconds": 1})).await;
        assert_eq!((refused.code(), &error(&refused)["data"]["retryAfterMs"]), (Some(-32050), &json!(1000)));
        let other = greedy.as_caller("bob").with_capabilities(able());
        assert_eq!(other.call("crawl", json!({"seconds": 30})).await.task_id().is_some(), allowed < 4, "{settings}");
        assert!(greedy.metrics().contains("steadfast_tasks_running 4\n"), "{settings}");
        greedy.cancel_task(&first.unwrap()).await;
        settle().await;
        id(&greedy.call("crawl", json!({"seconds": 30})).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_result_is_kept_for_its_time_and_a_task_that_runs_longer_for_longer() {
    let client = configured(&Workshop::default(), "[tasks]\nttl = '60s'");
    let short = id(&client.call("crawl", json!({"seconds": 2})).await);
    let long = id(&client.call("crawl", json!({"seconds": 150})).await);
    until(&client, &short, "completed").await;
    pass(57).await;
    assert_eq!(client.task(&short).await.status(), Some("completed"));
    pass(3).await;
    assert_eq!(client.task(&short).await.code(), Some(-32602));
    pass(70).await;
    let running = client.task(&long).await;
    assert!(running.status() == Some("working") && running.message()["ttlMs"].as_u64().unwrap() > 132_000);
    until(&client, &long, "completed").await;
    pass(29).await;
    assert_eq!(client.task(&long).await.status(), Some("completed"));
}

#[tokio::test(start_paused = true)]
async fn a_call_asks_first_and_then_becomes_a_task() {
    let workshop = Workshop::default();
    let client = client(&workshop);
    let arguments = json!({"seconds": 90});
    let asked = client.call("order", arguments.clone()).await;
    assert_eq!(asked.message()["resultType"], "input_required");
    assert!(asked.task_id().is_none());
    let answers = json!({"name": {"action": "accept", "content": {"name": "Ada"}}});
    let task = client.answer("order", arguments, answers, &asked).await;
    let id = id(&task);
    assert!(task.message().get("requestState").is_none());
    let done = until(&client, &id, "completed").await;
    assert_eq!(done.message()["result"]["content"][0]["text"], "ordered for Ada");
    assert_eq!(workshop.begun("order"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_need_not_become_a_task_is_answered() {
    let client = client(&Workshop::default());
    assert_eq!(client.call("build", json!({"seconds": 0})).await.text(), "built before");
}

#[tokio::test(start_paused = true)]
async fn a_repeat_with_the_same_idempotency_key_gets_the_same_task() {
    let workshop = Workshop::default();
    let client = client(&workshop);
    let key = || json!({"dev.steadfast/idempotencyKey": "k"});
    for tool in ["publish", "build"] {
        let first = client.call_with_meta(tool, json!({"seconds": 4}), key()).await;
        for status in ["working", "completed"] {
            let again = client.call_with_meta(tool, json!({"seconds": 4}), key()).await;
            assert_eq!((again.task_id(), again.status()), (first.task_id(), Some(status)), "{tool}");
            assert_eq!(again.message()["_meta"]["dev.steadfast/replayed"], true);
            until(&client, &id(&first), "completed").await;
        }
        assert_eq!(workshop.begun(tool), 1);
    }
    let other = client.call_with_meta("publish", json!({"seconds": 5}), key()).await;
    assert_eq!(other.message()["_meta"]["dev.steadfast/error"]["reason"], "key_reused");
}

#[tokio::test(start_paused = true)]
async fn while_the_store_is_away_there_are_no_new_tasks_and_nobody_is_told_that_one_is_gone() {
    let workshop = Workshop::default();
    let client = client(&workshop);
    let id = id(&client.call("crawl", json!({"seconds": 3})).await);
    client.put_store_away(true);
    let refused = client.call("crawl", json!({"seconds": 1})).await;
    assert_eq!(refused.message()["_meta"]["dev.steadfast/error"]["reason"], "store_away");
    let unknown = client.task(&id).await;
    assert_eq!((unknown.code(), &error(&unknown)["data"]["retryAfterMs"]), (Some(-32050), &json!(1000)));
    pass(4).await;
    client.put_store_away(false);
    // Its end was not lost meanwhile.
    assert_eq!(until(&client, &id, "completed").await.message()["result"]["isError"], false);
    assert_eq!(workshop.begun("crawl"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_dropped_takes_its_call_with_it_unless_that_is_a_task() {
    let workshop = Workshop::default();
    let client = client(&workshop);
    for (tool, running) in [("linger", 0), ("crawl", 1)] {
        let call = client.call(tool, json!({"seconds": 2}));
        let _ = tokio::time::timeout(Duration::from_millis(500), call).await;
        settle().await;
        assert_eq!((workshop.begun(tool), workshop.running()), (1, running), "{tool}");
    }
}
