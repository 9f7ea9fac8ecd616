//! HTTP/1.1 by hand: a test says each header and sees each byte.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
};

use serde_json::{Value, json};

use super::PATIENCE;

/// A response as it came.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Response {
    /// The body as JSON, also when it came as one server-sent event.
    pub fn json(&self) -> Value {
        let mut events = self.body.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim);
        let text = events.rfind(|data| !data.is_empty()).unwrap_or(&self.body);
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Sends one request on a connection of its own and reads the whole response.
pub fn send(to: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
    finish(begin(to, method, path, headers, body))
}

/// Sends a request; [`finish`] reads the response.
pub fn begin(to: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(to).expect("the server takes connections");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out can be set");
    let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    if !headers.iter().any(|(name, _)| *name == "host") {
        head.push_str(&format!("host: {to}\r\n"));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).expect("the head is sent");
    // A server that refuses by the head may close before it has read the body.
    let _ = stream.write_all(body);
    stream
}

pub fn finish(mut stream: TcpStream) -> Response {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no response: {text}"));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status line");
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    let body = if chunked { unchunk(body) } else { body.to_owned() };
    Response { status, headers, body }
}

fn unchunk(mut rest: &str) -> String {
    let mut body = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 || after.len() < size {
            break;
        }
        body.push_str(&after[..size]);
        rest = after[size..].trim_start_matches("\r\n");
    }
    body
}

pub const JSON: [(&str, &str); 2] =
    [("content-type", "application/json"), ("accept", "application/json, text/event-stream")];

/// A request of protocol 2026-07-28, complete.
pub fn modern(method: &str, mut params: Value) -> Value {
    params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2026-07-28");
    params["_meta"]["io.modelcontextprotocol/clientInfo"] = json!({"name": "test", "version": "1"});
    if params["_meta"].get("io.modelcontextprotocol/clientCapabilities").is_none() {
        params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({});
    }
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
}

/// Begins a request of protocol 2026-07-28 with the headers that it asks for.
pub fn begin_modern(to: SocketAddr, method: &str, params: Value, more: &[(&str, &str)]) -> TcpStream {
    begin_modern_at(to, "/mcp", method, params, more)
}

/// The same to another path.
pub fn begin_modern_at(to: SocketAddr, path: &str, method: &str, params: Value, more: &[(&str, &str)]) -> TcpStream {
    let message = modern(method, params);
    let name = message["params"]["name"].as_str().unwrap_or_default().to_owned();
    let mut headers = JSON.to_vec();
    headers.extend([("mcp-protocol-version", "2026-07-28"), ("mcp-method", method)]);
    if !name.is_empty() {
        headers.push(("mcp-name", &name));
    }
    headers.extend(more);
    begin(to, "POST", path, &headers, message.to_string().as_bytes())
}

/// Sends a request of protocol 2026-07-28.
pub fn send_modern(to: SocketAddr, method: &str, params: Value) -> Response {
    finish(begin_modern(to, method, params, &[]))
}

/// A session of protocol 2025-11-25.
pub struct Session {
    to: SocketAddr,
    id: String,
}

impl Session {
    pub fn open(to: SocketAddr) -> Self {
        let message = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
        }});
        let response = send(to, "POST", "/mcp", &JSON, message.to_string().as_bytes());
        assert_eq!(response.status, 200, "{response:?}");
        let id = response.header("mcp-session-id").expect("a session id").to_owned();
        let session = Self { to, id };
        session.send(json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        session
    }

    pub fn begin(&self, message: Value) -> TcpStream {
        let mut headers = JSON.to_vec();
        headers.extend([("mcp-session-id", self.id.as_str()), ("mcp-protocol-version", "2025-11-25")]);
        begin(self.to, "POST", "/mcp", &headers, message.to_string().as_bytes())
    }

    /// The stream of what the server says without being asked.
    pub fn listen(&self) -> TcpStream {
        let headers = [
            ("accept", "text/event-stream"),
            ("mcp-session-id", self.id.as_str()),
            ("mcp-protocol-version", "2025-11-25"),
        ];
        begin(self.to, "GET", "/mcp", &headers, b"")
    }

    pub fn send(&self, message: Value) -> Response {
        finish(self.begin(message))
    }
}
