//! The official TypeScript and Python clients against a generated server, over stdio and HTTP.
//!
//! Also what no client may do: pages in a browser.
//!
//! The clients are programs under `tests/peers` that print one line for each check: `ok …` or `FAILED …: why`.

use std::{path::Path, time::Duration};

use super::server;
use crate::{
    failure::Failure,
    peers,
    process::{Cmd, MINUTE, Ran},
    project::Project,
    report::Outcome,
    running::{Running, free_ports},
};

pub(crate) fn typescript(project: &Project) -> Result<Outcome, Failure> {
    run(project, "typescript", typescript_program(project, "client.mjs"))
}

pub(crate) fn python(project: &Project) -> Result<Outcome, Failure> {
    run(project, "python", python_program(project, "client.py"))
}

/// Pages in Chromium, which no server may serve.
pub(crate) fn browser(project: &Project) -> Result<Outcome, Failure> {
    let program = typescript_program(project, "browser.mjs")
        .and_then(|program| Ok(program.args([peers::chromium().map_err(|failure| failure.to_string())?])));
    run(project, "browser", program)
}

/// A program under `tests/peers` that uses the official TypeScript client, or why there is none.
pub(super) fn typescript_program(project: &Project, file: &str) -> Result<Cmd, String> {
    let node = peers::node(project)?;
    // A module is resolved from where it lies, so the program is run from beside the packages.
    let program = node.folder.join(file);
    let source = project.root.join(peers::FOLDER).join(file);
    std::fs::copy(&source, &program).map_err(|error| format!("copying {}: {error}", source.display()))?;
    Ok(Cmd::new(&node.program).args([&program]))
}

/// A program under `tests/peers` that uses the official Python client, or why there is none.
pub(super) fn python_program(project: &Project, file: &str) -> Result<Cmd, String> {
    let python = peers::python(project)?;
    Ok(Cmd::new(&python).args([project.root.join(peers::FOLDER).join(file)]))
}

fn run(project: &Project, name: &str, client: Result<Cmd, String>) -> Result<Outcome, Failure> {
    match client {
        Ok(client) => against(project, name, &server::for_clients(project)?, client),
        Err(reason) => Ok(Outcome::skipped(reason)),
    }
}

/// Starts a server over HTTP and gives the client the binary to start over stdio, the address, a folder, and the address
/// of the admin port.
pub(super) fn against(project: &Project, name: &str, binary: &Path, client: Cmd) -> Result<Outcome, Failure> {
    let scratch = project.target.join("peers").join(format!("data-{name}"));
    if scratch.exists() {
        std::fs::remove_dir_all(&scratch).map_err(|error| Failure::new(format!("{}: {error}", scratch.display())))?;
    }
    let [mcp, admin] = free_ports([0, 0])?;
    let mut server =
        Running::start(serve(binary, &scratch, &mcp.to_string(), &admin.to_string()), &scratch.join("log"))?;
    server.ready(admin, Some("/readyz"), Duration::from_secs(30))?;
    let client = client.args([binary]).args([format!("http://{mcp}/mcp")]).args([&scratch]).dir(&scratch);
    let ran = client.args([format!("http://{admin}")]).quiet(5 * MINUTE)?;
    let mut outcome = count(&ran);
    outcome.add(Outcome::check(server.stop()));
    Ok(outcome)
}

fn serve(binary: &Path, data: &Path, mcp: &str, admin: &str) -> Cmd {
    Cmd::new(binary)
        .args(["serve", "--transport", "http", "--listen", mcp, "--admin", admin, "--data"])
        .args([data.join("http")])
}

/// Counts the lines of checks that a program printed.
pub(super) fn count(ran: &Ran) -> Outcome {
    let mut outcome = Outcome::default();
    for line in ran.stdout.lines() {
        outcome.passed += u32::from(line.starts_with("ok "));
        outcome.failed += u32::from(line.starts_with("FAILED "));
    }
    if !ran.ok && outcome.failed == 0 {
        outcome.failed = 1;
    }
    if outcome.passed == 0 && outcome.failed == 0 {
        outcome.failed = 1;
    }
    if outcome.failed > 0 {
        eprintln!("{}\n{}", ran.stdout, ran.stderr);
    }
    outcome
}
