//! `tidy`: the project's rules as code.
//!
//! A rule looks at the [`Tree`] and returns findings: where, what, and the way out. Invariant: a rule reads and never
//! writes. Rules that a compiler, rustfmt or clippy has are left to those.

mod links;
mod placeholders;
mod tree;
mod unfinished;
mod versions;

use std::{fmt, process::ExitCode};

use crate::{
    failure::Failure,
    project::{Kind, Project},
    report::Outcome,
};

use self::tree::Tree;

/// A rule that is broken somewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    /// `path:line`, or a path.
    place: String,
    what: String,
    help: String,
    level: Level,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Error,
    Warning,
}

impl Finding {
    fn error(place: impl Into<String>, what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into(), help: help.into(), level: Level::Error }
    }

    fn warning(place: impl Into<String>, what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { level: Level::Warning, ..Self::error(place, what, help) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
        };
        write!(f, "{}: {level}: {}\n  help: {}", self.place, self.what, self.help)
    }
}

type Rule = fn(&Tree) -> Vec<Finding>;

/// Rules of every project.
const COMMON: &[Rule] = &[
    links::resolve,
    unfinished::no_markers,
    unfinished::no_ignored_tests,
    unfinished::no_sleep_in_tests,
    unfinished::no_pending_snapshots,
];

/// Rules of a checkout of Steadfast.
const CHECKOUT: &[Rule] = &[
    placeholders::declared_and_used,
    placeholders::rendered_files,
    placeholders::ignored_files_exist,
    versions::equal,
    versions::toolchains_equal,
    unfinished::no_machine_paths,
    unfinished::no_registry_hosts,
    unfinished::ui_tests_have_output,
    unfinished::files_fit_in_the_head,
];

/// Runs all rules and prints what they find.
pub(crate) fn main(project: &Project) -> Result<ExitCode, Failure> {
    let outcome = step(project)?;
    println!("{} rules hold, {} are broken", outcome.passed, outcome.failed);
    Ok(if outcome.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs all rules; each counts as one check.
pub(crate) fn step(project: &Project) -> Result<Outcome, Failure> {
    let tree = Tree::read(&project.root)?;
    let more = match project.kind {
        Kind::Checkout => CHECKOUT,
        Kind::Server => &[],
    };
    let mut outcome = Outcome::default();
    for rule in COMMON.iter().chain(more) {
        let mut findings = rule(&tree);
        findings.sort();
        for finding in &findings {
            eprintln!("{finding}");
        }
        outcome.add(Outcome::check(findings.iter().all(|finding| finding.level == Level::Warning)));
    }
    Ok(outcome)
}
