use super::*;
use crate::testing::{Answer, Client};

async fn begin(client: &Client, tenant: &str, name: &str) -> Answer {
    let able = ClientCapabilities::builder().enable_tasks().build();
    let caller = client.as_caller(name).of_tenant(tenant).with_capabilities(able);
    caller.call("read", json!({"seconds": 30})).await
}

#[tokio::test(start_paused = true)]
async fn callers_of_one_tenant_leave_places_of_tasks_to_others() {
    let server = Server::builder("bench", Bench::default()).tools(tools![read]).build();
    let client = Client::with(server, "[tasks]\nconcurrency = 3\nconcurrency_per_tenant = 2").unwrap();
    for (tenant, name, begins) in [
        ("acme", "alice", true),
        ("acme", "bob", true),
        ("acme", "carol", false),
        ("bolt", "alice", true),
        ("bolt", "bob", false),
    ] {
        let answer = begin(&client, tenant, name).await;
        assert_eq!(answer.task_id().is_some(), begins, "{name} of {tenant}: {answer:?}");
        assert!(begins || answer.message()["error"]["data"]["reason"] == "overloaded", "{answer:?}");
    }
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert!(begin(&client, "acme", "carol").await.task_id().is_some(), "a place that was left is given again");
}
