//! Writing down what the source promises now.

use std::collections::BTreeMap;

use super::{
    check::{check, differences, stops},
    target::target,
};
use crate::{Finding, LockSet, Policy, Published};

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Relative to the root of the server's package, with `/` between folders.
    pub path: String,
    /// Its new text.
    pub text: String,
    /// What is new in it.
    pub what: String,
}

/// What to write so that the lock says what the source promises; nothing when it does already.
///
/// # Errors
/// The findings that forbid it: what was released changes by the rules or not at all. A passed sunset date does not:
/// it asks for a change of the source.
pub fn bless(
    published: &Published,
    lock: &LockSet,
    baseline: Option<&LockSet>,
    policy: &Policy,
) -> Result<Vec<Change>, Vec<Finding>> {
    let mut findings = check(published, lock, baseline, policy);
    findings.retain(|finding| stops(finding, policy));
    if !findings.is_empty() {
        return Err(findings);
    }
    let target = target(published, &lock.released(baseline), policy.today);
    let mut files = target.files();
    let mut changes: BTreeMap<String, Change> = BTreeMap::new();
    for difference in differences(&target, lock) {
        let change = changes.entry(difference.path.clone()).or_insert_with(|| Change {
            text: files.remove(&difference.path).unwrap_or_default(),
            path: difference.path,
            what: String::new(),
        });
        if !change.what.is_empty() {
            change.what.push_str("; ");
        }
        change.what.push_str(&difference.why);
    }
    Ok(changes.into_values().collect())
}
