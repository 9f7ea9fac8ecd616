//! What the server's program publishes, asked from outside as its users would.

use std::{path::Path, time::Duration};

use serde::de::DeserializeOwned;
use serde_json::Value;
use steadfast_contract::{Finding, Published};

use crate::{
    failure::{Failure, While},
    process::{Cmd, MINUTE},
    project::Project,
};

/// Compiling a server may take long, proving its shims takes seconds.
const LIMIT: Duration = Duration::from_secs(3600);

/// Everything that the tools promise in the source.
pub(super) fn published(project: &Project) -> Result<Published, Failure> {
    ask(project, &["contract-dump"])
}

/// What is wrong with the shims.
pub(super) fn proofs(project: &Project, seed: u64, cases: u32) -> Result<Vec<Finding>, Failure> {
    ask(project, &["contract-prove", "--seed", &seed.to_string(), "--cases", &cases.to_string()])
}

fn ask<T: DeserializeOwned>(project: &Project, args: &[&str]) -> Result<T, Failure> {
    let binary = binary(project)?;
    let command = Cmd::new("cargo").args(["run", "--quiet", "--bin", &binary, "--"]).args(args).dir(&project.root);
    let line = command.line();
    let output = command.quiet(LIMIT)?.checked()?;
    serde_json::from_str(&output).map_err(|error| {
        Failure::new(format!("`{line}` printed something else than expected: {error}"))
            .help("use the same version of steadfast and steadfast-xtask, and print nothing to stdout in `main`")
    })
}

/// The binary of the package at the root: the only one, or the one that `default-run` names.
fn binary(project: &Project) -> Result<String, Failure> {
    let metadata = Cmd::new("cargo")
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .dir(&project.root)
        .quiet(MINUTE)?
        .checked()?;
    let metadata: Value = serde_json::from_str(&metadata).while_(|| "reading `cargo metadata`".into())?;
    let manifest = project.root.join("Cargo.toml");
    let here = manifest.canonicalize().ok();
    let is_here = |package: &&Value| {
        let path = package["manifest_path"].as_str().map(Path::new);
        path.and_then(|path| path.canonicalize().ok()) == here
    };
    let package = metadata["packages"].as_array().into_iter().flatten().find(is_here).unwrap_or(&Value::Null);
    if let Some(name) = package["default_run"].as_str() {
        return Ok(name.to_owned());
    }
    let is_binary =
        |target: &&Value| target["kind"].as_array().is_some_and(|kind| kind.iter().any(|kind| kind == "bin"));
    let targets = package["targets"].as_array().into_iter().flatten().filter(is_binary);
    match targets.filter_map(|target| target["name"].as_str()).collect::<Vec<_>>()[..] {
        [name] => Ok(name.to_owned()),
        [] => Err(Failure::new(format!("{} has no binary", manifest.display()))
            .help("the server's program is a binary of the package at the project's root")),
        _ => Err(Failure::new(format!("{} has several binaries", manifest.display()))
            .help("name the server with `default-run` in its [package]")),
    }
}
