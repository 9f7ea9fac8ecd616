//! Tasks of a real process over HTTP, which is killed and started again on the same data.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Value, json};

use crate::support::{
    HttpServer, PATIENCE, http,
    stdio::StdioServer,
    tasks::{able, call, request, task},
};

/// A directory of this test's own.
fn data(name: &str) -> PathBuf {
    let data = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("tasks").join(name);
    let _ = std::fs::remove_dir_all(&data);
    data
}

fn server(data: &Path) -> HttpServer {
    HttpServer::with(|command| {
        command.env("STEADFAST_DATA", data).env("STEADFAST_TASKS_LEASE", "1s").env("STEADFAST_TASKS_POLL", "50ms");
        command.env("STEADFAST_DRAIN_GRACE", "1s");
    })
}

/// Asks for a task until it has ended.
async fn ended(to: SocketAddr, id: &str) -> Value {
    let looking = async {
        loop {
            let task = task(to, id);
            if !["working", "input_required"].contains(&task["status"].as_str().unwrap_or_default()) {
                return task;
            }
            // sleep: a task of another process is polled
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.expect("the task ends")
}

#[tokio::test]
async fn tasks_survive_the_sudden_death_of_their_process() {
    let data = data("killed");
    let mut first = server(&data);
    let done = call(first.mcp, "dig", 0);
    let before = ended(first.mcp, &done).await;
    assert_eq!(before["result"]["content"][0]["text"], "dug for 0 ms");
    let again = call(first.mcp, "dig", 1500);
    let lost = call(first.mcp, "send", 60_000);
    first.process.signal("KILL");
    first.process.wait();

    let second = server(&data);
    assert_eq!(task(second.mcp, &done), before);
    let again = ended(second.mcp, &again).await;
    assert_eq!(again["result"]["content"][0]["text"], "dug for 1500 ms");
    let lost = ended(second.mcp, &lost).await;
    assert_eq!((&lost["status"], &lost["error"]["data"]["kind"]), (&json!("failed"), &json!("unknown")));
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_hands_its_tasks_to_the_next() {
    let data = data("stopped");
    let mut first = server(&data);
    let done = call(first.mcp, "send", 300);
    let again = call(first.mcp, "dig", 3000);
    let lost = call(first.mcp, "send", 60_000);
    first.process.signal("TERM");
    assert!(first.process.wait().success());

    let second = server(&data);
    assert_eq!(task(second.mcp, &done)["status"], "completed");
    assert_eq!(task(second.mcp, &lost)["status"], "failed");
    assert_eq!(ended(second.mcp, &again).await["status"], "completed");
}

/// A server over stdio that would wait for its tasks, and others for its leases, far longer than a test does.
fn patient(data: &Path) -> StdioServer {
    StdioServer::with(|command| {
        command.env("STEADFAST_DATA", data).env("STEADFAST_TASKS_LEASE", "1h").env("STEADFAST_DRAIN_GRACE", "1h");
        command.env("STEADFAST_LOG_LEVEL", "info");
    })
}

/// No two requests of a session have the same id.
fn ask(server: &mut StdioServer, id: &str, method: &str, params: Value) -> Value {
    let mut request = http::modern(method, able(params));
    request["id"] = json!(id);
    server.send(&request);
    let answer = server.receive();
    assert!(answer["result"].is_object(), "{answer}");
    answer["result"].clone()
}

#[test]
fn a_server_without_a_client_is_told_to_stop_and_hands_its_tasks_to_the_next_at_once() {
    let data = data("alone");
    let mut first = patient(&data);
    let mut call = |tool: &str| {
        let answer = ask(&mut first, tool, "tools/call", json!({"name": tool, "arguments": {"ms": 60_000}}));
        answer["taskId"].as_str().unwrap().to_owned()
    };
    let (again, lost) = (call("dig"), call("send"));
    first.end_input();
    while !first.process.line().contains("the client is gone") {}
    first.process.signal("TERM");
    assert!(first.process.wait().success());

    let mut second = patient(&data);
    let mut task = |id: &str| ask(&mut second, id, "tasks/get", json!({"taskId": id}));
    let lost = task(&lost);
    assert_eq!((&lost["status"], &lost["error"]["data"]["kind"]), (&json!("failed"), &json!("unknown")));
    assert_eq!(task(&again)["status"], "working");
    ask(&mut second, "cancel", "tasks/cancel", json!({"taskId": again}));
    second.end_input();
    assert!(second.process.wait().success());
}

#[test]
fn tasks_are_shown_and_cancelled_over_http_by_clients_that_know_them() {
    let server = server(&data("http"));
    let id = call(server.mcp, "send", 60_000);
    let shown = task(server.mcp, &id);
    assert_eq!((&shown["status"], &shown["resultType"]), (&json!("working"), &json!("complete")));
    assert_eq!(shown["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "fixture");
    let cancelled = request(server.mcp, "tasks/cancel", json!({"taskId": id}), Some(&id));
    assert_eq!(cancelled["result"], json!({"resultType": "complete"}));
    assert_eq!(task(server.mcp, &id)["status"], "cancelled");

    let unknown = request(server.mcp, "tasks/get", json!({"taskId": "nobody"}), Some("nobody"));
    assert_eq!(unknown["error"]["code"], -32602);
    let headers = [("mcp-name", id.as_str())];
    let mute = http::finish(http::begin_modern(server.mcp, "tasks/get", json!({"taskId": id}), &headers)).json();
    assert_eq!(mute["error"]["code"], -32021);
    let discovered = request(server.mcp, "server/discover", json!({}), None);
    assert_eq!(discovered["result"]["capabilities"]["extensions"]["io.modelcontextprotocol/tasks"], json!({}));
}
