//! Tools and majors that end: announced, moved, over, gone, and not to come back as something else.

use steadfast_contract::Rule;

use super::{
    edits::{holds, populate, quiet, source, tell},
    files::stopped,
    workshop::{Checked, TODAY, Workshop},
};
use crate::{failure::Failure, project::Project, report::Outcome};

/// The last day of what is announced on [`TODAY`], and the day after.
const LAST: &str = "2031-06-14";
const OVER: &str = "2031-06-15";

const DATES: (&str, &str) = (
    "    version = \"1.2.0\",",
    "    version = \"1.2.0\",\n    deprecated = \"2030-06-15\",\n    sunset = \"2031-06-15\",\n    note = \"use `stay`\",",
);

pub(super) fn run(project: &Project) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    let workshop = Workshop::new(project, "steadfast-story")?;
    populate(&workshop, &["end_sooner", "end_later", "go", "leave", "stay"])?;
    for tool in ["end_sooner", "end_later", "go", "leave"] {
        workshop.edit(&source(tool), &[DATES])?;
    }
    let note = "            note = \"`q`";
    let dates = format!("            deprecated = \"{TODAY}\",\n            sunset = \"{OVER}\",\n{note}");
    workshop.edit("src/tools/search.rs", &[(note, &dates)])?;
    outcome.add(holds("dates are blessed", workshop.bless(TODAY)?));
    workshop.commit("Announce what ends")?;
    outcome.add(holds("all is clean until the day", workshop.check(TODAY)?.ok && workshop.check(LAST)?.ok));
    let checked = workshop.check(OVER)?;
    outcome.add(tools_stopped(
        &checked,
        Rule::SunsetPassed,
        &["end_sooner", "end_later", "go", "leave", "search_notes"],
    ));

    // Before the day nothing may go, or end sooner than was said; later is fine.
    workshop.edit(&source("end_sooner"), &[("sunset = \"2031-06-15\"", "sunset = \"2031-06-14\"")])?;
    workshop.edit(&source("end_later"), &[("sunset = \"2031-06-15\"", "sunset = \"2033-01-01\"")])?;
    workshop.edit("src/lib.rs", &[(", go, leave, stay]", ", stay]")])?;
    workshop.edit("src/tools/search.rs", &[(HISTORY, "")])?;
    let checked = workshop.check(TODAY)?;
    outcome.add(tools_stopped(&checked, Rule::SunsetEarlier, &["end_sooner"]));
    outcome.add(tools_stopped(&checked, Rule::ToolRemoved, &["go", "leave", "search_notes"]));
    outcome.add(only(&checked, "end_later", &[Rule::NotBlessed]));
    outcome.add(quiet("stay", &checked));
    outcome.add(holds("what was promised is not taken back by blessing", !workshop.bless(TODAY)?));
    workshop.restore()?;

    // After the day it goes, and is written down as gone.
    for tool in ["end_sooner", "end_later"] {
        workshop.edit(&source(tool), &[("sunset = \"2031-06-15\"", "sunset = \"2033-01-01\"")])?;
    }
    workshop.edit("src/lib.rs", &[(", go, leave, stay]", ", stay]")])?;
    workshop.edit("src/tools/search.rs", &[(HISTORY, "")])?;
    outcome.add(holds("what is gone has to be written down", !workshop.check(OVER)?.ok));
    outcome.add(holds("blessing writes it down", workshop.bless(OVER)? && workshop.check(OVER)?.ok));
    let tombstones = workshop.read("contracts/tombstones.json")?;
    let told = ["\"go\"", "\"search_notes\"", "use `stay`"].iter().all(|part| tombstones.contains(part));
    outcome.add(holds("tombstones say what is gone and what to do instead", told));
    workshop.commit("Let go")?;

    // What is gone does not come back as something else.
    workshop.edit("src/lib.rs", &[(", stay]", ", go, stay]")])?;
    workshop.edit(&source("stay"), &[("version = \"1.2.0\",", "version = \"1.3.0\",\n    alias = \"leave\",")])?;
    let argument = "    /// How many notes to return.\n";
    let reused = format!("    /// How many quotes to return.\n    q: Option<u32>,\n{argument}");
    workshop.edit(
        "src/tools/search.rs",
        &[(argument, &reused), ("(State(notes), \"milk\".into(), 1)", "(State(notes), \"milk\".into(), None, 1)")],
    )?;
    workshop.edit("src/tools/search.rs", &[("version = \"2.0.0\"", "version = \"2.1.0\"")])?;
    let checked = workshop.check(OVER)?;
    outcome.add(tools_stopped(&checked, Rule::TombstoneReused, &["go", "stay", "search_notes"]));
    outcome.add(holds("what is gone does not come back by blessing", !workshop.bless(OVER)?));
    Ok(outcome)
}

/// The older major of `search_notes`, as it is announced to end.
const HISTORY: &str = concat!(
    "    history(\n",
    "        \"1\" => {\n",
    "            input = [rename(q => query), default(limit = 10)],\n",
    "            output = [rename(hits => items), drop(total)],\n",
    "            deprecated = \"2030-06-15\",\n",
    "            sunset = \"2031-06-15\",\n",
    "            note = \"`q` is now `query`, `limit` is 20 unless it is given, and `hits` are now `items`, with a `total`\",\n",
    "        },\n",
    "    ),\n",
);

/// Whether a rule stops each of these tools.
fn tools_stopped(checked: &Checked, rule: Rule, tools: &[&str]) -> Outcome {
    let mut outcome = Outcome::default();
    for tool in tools {
        let findings = checked.about(tool).into_iter().cloned().collect();
        let about = Checked { ok: checked.ok, findings };
        outcome.add(stopped(&format!("{tool} and {rule}"), &about, rule, |_| true));
    }
    outcome
}

/// Whether these rules are all that is found about a tool.
fn only(checked: &Checked, tool: &str, rules: &[Rule]) -> Outcome {
    let found = checked.about(tool);
    let all: Vec<_> = found.iter().map(|finding| finding.rule).collect();
    let wrong = if all == rules { Vec::new() } else { vec![format!("found {all:?} and not {rules:?}")] };
    tell(tool, &wrong, &found)
}
