//! `test` and `ci`: every check there is, one step after another, with a table at the end.
//!
//! A step is a name, what it checks, and a function from the project to an [`Outcome`]. Steps do not depend on each
//! other's results: a failure is counted and the next step runs. An error of a step itself counts as one failure.

pub(crate) mod cargo;
#[cfg(feature = "checkout")]
mod clients;
#[cfg(feature = "checkout")]
pub(crate) mod conformance;
#[cfg(feature = "checkout")]
mod oauth;
#[cfg(feature = "checkout")]
mod server;
#[cfg(feature = "checkout")]
mod story;
#[cfg(feature = "checkout")]
mod template;

use std::process::ExitCode;

use crate::{
    cli::Test,
    clock,
    failure::Failure,
    project::{Kind, Project},
    report::{Outcome, Report},
    tidy,
};

/// One step of the suite.
struct Step {
    name: &'static str,
    checks: &'static str,
    run: fn(&Project) -> Result<Outcome, Failure>,
}

const fn step(name: &'static str, checks: &'static str, run: fn(&Project) -> Result<Outcome, Failure>) -> Step {
    Step { name, checks, run }
}

/// Steps of every project.
const COMMON: &[Step] = &[
    step("fmt", "formatting", cargo::fmt),
    step("clippy", "lints, as errors", cargo::clippy),
    step("test", "unit and integration tests", cargo::test),
    step("doctest", "examples in the documentation", cargo::doctest),
    step("doc", "documentation, warnings as errors", cargo::doc),
    step("tidy", "the project's rules", tidy::step),
];

/// Steps of a server.
const SERVER: &[Step] = &[step("contracts", "what was promised to callers", cargo::contracts)];

/// Steps of a checkout of Steadfast.
#[cfg(feature = "checkout")]
const CHECKOUT: &[Step] = &[
    step("deny", "licences and sources of dependencies", cargo::deny),
    step("demo", "the first command of the README", server::demo),
    step("template", "every combination of answers is generated and compiled", template::combinations),
    step("generated", "tests of generated servers, and their own `cargo xtask test`", template::representatives),
    step("story", "edits of a generated server are judged, and its next release serves old clients", story::story),
    step("cargo-generate", "the template by `cargo generate` itself", template::cargo_generate),
    step("conformance-2026-07-28", "the official suite, current revision", conformance::current),
    step("conformance-2025-11-25", "the official suite, previous revision", conformance::previous),
    step("client-typescript", "the official TypeScript client and a generated server", clients::typescript),
    step("browser", "pages in Chromium that try to reach a server by a rebound name", clients::browser),
    step("client-python", "the official Python client and a generated server", clients::python),
    step("oauth", "tokens of an authorization server that other people wrote", oauth::oauth),
];

#[cfg(not(feature = "checkout"))]
const CHECKOUT: &[Step] = &[];

pub(crate) fn main(project: &Project, options: &Test) -> Result<ExitCode, Failure> {
    let steps = select(steps(project.kind), &options.only)?;
    if options.list {
        for step in steps {
            println!("{:24} {}", step.name, step.checks);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut report = Report::default();
    for step in steps {
        eprintln!("== {}: {}", step.name, step.checks);
        let started = clock::now();
        let outcome = (step.run)(project).unwrap_or_else(|failure| {
            eprintln!("{failure}");
            Outcome::check(false)
        });
        report.add(step.name, outcome, started.elapsed());
    }
    print!("\n{}", report.text());
    Ok(if report.ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn steps(kind: Kind) -> Vec<&'static Step> {
    let more = match kind {
        Kind::Checkout => CHECKOUT,
        Kind::Server => SERVER,
    };
    COMMON.iter().chain(more).collect()
}

fn select(steps: Vec<&'static Step>, only: &[String]) -> Result<Vec<&'static Step>, Failure> {
    if let Some(unknown) = only.iter().find(|name| steps.iter().all(|step| step.name != *name)) {
        let names: Vec<_> = steps.iter().map(|step| step.name).collect();
        return Err(Failure::new(format!("there is no step `{unknown}`")).help(format!("one of {}", names.join(", "))));
    }
    let wanted = |step: &&Step| only.is_empty() || only.iter().any(|name| name == step.name);
    Ok(steps.into_iter().filter(wanted).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_step_is_refused_with_those_that_exist() {
        let Err(failure) = select(steps(Kind::Server), &["fmtt".into()]) else {
            panic!("an unknown step is taken");
        };
        assert!(failure.to_string().contains("one of fmt, clippy"));
    }

    #[test]
    fn only_the_named_steps_run() {
        let steps = select(steps(Kind::Server), &["tidy".into(), "fmt".into()]).unwrap();
        assert_eq!(steps.iter().map(|step| step.name).collect::<Vec<_>>(), ["fmt", "tidy"]);
    }
}
