//! Functions that panic, hang, or answer with more than anybody takes: an error in time, and the server lives.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    client::{Answer, call, in_time},
    fleet::Fleet,
    upstream::{Upstream, Way},
};

fn code(answer: &Answer) -> &Value {
    &answer.message["error"]["code"]
}

#[tokio::test]
async fn whatever_a_function_does_its_caller_gets_an_error_in_time_and_others_are_served() {
    let upstream = Upstream::that(Way::Endless);
    let fleet = Fleet::new("").leaning_on(upstream.address);
    let server = fleet.start();
    for (tool, arguments, millis, refused) in [
        ("explode", json!({}), 500, ""),
        ("hang", json!({}), 500, "timeout"),
        ("stall", json!({}), 500, "timeout"),
        ("babble", json!({}), 500, "timeout"),
        ("pour", json!({}), 1_000, "timeout"),
        ("flood", json!({"mib": 64}), 10_000, "result_too_large"),
        ("flood", json!({"mib": 1024}), 10_000, "result_too_large"),
    ] {
        let answer = in_time(server.mcp, tool, arguments, Duration::from_millis(millis)).await;
        assert_eq!(answer.refused(), refused, "{tool}: {}", answer.message);
        assert_eq!(*code(&answer) == -32603, tool == "explode", "{tool}: {}", answer.message);
        assert!(!answer.message.to_string().contains("fuse"), "{}", answer.message);
        assert_eq!(call(server.mcp, "ping", json!({})).await.text(), "pong", "after {tool}");
    }
}

#[tokio::test]
async fn all_of_it_at_once_leaves_room_for_others() {
    let upstream = Upstream::that(Way::Endless);
    let fleet = Fleet::new("").leaning_on(upstream.address);
    let server = fleet.start();
    let mcp = server.mcp;
    let mut calls = tokio::task::JoinSet::new();
    for tool in ["explode", "hang", "stall", "babble", "pour"].into_iter().cycle().take(100) {
        calls.spawn(async move { (tool, call(mcp, tool, json!({})).await) });
    }
    for _ in 0..20 {
        assert!(call(mcp, "ping", json!({})).await.is_ok());
    }
    while let Some(ended) = calls.join_next().await {
        let (tool, answer) = ended.unwrap();
        assert!(!answer.is_ok(), "{tool}: {}", answer.message);
    }
    assert!(call(mcp, "ping", json!({})).await.is_ok());
}
