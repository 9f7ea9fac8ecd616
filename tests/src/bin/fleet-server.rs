//! A server that leans on an upstream and changes something, for the tests of faults: several of it run at once, are
//! killed, and share a store.
//!
//! `FLEET_UPSTREAM` is the upstream's `host:port`. `FLEET_FOLDER` is where what was done can be counted: a line in
//! `begun` for each run of `charge`, `work`, `dig` and `send`, with the process that ran it, a line in `charged` for each
//! charge, a line in `dug` and `sent` for each that came to its end, and a line in `left` for each that did or was dropped.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::PathBuf,
    time::Duration,
};

use steadfast::prelude::*;
use steadfast_tests::origin::Origin;

/// What the tools work with.
#[derive(Debug, Clone)]
struct Fleet {
    origin: Origin,
    folder: PathBuf,
}

impl Fleet {
    fn from_environment() -> Self {
        let variable = |name| std::env::var(name).unwrap_or_default();
        Self { origin: Origin::new(variable("FLEET_UPSTREAM")), folder: variable("FLEET_FOLDER").into() }
    }

    /// Adds a line in one write, which does not mix with those of other processes.
    fn note(&self, file: &str, line: &str) -> io::Result<File> {
        let mut file = OpenOptions::new().create(true).append(true).open(self.folder.join(file))?;
        file.write_all(format!("{line}\n").as_bytes())?;
        Ok(file)
    }

    fn begin(&self) -> io::Result<()> {
        self.note("begun", &std::process::id().to_string()).map(drop)
    }

    /// What a task does.
    async fn take_part(&self, file: &str, ms: u64) -> Result<String, ToolError> {
        let process = std::process::id().to_string();
        self.begin()?;
        let _left = Left { fleet: self, process: &process };
        tokio::time::sleep(Duration::from_millis(ms)).await;
        self.note(file, &process)?;
        Ok(format!("{file} by {process}"))
    }
}

/// A run, until it ends in whatever way but that of its process.
struct Left<'a> {
    fleet: &'a Fleet,
    process: &'a str,
}

impl Drop for Left<'_> {
    fn drop(&mut self) {
        // Nothing else counts on it than the test that reads it.
        let _ = self.fleet.note("left", self.process);
    }
}

/// Get a resource of the upstream.
#[mcp_tool(version = "1.0.0", effect = read_only, timeout = "2s", attempt_timeout = "800ms", retry = 1, upstream = "origin")]
async fn fetch(State(fleet): State<Fleet>, #[arg(default = "/")] path: String) -> Result<String, ToolError> {
    fleet.origin.get(&path).await
}

/// Get a resource of the upstream, or what is known of it without asking.
#[mcp_tool(
    version = "1.0.0",
    effect = read_only,
    timeout = "2s",
    attempt_timeout = "800ms",
    fallback = recalled,
    upstream = "origin",
)]
async fn recall(State(fleet): State<Fleet>, #[arg(default = "/")] path: String) -> Result<String, ToolError> {
    fleet.origin.get(&path).await
}

async fn recalled(_: State<Fleet>, path: String) -> Result<String, ToolError> {
    Ok(format!("{path}, as far as is known"))
}

/// Measure a resource of the upstream.
#[mcp_tool(version = "1.0.0", effect = read_only, timeout = "1s", upstream = "origin")]
async fn pour(State(fleet): State<Fleet>) -> Result<u64, ToolError> {
    fleet.origin.measure("/").await
}

/// Charge an account.
#[mcp_tool(version = "1.0.0", effect = additive, timeout = "10s")]
async fn charge(
    State(fleet): State<Fleet>,
    account: String,
    #[arg(range(1..=1_000_000))] amount: u64,
    /// How long it takes, in milliseconds.
    #[arg(range(0..=10_000), default = 0)]
    ms: u64,
) -> Result<String, ToolError> {
    fleet.begin()?;
    tokio::time::sleep(Duration::from_millis(ms)).await;
    fleet.note("charged", &format!("{account} {amount}"))?.sync_all()?;
    Ok(format!("charged {amount} to {account} in {}", std::process::id()))
}

/// Work for a while.
#[mcp_tool(version = "1.0.0", effect = read_only, timeout = "10s")]
async fn work(
    State(fleet): State<Fleet>,
    /// How long, in milliseconds.
    #[arg(range(0..=10_000))]
    ms: u64,
) -> Result<String, ToolError> {
    fleet.begin()?;
    tokio::time::sleep(Duration::from_millis(ms)).await;
    Ok(format!("worked for {ms} ms"))
}

/// Dig, which does no harm a second time.
#[mcp_tool(version = "1.0.0", effect = read_only, task, timeout = "1m")]
async fn dig(State(fleet): State<Fleet>, ms: u64) -> Result<String, ToolError> {
    fleet.take_part("dug", ms).await
}

/// Send something, after a while.
#[mcp_tool(version = "1.0.0", effect = additive, task, timeout = "1m")]
async fn send(State(fleet): State<Fleet>, ms: u64) -> Result<String, ToolError> {
    fleet.take_part("sent", ms).await
}

/// Answer at once.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn ping() -> &'static str {
    "pong"
}

/// Panic.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn explode() -> Result<(), ToolError> {
    panic!("the fuse was lit");
}

/// Never answer.
#[mcp_tool(version = "1.0.0", effect = read_only, timeout = "500ms")]
async fn hang() -> Result<(), ToolError> {
    std::future::pending().await
}

/// Never answer, and keep a thread.
#[mcp_tool(version = "1.0.0", effect = read_only, timeout = "500ms")]
fn stall() -> String {
    loop {
        std::thread::park();
    }
}

/// Answer with very much.
#[mcp_tool(version = "1.0.0", effect = read_only, timeout = "10s")]
async fn flood(#[arg(range(1..=1024))] mib: usize) -> String {
    "x".repeat(mib << 20)
}

/// Answer without end.
#[mcp_tool(version = "1.0.0", effect = read_only, timeout = "500ms")]
async fn babble() -> String {
    let mut text = String::new();
    loop {
        text.push_str("bla ");
        tokio::task::yield_now().await;
    }
}

fn server() -> Server<Fleet> {
    Server::builder("fleet", Fleet::from_environment())
        .tools(tools![fetch, recall, pour, charge, work, dig, send, ping, explode, hang, stall, flood, babble])
        .build()
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    steadfast::cli::main(server).await
}
