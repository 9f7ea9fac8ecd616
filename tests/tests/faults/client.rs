//! MCP over HTTP/1.1 by hand, many calls at a time, each of which says how it ended: answered, or how far it came.

use std::{io, net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::support::{PATIENCE, http};

/// What an answer may be late by.
pub const LATE: Duration = Duration::from_millis(100);

/// How often what depends on the machine is tried.
const TRIES: u32 = 5;

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub message: Value,
    pub took: Duration,
}

/// No whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cut {
    /// The server took no connection.
    Refused,
    /// The connection ended before the first byte of an answer.
    Silent,
    /// The connection ended within an answer.
    Within,
}

/// A connection that is kept for several calls.
#[derive(Debug)]
pub struct Connection {
    to: SocketAddr,
    stream: TcpStream,
}

impl Answer {
    /// What the error result says of itself; null where it is none.
    pub fn error(&self) -> &Value {
        &self.message["result"]["_meta"]["dev.steadfast/error"]
    }

    /// The error's reason, or else its kind; nothing where the call was served.
    pub fn refused(&self) -> &str {
        let about = self.error();
        let of_protocol = self.message["error"]["data"]["reason"].as_str();
        of_protocol.or_else(|| about["reason"].as_str()).or_else(|| about["kind"].as_str()).unwrap_or_default()
    }

    pub fn is_ok(&self) -> bool {
        self.message["result"]["isError"] == false
    }

    pub fn text(&self) -> &str {
        self.message["result"]["content"][0]["text"].as_str().unwrap_or_default()
    }

    pub fn meta(&self, name: &str) -> &Value {
        &self.message["result"]["_meta"][format!("dev.steadfast/{name}")]
    }
}

impl Connection {
    pub async fn open(to: SocketAddr) -> Result<Self, Cut> {
        let stream = timeout(PATIENCE, TcpStream::connect(to)).await.expect("a connection, or none");
        let stream = stream.map_err(|_| Cut::Refused)?;
        stream.set_nodelay(true).map_err(|_| Cut::Refused)?;
        Ok(Self { to, stream })
    }

    pub async fn call(&mut self, tool: &str, arguments: Value, meta: Value) -> Result<Answer, Cut> {
        let began = now();
        let message = http::modern("tools/call", json!({"name": tool, "arguments": arguments, "_meta": meta}));
        let body = message.to_string();
        let request = format!(
            "POST /mcp HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
             accept: application/json, text/event-stream\r\nmcp-protocol-version: 2026-07-28\r\n\
             mcp-method: tools/call\r\nmcp-name: {tool}\r\ncontent-length: {}\r\n\r\n{body}",
            self.to,
            body.len(),
        );
        self.stream.write_all(request.as_bytes()).await.map_err(|_| Cut::Silent)?;
        let answer = timeout(PATIENCE, read(&mut self.stream)).await;
        let body = answer.unwrap_or_else(|_| panic!("{tool}: neither an answer nor an end"))?;
        let message = serde_json::from_slice(&body)
            .unwrap_or_else(|error| panic!("{tool}: {error}: {}", String::from_utf8_lossy(&body)));
        Ok(Answer { message, took: began.elapsed() })
    }
}

/// Calls on a connection of its own.
pub async fn try_call(to: SocketAddr, tool: &str, arguments: Value, meta: Value) -> Result<Answer, Cut> {
    Connection::open(to).await?.call(tool, arguments, meta).await
}

/// Calls a server that must answer.
pub async fn call(to: SocketAddr, tool: &str, arguments: Value) -> Answer {
    with_meta(to, tool, arguments, json!({})).await
}

/// The same with `_meta`.
pub async fn with_meta(to: SocketAddr, tool: &str, arguments: Value, meta: Value) -> Answer {
    let answer = try_call(to, tool, arguments, meta).await;
    answer.unwrap_or_else(|cut| panic!("{tool}: {cut:?}"))
}

/// Calls until an answer comes within `limit` and a little, a few times at most; the answer.
pub async fn in_time(to: SocketAddr, tool: &str, arguments: Value, limit: Duration) -> Answer {
    let mut took = Vec::new();
    for _ in 0..TRIES {
        let answer = call(to, tool, arguments.clone()).await;
        if answer.took <= limit + LATE {
            return answer;
        }
        took.push(answer.took);
    }
    panic!("{tool} {arguments}: {took:?} instead of {limit:?}");
}

/// What the admin port tells under a path.
pub async fn admin(to: SocketAddr, path: &str) -> String {
    let told = async {
        let mut stream = TcpStream::connect(to).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        io::Result::Ok(text)
    };
    timeout(PATIENCE, told).await.expect("the admin port answers").expect("text")
}

/// What answers and ends are measured from.
#[expect(clippy::disallowed_methods, reason = "what is measured are other processes, which run in real time")]
pub fn now() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

/// Waits until something holds, and fails if it never does.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let held = timeout(PATIENCE, async {
        while !holds().await {
            // sleep: another process can't notify this one
            sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(held.await.is_ok(), "it never came true that {what}");
}

/// The body of one response.
async fn read(stream: &mut TcpStream) -> Result<Vec<u8>, Cut> {
    let mut received = Vec::new();
    loop {
        if let Some(head) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            let headers = String::from_utf8_lossy(&received[..head]).to_ascii_lowercase();
            let length = headers.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            let length: usize = length.unwrap_or_else(|| panic!("no content-length in {headers}"));
            let body_at = head + 4;
            if received.len() >= body_at + length {
                return Ok(received.split_off(body_at));
            }
        }
        let cut = if received.is_empty() { Cut::Silent } else { Cut::Within };
        if stream.read_buf(&mut received).await.map_err(|_| cut)? == 0 {
            return Err(cut);
        }
    }
}
