//! Edits of sources, each on a copy of one tool, so that one compile shows them all.
//!
//! An edit lists every rule that it breaks or touches: one that is missing and one too many are both failures. A
//! witness is put to a validator of its own: valid on one side of the edit, refused on the other.

use jsonschema::Validator;
use serde_json::Value;
use steadfast_contract::{Direction, Finding, Impact, Part, Rule};

use super::{
    arguments, files, refactorings, results, tools,
    workshop::{Checked, TODAY, Workshop, line, stops},
};
use crate::{failure::Failure, project::Project, report::Outcome};

/// The tool that is copied.
const TOOL: &str = include_str!("data/tool.rs");
/// Its name in that text.
const PLACEHOLDER: &str = "the_tool";
/// The tools of the template, as its `src/lib.rs` lists them.
const OWN: &str = "add_note, define_word, delete_notes, search_notes";

/// One edit.
#[derive(Clone, Copy)]
pub(super) struct Edit {
    /// The name of the copy, which says what is done to it.
    pub(super) name: &'static str,
    /// What is replaced.
    pub(super) replace: &'static [(&'static str, &'static str)],
    /// What is found, with the bump that it needs, in any order.
    pub(super) finds: &'static [(Rule, Impact)],
    /// A part of one of the `fix` lines.
    pub(super) fix: &'static str,
}

/// An edit of a tool that has an older major: both it and the shim break.
const OWN_EDIT: Edit = Edit {
    name: "search_notes",
    replace: &[("    query: String,", "    text: String,"), ("notes.search(query)", "notes.search(text)")],
    finds: &[(Rule::PropRenamed, Impact::Major), (Rule::ShimUpInvalid, Impact::Error)],
    fix: "history(\"2\" => { input = [rename(query => text)] })",
};

/// What follows from any change, and is in the table only where it is the point.
const CONSEQUENCES: [Rule; 2] = [Rule::BumpTooSmall, Rule::NotBlessed];
/// Rules that are not about which instances are valid, so that no instance shows them.
const WITHOUT_WITNESS: [Rule; 3] = [Rule::HeaderAdded, Rule::HeaderRenamed, Rule::OutSchemaRemoved];

pub(super) fn run(project: &Project) -> Result<Outcome, Failure> {
    let workshop = Workshop::new(project, "steadfast-story")?;
    let mut outcome = holds("a server is clean as it comes", workshop.check(TODAY)?.ok);
    let unchanged = workshop.bless(TODAY)? && !touched(&workshop)?;
    outcome.add(holds("there is nothing to bless in it", unchanged));

    let breaking = [arguments::EDITS, results::EDITS, tools::EDITS].concat();
    let names: Vec<&str> = breaking.iter().chain(refactorings::EDITS).map(|edit| edit.name).collect();
    populate(&workshop, &names)?;
    outcome.add(holds("new tools are blessed", workshop.bless(TODAY)?));
    workshop.commit("Release every tool")?;
    outcome.add(holds("what was blessed is clean", workshop.check(TODAY)?.ok));

    apply(&workshop, &breaking)?;
    workshop.edit("src/tools/search.rs", OWN_EDIT.replace)?;
    let checked = workshop.check(TODAY)?;
    let after = workshop.published()?;
    outcome.add(holds("breaking edits stop a release", !checked.ok));
    for edit in &breaking {
        let new = after.tools.iter().find(|tool| tool.name == edit.name).map(|tool| &tool.definition);
        outcome.add(judged(edit, &checked, &workshop.locked(edit.name, 1)?, new));
    }
    let new = after.tools.iter().find(|tool| tool.name == OWN_EDIT.name).map(|tool| &tool.definition);
    outcome.add(judged(&OWN_EDIT, &checked, &workshop.locked(OWN_EDIT.name, 2)?, new));
    // Nobody else is accused.
    let edited = |name: &str| name == OWN_EDIT.name || breaking.iter().any(|edit| edit.name == name);
    outcome.add(innocent(&checked, &names, |name| !edited(name)));
    let blessed = workshop.bless(TODAY)? || touched(&workshop)?;
    outcome.add(holds("breaking edits are not blessed", !blessed));
    workshop.restore()?;

    apply(&workshop, refactorings::EDITS)?;
    let checked = workshop.check(TODAY)?;
    for edit in refactorings::EDITS {
        outcome.add(quiet(edit.name, &checked));
    }
    workshop.restore()?;
    outcome.add(files::run(&workshop)?);
    Ok(outcome)
}

/// Whether the lock is not as it was released.
fn touched(workshop: &Workshop<'_>) -> Result<bool, Failure> {
    Ok(workshop.status()?.iter().any(|file| file.contains(" contracts/")))
}

/// Where the copy of a tool is.
pub(super) fn source(name: &str) -> String {
    format!("src/tools/copy_{name}.rs")
}

/// Adds a copy of the tool for each name.
pub(super) fn populate(workshop: &Workshop<'_>, names: &[&str]) -> Result<(), Failure> {
    let mut modules = workshop.read("src/tools.rs")?;
    for name in names {
        workshop.write(&source(name), &TOOL.replace(PLACEHOLDER, name))?;
        modules.push_str(&format!("\nmod copy_{name};\npub use self::copy_{name}::{name};\n"));
    }
    workshop.write("src/tools.rs", &modules)?;
    let all = [&[OWN], names].concat().join(", ");
    workshop.edit(
        "src/lib.rs",
        &[(&format!("tools::{{{OWN}}}"), "tools::*"), (&format!("tools![{OWN}]"), &format!("tools![{all}]"))],
    )
}

fn apply(workshop: &Workshop<'_>, edits: &[Edit]) -> Result<(), Failure> {
    for edit in edits {
        workshop.edit(&source(edit.name), edit.replace)?;
    }
    Ok(())
}

/// Whether a check found what an edit does, and nothing else.
fn judged(edit: &Edit, checked: &Checked, old: &Value, new: Option<&Value>) -> Outcome {
    let found = checked.about(edit.name);
    let direct = found.iter().filter(|finding| !CONSEQUENCES.contains(&finding.rule) || edit.has(finding.rule));
    let mut rules: Vec<_> = direct.map(|finding| (finding.rule, finding.impact)).collect();
    let mut expected = edit.finds.to_vec();
    rules.sort();
    expected.sort();
    let mut wrong = Vec::new();
    if rules != expected {
        wrong.push(format!("found {rules:?} and not {expected:?}"));
    }
    if !found.iter().any(|finding| stops(finding)) {
        wrong.push("nothing stops it".into());
    }
    if !found.iter().any(|finding| finding.fix.as_deref().unwrap_or_default().contains(edit.fix)) {
        wrong.push(format!("no `fix` has {}", edit.fix));
    }
    for finding in found.iter().filter(|finding| stops(finding) && finding.fix.is_none()) {
        wrong.push(format!("{} has no way out", finding.rule));
    }
    for finding in &found {
        wrong.extend(false_witness(finding, old, new));
    }
    tell(edit.name, &wrong, &found)
}

impl Edit {
    fn has(&self, rule: Rule) -> bool {
        self.finds.iter().any(|(found, _)| *found == rule)
    }
}

/// Why a witness shows nothing. A break of a schema must have one.
fn false_witness(finding: &Finding, old: &Value, new: Option<&Value>) -> Option<String> {
    let (schema, direction) = match finding.part {
        Part::Input => ("inputSchema", Direction::Input),
        Part::Output => ("outputSchema", Direction::Output),
        Part::Tool | Part::Lock => return None,
    };
    let (old, new) = (old.get(schema)?, new?.get(schema)?);
    let Some(witness) = &finding.witness else {
        return (finding.impact == Impact::Major && !WITHOUT_WITNESS.contains(&finding.rule))
            .then(|| format!("{} has no witness", finding.rule));
    };
    // Defaults change what a call means and not which calls are valid.
    if matches!(finding.rule, Rule::DefaultAdded | Rule::DefaultChanged) {
        return (!valid(new, &witness.instance)).then(|| format!("the witness of {} is not accepted", finding.rule));
    }
    let (accepts, refuses) = match direction {
        Direction::Input => (old, new),
        Direction::Output => (new, old),
    };
    let shows = valid(accepts, &witness.instance) && !valid(refuses, &witness.instance);
    (finding.impact == Impact::Major && !shows)
        .then(|| format!("the witness of {} shows nothing: {}", finding.rule, witness.instance))
}

fn valid(schema: &Value, instance: &Value) -> bool {
    let validator: Result<Validator, _> = jsonschema::options().should_validate_formats(true).build(schema);
    validator.is_ok_and(|validator| validator.is_valid(instance))
}

/// Tools that were not edited have no findings.
fn innocent(checked: &Checked, names: &[&str], is: impl Fn(&str) -> bool) -> Outcome {
    let mut outcome = Outcome::default();
    for name in names.iter().copied().chain(OWN.split(", ")).filter(|name| is(name)) {
        outcome.add(quiet(name, checked));
    }
    outcome
}

/// What is written in another way and means the same is another definition, byte for byte: it gets a patch version and
/// is blessed.
fn only_to_write_down(finding: &Finding) -> bool {
    finding.rule == Rule::NotBlessed || finding.rule == Rule::BumpTooSmall && finding.why.ends_with("a patch bump")
}

/// Nothing is found that breaks a caller of a tool.
pub(super) fn quiet(name: &str, checked: &Checked) -> Outcome {
    let found = checked.about(name);
    let alarms = found.iter().filter(|finding| stops(finding) && !only_to_write_down(finding));
    let alarms = alarms.map(|finding| format!("{} is a false alarm", finding.rule));
    tell(name, &alarms.collect::<Vec<_>>(), &found)
}

/// One check that holds or not.
pub(super) fn holds(what: &str, ok: bool) -> Outcome {
    if !ok {
        eprintln!("it does not hold that {what}");
    }
    Outcome::check(ok)
}

/// One check; what is wrong is printed with everything that was found.
pub(super) fn tell(name: &str, wrong: &[String], found: &[&Finding]) -> Outcome {
    if !wrong.is_empty() {
        eprintln!("{name}: {}", wrong.join("; "));
        for finding in found {
            eprintln!("{}", line(finding));
        }
    }
    Outcome::check(wrong.is_empty())
}
