//! PostgreSQL is away and comes back: nothing is done that could not be remembered, and everything else is.

use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};

use super::{
    Shared,
    proxy::{Proxy, Way},
};
use crate::faults::client::{Answer, LATE, call, in_time, try_call, until, with_meta};

const SETTINGS: &str = "[store]\ntimeout = '500ms'\n[limits]\ndeadline = '2s'\n[idempotency]\nlease = '5s'";
const TIMEOUT: Duration = Duration::from_millis(500);
/// A call of half a second, and an attempt to keep its answer, on a busy machine.
const PATIENT: Duration = Duration::from_secs(2);

fn key(key: &str) -> Value {
    json!({"dev.steadfast/idempotencyKey": key})
}

fn arguments(ms: u64) -> Value {
    json!({"account": "a", "amount": 1, "ms": ms})
}

async fn charge(server: SocketAddr, with: &str) -> Answer {
    with_meta(server, "charge", arguments(0), key(with)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_store_a_keyed_change_is_refused_in_time_and_reads_go_on() {
    let Some(mut shared) = Shared::found() else { return };
    let proxy = Proxy::to(&shared.postgres).await;
    shared.postgres.clone_from(&proxy.url);
    let fleet = shared.fleet(SETTINGS);
    let server = fleet.start();
    let mut charged = 0;
    for (round, way) in [Way::Silent, Way::Closed].into_iter().enumerate() {
        proxy.set(Way::Open);
        let mut number = 0;
        until("a key can be claimed", async || {
            number += 1;
            charge(server.mcp, &format!("{round}, before, {number}")).await.is_ok()
        })
        .await;
        charged += 1;
        proxy.set(way);
        let mut took = Vec::new();
        for number in 0..5 {
            let refused = charge(server.mcp, &format!("{round}, meanwhile, {number}")).await;
            assert_eq!(refused.refused(), "store_away", "{way:?}: {}", refused.message);
            took.push(refused.took);
        }
        assert!(took.iter().min().unwrap() <= &(TIMEOUT + LATE), "{way:?}: {took:?}");
        assert!(in_time(server.mcp, "ping", json!({}), LATE).await.is_ok(), "{way:?}");
        assert!(call(server.mcp, "charge", arguments(0)).await.is_ok(), "{way:?}: nothing is to be remembered of it");
        charged += 1;
        assert_eq!(fleet.charged().len(), charged, "{way:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_can_not_be_kept_at_once_is_kept_when_the_store_is_back() {
    let Some(mut shared) = Shared::found() else { return };
    let proxy = Proxy::to(&shared.postgres).await;
    shared.postgres.clone_from(&proxy.url);
    let fleet = shared.fleet(SETTINGS);
    let server = fleet.start();
    let mcp = server.mcp;
    let first = tokio::spawn(async move { try_call(mcp, "charge", arguments(500), key("k")).await });
    until("the call runs", async || !fleet.begun().is_empty()).await;
    proxy.set(Way::Silent);
    let first = first.await.unwrap().unwrap();
    assert!(first.is_ok() && first.took < PATIENT, "its caller has the answer: {}", first.message);
    let again = with_meta(mcp, "charge", arguments(500), key("k")).await;
    assert_eq!(again.refused(), "in_flight", "{}", again.message);
    proxy.set(Way::Open);
    let again = settled(mcp).await;
    assert_eq!((again.is_ok(), again.text()), (true, first.text()), "{}", again.message);
    assert_eq!((fleet.begun().len(), fleet.charged().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_effect_whose_answer_could_not_be_kept_is_not_done_again() {
    let Some(mut shared) = Shared::found() else { return };
    let proxy = Proxy::to(&shared.postgres).await;
    shared.postgres.clone_from(&proxy.url);
    let fleet = shared.fleet(SETTINGS);
    let mut server = fleet.start();
    let mcp = server.mcp;
    let first = tokio::spawn(async move { try_call(mcp, "charge", arguments(500), key("k")).await });
    until("the call runs", async || !fleet.begun().is_empty()).await;
    proxy.set(Way::Silent);
    assert!(first.await.unwrap().unwrap().is_ok());
    // So that nobody tries to keep it any longer.
    server.process.signal("KILL");
    server.process.wait();
    proxy.set(Way::Open);
    let again = settled(fleet.start().mcp).await;
    assert_eq!(again.refused(), "unknown", "{}", again.message);
    assert_eq!((fleet.begun().len(), fleet.charged().len()), (1, 1));
}

/// What a repeat is told once nobody says any more that the call is in flight.
async fn settled(server: SocketAddr) -> Answer {
    let mut again = None;
    until("nobody says any more that it is in flight", async || {
        let answer = with_meta(server, "charge", arguments(500), key("k")).await;
        let settled = !["in_flight", "store_away"].contains(&answer.refused());
        again = Some(answer);
        settled
    })
    .await;
    again.unwrap()
}
