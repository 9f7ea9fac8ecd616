//! A server as a process of its own: started, waited for, stopped.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::Duration,
};

use crate::{
    clock::{self, Deadline},
    failure::{Failure, While},
    http,
    process::{self, Cmd},
};

/// A server that runs until this value goes away.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    line: String,
    log: PathBuf,
}

impl Running {
    /// Starts a server that writes what it has to say into `log`.
    pub(crate) fn start(command: Cmd, log: &Path) -> Result<Self, Failure> {
        let line = command.line();
        if let Some(folder) = log.parent() {
            fs::create_dir_all(folder).while_(|| format!("making {}", folder.display()))?;
        }
        let file = File::create(log).while_(|| format!("writing {}", log.display()))?;
        let copy = file.try_clone().while_(|| format!("writing {}", log.display()))?;
        let child = command
            .into_inner()
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(copy)
            .spawn()
            .while_(|| format!("starting `{line}`"))?;
        Ok(Self { child, line, log: log.to_owned() })
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `path` answers with 2xx, or until anything answers when there is no path.
    pub(crate) fn ready(&mut self, address: SocketAddr, path: Option<&str>, limit: Duration) -> Result<(), Failure> {
        let deadline = Deadline::after(limit);
        while let Some(left) = deadline.left() {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(self.failure(&format!("ended at once ({status})")));
            }
            let answers = match path {
                Some(path) => http::get(address, path, left).is_ok_and(|answer| answer.status / 100 == 2),
                None => http::reachable(address, left),
            };
            if answers {
                return Ok(());
            }
            clock::pause();
        }
        Err(self.failure(&format!("was not ready on {address} within {}", clock::seconds(limit))))
    }

    /// Asks it to stop; true when it ended by itself with code 0.
    pub(crate) fn stop(mut self) -> bool {
        process::stop(&mut self.child, Duration::from_secs(10)).is_some_and(|status| status.success())
    }

    fn failure(&self, what: &str) -> Failure {
        let said = fs::read_to_string(&self.log).unwrap_or_default();
        Failure::new(format!("`{}` {what}\n{}", self.line, process::tail(&said, 30)))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            process::stop(&mut self.child, Duration::from_secs(2));
        }
    }
}

/// Ports of loopback that are free now, the preferred one first where it is.
pub(crate) fn free_ports<const N: usize>(preferred: [u16; N]) -> Result<[SocketAddr; N], Failure> {
    // All are held until all are known, so that they differ.
    let mut held = Vec::new();
    for port in preferred {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
            .while_(|| "looking for a free port".into())?;
        held.push(listener);
    }
    let mut addresses = [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)); N];
    for (address, listener) in addresses.iter_mut().zip(&held) {
        *address = listener.local_addr().while_(|| "looking for a free port".into())?;
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_replaced() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let [first, second] = free_ports([port, 0]).unwrap();
        assert!(first.port() != port && second.port() != first.port());
    }

    #[cfg(unix)]
    #[test]
    fn a_server_that_ends_at_once_is_a_failure_with_its_last_words() {
        let folder = tempfile::tempdir().unwrap();
        let command = Cmd::new("sh").args(["-c", "echo no such profile >&2; exit 2"]);
        let mut running = Running::start(command, &folder.path().join("log")).unwrap();
        let [address] = free_ports([0]).unwrap();
        let failure = running.ready(address, None, Duration::from_secs(30)).unwrap_err();
        assert!(failure.to_string().contains("no such profile"), "{failure}");
    }
}
