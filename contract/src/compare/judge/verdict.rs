//! Puts the verdict together from what was found, and adds the finding without which it would have no reason.

use std::collections::HashMap;

use serde_json::Value;

use super::{Equality, Whole};
use crate::{
    Comparison, Direction, Finding, Impact, Mode, Part, Rule, Verdict, Witness,
    compare::{
        change::{Change, Kind},
        unseen::{self, Unseen},
        walk::Walk,
        words,
    },
};

/// A change as a finding.
pub(super) fn finding(walk: &Walk<'_>, change: &Change, impact: Impact, witness: Option<Witness>) -> Finding {
    Finding {
        rule: change.rule,
        tool: None,
        part: part(walk.direction),
        pointer: change.pointer.clone(),
        old: change.old.clone(),
        new: change.new.clone(),
        impact,
        shifts_model: change.shifts_model,
        why: words::why(change, impact, walk.direction),
        witness,
        fix: (impact >= Impact::Unknown).then(|| words::fix(change, walk.direction)),
    }
}

fn part(direction: Direction) -> Part {
    match direction {
        Direction::Input => Part::Input,
        Direction::Output => Part::Output,
    }
}

/// The whole comparison; `explained` when a finding says why the whole is refuted.
pub(super) fn conclude(walk: &Walk<'_>, whole: Whole, explained: bool, mut findings: Vec<Finding>) -> Comparison {
    let mut reason = match (&whole, walk.unfinished, walk.mode) {
        (Whole::Undecided(reason), ..) => Some(reason.clone()),
        (_, Some(unfinished), Mode::Emitted) => Some(unfinished.to_owned()),
        _ => None,
    };
    let part = part(walk.direction);
    match &whole {
        Whole::Fails(witness) if !explained => {
            findings.push(extra(part, Impact::Major, "no single change is to blame", Some(witness.clone())));
        }
        Whole::Holds(Equality::Proved) if findings.iter().all(|finding| is_note(walk, finding.rule)) => {
            let why = "The schemas are written in different ways and allow the same values.".to_owned();
            let rule = Rule::RefRefactor;
            findings.push(Finding { rule, why, ..extra(part, Impact::Patch, "", None) });
        }
        Whole::Holds(Equality::Open) if findings.iter().all(|finding| is_note(walk, finding.rule)) => {
            findings.push(extra(part, Impact::Minor, "nothing that was allowed before is refused", None));
        }
        _ => {}
    }
    if let (Some(reason), false) = (&reason, findings.iter().any(|finding| finding.impact >= Impact::Unknown)) {
        findings.push(extra(
            part,
            Impact::Unknown,
            &format!("it could not be decided whether it is safe ({reason})"),
            None,
        ));
    }
    if findings.iter().all(|finding| finding.impact < Impact::Unknown)
        && walk.mode == Mode::Emitted
        && !matches!(whole, Whole::Holds(Equality::Written))
        && let Some(why) = vanished(walk, &findings)
    {
        reason.get_or_insert_with(|| why.clone());
        findings.push(Finding { rule: Rule::PropRemoved, why, ..extra(part, Impact::Unknown, "", None) });
    }
    findings.sort_by(|one, other| {
        other.impact.cmp(&one.impact).then_with(|| one.pointer.cmp(&other.pointer)).then(one.rule.cmp(&other.rule))
    });
    deduplicate(&mut findings);
    let verdict = match findings.first().map(|finding| finding.impact) {
        Some(Impact::Major | Impact::Error) => Verdict::Breaking,
        Some(Impact::Unknown) => Verdict::Unknown,
        _ => Verdict::Compatible,
    };
    if verdict == Verdict::Unknown && reason.is_none() {
        reason = findings.first().map(|finding| finding.why.clone());
    }
    let witness = match whole {
        Whole::Fails(witness) => Some(witness),
        _ if verdict == Verdict::Breaking => findings.iter().find_map(|finding| finding.witness.clone()),
        _ => None,
    };
    let reason = reason.filter(|_| verdict == Verdict::Unknown);
    Comparison { verdict, findings, witness: witness.map(|witness| witness.instance), reason }
}

/// Why a member may have vanished although no change says so.
fn vanished(walk: &Walk<'_>, findings: &[Finding]) -> Option<String> {
    // A result that is a variant less has the members of that variant less; that was judged with the variant.
    let narrower = |finding: &Finding| finding.rule == Rule::VariantRemoved;
    if walk.direction == Direction::Output && findings.iter().any(narrower) {
        return None;
    }
    let removed = [Rule::PropRemoved, Rule::PropRemovedIgnored, Rule::PropRenamed];
    let judged: Vec<&str> = walk
        .changes
        .iter()
        .filter(|change| removed.contains(&change.rule))
        .map(|change| change.subject.as_str())
        .collect();
    let known = |name: &str| judged.iter().any(|subject| subject.split(" => ").next() == Some(name));
    match unseen::look(walk.old, walk.new, known) {
        Unseen::Nothing => None,
        Unseen::Removed(path) => Some(format!("the member `{path}` was declared, and nothing speaks of it any more.")),
        Unseen::TooMuch => Some("the schemas are too entangled to see whether a member was removed.".into()),
    }
}

/// A finding about the whole that no change stands for.
fn extra(part: Part, impact: Impact, why: &str, witness: Option<Witness>) -> Finding {
    let rule = Rule::SchemaChanged;
    let fix = "take the change back, or raise the major and declare a shim: `history(\"1\" => { .. })`";
    Finding {
        rule,
        tool: None,
        part,
        pointer: String::new(),
        old: None,
        new: None,
        impact,
        shifts_model: false,
        why: format!("{}: {why}.", rule.summary().trim_end_matches('.')),
        witness,
        fix: (impact >= Impact::Unknown).then(|| fix.to_owned()),
    }
}

/// A definition that several places use is reported once, by the gravest of them.
fn deduplicate(findings: &mut Vec<Finding>) {
    type Sides = (Option<Value>, Option<Value>);
    let mut known: HashMap<(Rule, String), Vec<Sides>> = HashMap::new();
    findings.retain(|finding| {
        let sides = (finding.old.clone(), finding.new.clone());
        let same = known.entry((finding.rule, finding.pointer.clone())).or_default();
        let is_new = !same.contains(&sides);
        if is_new {
            same.push(sides);
        }
        is_new
    });
}

/// Whether a rule says nothing about what is valid.
fn is_note(walk: &Walk<'_>, rule: Rule) -> bool {
    let kind = crate::compare::table::kind(rule, walk.direction, walk.mode);
    matches!(kind, Some(Kind::Note)) || matches!(rule, Rule::DefaultAdded | Rule::DefaultChanged | Rule::DefaultRemoved)
}
