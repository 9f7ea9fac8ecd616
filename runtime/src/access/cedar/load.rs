//! From files to policies that can be used, or to everything that is wrong with them.
//!
//! Invariant: what is given was read and validated as a whole against the schema of the server that uses it. Every problem
//! is told with its file, line and column, and with the way out.

use std::{
    collections::{BTreeSet, HashMap},
    str::FromStr as _,
};

use cedar_policy::{Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use miette::Diagnostic;
use serde_json::Value;

use super::{
    groups::Groups,
    names::{SERVER, TOOL},
    relax::relaxed,
};
use crate::{
    access::{
        files::{ENTITIES, Files},
        settings::Reads,
    },
    catalogue::Catalogue,
    nearest::nearest_name,
    problem::Problem,
    tool::Effect,
};

/// The policy that `policy.reads = "permit"` is.
pub(super) const READS: &str = "policy.reads";

/// Where to look for what a policy may say.
const SCHEMA: &str = "`policy schema` shows what policies can speak of";

/// Policies, ready to decide.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub(super) policies: PolicySet,
    /// The same without what a call says: [`relaxed`].
    pub(super) relaxed: PolicySet,
    /// Where each policy is written.
    pub(super) places: HashMap<PolicyId, String>,
    pub(super) groups: Groups,
    /// What is suspicious, and keeps no policy from being used.
    pub(super) warnings: Vec<Problem>,
}

/// What policies are held to.
pub(super) struct Rules<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) server: &'a str,
    pub(super) schema: &'a Schema,
    pub(super) reads: Reads,
}

/// Reads and validates all files.
pub(super) fn load(files: &Files, rules: &Rules<'_>) -> Result<Loaded, Vec<Problem>> {
    let validator = Validator::new(rules.schema.clone());
    let (mut loaded, mut problems) = (Loaded::default(), Vec::new());
    for (name, text) in &files.policies {
        let source = Source { place: files.place(name), text };
        match source.policies(name) {
            Ok(policies) => {
                source.validate(&policies, &validator, &mut problems, &mut loaded.warnings);
                for policy in policies {
                    source.entities(&policy, rules, &mut problems);
                    if let Err(problem) = loaded.add(&policy, source.place_of(&policy)) {
                        problems.push(problem);
                    }
                }
            }
            Err(found) => problems.extend(found),
        }
    }
    if rules.reads == Reads::Permit {
        problems.extend(permit_reads().and_then(|policy| loaded.add(&policy, "the configuration".into())).err());
    }
    if let Some(text) = &files.entities {
        match Groups::read(text) {
            Ok(groups) => loaded.groups = groups,
            Err(wrong) => {
                problems.extend(wrong.into_iter().map(|(what, help)| Problem::new(files.place(ENTITIES), what, help)))
            }
        }
    }
    if problems.is_empty() { Ok(loaded) } else { Err(problems) }
}

/// The name of every member that some policy looks at.
pub(super) fn members(files: &Files) -> Vec<String> {
    let sets = files.policies.iter().filter_map(|(_, text)| PolicySet::from_str(text).ok());
    let mut names = BTreeSet::new();
    for set in sets {
        for policy in set.policies().filter_map(|policy| policy.to_json().ok()) {
            collect(&policy, &mut names);
        }
    }
    names.into_iter().collect()
}

/// Members are `{".": {"left": .., "attr": ".."}}`, and `has` is written alike.
fn collect(expression: &Value, names: &mut BTreeSet<String>) {
    match expression {
        Value::Object(object) => {
            names.extend(object.get("attr").and_then(Value::as_str).map(str::to_owned));
            object.values().for_each(|part| collect(part, names));
        }
        Value::Array(parts) => parts.iter().for_each(|part| collect(part, names)),
        _ => {}
    }
}

fn permit_reads() -> Result<Policy, Problem> {
    let class = super::names::class(Effect::ReadOnly);
    let text = format!("permit (principal, action in Action::{class:?}, resource);");
    Policy::parse(Some(PolicyId::new(READS)), text).map_err(|error| unusable(READS.into(), error))
}

fn unusable(place: String, error: impl ToString) -> Problem {
    Problem::new(place, error.to_string(), SCHEMA)
}

impl Loaded {
    fn add(&mut self, policy: &Policy, place: String) -> Result<(), Problem> {
        if let Some(other) = self.places.insert(policy.id().clone(), place.clone()) {
            let what = format!("the id `{}` is taken by the policy at {other}", policy.id());
            return Err(Problem::new(place, what, "give one of them another `@id(\"..\")`"));
        }
        let relaxed = relaxed(policy).map_err(|error| unusable(place.clone(), error))?;
        self.relaxed.add(relaxed).map_err(|error| unusable(place.clone(), error))?;
        self.policies.add(policy.clone()).map_err(|error| unusable(place, error))
    }
}

/// A file.
struct Source<'a> {
    place: String,
    text: &'a str,
}

impl Source<'_> {
    /// Its policies, by the ids that people know them by: `@id("..")`, or the file's name and the policy's number in it.
    fn policies(&self, name: &str) -> Result<Vec<Policy>, Vec<Problem>> {
        let set = PolicySet::from_str(self.text)
            .map_err(|errors| errors.iter().map(|error| self.problem(error, 0)).collect::<Vec<_>>())?;
        if let Some(template) = set.templates().next() {
            let what = format!("`{template}` is a template, and nothing links templates here");
            return Err(vec![Problem::new(&self.place, what, "write `==` or `in` with an entity instead of a slot")]);
        }
        let mut policies: Vec<Policy> = set.policies().cloned().collect();
        if policies.is_empty() {
            // It may have been cut off, and what it forbade would be open.
            let help = "write one, or take the file away";
            return Err(vec![Problem::new(&self.place, "there is no policy in this file", help)]);
        }
        policies.sort_by_key(start);
        let stem = name.strip_suffix(".cedar").unwrap_or(name);
        let named = policies.iter().enumerate().map(|(at, policy)| {
            let id = policy.annotation("id").filter(|id| !id.is_empty());
            policy.new_id(PolicyId::new(id.map_or_else(|| format!("{stem}#{}", at + 1), str::to_owned)))
        });
        Ok(named.collect())
    }

    fn validate(
        &self,
        policies: &[Policy],
        validator: &Validator,
        problems: &mut Vec<Problem>,
        warnings: &mut Vec<Problem>,
    ) {
        // Two policies of one id are told of elsewhere.
        let mut set = PolicySet::new();
        for policy in policies {
            let _ = set.add(policy.clone());
        }
        let at = |id: &PolicyId| policies.iter().find(|policy| policy.id() == id).map_or(0, start);
        let result = validator.validate(&set, ValidationMode::Strict);
        // The same mistake is found once for each action that the policy is for.
        let add = |to: &mut Vec<Problem>, problem: Problem| {
            if !to.contains(&problem) {
                to.push(problem);
            }
        };
        for error in result.validation_errors() {
            add(problems, self.problem(error, at(error.policy_id())));
        }
        for warning in result.validation_warnings() {
            add(warnings, self.problem(warning, at(warning.policy_id())));
        }
    }

    /// The schema says what a tool is, and not which there are.
    fn entities(&self, policy: &Policy, rules: &Rules<'_>, problems: &mut Vec<Problem>) {
        let mut unknown = |kind: &str, id: &str, known: Vec<&str>| {
            let help = match nearest_name(id, known.iter().copied()) {
                Some(nearest) => format!("did you mean `{kind}::{nearest:?}`?"),
                None => format!("known are {}", known.join(", ")),
            };
            problems.push(Problem::new(self.place_of(policy), format!("there is no `{kind}::{id:?}`"), help));
        };
        for entity in policy.entity_literals() {
            let id: &str = entity.id().as_ref();
            match entity.type_name().to_string().as_str() {
                TOOL if !rules.catalogue.entries().iter().any(|entry| &*entry.name == id) => {
                    unknown(TOOL, id, rules.catalogue.entries().iter().map(|entry| &*entry.name).collect());
                }
                SERVER if id != rules.server => unknown(SERVER, id, vec![rules.server]),
                _ => {}
            }
        }
    }

    /// `file:line:column` of a policy.
    fn place_of(&self, policy: &Policy) -> String {
        self.at(start(policy))
    }

    fn at(&self, offset: usize) -> String {
        let before = self.text.get(..offset).unwrap_or_default();
        let line = 1 + before.matches('\n').count();
        let column = 1 + before.chars().rev().take_while(|letter| *letter != '\n').count();
        format!("{}:{line}:{column}", self.place)
    }

    /// What Cedar says, at the place that it means, or else at `offset`.
    fn problem(&self, found: &dyn Diagnostic, offset: usize) -> Problem {
        let label = found.labels().and_then(|mut labels| labels.next());
        let offset = label.as_ref().map_or(offset, miette::LabeledSpan::offset);
        let detail = label.as_ref().and_then(|label| label.label()).map(|label| format!(": {label}"));
        let what = format!("{found}{}", detail.unwrap_or_default());
        let help = found.help().map_or_else(|| SCHEMA.to_owned(), |help| help.to_string());
        Problem::new(self.at(offset), what, help)
    }
}

/// Where a policy begins in its file.
fn start(policy: &Policy) -> usize {
    policy.as_ref().loc().map_or(0, |loc| loc.start())
}
