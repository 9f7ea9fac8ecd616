//! Servers as processes, and clients that say exactly what a test wants said.

pub mod http;
pub mod stdio;
pub mod tasks;

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    time::Duration,
};

use tempfile::TempDir;

/// How long a test waits for what must happen.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A process that ends with this value.
pub struct Process {
    child: Child,
    stderr: mpsc::Receiver<String>,
}

/// The fixture server's program.
pub fn fixture() -> Command {
    program(env!("CARGO_BIN_EXE_fixture-server"))
}

/// The fixture server's program with a data directory of its own, which nobody else has open.
fn alone() -> (Command, TempDir) {
    let data = tempfile::tempdir().expect("a folder can be made");
    let mut command = fixture();
    command.env("STEADFAST_DATA", data.path());
    (command, data)
}

/// A server's program, with nothing of what the tests' own environment says.
pub fn program(path: &str) -> Command {
    let mut command = Command::new(path);
    let ours =
        std::env::vars_os().map(|(name, _)| name).filter(|name| name.to_string_lossy().starts_with("STEADFAST_"));
    for variable in ours.chain(["RUST_LOG".into(), "RUST_BACKTRACE".into()]) {
        command.env_remove(variable);
    }
    command.current_dir(env!("CARGO_TARGET_TMPDIR"));
    command
}

impl Process {
    pub fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the server starts");
        let lines = BufReader::new(child.stderr.take().expect("stderr is piped"));
        let (send, stderr) = mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, stderr }
    }

    /// The rest of the first line on stderr that has `label` in it, up to a space.
    pub fn announced(&self, label: &str) -> String {
        loop {
            let line = self.stderr.recv_timeout(PATIENCE).expect("the server says where it listens");
            if let Some((_, rest)) = line.split_once(label) {
                return rest.split(' ').next().unwrap_or_default().to_owned();
            }
        }
    }

    /// The next line on stderr.
    pub fn line(&self) -> String {
        self.stderr.recv_timeout(PATIENCE).expect("a line on stderr")
    }

    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status().expect("`kill` runs");
        assert!(status.success());
    }

    /// Waits for the end, with a bound.
    pub fn wait(&mut self) -> ExitStatus {
        let (send, ended) = mpsc::channel();
        let id = self.child.id();
        std::thread::spawn(move || {
            if ended.recv_timeout(PATIENCE).is_err() {
                let _ = Command::new("kill").args(["-s", "KILL", &id.to_string()]).status();
            }
        });
        let status = self.child.wait().expect("the process can be waited for");
        let _ = send.send(());
        status
    }

    /// Everything on stderr from here to the end of the process.
    pub fn stderr(&self) -> String {
        let mut all = String::new();
        while let Ok(line) = self.stderr.recv_timeout(PATIENCE) {
            all.push_str(&line);
            all.push('\n');
        }
        all
    }

    /// Everything left on stdout, once the process has ended.
    pub fn stdout(&mut self) -> String {
        let mut all = String::new();
        if let Some(stdout) = &mut self.child.stdout {
            stdout.read_to_string(&mut all).expect("stdout is text");
        }
        all
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server over HTTP.
pub struct HttpServer {
    pub process: Process,
    pub mcp: SocketAddr,
    pub admin: SocketAddr,
    _data: Option<TempDir>,
}

impl HttpServer {
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
        command.args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
        let process = Process::start(&mut command);
        let address = |url: String| {
            let authority = url.split('/').next().unwrap_or_default().to_owned();
            authority.parse().expect("an address")
        };
        let mcp = address(process.announced("mcp      http://"));
        let admin = address(process.announced("admin    http://"));
        Self { process, mcp, admin, _data: None }
    }
}
