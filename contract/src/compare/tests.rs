//! The table of rules, case by case; then verdicts, witnesses and limits.

mod cases;
mod limits;
mod random;
mod rules;
mod verdicts;

use serde_json::Value;

use super::*;
use crate::Rule;

/// Compares the values that peers emit.
fn emitted(old: &Value, new: &Value, direction: Direction) -> Comparison {
    checked(old, new, direction, Mode::Emitted)
}

/// Compares, and checks what must hold for every comparison.
fn checked(old: &Value, new: &Value, direction: Direction, mode: Mode) -> Comparison {
    let comparison = compare(old, new, direction, mode).unwrap();
    let about = format!("{direction:?} {mode:?}\nold {old}\nnew {new}\n{comparison:#?}");
    let bump = comparison.bump().unwrap_or(Impact::Patch);
    match comparison.verdict {
        Verdict::Compatible => assert!(bump <= Impact::Minor, "{about}"),
        Verdict::Unknown => assert!(bump == Impact::Unknown && comparison.reason.is_some(), "{about}"),
        Verdict::Breaking => assert!(bump == Impact::Major, "{about}"),
    }
    let (old, new) = (Document::new(old).unwrap(), Document::new(new).unwrap());
    let (sub, sup) = if direction == Direction::Input { (&old, &new) } else { (&new, &old) };
    for finding in &comparison.findings {
        assert_eq!(finding.fix.is_some(), finding.impact >= Impact::Unknown, "{about}");
        assert!(finding.why.ends_with('.'), "{about}");
        let there = |document: &Document| document.root().pointer(&finding.pointer).is_some();
        assert!(there(&old) || there(&new), "{} points nowhere\n{about}", finding.pointer);
        let Some(witness) = &finding.witness else { continue };
        assert!(finding.impact == Impact::Major, "{about}");
        let valid = |document: &Document| document.is_valid(&witness.instance) == Some(true);
        if witness.shows.contains(" now: ") || witness.shows.contains(" before: ") {
            assert!(valid(sub) && !valid(sup), "a false witness\n{about}");
        } else {
            assert!(valid(&old) || valid(&new), "a false witness\n{about}");
        }
    }
    assert!(comparison.findings.is_sorted_by_key(|finding| std::cmp::Reverse(finding.impact)), "{about}");
    comparison
}

/// What a comparison says by a rule.
fn impact_of(comparison: &Comparison, rule: Rule) -> Option<Impact> {
    comparison.findings.iter().filter(|finding| finding.rule == rule).map(|finding| finding.impact).max()
}
