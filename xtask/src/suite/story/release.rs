//! The second release: an argument and a member of the result get other names, and clients of the first release notice
//! nothing. The shim is what `fix:` says, word by word.

use std::path::Path;

use steadfast_contract::{Finding, Impact, Rule};

use super::{
    super::clients,
    edits::{holds, tell},
    workshop::{Checked, TODAY, Workshop, line, stops},
};
use crate::{failure::Failure, process::Cmd, project::Project, report::Outcome};

const TOOL: &str = "src/tools/define.rs";
const BUMP: (&str, &str) = ("version = \"1.0.0\",", "version = \"2.0.0\",");

/// What the second release does to `define_word`.
const RENAMED: [(&str, &str); 4] = [
    (
        "    word: String,\n) -> Result<Definition, ToolError> {\n    match",
        "    term: String,\n) -> Result<Definition, ToolError> {\n    let word = term;\n    match",
    ),
    (
        "pub async fn builtin_definition(\n    _: State<Dictionary>,\n    word: String,",
        "pub async fn builtin_definition(\n    _: State<Dictionary>,\n    term: String,",
    ),
    ("    let meaning = built_in(&word);", "    let word = term;\n    let meaning = built_in(&word);"),
    ("    pub meaning: String,", "    #[serde(rename = \"definition\")]\n    pub meaning: String,"),
];

pub(super) fn run(project: &Project) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    let workshop = Workshop::new(project, "steadfast-story")?;
    workshop.edit(TOOL, &RENAMED)?;

    // As it is, it breaks who calls: both names, with the shim to declare.
    let checked = workshop.check(TODAY)?;
    let renames = (shim(&checked, "input"), shim(&checked, "output"));
    outcome.add(found(&checked, Rule::PropRenamed, Impact::Major, "rename(word => term)", true));
    outcome.add(found(&checked, Rule::PropRenamed, Impact::Major, "rename(meaning => definition)", true));
    outcome.add(found(&checked, Rule::BumpTooSmall, Impact::Error, "history(\"1\" => { .. })", false));
    let (Some(input), Some(output)) = renames else {
        return Err(Failure::new("no `fix` has a shim to declare"));
    };

    // A higher version alone leaves the older callers without a tool.
    workshop.edit(TOOL, &[BUMP])?;
    outcome.add(match workshop.check(TODAY) {
        Ok(checked) => found(&checked, Rule::ToolRemoved, Impact::Major, "history(\"1\" => ..)", false),
        Err(failure) => holds(&format!("a major without its predecessor is judged: {failure}"), false),
    });
    outcome.add(holds("nobody is left behind by blessing", !workshop.bless(TODAY)?));

    // Half of a shim is not enough either, and what is missing is said with a call that shows it.
    let half = format!("version = \"2.0.0\",\n    history(\"1\" => {{ {input} }}),");
    workshop.edit(TOOL, &[("version = \"2.0.0\",", &half)])?;
    let checked = workshop.check(TODAY)?;
    outcome.add(found(&checked, Rule::ShimDownInvalid, Impact::Error, "rename(meaning => ..)", true));

    // What `fix:` said, in a release of its own: nothing is left but to write it down.
    workshop.edit(TOOL, &[(&format!("{{ {input} }}"), &format!("{{ {input}, {output} }}"))])?;
    workshop.edit("Cargo.toml", &[("version = \"0.2.0\"\nedition", "version = \"0.3.0\"\nedition")])?;
    let checked = workshop.check(TODAY)?;
    let left: Vec<&Finding> =
        checked.findings.iter().filter(|one| stops(one) && one.rule != Rule::NotBlessed).collect();
    outcome.add(holds("with the shim of the `fix` lines nobody breaks", left.is_empty()));
    left.iter().for_each(|finding| eprintln!("{}", line(finding)));
    let blessed = workshop.bless(TODAY)? && workshop.has("contracts/define_word/2.json");
    outcome.add(holds("the new major is blessed", blessed));
    workshop.commit("Release 0.3.0")?;
    outcome.add(holds("what was blessed is clean", workshop.check(TODAY)?.ok));

    let binary = workshop.build()?;
    outcome.add(called(project, "typescript", &binary, clients::typescript_program(project, "releases.mjs"))?);
    outcome.add(called(project, "python", &binary, clients::python_program(project, "releases.py"))?);
    Ok(outcome)
}

/// Clients of all three releases call the server.
fn called(project: &Project, name: &str, binary: &Path, client: Result<Cmd, String>) -> Result<Outcome, Failure> {
    let client = match client {
        Ok(client) => client,
        Err(reason) => return Ok(Outcome::skipped(reason)),
    };
    clients::against(project, &format!("releases-{name}"), binary, client)
}

/// The operations that `fix` lines propose for one side, as a list.
fn shim(checked: &Checked, side: &str) -> Option<String> {
    let fixes = checked.findings.iter().filter_map(|finding| finding.fix.as_deref());
    let start = format!("{side} = [");
    fixes.filter_map(|fix| fix.split_once(&start)?.1.split_once(']')).map(|(list, _)| format!("{start}{list}]")).next()
}

/// Whether a rule is found about `define_word` with a way out.
fn found(checked: &Checked, rule: Rule, impact: Impact, fix: &str, witness: bool) -> Outcome {
    let all = checked.about("define_word");
    let is = |one: &&Finding| {
        let says = one.fix.as_deref().unwrap_or_default().contains(fix);
        one.rule == rule && one.impact == impact && says && one.witness.is_some() >= witness
    };
    let there = all.iter().any(is) && !checked.ok;
    let wrong = if there { Vec::new() } else { vec![format!("no {rule} with {fix}")] };
    tell("the second release", &wrong, &all)
}
