//! Where secrets come from: the environment, a file, a command.
//!
//! Invariant: no error repeats what was read, and nothing that is read is unbounded, neither in time nor in size. A
//! command is run as it is written, by no shell.

use std::{
    io::Read as _,
    process::{Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use super::{MASK, Secret, registry};

/// How much a secret may take, in bytes.
const LONGEST: u64 = 64 * 1024;

/// How long a command may take.
const TIME: Duration = Duration::from_secs(10);

/// Why a secret can't be read; without anything that was read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}; {help}")]
pub struct SecretError {
    /// What is wrong.
    pub what: String,
    /// The way out.
    pub help: String,
}

impl SecretError {
    pub(crate) fn new(what: &str, help: &str) -> Self {
        Self { what: what.into(), help: help.into() }
    }
}

/// Reads a secret: `env:NAME`, `file:PATH`, or `command:PROGRAM ARGUMENTS` (separated by blanks, without a shell).
///
/// A line end behind it is left out. It is read once, when this is called, and masked from then on for as long as the
/// process lives. A command has 10 seconds and 64 KiB. What is there of a file is logged as a warning when others than
/// its owner and group may read it.
///
/// ```
/// match steadfast::secrets::read("file:/run/secrets/database") {
///     Ok(password) => println!("{password}"), // [secret]
///     Err(error) => eprintln!("{error}"),
/// }
/// ```
///
/// # Errors
/// When it is not there, is empty, is no UTF-8, or takes too long.
pub fn read(source: &str) -> Result<Secret<String>, SecretError> {
    let text = match source.split_once(':') {
        Some(("env", name)) => variable(name),
        Some(("file", path)) => file(path),
        Some(("command", line)) => command(line),
        _ => Err(error(
            "a secret is read from the environment, a file or a command",
            "write \"env:NAME\", \"file:PATH\" or \"command:PROGRAM ARGUMENTS\"",
        )),
    }?;
    let text = text.strip_suffix('\n').map_or(&*text, |text| text.strip_suffix('\r').unwrap_or(text));
    if text.is_empty() {
        return Err(error(&format!("there is nothing in `{}`", without_arguments(source)), "put the secret there"));
    }
    if let Some(known) = registry::know(text) {
        known.forever();
    }
    Ok(Secret::new(text.to_owned()))
}

/// Whether a setting names a source, and is not the secret itself.
pub(crate) fn is_source(text: &str) -> bool {
    ["env:", "file:", "command:"].iter().any(|scheme| text.starts_with(scheme))
}

/// Makes a URL and the password in it known for as long as the process lives.
pub(crate) fn know_url(url: &str) {
    let credentials = url.split_once("://").and_then(|(_, rest)| {
        let authority = rest.split(['/', '?', '#']).next()?;
        authority.rsplit_once('@').map(|(credentials, _)| credentials)
    });
    let Some((_, password)) = credentials.and_then(|credentials| credentials.split_once(':')) else { return };
    for text in [url, password, &decoded(password)] {
        registry::know(text).into_iter().for_each(registry::Known::forever);
    }
}

/// Without percent-encoding (RFC 3986, section 2.1).
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let hex = behind.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Where a secret is kept, in words that are none: what is no source is the secret itself.
pub(crate) fn kept(text: &str) -> String {
    if is_source(text) { without_arguments(text) } else { MASK.to_owned() }
}

/// The source without the arguments of a command, which may be secrets themselves.
fn without_arguments(source: &str) -> String {
    match source.strip_prefix("command:") {
        Some(line) => format!("command:{}", line.split_whitespace().next().unwrap_or_default()),
        None => source.to_owned(),
    }
}

fn variable(name: &str) -> Result<String, SecretError> {
    match std::env::var(name) {
        Ok(value) if value.len() as u64 > LONGEST => Err(too_large(&format!("the variable `{name}`"))),
        Ok(value) => Ok(value),
        Err(std::env::VarError::NotPresent) => Err(error(&format!("there is no variable `{name}`"), "set it")),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(error(&format!("the variable `{name}` is no UTF-8"), "encode it, such as in base64"))
        }
    }
}

fn file(path: &str) -> Result<String, SecretError> {
    let failed = |why: std::io::Error| error(&format!("`{path}` can't be read: {why}"), "name a readable file");
    let file = std::fs::File::open(path).map_err(failed)?;
    #[cfg(unix)]
    if let Ok(about) = file.metadata() {
        use std::os::unix::fs::PermissionsExt as _;
        if about.is_file() && about.permissions().mode() & 0o004 != 0 {
            warn(&format!("everybody on this machine may read the secret in `{path}`; `chmod o-r` it"));
        }
    }
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    text(bytes, &format!("`{path}`"))
}

fn command(line: &str) -> Result<String, SecretError> {
    let mut words = line.split_whitespace();
    let Some(program) = words.next() else {
        return Err(error("there is no program in `command:`", "write \"command:PROGRAM ARGUMENTS\""));
    };
    let what = format!("the command `{program}`");
    let failed = |why: String| error(&format!("{what} {why}"), "run it by hand to see what it does");
    let mut child = Command::new(program)
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        // What it complains about may be the secret, too.
        .stderr(Stdio::null())
        .spawn()
        .map_err(|why| failed(format!("can't be run: {why}")))?;
    let (sender, receiver) = mpsc::channel();
    let output = child.stdout.take();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = output.map(|output| output.take(LONGEST + 1).read_to_end(&mut bytes));
        // Nobody waits any more where it took too long.
        let _ = sender.send(read.transpose().map(|_| bytes));
    });
    let read = receiver.recv_timeout(TIME);
    let ended = if matches!(read, Ok(Ok(_))) { wait(&mut child) } else { None };
    if ended.is_none() {
        // It may have ended by itself in between.
        let _ = child.kill();
        let _ = child.wait();
    }
    let bytes = match read {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(why)) => return Err(failed(format!("can't be read: {why}"))),
        Err(_) => return Err(failed(format!("takes more than {} s", TIME.as_secs()))),
    };
    if bytes.len() as u64 > LONGEST {
        return Err(too_large(&what));
    }
    match ended {
        Some(status) if status.success() => text(bytes, &what),
        Some(status) => Err(failed(format!("failed ({status})"))),
        None => Err(failed(format!("takes more than {} s", TIME.as_secs()))),
    }
}

/// How a command ended that has closed its output; none where it does not end.
fn wait(child: &mut std::process::Child) -> Option<std::process::ExitStatus> {
    let (_sender, never) = mpsc::channel::<()>();
    for _ in 0..100 {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        let _ = never.recv_timeout(TIME / 100);
    }
    None
}

fn text(bytes: Vec<u8>, what: &str) -> Result<String, SecretError> {
    if bytes.len() as u64 > LONGEST {
        return Err(too_large(what));
    }
    String::from_utf8(bytes).map_err(|_| error(&format!("{what} gives no UTF-8"), "encode it, such as in base64"))
}

fn too_large(what: &str) -> SecretError {
    error(&format!("{what} gives more than {} KiB", LONGEST / 1024), "a secret is shorter")
}

fn error(what: &str, help: &str) -> SecretError {
    SecretError::new(what, help)
}

/// To the log, or where that is not yet open to standard error.
#[cfg(unix)]
fn warn(what: &str) {
    if tracing::dispatcher::has_been_set() {
        tracing::warn!("{what}");
    } else {
        anstream::eprintln!("warning: {what}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::mask;

    #[test]
    fn a_secret_comes_from_a_file_a_command_or_the_environment() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        std::fs::write(&path, "from-a-file\r\n").unwrap();
        assert_eq!(read(&format!("file:{}", path.display())).unwrap().expose(), "from-a-file");
        assert_eq!(read(&format!("command:cat {}", path.display())).unwrap().expose(), "from-a-file");
        assert_eq!(read("command:printf a;echo$(id)").unwrap().expose(), "a;echo$(id)", "no shell");
        assert_eq!(read("env:CARGO_PKG_DESCRIPTION").unwrap().expose(), env!("CARGO_PKG_DESCRIPTION"));
        assert_eq!(mask("it was from-a-file"), "it was [secret]", "for as long as the process lives");
    }

    #[test]
    fn what_can_not_be_read_is_told_with_its_way_out_and_without_what_is_in_it() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = directory.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            format!("file:{}", path.display())
        };
        let (empty, binary) = (write("empty", b"\n"), write("binary", b"\xff\xfehunter2"));
        let large = write("large", &vec![b'x'; 70_000]);
        for (source, part) in [
            ("hunter2", "\"env:NAME\""),
            ("env:STEADFAST_NO_SUCH_VARIABLE", "no variable `STEADFAST_NO_SUCH_VARIABLE`"),
            ("file:/nowhere/at/all", "can't be read"),
            (&empty, "nothing in"),
            (&binary, "no UTF-8"),
            (&large, "more than 64 KiB"),
            ("command:", "no program"),
            ("command:/nowhere/at/all hunter2", "can't be run"),
            ("command:false hunter2", "failed (exit status: 1)"),
            ("command:true hunter2", "nothing in `command:true`"),
            ("command:yes hunter2", "more than 64 KiB"),
        ] {
            let error = read(source).unwrap_err().to_string();
            assert!(error.contains(part), "{source}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
