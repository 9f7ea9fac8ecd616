//! The files of the lock against those of the baseline, and against their own digests.

use super::Context;
use crate::{
    Date, Finding, Impact, Lock, Rule, compare_tools,
    lock::{file, file::problem, tombstones},
};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (name, majors) in &context.released.tools {
        for (major, before) in majors {
            let path = Lock::path(name, *major);
            if context.lock.unreadable.iter().any(|finding| finding.pointer.split(':').next() == Some(&path)) {
                continue;
            }
            let why = match context.lock.lock(name, *major) {
                None => Some("it was released, and the file is gone".to_owned()),
                Some(now) if !now.is_genuine() => Some("its digests are not those of its definition".to_owned()),
                Some(now) => against_the_rules(context, before, now, *major),
            };
            findings.extend(why.map(|why| changed(name, path, why)));
        }
    }
    let readable = context.lock.unreadable.iter().all(|finding| !finding.pointer.starts_with(tombstones::PATH));
    for (name, what) in context.released.tombstones.missing_in(&context.lock.tombstones) {
        if readable {
            findings.push(changed(&name, tombstones::PATH.to_owned(), format!("it lost {what} of `{name}`")));
        }
    }
}

fn changed(tool: &str, path: String, why: String) -> Finding {
    let fix = format!("take the released file back: `git checkout <default branch> -- {path}`");
    Finding { fix: Some(fix), ..problem(Rule::BlessedChanged, Some(tool), path, why) }
}

/// Why a released file may not have changed like this.
fn against_the_rules(context: &Context<'_>, before: &Lock, now: &Lock, major: u64) -> Option<String> {
    if before == now {
        return None;
    }
    let day = |lock: &Lock| lock.lifecycle.sunset.as_deref().and_then(|text| text.parse::<Date>().ok());
    if let (Some(promised), Some(now)) = (day(before), day(now))
        && now < promised
    {
        return Some(format!("its sunset was {promised} and is {now}"));
    }
    if before.promises_as(now) {
        return None;
    }
    let tool = context.published.tools.iter().find(|tool| tool.name == before.tool);
    if tool.and_then(file::version).is_none_or(|version| version.major != major) {
        return Some(format!("major {major} is not the current one any more, so only its dates may change"));
    }
    let (old, new) = (before.semver()?, now.semver()?);
    if new.cmp_precedence(&old).is_le() {
        return Some(format!("its contents changed, and its version went from {old} to {new}"));
    }
    let found = compare_tools(&before.contract(), &now.contract());
    let breaks = |finding: &&Finding| finding.impact == Impact::Major && super::gates(finding, context.policy);
    if let Some(finding) = found.iter().find(breaks) {
        return Some(format!("it breaks callers of {old}: {} at {:?}", finding.rule, finding.pointer));
    }
    let adds = found.iter().any(|finding| finding.impact >= Impact::Minor);
    (adds && new.minor <= old.minor).then(|| format!("the change from {old} to {new} needs a minor bump"))
}
