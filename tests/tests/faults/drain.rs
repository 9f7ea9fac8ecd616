//! SIGTERM under load: what began is answered in full, what comes later is refused in words, and the process ends.

use std::{collections::HashSet, net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{
    client::{Connection, Cut, call, now, try_call, until},
    fleet::Fleet,
};
use crate::support::Process;

/// Clients at once.
const CLIENTS: u64 = 64;

/// Longer than calls take that are in flight, and shorter than a process that does not end.
const END: Duration = Duration::from_secs(8);

const DRAINING: i64 = -32050;

/// Milliseconds of a call that is in flight all the while, longer than connections are given to close.
const LONG: u64 = 4_000;

async fn ends(process: &mut Process) {
    let began = now();
    let status = tokio::task::block_in_place(|| process.wait());
    assert_eq!(status.code(), Some(0));
    assert!(began.elapsed() < END, "{:?}", began.elapsed());
}

/// Calls until it is turned away; how many results it got.
async fn client(server: SocketAddr, number: u64) -> Result<usize, Cut> {
    let mut connection = Connection::open(server).await?;
    let mut results = 0;
    loop {
        let answer = connection.call("work", json!({"ms": 50 + number % 51}), json!({})).await?;
        if answer.message["error"]["code"] == DRAINING {
            assert_eq!(answer.refused(), "draining", "{}", answer.message);
            return Ok(results);
        }
        assert!(answer.is_ok(), "{}", answer.message);
        results += 1;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_http_every_call_that_began_is_answered_and_every_later_one_is_turned_away() {
    let fleet = Fleet::new("");
    let mut server = fleet.start();
    let mcp = server.mcp;
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        clients.spawn(client(mcp, number));
    }
    until("there is load", async || fleet.begun().len() >= 200).await;
    let long = tokio::spawn(try_call(mcp, "work", json!({"ms": LONG}), json!({})));
    until("the load goes on", async || fleet.begun().len() >= 400).await;
    server.process.signal("TERM");
    let ended = clients.join_all().await;
    let new = try_call(mcp, "ping", json!({}), json!({})).await;
    assert_eq!(new.unwrap().refused(), "draining", "who comes now is told why not, too");
    ends(&mut server.process).await;
    assert!(long.await.unwrap().unwrap().is_ok());

    // While the long call was in flight nobody's connection was closed.
    let results: usize = ended.into_iter().map(|ended| ended.expect("an answer")).sum();
    assert_eq!(results + 1, fleet.begun().len(), "an answer for each that began");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_stdio_every_call_that_was_sent_is_answered() {
    let fleet = Fleet::new("");
    let mut server = fleet.start_stdio();
    server.initialize();
    let mut open = HashSet::new();
    let mut results = 0;
    let mut take = |open: &mut HashSet<u64>, answer: &Value| {
        assert!(open.remove(&answer["id"].as_u64().unwrap()), "{answer}");
        let turned_away = answer["error"]["code"] == DRAINING;
        assert!(turned_away || answer["result"]["isError"] == false, "{answer}");
        results += usize::from(!turned_away);
        turned_away
    };
    for id in 0.. {
        server.call(id, "work", json!({"ms": if id == 4 * CLIENTS { LONG } else { 50 + id % 51 }}));
        open.insert(id);
        if id == 5 * CLIENTS {
            server.process.signal("TERM");
        }
        if id >= CLIENTS && take(&mut open, &server.receive()) {
            break;
        }
    }
    for answer in server.rest() {
        take(&mut open, &answer);
    }
    assert!(open.is_empty(), "{open:?} got no answer");
    assert_eq!(results, fleet.begun().len());
    ends(&mut server.process).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_never_ends_does_not_keep_the_process() {
    for tool in ["stall", "hang"] {
        let fleet = Fleet::new("[drain]\ngrace = '2s'");
        let mut server = fleet.start();
        let answer = call(server.mcp, tool, json!({})).await;
        assert_eq!(answer.refused(), "timeout", "{}", answer.message);
        server.process.signal("TERM");
        ends(&mut server.process).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_takes_longer_than_the_grace_period_is_given_up() {
    let fleet = Fleet::new("[drain]\ngrace = '300ms'");
    let mut server = fleet.start();
    let mcp = server.mcp;
    let long = tokio::spawn(async move { try_call(mcp, "work", json!({"ms": 9_000}), json!({})).await });
    until("the call begins", async || !fleet.begun().is_empty()).await;
    server.process.signal("TERM");
    ends(&mut server.process).await;
    let given_up = long.await.unwrap().expect("it is told so");
    assert_eq!(given_up.message["error"]["code"], -32603, "{}", given_up.message);
}
