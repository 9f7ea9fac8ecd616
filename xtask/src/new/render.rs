//! cargo-generate, as a library, in a process of its own.
//!
//! A process, because cargo-generate reads its user's name from the environment and stops without one, prints as it
//! goes, and panics on some bad input. [`main`] takes the arguments of `cargo generate`, so that what a person runs
//! and what `new` runs is the same code.

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
};

use cargo_generate::Cli;
use clap::Parser;

use crate::{
    cli::{Answers, written},
    failure::{Failure, While},
    process::Cmd,
};

/// Runs cargo-generate with its own arguments.
pub(crate) fn main(arguments: Vec<String>) -> Result<ExitCode, Failure> {
    let words = ["cargo".to_owned(), "generate".to_owned()].into_iter().chain(arguments);
    let Cli::Generate(arguments) = Cli::parse_from(words);
    cargo_generate::generate(arguments).map_err(|error| Failure::new(format!("{error:#}")))?;
    Ok(ExitCode::SUCCESS)
}

/// The command that renders the template at `template` as `parent/name`; answers are added to it.
pub(crate) fn command(template: &Path, name: &str, parent: &Path) -> Result<Cmd, Failure> {
    Ok(Cmd::new(this_program()?)
        .args(["cargo-generate", "--silent", "--no-workspace", "--no-fmt", "--vcs", "none", "--force"])
        .args(["--name", name, "--path"])
        .args([template])
        .args(["--destination".as_ref(), parent.as_os_str()])
        .env("CARGO_NAME", "steadfast"))
}

/// Building a generated server into the same target directory replaces the file that this program was started from;
/// Linux still has the program itself.
pub(crate) fn this_program() -> Result<PathBuf, Failure> {
    let running = Path::new("/proc/self/exe");
    if running.exists() { Ok(running.to_owned()) } else { env::current_exe().while_(|| "finding this program".into()) }
}

/// The answers, as arguments of cargo-generate.
pub(crate) fn answers(answers: Answers) -> Vec<String> {
    [
        format!("transport={}", written(answers.transport)),
        format!("deployment={}", written(answers.deployment)),
        format!("store={}", written(answers.store)),
        format!("policy={}", written(answers.policy)),
        format!("ci={}", written(answers.ci)),
    ]
    .into_iter()
    .flat_map(|answer| ["--define".to_owned(), answer])
    .collect()
}
