//! The commands that build, check and release a Steadfast server: for this workspace and for every generated one.
//!
//! [`main`] is a match on the command; each command is a module that plans in plain data and leaves effects to
//! `process`, `http` and `running`. A generated server's `xtask` is a `main` that calls [`main`], so commands
//! are upgraded with the dependency. Invariants: every wait has a bound, nothing asks a question, and what was not
//! checked is said, with the reason.
//! This crate does not know the runtime: it talks to servers from outside, as their users do.

#![cfg_attr(not(feature = "checkout"), allow(dead_code, reason = "servers use a part of the helpers"))]

mod cli;
mod clock;
mod contract;
#[cfg(feature = "checkout")]
mod databases;
#[cfg(feature = "checkout")]
mod demo;
mod failure;
#[cfg(feature = "checkout")]
mod http;
#[cfg(feature = "checkout")]
mod mcp;
#[cfg(feature = "checkout")]
mod name;
#[cfg(feature = "checkout")]
mod new;
#[cfg(feature = "checkout")]
mod peers;
mod process;
mod project;
mod report;
#[cfg(feature = "checkout")]
mod running;
mod suite;
mod tidy;
#[cfg(feature = "checkout")]
mod watchdog;

use std::process::ExitCode;

use clap::Parser;

use crate::{
    cli::{Cli, Command},
    failure::Failure,
    project::Project,
};

/// Runs the command that the arguments of this process name.
pub fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode, Failure> {
    #[cfg(feature = "checkout")]
    if let Command::CargoGenerate { arguments } = command {
        return new::render::main(arguments);
    }
    if let Command::Contract(options) = command {
        return Ok(contract::main(options));
    }
    let project = Project::find()?;
    match command {
        Command::Contract(_) => Ok(ExitCode::FAILURE),
        #[cfg(feature = "checkout")]
        Command::New(options) => new::main(&project, &options),
        #[cfg(feature = "checkout")]
        Command::Demo(options) => demo::main(&project, &options),
        #[cfg(feature = "checkout")]
        Command::CargoGenerate { .. } => Ok(ExitCode::FAILURE),
        Command::Test(options) => suite::main(&project, &options),
        Command::Ci => suite::main(&project, &cli::Test::default()),
        Command::Tidy => tidy::main(&project),
        #[cfg(feature = "checkout")]
        Command::Conformance => suite::conformance::main(&project),
        #[cfg(feature = "checkout")]
        Command::Bench { arguments } => suite::cargo::bench(&project, &arguments),
    }
}
