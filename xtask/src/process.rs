//! Runs other programs: bounded in time, with their output shown, kept, or both.
//!
//! Invariant: no call here waits longer than its limit, and a program that is given up is ended together with the
//! programs that it started.

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::Duration,
};

use crate::{
    clock::{self, Deadline},
    failure::{Failure, While},
};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// A program and its arguments.
#[derive(Debug)]
pub(crate) struct Cmd(Command);

/// How a program ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ran {
    line: String,
    pub(crate) ok: bool,
    status: String,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

enum Line {
    Out(String),
    Err(String),
}

impl Cmd {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        Self(Command::new(program))
    }

    pub(crate) fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.0.args(args);
        self
    }

    pub(crate) fn dir(mut self, dir: &Path) -> Self {
        self.0.current_dir(dir);
        self
    }

    pub(crate) fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(key, value);
        self
    }

    /// Keeps a variable of this process from it.
    pub(crate) fn without_env(mut self, key: &str) -> Self {
        self.0.env_remove(key);
        self
    }

    /// The command as a person would type it.
    pub(crate) fn line(&self) -> String {
        let program = match Path::new(self.0.get_program()).file_name() {
            // Linux's name for the program that runs.
            Some(name) if name == "exe" => OsStr::new("xtask"),
            Some(name) => name,
            None => self.0.get_program(),
        };
        let words = std::iter::once(program).chain(self.0.get_args());
        words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
    }

    /// Runs it and keeps its output.
    pub(crate) fn quiet(self, limit: Duration) -> Result<Ran, Failure> {
        self.run(limit, |_| (), Stdio::piped())
    }

    /// Runs it, shows its output as it comes, and keeps what it wrote to stdout.
    pub(crate) fn shown(self, limit: Duration) -> Result<Ran, Failure> {
        eprintln!("$ {}", self.line());
        self.run(limit, |line| println!("{line}"), Stdio::inherit())
    }

    /// The standard library's command, for a program that outlives the call.
    pub(crate) fn into_inner(self) -> Command {
        self.0
    }

    fn run(mut self, limit: Duration, show: impl Fn(&str), stderr: Stdio) -> Result<Ran, Failure> {
        let line = self.line();
        let deadline = Deadline::after(limit);
        let mut child = self
            .0
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .while_(|| format!("starting `{line}`"))?;
        let (sender, lines) = mpsc::channel();
        if let Some(pipe) = child.stdout.take() {
            forward(pipe, sender.clone(), Line::Out);
        }
        if let Some(pipe) = child.stderr.take() {
            forward(pipe, sender.clone(), Line::Err);
        }
        drop(sender);

        let (mut stdout, mut stderr) = (String::new(), String::new());
        loop {
            let Some(left) = deadline.left() else {
                end_tree(&mut child);
                return Err(Failure::new(format!("`{line}` did not finish within {}", clock::seconds(limit)))
                    .help("run it by itself to see where it hangs"));
            };
            match lines.recv_timeout(left) {
                Ok(Line::Out(text)) => {
                    show(&text);
                    stdout.push_str(&text);
                    stdout.push('\n');
                }
                Ok(Line::Err(text)) => {
                    stderr.push_str(&text);
                    stderr.push('\n');
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let status = wait(&mut child, deadline).ok_or_else(|| {
            end_tree(&mut child);
            Failure::new(format!("`{line}` closed its output and did not end"))
        })?;
        Ok(Ran { line, ok: status.success(), status: status.to_string(), stdout, stderr })
    }
}

impl Ran {
    /// What it wrote to stdout, or a failure with the end of what it said.
    pub(crate) fn checked(self) -> Result<String, Failure> {
        if self.ok {
            return Ok(self.stdout);
        }
        let said = if self.stderr.trim().is_empty() { &self.stdout } else { &self.stderr };
        Err(Failure::new(format!("`{}` failed ({})\n{}", self.line, self.status, tail(said, 30))))
    }
}

/// The last lines of a text.
pub(crate) fn tail(text: &str, lines: usize) -> String {
    let all: Vec<_> = text.trim_end().lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// Whether a program can be run at all.
pub(crate) fn exists(program: &str) -> bool {
    Cmd::new(program).args(["--version"]).quiet(MINUTE).is_ok_and(|ran| ran.ok)
}

/// Waits for the end of a program.
pub(crate) fn wait(child: &mut Child, deadline: Deadline) -> Option<ExitStatus> {
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        deadline.left()?;
        clock::pause();
    }
}

/// Asks a program to end, and makes it end when it does not.
pub(crate) fn stop(child: &mut Child, grace: Duration) -> Option<ExitStatus> {
    signal("-TERM", &[child.id()]);
    let status = wait(child, Deadline::after(grace));
    if status.is_none() {
        end_tree(child);
    }
    status
}

fn end_tree(child: &mut Child) {
    let mut ids = vec![child.id()];
    let parents = parents();
    let mut next = 0;
    while let Some(&id) = ids.get(next) {
        ids.extend(parents.iter().filter(|(_, parent)| *parent == id).map(|(id, _)| *id));
        next += 1;
    }
    signal("-KILL", &ids);
    // Where there is no `kill` program, at least this one ends.
    let _ = child.kill();
    let _ = child.wait();
}

fn signal(signal: &str, ids: &[u32]) {
    let ids = ids.iter().map(u32::to_string);
    let _ = Command::new("kill").arg(signal).args(ids).stdout(Stdio::null()).stderr(Stdio::null()).status();
}

/// Each process and its parent, where the system has `/proc`.
fn parents() -> Vec<(u32, u32)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let id = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            // `pid (name) state parent …`; the name may hold anything, also brackets.
            let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
            Some((id, parent))
        })
        .collect()
}

fn forward(pipe: impl Read + Send + 'static, lines: Sender<Line>, kind: fn(String) -> Line) {
    thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut bytes = Vec::new();
        while pipe.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
            let line = String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned();
            bytes.clear();
            if lines.send(kind(line)).is_err() {
                return;
            }
        }
    });
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Cmd {
        Cmd::new("sh").args(["-c", script])
    }

    #[test]
    fn output_is_kept_apart() {
        let ran = shell("echo out; echo err >&2").quiet(MINUTE).unwrap();
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("out\n", "err\n"));
    }

    #[test]
    fn a_failure_carries_the_end_of_what_was_said() {
        let failure = shell("echo the reason >&2; exit 3").quiet(MINUTE).unwrap().checked().unwrap_err();
        let text = failure.to_string();
        assert!(text.contains("exit status: 3") && text.contains("the reason"), "{text}");
    }

    #[test]
    fn a_program_that_does_not_end_is_ended_with_its_children() {
        let started = clock::now();
        // The inner shell holds the pipe open: without ending it, too, the call would wait for it.
        let failure = shell("sh -c 'while :; do read line; done </dev/zero'; echo").quiet(Duration::from_millis(300));
        assert!(failure.unwrap_err().to_string().contains("did not finish"));
        assert!(started.elapsed() < MINUTE);
    }

    #[test]
    fn a_missing_program_is_a_failure_that_names_it() {
        let failure = Cmd::new("no-such-program").quiet(MINUTE).unwrap_err();
        assert!(failure.to_string().contains("no-such-program"));
    }
}
