//! A generated server's life with its callers: every edit that breaks them is caught, what breaks nobody passes, and a
//! second release with a shim serves clients of the first one.
//!
//! Everything is done as a person would do it: sources are edited as text, `contract check` and `contract bless` judge
//! them, git has what was released, and official clients call. What the rules say about pairs of schemas in general is
//! tested in the contract crate, and not again here.

mod arguments;
mod edits;
mod ends;
mod files;
mod refactorings;
mod release;
mod results;
mod tools;
mod workshop;

use crate::{clock, failure::Failure, project::Project, report::Outcome};

/// A chapter: its name, and what it does.
type Chapter = (&'static str, fn(&Project) -> Result<Outcome, Failure>);

const CHAPTERS: [Chapter; 3] = [("edits", edits::run), ("ends", ends::run), ("release", release::run)];

pub(crate) fn story(project: &Project) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    for (name, run) in CHAPTERS {
        let started = clock::now();
        let chapter = run(project).unwrap_or_else(|failure| {
            eprintln!("{name}: {failure}");
            Outcome::check(false)
        });
        let (passed, time) = (chapter.passed, clock::seconds(started.elapsed()));
        outcome.add(chapter.note(format!("{name}: {passed} checks passed in {time}")));
    }
    Ok(outcome)
}
