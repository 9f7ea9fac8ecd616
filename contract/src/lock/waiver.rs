//! Findings that a person accepted for a time, each for a reason.
//!
//! A waiver names one finding by its fingerprint, so that it can't cover the next change of the same kind. Rules of the
//! lock itself ([`Impact::Error`]) can't be waived.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Date, Finding, Impact, Part, Rule, digest};

/// The file, relative to the root of a server's package.
pub(crate) const PATH: &str = "contracts/waivers.toml";

/// The contents of `contracts/waivers.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waivers {
    /// Each `[[waiver]]`.
    #[serde(default, rename = "waiver")]
    pub waivers: Vec<Waiver>,
}

/// One accepted finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// The rule that found it.
    pub rule: Rule,
    /// The finding's [`fingerprint`].
    pub fingerprint: String,
    /// Why it is accepted.
    pub reason: String,
    /// The last day on which it is, `YYYY-MM-DD`.
    pub expires: String,
}

/// What is left of findings when waivers were applied.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Waived {
    /// What still counts, and what is wrong with the waivers themselves.
    pub findings: Vec<Finding>,
    /// What was waived.
    pub waived: Vec<Finding>,
}

/// Twelve hexadecimal digits that name a finding: they change with its rule, place or values, not with its wording.
pub fn fingerprint(finding: &Finding) -> String {
    let Finding { rule, tool, part, pointer, old, new, .. } = finding;
    let named = json!({ "rule": rule, "tool": tool, "part": part, "pointer": pointer, "old": old, "new": new });
    digest(&named).trim_start_matches("sha256:").chars().take(12).collect()
}

impl Waivers {
    /// Whether a waiver that has not expired names the finding.
    pub fn cover(&self, finding: &Finding, today: Date) -> bool {
        if finding.impact == Impact::Error || self.waivers.is_empty() {
            return false;
        }
        let print = fingerprint(finding);
        let names = |waiver: &&Waiver| waiver.rule == finding.rule && waiver.fingerprint == print;
        self.waivers.iter().filter(names).any(|waiver| waiver.expires.parse().is_ok_and(|last: Date| today <= last))
    }

    /// Takes out what is waived, and adds a finding for each waiver that has expired or names nothing.
    pub fn apply(&self, findings: Vec<Finding>, today: Date) -> Waived {
        let prints: Vec<_> = findings.iter().map(|finding| (finding.rule, fingerprint(finding))).collect();
        let (waived, mut left): (Vec<_>, Vec<_>) = findings.into_iter().partition(|finding| self.cover(finding, today));
        for (index, waiver) in self.waivers.iter().enumerate() {
            let at = format!("/waiver/{index}");
            match waiver.expires.parse::<Date>() {
                Err(error) => left.push(problem(
                    waiver,
                    at,
                    Rule::WaiverExpired,
                    Impact::Error,
                    format!("`expires`: {error}"),
                    "write the last day on which the finding is accepted".into(),
                )),
                Ok(last) if last < today => left.push(problem(
                    waiver,
                    at,
                    Rule::WaiverExpired,
                    Impact::Error,
                    format!("this waiver ended on {last}: {}", waiver.reason),
                    "mend what it waived and remove it, or decide again and write a later `expires`".into(),
                )),
                Ok(_) if !prints.iter().any(|(rule, print)| (*rule, print) == (waiver.rule, &waiver.fingerprint)) => {
                    left.push(problem(
                        waiver,
                        at,
                        Rule::WaiverUnused,
                        Impact::Minor,
                        "no finding has this rule and this fingerprint".into(),
                        "remove it".into(),
                    ));
                }
                Ok(_) => {}
            }
        }
        Waived { findings: left, waived }
    }
}

fn problem(waiver: &Waiver, pointer: String, rule: Rule, impact: Impact, why: String, fix: String) -> Finding {
    let named = format!("{} {}", waiver.rule, waiver.fingerprint);
    Finding {
        rule,
        tool: None,
        part: Part::Lock,
        pointer: format!("{PATH}#{pointer}"),
        old: None,
        new: Some(Value::String(named)),
        impact,
        shifts_model: false,
        why,
        witness: None,
        fix: Some(fix),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(impact: Impact) -> Finding {
        Finding {
            rule: Rule::PropRemoved,
            tool: Some("search".into()),
            part: Part::Input,
            pointer: "/properties/q".into(),
            old: Some(json!({ "type": "string" })),
            new: None,
            impact,
            shifts_model: false,
            why: "gone".into(),
            witness: None,
            fix: None,
        }
    }

    fn waivers(expires: &str, print: String) -> Waivers {
        let waiver =
            Waiver { rule: Rule::PropRemoved, fingerprint: print, reason: "agreed".into(), expires: expires.into() };
        Waivers { waivers: vec![waiver] }
    }

    #[test]
    fn the_fingerprint_holds_through_rewording_and_changes_with_the_values() {
        let one = finding(Impact::Major);
        let reworded =
            Finding { why: "removed".into(), impact: Impact::Minor, fix: Some("put it back".into()), ..one.clone() };
        let other = Finding { old: Some(json!({ "type": "integer" })), ..one.clone() };
        assert_eq!(fingerprint(&one), fingerprint(&reworded));
        assert_ne!(fingerprint(&one), fingerprint(&other));
        assert_eq!(fingerprint(&one).len(), 12);
    }

    #[test]
    fn what_a_waiver_does_depends_on_the_day_the_fingerprint_and_the_impact() {
        let print = fingerprint(&finding(Impact::Major));
        let (gone, expired, unused) = (Rule::PropRemoved, Rule::WaiverExpired, Rule::WaiverUnused);
        for (name, expires, print, impact, left) in [
            ("before the end", "2026-12-01", print.clone(), Impact::Major, vec![]),
            ("on the last day", "2026-11-22", print.clone(), Impact::Unknown, vec![]),
            ("the day after", "2026-11-21", print.clone(), Impact::Major, vec![gone, expired]),
            ("no date", "soon", print.clone(), Impact::Major, vec![gone, expired]),
            ("another finding", "2026-12-01", "0123456789ab".into(), Impact::Major, vec![gone, unused]),
            ("a rule of the lock", "2026-12-01", print, Impact::Error, vec![gone]),
        ] {
            let applied = waivers(expires, print).apply(vec![finding(impact)], "2026-11-22".parse().unwrap());
            assert_eq!(applied.findings.iter().map(|finding| finding.rule).collect::<Vec<_>>(), left, "{name}");
            assert_eq!(applied.waived.len(), usize::from(left.is_empty()), "{name}");
        }
    }
}
