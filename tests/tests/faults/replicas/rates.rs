//! A rate is the fleet's, and while Redis is away each replica's own.

use std::{net::SocketAddr, time::Duration};

use serde_json::json;
use tokio::task::JoinSet;

use super::{
    REPLICAS, Shared,
    proxy::{Proxy, Way},
    replicas,
};
use crate::faults::client::{Connection, call, now, until};

const SETTINGS: &str = "[limits]\nrate_per_caller = '50/s'";

/// How many of so many calls at each server are let in, and how long they took.
async fn let_in(servers: &[SocketAddr], each: usize) -> (u32, Duration) {
    let began = now();
    let mut clients = JoinSet::new();
    for &server in servers {
        clients.spawn(async move {
            let mut connection = Connection::open(server).await.unwrap();
            let mut served = 0;
            for _ in 0..each {
                let answer = connection.call("ping", json!({}), json!({})).await.unwrap();
                assert!(answer.is_ok() || answer.refused() == "rate_limit_caller", "{}", answer.message);
                served += u32::from(answer.is_ok());
            }
            served
        });
    }
    let served = clients.join_all().await.into_iter().sum();
    (served, began.elapsed())
}

/// What one quota of 50 a second has in a time, with all it saved up.
fn most(took: Duration) -> u32 {
    51 + (took.as_secs_f64() * 50.0).ceil() as u32
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rate_holds_over_all_replicas_and_without_redis_over_each() {
    let Some(mut shared) = Shared::found() else { return };
    let proxy = Proxy::to(&shared.redis).await;
    shared.redis.clone_from(&proxy.url);
    let fleet = shared.fleet(SETTINGS);
    let servers = replicas(&fleet);
    let addresses: Vec<SocketAddr> = servers.iter().map(|server| server.mcp).collect();

    let (served, took) = let_in(&addresses, 100).await;
    assert!((50..=most(took)).contains(&served), "{served} in {took:?}");

    proxy.set(Way::Closed);
    let (served, took) = let_in(&addresses, 100).await;
    let replicas = u32::try_from(REPLICAS).unwrap();
    assert!((replicas * 50..=replicas * most(took)).contains(&served), "{served} in {took:?}");

    proxy.set(Way::Silent);
    assert!(call(addresses[0], "ping", json!({})).await.took < Duration::from_secs(2));

    proxy.set(Way::Open);
    // Who counts in Redis again does not let in what all three together may not have.
    until("the rate is the fleet's again", async || {
        let (served, took) = let_in(&addresses, 100).await;
        served <= most(took)
    })
    .await;
}
