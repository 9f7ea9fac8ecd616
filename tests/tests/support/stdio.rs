//! MCP over a server's standard streams, line by line.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{ChildStdin, Command},
    sync::mpsc,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{PATIENCE, Process, alone};

/// A server over stdio.
pub struct StdioServer {
    pub process: Process,
    input: Option<ChildStdin>,
    lines: mpsc::Receiver<String>,
    _data: Option<TempDir>,
}

impl StdioServer {
    pub fn start() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Command)) -> Self {
        let (mut command, data) = alone();
        change(&mut command);
        Self { _data: Some(data), ..Self::of(command) }
    }

    /// Of any server's program.
    pub fn of(mut command: Command) -> Self {
        command.args(["--transport", "stdio"]);
        let mut process = Process::start(&mut command);
        let output = BufReader::new(process.child().stdout.take().expect("stdout is piped"));
        let input = process.child().stdin.take();
        let (send, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Self { process, input, lines, _data: None }
    }

    /// Begins the session of a 2025-11-25 client.
    pub fn initialize(&mut self) {
        self.send(&json!({"jsonrpc": "2.0", "id": "init", "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
        }}));
        assert_eq!(self.receive()["id"], "init");
        self.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
    }

    pub fn call(&mut self, id: u64, tool: &str, arguments: Value) {
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": "tools/call",
                          "params": {"name": tool, "arguments": arguments}}));
    }

    pub fn send(&mut self, message: &Value) {
        self.send_line(&message.to_string());
    }

    pub fn send_line(&mut self, line: &str) {
        let input = self.input.as_mut().expect("the input is open");
        writeln!(input, "{line}").expect("the line is sent");
    }

    /// The next message; every line of stdout must be one.
    pub fn receive(&mut self) -> Value {
        let line = self.lines.recv_timeout(PATIENCE).expect("an answer");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// What is still to come once the input or the process has ended.
    pub fn rest(&mut self) -> Vec<Value> {
        let lines = std::iter::from_fn(|| self.lines.recv_timeout(PATIENCE).ok());
        lines.map(|line| serde_json::from_str(&line).expect("JSON")).collect()
    }

    /// Ends the input, as a client that goes away does.
    pub fn end_input(&mut self) {
        self.input = None;
    }
}
