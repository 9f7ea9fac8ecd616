//! A server whose tools ask an upstream that does what a test says.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use steadfast::{ErrorKind, prelude::*};

/// What the upstream does with one call.
#[derive(Debug, Clone, Copy)]
pub enum Script {
    Answer,
    /// Answers after so many milliseconds.
    After(u64),
    Fail(ErrorKind),
    Panic,
    Hang,
    /// An answer of so many bytes.
    Large(usize),
}

/// The upstream: what it does next, what it does then, and how often it was called.
#[derive(Debug, Clone)]
pub struct Upstream {
    next: Arc<Mutex<VecDeque<Script>>>,
    then: Arc<Mutex<Script>>,
    calls: Arc<AtomicU32>,
}

impl Upstream {
    /// Does the same with every call.
    pub fn that(then: Script) -> Self {
        Self { next: Arc::default(), then: Arc::new(Mutex::new(then)), calls: Arc::default() }
    }

    /// Does these first.
    pub fn first(self, scripts: impl IntoIterator<Item = Script>) -> Self {
        self.next.lock().unwrap().extend(scripts);
        self
    }

    /// Does this from now on.
    pub fn becomes(&self, then: Script) {
        *self.then.lock().unwrap() = then;
    }

    /// How often it was called.
    pub fn calls(&self) -> u32 {
        self.calls.load(Ordering::SeqCst)
    }

    async fn call(&self) -> Result<String, ToolError> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let next = self.next.lock().unwrap().pop_front();
        let script = next.unwrap_or(*self.then.lock().unwrap());
        match script {
            Script::Answer => Ok(format!("answer {number}")),
            Script::After(ms) => {
                // sleep: every test that asks this upstream has paused the clock
                tokio::time::sleep(Duration::from_millis(ms)).await;
                Ok(format!("answer {number}"))
            }
            Script::Fail(kind) => Err(ToolError::new(kind, format!("failure {number}"))),
            Script::Panic => panic!("the upstream's client panicked"),
            Script::Hang => std::future::pending().await,
            Script::Large(bytes) => Ok("x".repeat(bytes)),
        }
    }
}

/// Look something up.
#[mcp_tool(version = "1.0.0", effect = read_only, timeout = "2s", retry = 2, upstream = "library")]
async fn look_up(State(upstream): State<Upstream>, #[arg(default = "it")] what: String) -> Result<String, ToolError> {
    let _ = what;
    upstream.call().await
}

/// Look something up, with less patience.
#[mcp_tool(
    version = "1.0.0",
    effect = read_only,
    timeout = "2s",
    attempt_timeout = "300ms",
    retry = 1,
    fallback = remembered,
    stale = "10m",
    upstream(name = "archive", open_for = "4s", half_open = 2),
)]
async fn recall(State(upstream): State<Upstream>, #[arg(default = "it")] what: String) -> Result<String, ToolError> {
    let _ = what;
    upstream.call().await
}

/// Remembers nothing but `it`.
async fn remembered(_: State<Upstream>, what: String) -> Result<String, ToolError> {
    if what == "it" { Ok("remembered".into()) } else { Err(ToolError::not_found("not remembered")) }
}

/// Ask without any help.
#[mcp_tool(version = "1.0.0", effect = read_only, timeout = "1s", stale = "10m", rate_limit = "5/s")]
async fn ask(State(upstream): State<Upstream>, #[arg(default = "it")] what: String) -> Result<String, ToolError> {
    let _ = what;
    upstream.call().await
}

/// Put something on the shelf.
#[mcp_tool(version = "1.0.0", effect = additive, timeout = "1s")]
async fn put(State(upstream): State<Upstream>, what: String) -> Result<String, ToolError> {
    let _ = what;
    upstream.call().await
}

/// Put something in its place, however often.
#[mcp_tool(version = "1.0.0", effect = additive, idempotent, retry = 1, timeout = "1s", attempt_timeout = "300ms")]
async fn place(State(upstream): State<Upstream>, what: String) -> Result<String, ToolError> {
    let _ = what;
    upstream.call().await
}

/// Put something on the shelf that only one can reach at a time.
#[mcp_tool(
    version = "1.0.0",
    effect = additive,
    idempotent,
    retry = 1,
    timeout = "1s",
    upstream(name = "shelf", concurrency = 1, queue = 1),
)]
async fn shelve(State(upstream): State<Upstream>, what: String) -> Result<String, ToolError> {
    let _ = what;
    upstream.call().await
}

/// Lend something from the shelf, once its reader has given a name.
#[mcp_tool(version = "1.0.0", effect = additive, timeout = "1s", upstream = "shelf")]
async fn lend(State(upstream): State<Upstream>, cx: CallContext, what: String) -> Result<String, ToolError> {
    let form = serde_json::from_value(json!({"type": "object", "properties": {"name": {"type": "string"}}}))?;
    cx.ask(steadfast::Inputs::new().elicit("name", "Who?", form)).await?.elicited("name")?;
    let _ = what;
    upstream.call().await
}

/// The server over an upstream.
pub fn server(upstream: &Upstream) -> Server<Upstream> {
    let tools = tools![look_up, recall, ask, put, place, shelve, lend];
    Server::builder("library", upstream.clone()).tools(tools).build()
}
