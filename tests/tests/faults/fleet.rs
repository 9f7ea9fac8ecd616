//! Processes of the fleet server, with a folder in which what they did can be counted.

use std::{fs, net::SocketAddr, process::Command};

use tempfile::TempDir;

use crate::support::{HttpServer, program, stdio::StdioServer};

/// Servers that share a configuration, an upstream, and perhaps a store.
pub struct Fleet {
    folder: TempDir,
    environment: Vec<(&'static str, String)>,
}

impl Fleet {
    /// With the text of a `steadfast.toml`.
    pub fn new(settings: &str) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        fs::write(folder.path().join("fleet.toml"), settings).unwrap();
        Self { folder, environment: Vec::new() }
    }

    pub fn with(mut self, variable: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((variable, value.into()));
        self
    }

    pub fn leaning_on(self, upstream: SocketAddr) -> Self {
        self.with("FLEET_UPSTREAM", upstream.to_string())
    }

    /// One process over HTTP.
    pub fn start(&self) -> HttpServer {
        HttpServer::of(self.command())
    }

    /// One process over stdio.
    pub fn start_stdio(&self) -> StdioServer {
        StdioServer::of(self.command())
    }

    /// The program, to which a subcommand may be added.
    pub fn command(&self) -> Command {
        let mut command = program(env!("CARGO_BIN_EXE_fleet-server"));
        let folder = self.folder.path();
        command.arg("--config").arg(folder.join("fleet.toml")).arg("--data").arg(folder.join("data"));
        command.env("FLEET_FOLDER", folder).envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// A name that no other fleet has.
    pub fn name(&self) -> String {
        self.folder.path().file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The processes in which `charge`, `work` and tasks began, once for each time.
    pub fn begun(&self) -> Vec<u32> {
        self.processes("begun")
    }

    /// The processes in which tasks came to their own ends: `dug` or `sent`.
    pub fn done(&self, file: &str) -> Vec<u32> {
        self.processes(file)
    }

    /// The processes in which tasks ended that did not end with them.
    pub fn left(&self) -> Vec<u32> {
        self.processes("left")
    }

    /// What was charged.
    pub fn charged(&self) -> Vec<String> {
        self.lines("charged")
    }

    fn processes(&self, file: &str) -> Vec<u32> {
        self.lines(file).iter().map(|line| line.parse().expect("a process")).collect()
    }

    fn lines(&self, file: &str) -> Vec<String> {
        let text = fs::read_to_string(self.folder.path().join(file)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}
