//! A generated server to check independent clients with, made and built once.

use std::{fs, path::PathBuf, sync::OnceLock};

use crate::{
    cli::Answers,
    failure::{Failure, While},
    new::{self, render},
    process::{Cmd, MINUTE},
    project::Project,
    report::Outcome,
};

/// The folder that servers of the suite are made in.
pub(crate) fn folder(project: &Project) -> PathBuf {
    project.target.join("generated")
}

/// Makes a server afresh, with all answers given.
pub(crate) fn make(project: &Project, group: &str, name: &str, answers: Answers) -> Result<PathBuf, Failure> {
    let parent = folder(project).join(group);
    let old = parent.join(name);
    if old.exists() {
        fs::remove_dir_all(&old).while_(|| format!("removing {}", old.display()))?;
    }
    fs::create_dir_all(&parent).while_(|| format!("making {}", parent.display()))?;
    new::make(project, name, &parent, answers)
}

/// A cargo command in a generated server, compiling into this workspace's target directory.
pub(crate) fn cargo(project: &Project, server: &std::path::Path, args: &[&str]) -> Cmd {
    Cmd::new("cargo").args(args).dir(server).env("CARGO_TARGET_DIR", &project.target)
}

/// The binary of the server that clients are checked with.
pub(crate) fn for_clients(project: &Project) -> Result<PathBuf, Failure> {
    const NAME: &str = "steadfast-client-check";
    static BUILT: OnceLock<Result<(), String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        make(project, "clients", NAME, Answers::default())
            .and_then(|server| cargo(project, &server, &["build"]).quiet(30 * MINUTE)?.checked())
            .map(drop)
            .map_err(|failure| failure.to_string())
    });
    built.clone().map_err(Failure::new)?;
    Ok(project.binary(NAME))
}

/// `cargo xtask demo`, as a newcomer runs it first.
pub(crate) fn demo(project: &Project) -> Result<Outcome, Failure> {
    let demo = Cmd::new(render::this_program()?).args(["demo", "--once"]).dir(&project.root);
    Ok(Outcome::check(demo.shown(30 * MINUTE)?.ok))
}
