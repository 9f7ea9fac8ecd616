//! Runs the example of a page: two schemas, two versions of a tool, releases and their lock, or a shim.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    attribute::Entry,
    page::{Page, Said},
    server::{self, Release},
};
use crate::{
    Direction, Finding, Impact, LockSet, Mode, Rule, ToolContract, Verdict, bless, check as check_lock, compare,
    compare_tools,
    proof::{Major, ProofOptions, prove},
    shim::Translator,
};

const OPTIONS: ProofOptions = ProofOptions { seed: 0, cases: 256 };

/// What the engine says of a variation of the example, in one direction where it has one.
struct Found {
    direction: Option<Direction>,
    findings: Vec<Finding>,
    verdict: Option<Verdict>,
}

/// Everything that a page says about its example; the first thing that is wrong.
pub(super) fn check(page: &Page) -> Result<(), String> {
    if !page.has_the_rules_words() {
        return Err(format!("does not begin with `# {}` and \"{}\"", page.rule, page.rule.summary()));
    }
    impacts(page, &run(page, None)?)?;
    if page.has_variant("fixed") {
        mended(page, "the `fixed` block", run(page, Some("fixed"))?)?;
    }
    if let Some(fix) = page.block("fix") {
        let found = Found { direction: None, findings: shim(page, fix)?, verdict: None };
        mended(page, "the `fix` block", vec![found])?;
    }
    near(page)
}

fn impacts(page: &Page, found: &[Found]) -> Result<(), String> {
    if page.impacts.is_empty() || page.impacts.len() != found.len() {
        return Err(format!("says {} impacts of {}", page.impacts.len(), found.len()));
    }
    for (said, found) in page.impacts.iter().zip(found) {
        let one = found.findings.iter().filter(|finding| finding.rule == page.rule).max_by_key(|one| one.impact);
        let impact = one.map_or("–".into(), impact);
        let here = match found.verdict {
            Some(verdict) => format!("{impact}, {}", format!("{verdict:?}").to_lowercase()),
            None => impact.clone(),
        };
        let witness = one.and_then(|one| one.witness.as_ref()).map(|witness| witness.instance.clone());
        // A witness may be left out where it says nothing to a reader.
        let shown = if said.witness.is_some() { witness } else { None };
        let is = Said { direction: found.direction, asks: said.asks.clone(), here, witness: shown };
        if *said != is {
            return Err(format!("says  {said:?}\n  found {is:?}\n  in {:#?}", found.findings));
        }
        if said.asks != "unknown" && said.asks != impact {
            return Err(format!("the rule asks for {}, and its example shows {impact}", said.asks));
        }
        let silent = |one: &&Finding| gates(one) && one.rule != page.rule && !page.names(one.rule);
        if let Some(other) = found.findings.iter().find(silent) {
            return Err(format!("the example is found by `{}` as well, which the page does not name", other.rule));
        }
    }
    Ok(())
}

fn impact(finding: &Finding) -> String {
    let word = format!("{:?}", finding.impact).to_lowercase();
    if finding.shifts_model { format!("{word} (model)") } else { word }
}

/// What `bless` writes down by itself does not count.
fn gates(finding: &Finding) -> bool {
    finding.impact >= Impact::Unknown && finding.rule != Rule::NotBlessed
}

fn mended(page: &Page, what: &str, found: Vec<Found>) -> Result<(), String> {
    match found.iter().flat_map(|found| &found.findings).find(|finding| gates(finding)) {
        Some(left) => Err(format!("{what} of `{}` leaves a finding: {left:#?}", page.rule)),
        None => Ok(()),
    }
}

fn near(page: &Page) -> Result<(), String> {
    if !page.text.contains("\nNear miss: ") {
        return Err("has no line `Near miss: `".into());
    }
    if !page.has_variant("near") {
        return Ok(());
    }
    let found: Vec<Finding> = run(page, Some("near"))?.into_iter().flat_map(|found| found.findings).collect();
    let rules: Vec<Rule> = found.iter().map(|finding| finding.rule).collect();
    if found.iter().any(|finding| finding.rule == page.rule) {
        return Err(format!("the near miss is a hit: {found:#?}"));
    }
    match page.near().into_iter().find(|rule| !rules.contains(rule)) {
        Some(missing) => Err(format!("the near miss is not `{missing}` but {rules:?}")),
        None => Ok(()),
    }
}

/// Runs the example, or a variant of it: the newer side is then the block `fixed` or `near`, where there is one.
fn run(page: &Page, variant: Option<&str>) -> Result<Vec<Found>, String> {
    let newer = |tag: &str| page.json(variant.filter(|variant| page.block(variant).is_some()).unwrap_or(tag));
    let one = |findings| vec![Found { direction: None, findings, verdict: None }];
    if page.block("now").is_some() {
        return Ok(one(lock(page, newer("now").unwrap_or_default(), variant)));
    }
    let (Some(old), Some(new)) = (page.json("old"), newer("new")) else { return Err("has no example".into()) };
    if let Some(history) = page.block("history") {
        return Ok(one(proved(&old, &new, history)?));
    }
    if old.get("version").is_some() {
        let [old, new] = [old, new].map(|short| ToolContract::from(&server::tool(short)));
        return Ok(vec![Found {
            direction: page.impacts.first().and_then(|said| said.direction),
            findings: compare_tools(&old, &new),
            verdict: None,
        }]);
    }
    let directions = [Direction::Input, Direction::Output].map(|direction| {
        let comparison = compare(&old, &new, direction, Mode::Emitted).map_err(|error| error.to_string())?;
        Ok(Found { direction: Some(direction), verdict: Some(comparison.verdict), findings: comparison.findings })
    });
    directions.into_iter().collect()
}

/// The shim that mends the change between the page's two schemas.
fn shim(page: &Page, history: &str) -> Result<Vec<Finding>, String> {
    let (Some(old), Some(new)) = (page.json("old"), page.json("new")) else { return Err("has no schemas".into()) };
    proved(&old, &new, history)
}

/// Proves a shim, with the schemas as those of the arguments, the results, or both, by what it translates.
fn proved(old: &Value, new: &Value, history: &str) -> Result<Vec<Finding>, String> {
    let entry = Entry::read(history)?;
    let translator = Translator::declared(&entry.input, &entry.output).map_err(|error| error.to_string())?;
    let nothing = json!({ "type": "object", "additionalProperties": false });
    let side = |translated: bool, schema: &Value| if translated { schema.clone() } else { nothing.clone() };
    let (inputs, outputs) = (!entry.input.is_empty(), !entry.output.is_empty());
    let [old_in, new_in] = [old, new].map(|schema| side(inputs, schema));
    let [old_out, new_out] = [old, new].map(|schema| side(outputs, schema));
    let older = Major {
        major: 1,
        input: &old_in,
        output: Some(&old_out),
        up: Some(&translator),
        lossy: entry.lossy.as_deref(),
        shape: entry.shape,
    };
    let current = Major { major: 2, input: &new_in, output: Some(&new_out), up: None, lossy: None, shape: true };
    Ok(prove("search_notes", &[older, current], OPTIONS))
}

/// Blesses the releases one after the other, edits the files, and checks what is in the source now.
fn lock(page: &Page, now: Value, variant: Option<&str>) -> Vec<Finding> {
    let own = |tag: &str| variant.and_then(|variant| page.block(&format!("{variant}-{tag}")));
    let variation = |tag: &str| own(tag).or_else(|| page.block(tag));
    let mut baseline = LockSet::default();
    for release in page.blocks("released") {
        let Release { published, policy } = Release::read(serde_json::from_str(release).unwrap());
        let mut files = baseline.files();
        let changes = bless(&published, &baseline, None, &policy).unwrap_or_else(|found| panic!("{found:#?}"));
        files.extend(changes.into_iter().map(|change| (change.path, change.text)));
        baseline = LockSet::read(files);
    }
    let mut files = baseline.files();
    if let Some(edits) = variation("files") {
        edit(&mut files, &serde_json::from_str(edits).unwrap());
    }
    let Release { published, mut policy } = Release::read(now);
    policy.waivers = variation("waivers").map(server::waivers).unwrap_or_default();
    let findings = check_lock(&published, &LockSet::read(files), Some(&baseline), &policy);
    policy.waivers.apply(findings, policy.today).findings
}

/// By path: another text, the values at JSON pointers, or `null` for a file that is gone.
fn edit(files: &mut BTreeMap<String, String>, edits: &BTreeMap<String, Value>) {
    for (path, edit) in edits {
        match edit {
            Value::String(text) => drop(files.insert(path.clone(), text.clone())),
            Value::Null => drop(files.remove(path)),
            pointers => {
                let mut file: Value = serde_json::from_str(&files[path]).unwrap();
                for (pointer, value) in pointers.as_object().unwrap() {
                    let (parent, name) = pointer.rsplit_once('/').unwrap();
                    file.pointer_mut(parent).unwrap()[name] = value.clone();
                }
                files.insert(path.clone(), file.to_string());
            }
        }
    }
}
