//! SIGKILL and a start on the same data: a call with an idempotency key has its effect once, or nobody knows.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{
    client::{Answer, call, try_call, until, with_meta},
    fleet::Fleet,
};
use crate::support::HttpServer;

/// The keys of a killed process are in flight for so long, although its calls could take longer.
const SETTINGS: &str = "[idempotency]\nlease = '2s'";

/// When the process is killed.
#[derive(Debug, Clone, Copy)]
enum When {
    /// The function began and is far from its effect.
    Begun,
    /// The effect is there; its answer may be kept, or not yet.
    Charged,
    /// The caller has its answer.
    Answered,
}

fn key() -> Value {
    json!({"dev.steadfast/idempotencyKey": "one"})
}

async fn charge(server: &HttpServer, ms: u64) -> Answer {
    with_meta(server.mcp, "charge", json!({"account": "a", "amount": 1, "ms": ms}), key()).await
}

async fn kill_and_repeat(when: When) {
    let fleet = Fleet::new(SETTINGS);
    let mut server = fleet.start();
    let ms = if matches!(when, When::Begun) { 900 } else { 0 };
    let first = {
        let mcp = server.mcp;
        let arguments = json!({"account": "a", "amount": 1, "ms": ms});
        tokio::spawn(async move { try_call(mcp, "charge", arguments, key()).await })
    };
    match when {
        When::Begun => until("the call begins", async || !fleet.begun().is_empty()).await,
        When::Charged => until("the account is charged", async || !fleet.charged().is_empty()).await,
        When::Answered => until("the call is answered", async || first.is_finished()).await,
    }
    server.process.signal("KILL");
    server.process.wait();
    let first = first.await.unwrap();
    let charged = fleet.charged();

    let server = fleet.start();
    let mut answer = charge(&server, ms).await;
    if let Ok(first) = &first {
        assert_eq!((answer.text(), answer.is_ok()), (first.text(), first.is_ok()), "{when:?}: {}", answer.message);
        assert_eq!(*answer.meta("replayed"), true, "{when:?}");
    }
    until("nobody says any more that the call is in flight", async || {
        answer = charge(&server, ms).await;
        answer.refused() != "in_flight"
    })
    .await;
    match (when, answer.is_ok()) {
        (When::Begun, false) | (When::Charged, false) => assert_eq!(answer.refused(), "unknown", "{}", answer.message),
        (When::Charged | When::Answered, true) => assert_eq!(*answer.meta("replayed"), true, "{}", answer.message),
        _ => panic!("{when:?}: {}", answer.message),
    }
    assert_eq!(charge(&server, ms).await.message["result"]["content"], answer.message["result"]["content"], "{when:?}");
    assert_eq!(fleet.begun().len(), 1, "{when:?}: it ran once");
    assert_eq!(fleet.charged(), charged, "{when:?}: nothing was charged after the end");
}

#[tokio::test]
async fn a_killed_server_does_not_do_again_what_it_did_and_gives_again_what_it_answered() {
    let rounds = [When::Begun, When::Charged, When::Charged, When::Charged, When::Answered];
    join_all(rounds.map(kill_and_repeat)).await;
}

#[tokio::test]
async fn a_switch_outlives_a_killed_server() {
    let fleet = Fleet::new("");
    let mut server = fleet.start();
    server.process.signal("KILL");
    server.process.wait();
    let switched = fleet.command().args(["switch", "off", "ping", "--reason", "it echoes"]).output().unwrap();
    assert!(switched.status.success(), "{switched:?}");
    let mut server = fleet.start();
    for _ in 0..2 {
        let refused = call(server.mcp, "ping", json!({})).await;
        assert_eq!(refused.refused(), "switched_off", "{}", refused.message);
        server.process.signal("KILL");
        server.process.wait();
        server = fleet.start();
    }
}
