//! What `bless` would write.

use super::{Context, stops};
use crate::{
    Finding, Lock, LockSet, Rule, Surface,
    lock::{file::problem, tombstones},
};

/// A file that is not as it should be.
pub(in crate::lock) struct Difference {
    pub(in crate::lock) path: String,
    pub(in crate::lock) tool: Option<String>,
    pub(in crate::lock) why: String,
}

pub(super) fn check(context: &Context<'_>, target: &LockSet, findings: &mut Vec<Finding>) {
    // Where something else is to be mended first, "bless it" would be the wrong advice.
    let stopped: Vec<_> = findings.iter().filter(|finding| stops(finding, context.policy)).cloned().collect();
    for Difference { path, tool, why } in differences(target, context.lock) {
        let first = |finding: &Finding| {
            tool.is_none() || finding.tool == tool || finding.pointer.split(['#', ':']).next() == Some(&path)
        };
        if !stopped.iter().any(first) {
            let fix = Some("run `cargo xtask contract bless` and commit what it writes".to_owned());
            findings.push(Finding { fix, ..problem(Rule::NotBlessed, tool.as_deref(), path, why) });
        }
    }
}

/// The files in which a lock differs from what it should be.
pub(in crate::lock) fn differences(target: &LockSet, lock: &LockSet) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (name, majors) in &target.tools {
        for (major, wanted) in majors {
            let why = match lock.lock(name, *major) {
                Some(there) if there == wanted => continue,
                Some(there) if there.promises_as(wanted) => {
                    format!("the dates of {} are not in the lock", there.version)
                }
                Some(there) if there.version == wanted.version => {
                    format!("{} in the lock is not as the source has it", there.version)
                }
                Some(there) => format!("the lock has {}, and not {}", there.version, wanted.version),
                None => format!("{} is not in the lock", wanted.version),
            };
            differences.push(Difference { path: Lock::path(name, *major), tool: Some(name.clone()), why });
        }
    }
    for (name, what) in target.tombstones.missing_in(&lock.tombstones) {
        let why = format!("{what} of `{name}` is not in the lock");
        differences.push(Difference { path: tombstones::PATH.to_owned(), tool: None, why });
    }
    for (release, surface) in &target.surfaces {
        if lock.surfaces.get(release) != Some(surface) {
            let why = format!("what {release} serves is not in the lock");
            differences.push(Difference { path: Surface::path(release), tool: None, why });
        }
    }
    differences
}
