//! One MCP tool call over HTTP, as the revision 2026-07-28 writes it: no session, all metadata in the request.

use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};

use crate::{
    failure::{Failure, While},
    http::{self, Answer},
};

const REVISION: &str = "2026-07-28";

/// Calls a tool, and returns the result of the JSON-RPC answer.
pub(crate) fn call(address: SocketAddr, tool: &str, arguments: &Value, limit: Duration) -> Result<Value, Failure> {
    let headers = [
        ("Accept", "application/json, text/event-stream"),
        ("Content-Type", "application/json"),
        ("MCP-Protocol-Version", REVISION),
        ("Mcp-Method", "tools/call"),
        ("Mcp-Name", tool),
    ];
    let answer = http::post(address, "/mcp", &headers, &request(tool, arguments).to_string(), limit)?;
    let message = message(&answer)?;
    match (message.get("result"), message.get("error")) {
        (Some(result), None) => Ok(result.clone()),
        _ => Err(Failure::new(format!("the call of {tool} was answered with {message}"))),
    }
}

/// The request's body.
pub(crate) fn request(tool: &str, arguments: &Value) -> Value {
    json!({
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {
            "name": tool,
            "arguments": arguments,
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": REVISION,
                "io.modelcontextprotocol/clientInfo": { "name": "cargo-xtask", "version": env!("CARGO_PKG_VERSION") },
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        },
    })
}

/// The answer to the request, from a JSON body or from an event stream.
fn message(answer: &Answer) -> Result<Value, Failure> {
    let unexpected = || format!("HTTP {} ({}): {}", answer.status, answer.content_type, answer.body.trim());
    if !answer.content_type.starts_with("text/event-stream") {
        return serde_json::from_str(&answer.body).while_(unexpected);
    }
    events(&answer.body)
        .filter_map(|data| serde_json::from_str::<Value>(&data).ok())
        .find(|message| message["id"] == 1)
        .ok_or_else(|| Failure::new(unexpected()))
}

/// The data of each event, by the HTML standard's rules for lines.
fn events(stream: &str) -> impl Iterator<Item = String> {
    let stream = stream.replace("\r\n", "\n");
    let blocks: Vec<_> = stream
        .split("\n\n")
        .map(|block| {
            let data = block.lines().filter_map(|line| line.strip_prefix("data:"));
            data.map(|data| data.strip_prefix(' ').unwrap_or(data)).collect::<Vec<_>>().join("\n")
        })
        .filter(|data| !data.is_empty())
        .collect();
    blocks.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_found_among_other_events() {
        let answer = Answer {
            status: 200,
            content_type: "text/event-stream".into(),
            body: ": hello\n\nevent: message\ndata: {\"method\":\"notifications/progress\"}\n\n\
                   data: {\"id\":1,\ndata: \"result\":{}}\n\n"
                .into(),
        };
        assert_eq!(message(&answer).unwrap(), json!({ "id": 1, "result": {} }));
    }

    #[test]
    fn an_answer_that_is_no_message_is_shown() {
        let answer = Answer { status: 403, content_type: "text/plain".into(), body: "forbidden host".into() };
        assert!(message(&answer).unwrap_err().to_string().contains("forbidden host"));
    }
}
