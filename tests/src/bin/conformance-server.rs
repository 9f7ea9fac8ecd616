//! The fixture that the official conformance suite is run against: `conformance-server --port 8080`.
//!
//! `--port N` is short for `--listen 127.0.0.1:N --admin off`: the suite knows one port, and several fixtures may
//! run beside each other. For the same reason, and so that a run finds nothing of an earlier one, what it keeps is in
//! a directory of its own that goes with it, unless `--data` names another. Everything else on the command line is the
//! server's own.

use std::{ffi::OsString, path::Path, process::ExitCode};

use steadfast_tests::conformance;

#[tokio::main]
async fn main() -> ExitCode {
    let data = match tempfile::tempdir() {
        Ok(data) => data,
        Err(error) => {
            eprintln!("a directory for the server's data can't be made: {error}");
            return ExitCode::FAILURE;
        }
    };
    steadfast::cli::main_from(conformance::server, spelled_out(std::env::args_os(), data.path())).await
}

fn spelled_out(arguments: impl IntoIterator<Item = OsString>, data: &Path) -> Vec<OsString> {
    let mut arguments = arguments.into_iter();
    let mut spelled_out = Vec::new();
    while let Some(argument) = arguments.next() {
        if argument == "--port" {
            let mut address = OsString::from("127.0.0.1:");
            address.push(arguments.next().unwrap_or_default());
            spelled_out.extend(["--listen".into(), address, "--admin".into(), "off".into()]);
        } else {
            spelled_out.push(argument);
        }
    }
    if !spelled_out.iter().any(|argument| argument.to_string_lossy().starts_with("--data")) {
        spelled_out.extend(["--data".into(), data.into()]);
    }
    spelled_out
}
