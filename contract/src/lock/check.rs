//! Source, lock and baseline, held against each other.
//!
//! Everything is judged against what was *released* ([`LockSet::released`]): the baseline where it has something, and
//! else the lock itself.

mod baseline;
mod blessed;
mod current;
mod gone;
mod retired;
mod states;
mod surfaces;

use std::collections::BTreeSet;

use super::{target::locked, target::target};
use crate::{Finding, Impact, LockSet, Part, Policy, Published, PublishedTool, Rule, fingerprint};

pub(super) use self::blessed::differences;

/// What the rules look at.
pub(super) struct Context<'a> {
    pub(super) published: &'a Published,
    pub(super) lock: &'a LockSet,
    pub(super) baseline: Option<&'a LockSet>,
    /// What may only change by the rules.
    pub(super) released: &'a LockSet,
    pub(super) policy: &'a Policy,
}

/// Every finding, tool by tool: what breaks callers, then what breaks the lock's rules, then what does neither. Waived
/// ones are among them; see [`crate::Waivers::apply`].
pub fn check(published: &Published, lock: &LockSet, baseline: Option<&LockSet>, policy: &Policy) -> Vec<Finding> {
    let released = &lock.released(baseline);
    let context = Context { published, lock, baseline, released, policy };
    let mut findings = lock.unreadable.clone();
    for finding in baseline.iter().flat_map(|baseline| &baseline.unreadable) {
        let why = format!("as it is in the baseline: {}", finding.why);
        findings.push(Finding {
            why,
            fix: Some("compare with another baseline: `--against REV`".into()),
            ..finding.clone()
        });
    }
    for tool in &published.tools {
        current::check(&context, tool, &mut findings);
        states::check(&context, tool, &mut findings);
        retired::check(&context, tool, &mut findings);
    }
    gone::check(&context, &mut findings);
    baseline::check(&context, &mut findings);
    surfaces::check(&context, &mut findings);
    let target = target(published, released, policy.today);
    blessed::check(&context, &target, &mut findings);

    let mut seen = BTreeSet::new();
    findings.retain(|finding| seen.insert((finding.rule, fingerprint(finding))));
    findings.sort_by_cached_key(|finding| {
        (finding.tool.clone(), weight(finding.impact), part(finding), finding.pointer.clone())
    });
    findings
}

/// The tools that are previews: they may change at any time, are not in the lock, and are not checked.
pub fn previews<'a>(published: &'a Published, lock: &LockSet) -> Vec<&'a PublishedTool> {
    published.tools.iter().filter(|tool| locked(tool, lock).is_none()).collect()
}

/// The way out for a major that was blessed and not released, to be added to a `fix`.
fn free_again(context: &Context<'_>, tool: &str, major: u64) -> String {
    let path = crate::Lock::path(tool, major);
    match context.baseline {
        Some(baseline) if baseline.lock(tool, major).is_none() => {
            format!("; if nobody has it (it is not in the baseline), delete `{path}` and bless again")
        }
        _ => String::new(),
    }
}

/// Whether the finding stops a check: it breaks callers, or nobody knows, or the lock's own rules are broken.
fn gates(finding: &Finding, policy: &Policy) -> bool {
    finding.impact >= Impact::Unknown && !policy.waivers.cover(finding, policy.today)
}

/// Whether nothing is blessed before the finding is dealt with.
pub(super) fn stops(finding: &Finding, policy: &Policy) -> bool {
    gates(finding, policy) && !matches!(finding.rule, Rule::NotBlessed | Rule::SunsetPassed)
}

fn weight(impact: Impact) -> u8 {
    match impact {
        Impact::Major => 0,
        Impact::Unknown => 1,
        Impact::Error => 2,
        Impact::Minor => 3,
        Impact::Patch => 4,
    }
}

fn part(finding: &Finding) -> u8 {
    match finding.part {
        Part::Input => 0,
        Part::Output => 1,
        Part::Tool => 2,
        Part::Lock => 3,
    }
}

/// A finding about a tool beside its schemas.
fn about(tool: &str, rule: Rule, impact: Impact, pointer: &str, why: String) -> Finding {
    Finding { part: Part::Tool, impact, ..super::file::problem(rule, Some(tool), pointer, why) }
}
