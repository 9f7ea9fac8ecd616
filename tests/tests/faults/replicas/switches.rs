//! A switch thrown in one process holds in all.

use std::process::Output;

use serde_json::json;

use super::{Shared, replicas};
use crate::faults::{
    client::{call, until},
    fleet::Fleet,
};

fn switch(fleet: &Fleet, arguments: &[&str]) -> Output {
    let output = fleet.command().arg("switch").args(arguments).output().expect("the command runs");
    assert!(output.status.success(), "{output:?}");
    output
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_switched_off_from_the_command_line_is_off_in_every_replica_and_comes_back() {
    let Some(shared) = Shared::found() else { return };
    let fleet = shared.fleet("[switches]\nrefresh = '200ms'\n[store]\ntimeout = '2s'");
    let servers = replicas(&fleet);
    for server in &servers {
        assert!(call(server.mcp, "ping", json!({})).await.is_ok());
    }
    switch(&fleet, &["off", "ping", "--reason", "it echoes"]);
    for server in &servers {
        let off = async || call(server.mcp, "ping", json!({})).await.refused() == "switched_off";
        until("the tool is off in every replica", off).await;
        assert!(call(server.mcp, "work", json!({"ms": 0})).await.is_ok(), "no other tool is");
    }
    let late = fleet.start();
    let refused = call(late.mcp, "ping", json!({})).await;
    assert_eq!(refused.refused(), "switched_off", "a replica that starts looks first: {}", refused.message);
    assert!(refused.text().contains("it echoes"), "{}", refused.message);

    switch(&fleet, &["on", "ping"]);
    for server in servers.iter().chain([&late]) {
        until("the tool is on in every replica", async || call(server.mcp, "ping", json!({})).await.is_ok()).await;
    }
}
