//! Tasks of a fleet: whoever runs one, whoever is asked, there is one run at a time and one end.

use serde_json::{Value, json};

use super::{Shared, replicas};
use crate::{
    faults::{client::until, fleet::Fleet},
    support::{
        HttpServer,
        tasks::{call, request, task},
    },
};

/// A lease that a busy machine keeps, and that a test can wait for.
const SETTINGS: &str = "
[store]
timeout = '1s'
[tasks]
lease = '5s'
poll = '100ms'
";

/// The fleet's replicas, of which the first runs a task.
struct Round {
    fleet: Fleet,
    servers: Vec<HttpServer>,
    id: String,
}

impl Round {
    async fn begin(shared: &Shared, tool: &str, ms: u64) -> Self {
        let fleet = shared.fleet(SETTINGS);
        let mut servers = replicas(&fleet);
        let id = call(servers[0].mcp, tool, ms);
        until("the task runs", async || !fleet.begun().is_empty()).await;
        assert_eq!(fleet.begun(), [servers[0].process.child().id()]);
        Self { fleet, servers, id }
    }

    fn kill_the_owner(&mut self) {
        let mut owner = self.servers.remove(0);
        owner.process.signal("KILL");
        owner.process.wait();
    }

    /// Asks every replica that is left, all the time, until each says that the task has ended; what they say.
    async fn ended(&self) -> Vec<Value> {
        let mut said = Vec::new();
        until("the task has ended", async || {
            said = self.servers.iter().map(|server| task(server.mcp, &self.id)).collect();
            said.iter().all(|task: &Value| task["status"] != "working")
        })
        .await;
        said
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_be_run_again_is_run_by_one_other_replica_when_its_own_is_killed() {
    let Some(shared) = Shared::found() else { return };
    let mut round = Round::begin(&shared, "dig", 3_000).await;
    let owner = round.fleet.begun()[0];
    round.kill_the_owner();
    let said = round.ended().await;
    let begun = round.fleet.begun();
    assert!(begun.len() == 2 && begun[1] != owner, "{begun:?}");
    assert_eq!(round.fleet.done("dug"), begun[1..]);
    assert_eq!(said[0]["result"]["content"][0]["text"], format!("dug by {}", begun[1]), "{said:?}");
    assert_eq!(said[0]["result"]["content"], said[1]["result"]["content"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_not_run_twice_ends_as_unknown_everywhere_when_its_replica_is_killed() {
    let Some(shared) = Shared::found() else { return };
    let mut round = Round::begin(&shared, "send", 3_000).await;
    round.kill_the_owner();
    for said in round.ended().await {
        assert_eq!((&said["status"], &said["error"]["data"]["kind"]), (&json!("failed"), &json!("unknown")), "{said}");
    }
    assert_eq!((round.fleet.begun().len(), round.fleet.done("sent").len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_is_cancelled_at_another_replica_stops_where_it_runs() {
    let Some(shared) = Shared::found() else { return };
    for (tool, file) in [("dig", "dug"), ("send", "sent")] {
        let round = Round::begin(&shared, tool, 60_000).await;
        let (owner, id) = (round.fleet.begun()[0], round.id.as_str());
        let cancelled = request(round.servers[1].mcp, "tasks/cancel", json!({"taskId": id}), Some(id));
        assert_eq!(cancelled["result"]["resultType"], "complete", "{cancelled}");
        until("its function is stopped", async || round.fleet.left() == [owner]).await;
        for said in round.ended().await {
            assert_eq!(said["status"], "cancelled", "{tool}");
        }
        assert_eq!((round.fleet.begun().len(), round.fleet.done(file).len()), (1, 0), "{tool}");
    }
}
