//! One idempotency key, a thousand calls at once, three replicas, one of which is killed: one effect.

use std::collections::BTreeSet;

use futures_util::future::join;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Shared, replicas};
use crate::{
    faults::{
        client::{Answer, try_call, until, with_meta},
        fleet::Fleet,
    },
    support::HttpServer,
};

/// Room for everybody, and as much time for the store as the lease leaves: a thousand claims of one key need no more than
/// one, but all that runs on this machine meanwhile is slow.
const SETTINGS: &str = "
[limits]
concurrency = 1000
concurrency_per_caller = 1000
[store]
timeout = '1250ms'
[idempotency]
lease = '5s'
";

/// Which replica is killed while the call runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    /// The one that runs it.
    Owner,
    /// One that does not.
    Another,
}

impl Victim {
    /// As long as a call may take, for the owner to be found and killed before the effect; else only for others to come
    /// meanwhile.
    fn arguments(self) -> Value {
        json!({"account": "a", "amount": 1, "ms": if self == Self::Owner { 9_500 } else { 1_000 }})
    }
}

fn key() -> Value {
    json!({"dev.steadfast/idempotencyKey": "one"})
}

async fn repeat(server: &HttpServer, arguments: Value) -> Answer {
    with_meta(server.mcp, "charge", arguments, key()).await
}

/// A result as its caller reads it.
fn result(answer: &Answer) -> String {
    answer.message["result"]["content"].to_string()
}

async fn round(fleet: &Fleet, calls: usize, victim: Victim) {
    let mut servers = replicas(fleet);
    let mut open = JoinSet::new();
    for call in 0..calls {
        let at = call % servers.len();
        let mcp = servers[at].mcp;
        open.spawn(async move { (mcp, try_call(mcp, "charge", victim.arguments(), key()).await) });
    }
    until("the call runs", async || !fleet.begun().is_empty()).await;
    let owner = fleet.begun()[0];
    let killed =
        servers.iter_mut().position(|server| (server.process.child().id() == owner) == (victim == Victim::Owner));
    let mut killed = servers.remove(killed.unwrap());
    killed.process.signal("KILL");
    killed.process.wait();

    let mut answers = Vec::new();
    for (mcp, ended) in open.join_all().await {
        match ended {
            Ok(answer) => answers.push(answer),
            Err(cut) => assert_eq!(mcp, killed.mcp, "{victim:?}: {cut:?} by a replica that lives"),
        }
    }
    let (done, others): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.is_ok());
    for answer in others {
        assert_eq!(answer.refused(), "in_flight", "{victim:?}: {}", answer.message);
        assert!(answer.error()["retryAfterMs"].as_u64().is_some_and(|after| after > 0), "{}", answer.message);
    }
    let mut results: BTreeSet<String> = done.into_iter().map(result).collect();

    for server in &servers {
        let mut last = repeat(server, victim.arguments()).await;
        until("nobody says any more that the call is in flight", async || {
            last = repeat(server, victim.arguments()).await;
            last.refused() != "in_flight"
        })
        .await;
        match victim {
            Victim::Owner => assert_eq!(last.refused(), "unknown", "{}", last.message),
            Victim::Another => assert_eq!(*last.meta("replayed"), true, "{}", last.message),
        }
        results.insert(result(&last));
    }
    assert_eq!(results.len(), 1, "{victim:?}: {results:?}");
    assert_eq!(fleet.begun(), [owner], "{victim:?}: it ran once");
    assert_eq!(fleet.charged().len(), usize::from(victim == Victim::Another), "{victim:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_calls_with_one_key_have_one_effect_when_another_replica_is_killed() {
    let Some(shared) = Shared::found() else { return };
    for calls in [1_000, 30] {
        round(&shared.fleet(SETTINGS), calls, Victim::Another).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_calls_with_one_key_have_no_second_effect_when_their_replica_is_killed() {
    let Some(shared) = Shared::found() else { return };
    // Those of the second fleet come while those of the first wait for the lease to end.
    let fleets = [shared.fleet(SETTINGS), shared.fleet(SETTINGS)];
    join(round(&fleets[0], 1_000, Victim::Owner), round(&fleets[1], 30, Victim::Owner)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_key_has_its_one_effect_while_replicas_come_and_go() {
    let Some(shared) = Shared::found() else { return };
    // Fifty claims at once want more connections than there are, and wait on a busy machine.
    let fleet = shared.fleet("[store]\ntimeout = '15s'");
    let mut servers = replicas(&fleet);
    let mut open = JoinSet::new();
    for call in 0..300_usize {
        let mcp = servers[call % servers.len()].mcp;
        let (account, key) = (call % 50, json!({"dev.steadfast/idempotencyKey": format!("key {}", call % 50)}));
        let arguments = json!({"account": account.to_string(), "amount": 1, "ms": 50});
        open.spawn(async move { (mcp, try_call(mcp, "charge", arguments, key).await) });
    }
    until("some are charged", async || fleet.charged().len() >= 5).await;
    let mut killed = servers.remove(0);
    killed.process.signal("KILL");
    killed.process.wait();
    for (mcp, ended) in open.join_all().await {
        match ended {
            Ok(answer) if answer.is_ok() => {}
            Ok(answer) => assert_eq!(answer.refused(), "in_flight", "{}", answer.message),
            Err(cut) => assert_eq!(mcp, killed.mcp, "{cut:?} by a replica that lives"),
        }
    }
    let charged = fleet.charged();
    let accounts: BTreeSet<&String> = charged.iter().collect();
    assert_eq!(accounts.len(), charged.len(), "no account twice: {charged:?}");
    assert!(fleet.begun().len() <= 50, "{} runs for 50 keys", fleet.begun().len());
}
