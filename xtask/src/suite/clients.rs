//! The official TypeScript and Python clients against a generated server, over stdio and HTTP.
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
    let node = match peers::node(project) {
        Ok(node) => node,
        Err(reason) => return Ok(Outcome::skipped(reason)),
    };
    // A module is resolved from where it lies, so the program is run from beside the packages.
    let program = node.folder.join("client.mjs");
    let source = project.root.join(peers::FOLDER).join("client.mjs");
    std::fs::copy(&source, &program).map_err(|error| Failure::new(format!("copying {}: {error}", source.display())))?;
    run(project, "typescript", || Cmd::new(&node.program).args([&program]))
}

pub(crate) fn python(project: &Project) -> Result<Outcome, Failure> {
    let python = match peers::python(project) {
        Ok(python) => python,
        Err(reason) => return Ok(Outcome::skipped(reason)),
    };
    let program = project.root.join(peers::FOLDER).join("client.py");
    run(project, "python", || Cmd::new(&python).args([&program]))
}

/// Starts a server over HTTP and gives the client its address, and the binary to start over stdio.
fn run(project: &Project, name: &str, client: impl FnOnce() -> Cmd) -> Result<Outcome, Failure> {
    let binary = server::for_clients(project)?;
    let scratch = project.target.join("peers").join(format!("data-{name}"));
    if scratch.exists() {
        std::fs::remove_dir_all(&scratch).map_err(|error| Failure::new(format!("{}: {error}", scratch.display())))?;
    }
    let [mcp, admin] = free_ports([0, 0])?;
    let mut server =
        Running::start(serve(&binary, &scratch, &mcp.to_string(), &admin.to_string()), &scratch.join("log"))?;
    server.ready(admin, Some("/readyz"), Duration::from_secs(30))?;
    let ran = client()
        .args([&binary])
        .args([format!("http://{mcp}/mcp")])
        .args([&scratch])
        .dir(&scratch)
        .quiet(5 * MINUTE)?;
    let mut outcome = count(&ran);
    outcome.add(Outcome::check(server.stop()));
    Ok(outcome)
}

fn serve(binary: &Path, data: &Path, mcp: &str, admin: &str) -> Cmd {
    Cmd::new(binary)
        .args(["serve", "--transport", "http", "--listen", mcp, "--admin", admin, "--data"])
        .args([data.join("http")])
}

fn count(ran: &Ran) -> Outcome {
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
