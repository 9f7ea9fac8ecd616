//! The servers under load: this program again, as a process of its own on the first core.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Command, ExitCode, Stdio},
};

use tokio::net::TcpListener;

use crate::{rmcp_server, steadfast_server};

/// Whose server it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Rmcp,
    Steadfast,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Rmcp => "rmcp",
            Self::Steadfast => "steadfast",
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Wire {
    Http,
    Stdio,
}

/// A server process; it ends with this value.
pub(crate) struct Running {
    pub(crate) kind: Kind,
    pub(crate) process: Child,
    /// For HTTP.
    address: Option<SocketAddr>,
}

impl Running {
    pub(crate) fn start(kind: Kind, wire: Wire) -> std::io::Result<Self> {
        Self::with(kind, wire, &[])
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> std::io::Result<SocketAddr> {
        self.address.ok_or_else(|| std::io::Error::other("not an HTTP server"))
    }

    /// One with settings in its environment.
    pub(crate) fn with(kind: Kind, wire: Wire, settings: &[(&str, &str)]) -> std::io::Result<Self> {
        let program = std::env::current_exe()?;
        // Without `taskset` (it comes with util-linux) the system decides who runs where.
        let pinned = Command::new("taskset").args(["-c", "0", "true"]).status().is_ok_and(|status| status.success());
        let mut command = if pinned {
            let mut command = Command::new("taskset");
            command.args(["-c", "0"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        let port = free_port()?;
        let wire_name = match wire {
            Wire::Http => format!("http:{port}"),
            Wire::Stdio => "stdio".into(),
        };
        command.args(["--serve", kind.as_str(), &wire_name]).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(Stdio::null()).envs(settings.iter().copied());
        let mut process = command.spawn()?;
        let address = match wire {
            Wire::Http => {
                // The server says on stdout that it listens.
                let mut line = String::new();
                if let Some(stdout) = process.stdout.as_mut() {
                    BufReader::new(stdout).read_line(&mut line)?;
                }
                Some(SocketAddr::from(([127, 0, 0, 1], port)))
            }
            Wire::Stdio => None,
        };
        Ok(Self { kind, process, address })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Keeps the load off the servers' core.
pub(crate) fn pin_load() {
    let id = std::process::id().to_string();
    let _ =
        Command::new("taskset").args(["-a", "-p", "-c", "1", &id]).stdout(Stdio::null()).stderr(Stdio::null()).status();
}

/// Runs as a server: `--serve KIND http:PORT|stdio`.
pub(crate) async fn serve(arguments: &[String]) -> ExitCode {
    let [kind, wire] = arguments else { return ExitCode::FAILURE };
    let port = wire.strip_prefix("http:").map(str::to_owned);
    let served = match (kind.as_str(), port) {
        ("rmcp", Some(port)) => match TcpListener::bind(format!("127.0.0.1:{port}")).await {
            Ok(listener) => {
                println!("listening");
                rmcp_server::http(listener).await
            }
            Err(error) => Err(error),
        },
        ("rmcp", None) => rmcp_server::stdio().await,
        (_, port) => {
            let mut line = vec!["bench".to_owned(), "--admin".into(), "off".into(), "--transport".into()];
            match port {
                Some(port) => line.extend(["http".into(), "--listen".into(), format!("127.0.0.1:{port}")]),
                None => line.push("stdio".into()),
            }
            if line.contains(&"http".to_owned()) {
                println!("listening");
            }
            return steadfast::cli::main_from(steadfast_server::server, line.into_iter().map(Into::into)).await;
        }
    };
    if served.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn free_port() -> std::io::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
