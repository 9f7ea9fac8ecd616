//! SIGTERM under load: what began is answered in full, what comes later is refused in words, and the process ends.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{
    client::{Connection, Cut, call, now, try_call, until},
    fleet::Fleet,
};
use crate::support::{Process, stdio::StdioServer};

/// Clients at once.
const CLIENTS: u64 = 64;

/// Longer than calls take that are in flight, and shorter than a process that does not end.
const END: Duration = Duration::from_secs(8);

const DRAINING: i64 = -32050;

/// How calls of one client ended until it was turned away.
#[derive(Debug, Default)]
struct Ended {
    results: usize,
    refused: usize,
    /// And whether the server had been told to stop before the call was sent.
    cut: Option<(Cut, bool)>,
}

async fn ends(process: &mut Process) {
    let began = now();
    let status = tokio::task::block_in_place(|| process.wait());
    assert_eq!(status.code(), Some(0));
    assert!(began.elapsed() < END, "{:?}", began.elapsed());
}

async fn client(server: std::net::SocketAddr, number: u64, told: Arc<AtomicBool>) -> Ended {
    let mut ended = Ended::default();
    let mut connection = match Connection::open(server).await {
        Ok(connection) => connection,
        Err(cut) => return Ended { cut: Some((cut, told.load(Ordering::SeqCst))), ..ended },
    };
    loop {
        let after = told.load(Ordering::SeqCst);
        let answer = match connection.call("work", json!({"ms": 50 + number % 51}), json!({})).await {
            Ok(answer) => answer,
            Err(cut) => return Ended { cut: Some((cut, after)), ..ended },
        };
        match answer.message["error"]["code"].as_i64() {
            None => {
                assert!(answer.is_ok(), "{}", answer.message);
                ended.results += 1;
            }
            code => {
                assert_eq!((code, answer.refused()), (Some(DRAINING), "draining"), "{}", answer.message);
                return Ended { refused: 1, ..ended };
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_http_every_call_that_began_is_answered_and_every_later_one_is_turned_away() {
    let fleet = Fleet::new("");
    let mut server = fleet.start();
    let told = Arc::new(AtomicBool::new(false));
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        clients.spawn(client(server.mcp, number, Arc::clone(&told)));
    }
    until("there is load", async || fleet.begun().len() >= 300).await;
    told.store(true, Ordering::SeqCst);
    server.process.signal("TERM");
    ends(&mut server.process).await;
    let ended = clients.join_all().await;

    let results: usize = ended.iter().map(|ended| ended.results).sum();
    assert_eq!(results, fleet.begun().len(), "an answer for each that began");
    let refused: usize = ended.iter().map(|ended| ended.refused).sum();
    assert!(refused > 0, "while calls were in flight the others were told why not");
    for Ended { cut, .. } in &ended {
        // A connection that was idle when the last call ended is closed; what crosses that on its way did not begin.
        assert!(!matches!(cut, Some((Cut::Within, _) | (_, false))), "{cut:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_stdio_every_call_that_was_sent_is_answered() {
    let fleet = Fleet::new("");
    let mut server = fleet.start_stdio();
    server.initialize();
    let mut open = HashSet::new();
    let mut results = 0;
    let mut told = false;
    let mut turned_away = 0;
    let send = |server: &mut StdioServer, open: &mut HashSet<u64>, id: u64| {
        server.call(id, "work", json!({"ms": 50 + id % 51}));
        open.insert(id);
    };
    let mut next = 1;
    while next <= CLIENTS {
        send(&mut server, &mut open, next);
        next += 1;
    }
    let mut take = |answer: &Value, open: &mut HashSet<u64>| {
        assert!(open.remove(&answer["id"].as_u64().unwrap()), "{answer}");
        if answer["error"]["code"] == DRAINING {
            turned_away += 1;
        } else {
            assert_eq!(answer["result"]["isError"], false, "{answer}");
            results += 1;
        }
        turned_away
    };
    while take(&server.receive(), &mut open) == 0 {
        if !told && next > 5 * CLIENTS {
            told = true;
            server.process.signal("TERM");
        }
        send(&mut server, &mut open, next);
        next += 1;
    }
    for answer in server.rest() {
        take(&answer, &mut open);
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
