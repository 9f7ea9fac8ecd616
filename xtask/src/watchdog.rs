//! Ends a server whose command was killed, and could not end it itself.
//!
//! A shell waits at the end of a pipe that nobody writes to; the pipe closes when this process goes away, whatever ends
//! it. Invariant: dropped, a watchdog does nothing any more, so that it never ends another process of the same number.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::failure::{Failure, While};

/// Signals that this process may get together with the shell are not the end of the shell. What a server leaves behind
/// is removed a moment later, when its own children have seen that it is gone.
const WAIT_AND_END: &str = r#"trap "" HUP INT TERM; read -r _; kill -KILL "$1"; sleep 1; rm -rf -- "$2""#;

/// See the module.
#[derive(Debug)]
pub(crate) struct Watchdog(Child);

impl Watchdog {
    /// Watches over the process of a server, and the folder of its data.
    pub(crate) fn over(process: u32, data: &Path) -> Result<Self, Failure> {
        let mut shell = Command::new("sh");
        shell.args(["-c", WAIT_AND_END, "watchdog", &process.to_string()]).arg(data);
        let shell = shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self(shell.spawn().while_(|| "starting `sh`".into())?))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::{os::unix::process::ExitStatusExt as _, time::Duration};

    use super::*;
    use crate::{
        clock::{self, Deadline},
        process,
    };

    fn server() -> (tempfile::TempDir, Child) {
        let data = tempfile::tempdir().expect("a folder can be made");
        (data, Command::new("sleep").arg("60").spawn().expect("`sleep` can be started"))
    }

    #[test]
    fn a_server_and_its_data_go_away_with_the_process_that_started_it() {
        let (data, mut server) = server();
        let mut watchdog = Watchdog::over(server.id(), data.path()).unwrap();
        // As when this process is killed.
        drop(watchdog.0.stdin.take());
        let deadline = Deadline::after(Duration::from_secs(20));
        let status = process::wait(&mut server, deadline).unwrap();
        assert_eq!(status.signal(), Some(9));
        while data.path().exists() && deadline.left().is_some() {
            clock::pause();
        }
        assert!(!data.path().exists());
    }

    #[test]
    fn a_watchdog_that_is_dropped_ends_nothing() {
        let (data, mut server) = server();
        drop(Watchdog::over(server.id(), data.path()).unwrap());
        assert_eq!(server.try_wait().unwrap(), None);
        assert!(data.path().exists());
        server.kill().unwrap();
        server.wait().unwrap();
    }
}
