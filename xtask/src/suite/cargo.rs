//! The steps that are cargo's: format, lints, tests, documentation, benchmark.

use std::{collections::BTreeMap, process::ExitCode};

#[cfg(feature = "checkout")]
use crate::databases::Databases;
use crate::{
    failure::Failure,
    process::{self, Cmd, MINUTE},
    project::{Kind, Project},
    report::Outcome,
};

/// How long cargo may take; a cold build of everything is part of it.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(45 * 60);

/// How many altered `requestState` are tried here; the tests by themselves try fewer.
#[cfg(feature = "checkout")]
const ALTERED_STATES: &str = "200000";

fn cargo(project: &Project, args: &[&str]) -> Cmd {
    Cmd::new("cargo").args(args).dir(&project.root)
}

pub(crate) fn fmt(project: &Project) -> Result<Outcome, Failure> {
    if !process::exists("rustfmt") {
        return Ok(Outcome::skipped("rustfmt is missing: `rustup component add rustfmt`"));
    }
    // By package, since `--all` would take in path dependencies that are somebody else's.
    let mut args = vec!["fmt", "--check"];
    for package in &project.packages {
        args.extend(["--package", package.as_str()]);
    }
    let mut ok = cargo(project, &args).shown(MINUTE)?.ok;
    if project.kind == Kind::Checkout {
        let sources = [
            "build.rs",
            "src/lib.rs",
            "src/main.rs",
            "tests/calls.rs",
            "tests/contracts.rs",
            "tests/policies.rs",
            "tests/threat_model.rs",
            "xtask/src/main.rs",
        ];
        let rustfmt = Cmd::new("rustfmt").args(["--check", "--edition", "2024"]).args(sources);
        ok &= rustfmt.dir(&project.root.join("template")).shown(MINUTE)?.ok;
    }
    if !ok {
        eprintln!("help: `cargo fmt` formats");
    }
    Ok(Outcome::check(ok))
}

pub(crate) fn clippy(project: &Project) -> Result<Outcome, Failure> {
    if !process::exists("cargo-clippy") {
        return Ok(Outcome::skipped("clippy is missing: `rustup component add clippy`"));
    }
    let args = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "--no-deps", "--deny", "warnings"];
    Ok(Outcome::check(cargo(project, &args).shown(LIMIT)?.ok))
}

/// In a checkout with a real PostgreSQL and a real Redis.
pub(crate) fn test(project: &Project) -> Result<Outcome, Failure> {
    let command = cargo(project, &["test", "--workspace", "--no-fail-fast", "--lib", "--bins", "--tests"]);
    #[cfg(feature = "checkout")]
    if project.kind == Kind::Checkout {
        let databases = Databases::start(project);
        let mut outcome = counted(databases.tell(command.env("STEADFAST_TEST_STATES", ALTERED_STATES)))?;
        outcome.reasons.extend(databases.missing());
        return Ok(outcome);
    }
    counted(command)
}

pub(crate) fn doctest(project: &Project) -> Result<Outcome, Failure> {
    counted(cargo(project, &["test", "--workspace", "--no-fail-fast", "--doc"]))
}

pub(crate) fn doc(project: &Project) -> Result<Outcome, Failure> {
    let doc = cargo(project, &["doc", "--workspace", "--no-deps", "--all-features"]);
    Ok(Outcome::check(doc.env("RUSTDOCFLAGS", "--deny warnings").shown(LIMIT)?.ok))
}

/// What the tools promise, against the lock.
pub(crate) fn contracts(project: &Project) -> Result<Outcome, Failure> {
    Ok(Outcome::check(cargo(project, &["xtask", "contract", "check"]).shown(LIMIT)?.ok))
}

/// By `deny.toml`. Advisories are left out: their database is not on this machine.
#[cfg(feature = "checkout")]
pub(crate) fn deny(project: &Project) -> Result<Outcome, Failure> {
    if !process::exists("cargo-deny") {
        return Ok(Outcome::skipped("cargo-deny is missing: `cargo install cargo-deny`"));
    }
    Ok(Outcome::check(cargo(project, &["deny", "check", "bans", "licenses", "sources"]).shown(LIMIT)?.ok))
}

pub(crate) fn bench(project: &Project, arguments: &[String]) -> Result<ExitCode, Failure> {
    project.checkout_only("bench")?;
    let bench = ["bench", "--package", "steadfast-tests", "--bench", "pipeline", "--"];
    let ran = cargo(project, &bench).args(arguments).shown(LIMIT)?;
    Ok(if ran.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs `cargo test …` and counts the tests.
pub(crate) fn counted(command: Cmd) -> Result<Outcome, Failure> {
    let ran = command.env("INSTA_UPDATE", "no").shown(LIMIT)?;
    Ok(count(&ran.stdout, ran.ok))
}

/// Tests that could not do what they are for print `SKIPPED what: reason`, and count as skipped, not as passed.
fn count(stdout: &str, ok: bool) -> Outcome {
    let mut outcome = Outcome::default();
    let mut skipped = BTreeMap::<&str, u32>::new();
    for line in stdout.lines() {
        if let Some(reason) = line.trim().strip_prefix("SKIPPED ") {
            *skipped.entry(reason).or_default() += 1;
        }
        let Some(result) = line.trim().strip_prefix("test result: ") else { continue };
        let of = |what: &str| {
            let part = result.split(['.', ';']).find_map(|part| part.trim().strip_suffix(what));
            part.and_then(|number| number.trim().parse::<u32>().ok()).unwrap_or(0)
        };
        outcome.passed += of("passed");
        outcome.failed += of("failed");
        outcome.skipped += of("ignored");
    }
    if outcome.skipped > 0 {
        outcome.reasons.push(format!("{} tests are marked as ignored", outcome.skipped));
    }
    for (reason, tests) in skipped {
        outcome.passed = outcome.passed.saturating_sub(tests);
        outcome.skipped += tests;
        outcome.reasons.push(format!("{tests} tests, {reason}"));
    }
    // It did not compile, or a test took its process down.
    if !ok && outcome.failed == 0 {
        outcome.failed = 1;
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    const STDOUT: &str = "running 3 tests\n\
        test a ... ok\n\
        test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s\n\
        test result: FAILED. 12 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.00s\n";

    #[test]
    fn a_test_that_says_it_was_skipped_is_not_counted_as_passed() {
        let stdout = "test a ... ok\n\nSKIPPED redis: no server\ntest b ... ok\n\nSKIPPED redis: no server\n\
            test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s\n";
        let outcome = count(stdout, true);
        assert_eq!((outcome.passed, outcome.failed, outcome.skipped), (3, 0, 2));
        assert_eq!(outcome.reasons, ["2 tests, redis: no server"]);
    }

    #[test]
    fn tests_are_counted_over_all_binaries() {
        let outcome = count(STDOUT, false);
        assert_eq!((outcome.passed, outcome.failed, outcome.skipped), (15, 2, 1));
    }

    #[test]
    fn a_run_that_fails_without_a_failed_test_is_one_failure() {
        assert_eq!(count("", false).failed, 1);
        assert_eq!(count("", true).failed, 0);
    }
}
