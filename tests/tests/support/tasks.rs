//! Tasks over HTTP, as a client that knows them.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::http;

/// What a client that knows tasks sends with everything.
pub fn able(mut params: Value) -> Value {
    params["_meta"] =
        json!({"io.modelcontextprotocol/clientCapabilities": {"extensions": {"io.modelcontextprotocol/tasks": {}}}});
    params
}

/// Any request; one about a task names it.
pub fn request(to: SocketAddr, method: &str, params: Value, id: Option<&str>) -> Value {
    let headers: Vec<_> = id.map(|id| ("mcp-name", id)).into_iter().collect();
    http::finish(http::begin_modern(to, method, able(params), &headers)).json()
}

/// The task that a call becomes.
pub fn call(to: SocketAddr, tool: &str, ms: u64) -> String {
    let answer = request(to, "tools/call", json!({"name": tool, "arguments": {"ms": ms}}), None);
    assert_eq!(answer["result"]["resultType"], "task", "{answer}");
    answer["result"]["taskId"].as_str().unwrap().to_owned()
}

/// A task as it is.
pub fn task(to: SocketAddr, id: &str) -> Value {
    request(to, "tasks/get", json!({"taskId": id}), Some(id))["result"].clone()
}
