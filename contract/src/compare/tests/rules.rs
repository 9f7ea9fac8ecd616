//! Every rule fires where it should, and not beside it.

use std::collections::BTreeSet;

use super::{
    cases::{Case, cases},
    *,
};
use Direction::{Input, Output};

#[test]
fn every_rule_fires_with_its_impact_in_both_directions() {
    let mut wrong = Vec::new();
    for Case { rule, old, new, input, output, .. } in cases() {
        for (direction, expected) in [(Input, input), (Output, output)] {
            let comparison = emitted(&old, &new, direction);
            let found = impact_of(&comparison, rule);
            if found != expected {
                wrong.push(format!(
                    "{rule} {direction:?}: {found:?}, not {expected:?}\n  {old}\n  {new}\n  {}",
                    told(&comparison)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_rule_fires_on_what_is_near_to_it() {
    let mut wrong = Vec::new();
    for Case { rule, miss: (old, new), .. } in cases() {
        for direction in [Input, Output] {
            let comparison = emitted(&old, &new, direction);
            if impact_of(&comparison, rule).is_some() {
                wrong.push(format!("{rule} {direction:?}\n  {old}\n  {new}\n  {}", told(&comparison)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What breaks arguments on the way from A to B breaks results on the way from B to A.
#[test]
fn arguments_there_are_results_back() {
    /// Rules of meaning look at time, not at sets: what was there before and is not now. The way back adds it. A
    /// default speaks to who leaves an argument out; results are never left out to a default.
    const ONE_WAY: [Rule; 8] = [
        Rule::PropRemoved,
        Rule::PropRemovedIgnored,
        Rule::PropAddedOptional,
        Rule::PropAddedToClosed,
        Rule::PropAddedRequired,
        Rule::DefaultChanged,
        Rule::DefaultRemoved,
        // Closing is judged with undeclared members for arguments, which callers may have sent; results are the tool's.
        Rule::Closed,
    ];
    for Case { rule, old, new, .. } in cases().into_iter().filter(|case| !ONE_WAY.contains(&case.rule)) {
        let (there, back) = (emitted(&old, &new, Input), emitted(&new, &old, Output));
        if there.findings.iter().chain(&back.findings).any(|finding| ONE_WAY.contains(&finding.rule)) {
            continue;
        }
        assert_eq!(there.verdict, back.verdict, "{rule}\n{old}\n{new}\n{}\n{}", told(&there), told(&back));
    }
    for Case { rule, old, new, .. } in cases() {
        let there = checked(&old, &new, Input, Mode::Strict);
        let back = checked(&new, &old, Output, Mode::Strict);
        assert_eq!(there.verdict, back.verdict, "strict, {rule}\n{old}\n{new}\n{}\n{}", told(&there), told(&back));
    }
}

#[test]
fn every_rule_about_schemas_has_a_case() {
    let last = Rule::ALL.iter().position(|rule| *rule == Rule::DialectChanged).unwrap();
    let tested: BTreeSet<Rule> = cases().into_iter().map(|case| case.rule).collect();
    let missing: Vec<&Rule> = Rule::ALL[..=last].iter().filter(|rule| !tested.contains(rule)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn plain_inclusion_does_not_look_at_meaning() {
    let names = [
        Rule::DefaultAdded,
        Rule::DefaultChanged,
        Rule::DefaultRemoved,
        Rule::DescriptionChanged,
        Rule::TitleChanged,
        Rule::ExamplesChanged,
        Rule::DialectChanged,
        Rule::DeprecatedMarked,
    ];
    for Case { old, new, .. } in cases() {
        for direction in [Input, Output] {
            let comparison = checked(&old, &new, direction, Mode::Strict);
            assert!(comparison.findings.iter().all(|finding| !names.contains(&finding.rule)), "{}", told(&comparison));
        }
    }
}

fn told(comparison: &Comparison) -> String {
    let findings = comparison.findings.iter().map(|finding| {
        let witness = finding.witness.as_ref().map(|witness| format!(" {} ({})", witness.instance, witness.shows));
        format!("{} {:?} at `{}`{}", finding.rule, finding.impact, finding.pointer, witness.unwrap_or_default())
    });
    let findings: Vec<String> = findings.collect();
    format!("{:?} {:?}: {}", comparison.verdict, comparison.reason, findings.join("; "))
}
