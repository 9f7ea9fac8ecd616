//! Long-running tools: tasks, whose they are, how they end, and what happens when their process does.

mod lifecycle;
mod ownership;
mod processes;
mod questions;
mod workshop;

use std::time::Duration;

use steadfast::{
    rmcp::model::ClientCapabilities,
    testing::{Answer, Client, advance},
};

use self::workshop::Workshop;

/// A client that knows tasks and can be asked, of the workshop's server.
fn client(workshop: &Workshop) -> Client {
    configured(workshop, "")
}

fn configured(workshop: &Workshop, configuration: &str) -> Client {
    Client::with(workshop.server(), configuration).unwrap().with_capabilities(able())
}

/// Another process of the same server.
fn replica(of: &Client, workshop: &Workshop) -> Client {
    of.replica(workshop.server(), "").unwrap()
}

fn able() -> ClientCapabilities {
    ClientCapabilities::builder().enable_elicitation().enable_tasks().build()
}

fn id(answer: &Answer) -> String {
    answer.task_id().unwrap_or_else(|| panic!("no task: {answer:?}")).to_owned()
}

/// Asks for a task until it has a status.
async fn until(client: &Client, id: &str, status: &str) -> Answer {
    for _ in 0..10_000 {
        let task = client.task(id).await;
        if task.status() == Some(status) {
            return task;
        }
        advance(Duration::from_millis(100)).await;
        settle().await;
    }
    panic!("never {status}: {:?}", client.task(id).await);
}

/// Lets everything happen that can without the clock moving.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

/// Lets time pass in small steps, so that everything happens in its order.
async fn pass(seconds: u64) {
    for _ in 0..seconds * 10 {
        advance(Duration::from_millis(100)).await;
        settle().await;
    }
}
