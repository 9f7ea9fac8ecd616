//! What a dead upstream sees of the load on it, and how it is tried again.

use std::net::SocketAddr;

use serde_json::json;
use tokio::task::JoinSet;

use super::{
    client::{Answer, Connection, admin, call, until},
    fleet::Fleet,
    upstream::{Upstream, Way},
};

const NO_BREAKER: &str = "[upstreams.origin]\nminimum_calls = 1000000\nfailures_in_a_row = 1000000";

/// Nothing but the breaker decides how often the upstream is called.
const SHORTLY_OPEN: &str = "
[tools.fetch]
timeout = '20s'
attempt_timeout = '20s'
retry = 0
[upstreams.origin]
open_for = '300ms'
half_open = 3
";

/// Calls `each` times on each of so many connections at once.
async fn load(server: SocketAddr, connections: usize, each: usize) -> Vec<Answer> {
    let mut clients = JoinSet::new();
    for _ in 0..connections {
        clients.spawn(async move {
            let mut connection = Connection::open(server).await.unwrap();
            let mut answers = Vec::new();
            for _ in 0..each {
                answers.push(connection.call("fetch", json!({}), json!({})).await.unwrap());
            }
            answers
        });
    }
    clients.join_all().await.concat()
}

fn count(answers: &[Answer], refused: &str) -> usize {
    answers.iter().filter(|answer| answer.refused() == refused).count()
}

#[tokio::test]
async fn a_dead_upstream_sees_its_load_and_a_fifth_more_at_most() {
    let upstream = Upstream::that(Way::Resets);
    let fleet = Fleet::new(NO_BREAKER).leaning_on(upstream.address);
    let server = fleet.start();
    let answers = load(server.mcp, 8, 50).await;
    assert_eq!(count(&answers, "unavailable"), 400);
    let seen = upstream.connections();
    assert!((401..=480).contains(&seen), "{seen} connections for 400 calls");
}

#[tokio::test]
async fn a_dead_upstream_is_left_alone_after_twenty_failures() {
    for way in [Way::Resets, Way::Fails, Way::Garbage] {
        let upstream = Upstream::that(way);
        let fleet = Fleet::new("").leaning_on(upstream.address);
        let server = fleet.start();
        let answers = load(server.mcp, 1, 200).await;
        let seen = upstream.connections();
        assert!(seen <= 20, "{way:?}: {seen} connections");
        assert_eq!(answers.last().unwrap().refused(), "breaker_open", "{way:?}");

        // Those that were under way when it opened can't be called back.
        let upstream = Upstream::that(way);
        let fleet = Fleet::new("").leaning_on(upstream.address);
        let server = fleet.start();
        load(server.mcp, 16, 20).await;
        let seen = upstream.connections();
        assert!(seen <= 20 + 16, "{way:?}: {seen} connections");
    }
}

#[tokio::test]
async fn an_upstream_that_was_dead_is_tried_by_exactly_so_many_calls() {
    let upstream = Upstream::that(Way::Resets);
    let fleet = Fleet::new(SHORTLY_OPEN).leaning_on(upstream.address);
    let server = fleet.start();
    assert!(count(&load(server.mcp, 1, 20).await, "breaker_open") > 0);

    for (outcome, passed) in [(Way::Resets, 0), (Way::Fails, 0), (Way::Answers, 3)] {
        upstream.becomes(Way::Holds);
        let half_open = r#"steadfast_breaker_state{upstream="origin",state="half_open"} 1"#;
        until("the breaker is half open", async || admin(server.admin, "/metrics").await.contains(half_open)).await;
        let before = upstream.connections();
        let mut calls = JoinSet::new();
        for _ in 0..50 {
            let mcp = server.mcp;
            calls.spawn(async move { call(mcp, "fetch", json!({})).await });
        }
        // The answers of the three are held back, so that whoever else is let through is seen.
        for _ in 0..47 {
            let refused = calls.join_next().await.unwrap().unwrap();
            assert_eq!(refused.refused(), "breaker_open", "{}", refused.message);
        }
        until("three calls reach the upstream", async || upstream.connections() - before == 3).await;
        upstream.becomes(outcome);
        let tried = calls.join_all().await;
        assert_eq!(tried.iter().filter(|answer| answer.is_ok()).count(), passed, "{outcome:?}");
        assert_eq!(upstream.connections() - before, 3, "{outcome:?}");
    }
    assert!(load(server.mcp, 4, 10).await.iter().all(Answer::is_ok), "it is closed");
}
