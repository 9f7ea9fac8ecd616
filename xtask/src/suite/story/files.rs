//! Files of the lock edited by hand, and ways around them: what was released is what git has.

use std::fs;

use steadfast_contract::Rule;

use super::{
    edits::{holds, source, tell},
    workshop::{Checked, TODAY, Workshop, stops},
};
use crate::{failure::Failure, report::Outcome};

/// A file of the lock, what is done to it, and what that breaks.
struct Tampering {
    file: &'static str,
    /// Replaced in it; the file is deleted where there is nothing.
    replace: Option<(&'static str, &'static str)>,
    rule: Rule,
}

const fn tampering(file: &'static str, replace: Option<(&'static str, &'static str)>, rule: Rule) -> Tampering {
    Tampering { file, replace, rule }
}

const TAMPERINGS: [Tampering; 7] = [
    tampering("contracts/rename_an_argument/1.json", Some(("\"query\": {", "\"text\": {")), Rule::BlessedChanged),
    tampering("contracts/change_a_default/1.json", Some(("\"default\": 20", "\"default\": 50")), Rule::BlessedChanged),
    tampering(
        "contracts/take_less_time/1.json",
        Some(("\"timeoutMs\": 5000", "\"timeoutMs\": 1000")),
        Rule::BlessedChanged,
    ),
    tampering("contracts/return_less/1.json", None, Rule::BlessedChanged),
    tampering("contracts/return_null/1.json", Some(("\"format\": 1", "\"format\": ")), Rule::LockUnreadable),
    tampering(
        "contracts/surfaces/0.1.0.json",
        Some(("\"search_notes\": 1", "\"search_notes\": 2")),
        Rule::SurfaceChanged,
    ),
    tampering(
        "contracts/search_notes/2.json",
        Some(("\"version\": \"2.0.0\"", "\"version\": \"2.1.0\"")),
        Rule::NotBlessed,
    ),
];

/// Goes on where every tool of the story was released.
pub(super) fn run(workshop: &Workshop<'_>) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    for Tampering { file, replace, .. } in &TAMPERINGS {
        match replace {
            Some(replace) => workshop.edit(file, &[*replace])?,
            None => delete(workshop, file)?,
        }
    }
    let checked = workshop.check(TODAY)?;
    for Tampering { file, rule, .. } in &TAMPERINGS {
        outcome.add(stopped(file, &checked, *rule, |place| place.split(['#', ':']).next() == Some(file)));
    }
    workshop.restore()?;

    // A break, and its old lock file out of the way: the released one still counts.
    workshop.edit(&source("rename_an_argument"), &[("    query: String,", "    text: String,")])?;
    delete(workshop, "contracts/rename_an_argument/1.json")?;
    // A tool that is no longer there, and a server that is older than what was released.
    let lib = workshop.read("src/lib.rs")?;
    workshop.write("src/lib.rs", &lib.replace(" return_null,", ""))?;
    let checked = workshop.check(TODAY)?;
    outcome.add(stopped("a lock file in the way", &checked, Rule::PropRenamed, |place| place == "/properties/text"));
    outcome.add(stopped("a tool that is gone", &checked, Rule::ToolRemoved, str::is_empty));
    let blessed = workshop.bless(TODAY)? || workshop.has("contracts/rename_an_argument/1.json");
    outcome.add(holds("a break is not blessed when its lock file is deleted first", !blessed));
    workshop.restore()?;

    workshop.edit("Cargo.toml", &[("version = \"0.2.0\"\nedition", "version = \"0.1.9\"\nedition")])?;
    let checked = workshop.check(TODAY)?;
    let newest = "contracts/surfaces/0.2.0.json";
    outcome.add(stopped("a server of an older version", &checked, Rule::VersionDecreased, |place| place == newest));
    workshop.restore()?;
    Ok(outcome)
}

fn delete(workshop: &Workshop<'_>, file: &str) -> Result<(), Failure> {
    fs::remove_file(workshop.root.join(file)).map_err(|error| Failure::new(format!("deleting {file}: {error}")))
}

/// Whether a rule stops the release at a place.
pub(super) fn stopped(what: &str, checked: &Checked, rule: Rule, place: impl Fn(&str) -> bool) -> Outcome {
    let found =
        checked.findings.iter().any(|one| one.rule == rule && place(&one.pointer) && stops(one) && one.fix.is_some());
    let wrong = if found && !checked.ok { Vec::new() } else { vec![format!("{rule} does not stop it")] };
    tell(what, &wrong, &checked.findings.iter().filter(|one| stops(one)).collect::<Vec<_>>())
}
