//! The current major of a tool against what was released of it, and its promises against every older major.

use semver::Version;
use serde_json::Value;

use super::{Context, about, free_again, gates};
use crate::{
    Finding, Impact, Lock, Part, PublishedTool, Rule, ToolContract, compare_tools,
    lock::{
        file,
        target::{answering, locked},
    },
};

/// Promises that no shim keeps: a call of an older major runs the current function.
const KEPT_BY_NO_SHIM: [Rule; 4] =
    [Rule::EffectMoreDangerous, Rule::IdempotentLost, Rule::OpenWorldGained, Rule::ScopeAdded];

pub(super) fn check(context: &Context<'_>, tool: &PublishedTool, findings: &mut Vec<Finding>) {
    let Some(version) = file::version(tool) else {
        let why = format!("`{}` is not semver, so that nothing can be said about it", tool.version);
        findings.push(about(&tool.name, Rule::NotBlessed, Impact::Error, "/version", why));
        return;
    };
    let majors = context.released.tools.get(&tool.name);
    let newest = majors.and_then(|majors| majors.last_key_value()).map(|(major, lock)| (*major, lock));
    match (newest, majors.and_then(|majors| majors.get(&version.major))) {
        (Some((newest, lock)), _) if version.major < newest => decreased(tool, lock, findings),
        (_, Some(lock)) => compatible(context, tool, &version, lock, findings),
        (None, None) if locked(tool, context.released).is_some() => added(context, tool, findings),
        (_, None) => {}
    }
    promises(context, tool, &version, findings);
}

fn added(context: &Context<'_>, tool: &PublishedTool, findings: &mut Vec<Finding>) {
    let old_name = |alias: &&String| {
        let answers = answering(context.published, alias).is_some_and(|other| other.name == tool.name);
        answers && context.released.tools.contains_key(*alias)
    };
    let renamed = tool.aliases.iter().find(old_name).and_then(|alias| context.released.tools.get(alias));
    let Some((major, lock)) = renamed.and_then(|majors| majors.last_key_value()) else {
        let why = "a new tool; a model may choose it where it chose another one".to_owned();
        let finding = about(&tool.name, Rule::ToolAdded, Impact::Minor, "", why);
        findings.push(Finding { shifts_model: true, ..finding });
        return;
    };
    let found = compare_tools(&lock.contract(), &ToolContract::from(tool));
    let same = file::version(tool).is_some_and(|version| version.major == *major);
    findings.extend(
        found
            .into_iter()
            .filter(|finding| same || finding.rule == Rule::ToolRenamed || KEPT_BY_NO_SHIM.contains(&finding.rule)),
    );
}

fn decreased(tool: &PublishedTool, lock: &Lock, findings: &mut Vec<Finding>) {
    let why = format!("{} was released, and the source says {}", lock.version, tool.version);
    findings.push(Finding {
        old: Some(Value::from(lock.version.clone())),
        new: Some(Value::from(tool.version.clone())),
        fix: Some(format!("write `version = \"{}\"`, or a higher one", lock.version)),
        ..about(&tool.name, Rule::VersionDecreased, Impact::Error, "/version", why)
    });
}

fn compatible(
    context: &Context<'_>,
    tool: &PublishedTool,
    version: &Version,
    lock: &Lock,
    findings: &mut Vec<Finding>,
) {
    let Some(before) = lock.semver() else { return };
    if version.cmp_precedence(&before).is_lt() {
        return decreased(tool, lock, findings);
    }
    let mut found = compare_tools(&lock.contract(), &ToolContract::from(tool));
    let next = before.major + 1;
    for fix in found.iter_mut().filter_map(|finding| finding.fix.as_mut()) {
        // Schemas know no majors, so their advice is about the first.
        *fix = fix.replace("history(\"1\" =>", &format!("history(\"{}\" =>", before.major));
    }
    for finding in found.iter_mut().filter(|finding| finding.impact >= Impact::Unknown && finding.fix.is_none()) {
        finding.fix = Some(match finding.rule {
            rule if KEPT_BY_NO_SHIM.contains(&rule) => {
                "take it back, or make another tool of it: no shim keeps such a promise".into()
            }
            _ => format!(
                "take it back, or write `version = \"{next}.0.0\"` and keep major {} with a shim: \
                 `history(\"{}\" => {{ .. }})`",
                before.major, before.major
            ),
        });
    }
    if let Some(needed) = needed(context, tool, version, lock, &found) {
        let why = format!("the change from {before} needs {}", needed.what);
        let fix = if needed.breaks {
            let keep = format!("history(\"{}\" => {{ .. }})", before.major);
            format!("take the breaking change back, or write `version = \"{}\", {keep}`", needed.version)
        } else {
            format!("write `version = \"{}\"`", needed.version)
        };
        findings.push(Finding {
            old: Some(Value::from(lock.version.clone())),
            new: Some(Value::from(tool.version.clone())),
            fix: Some(fix + &free_again(context, &tool.name, before.major)),
            ..about(&tool.name, Rule::BumpTooSmall, Impact::Error, "/version", why)
        });
    }
    findings.extend(found);
}

struct Needed {
    what: &'static str,
    breaks: bool,
    version: String,
}

/// The version that the change needs, when the source's is too low.
fn needed(
    context: &Context<'_>,
    tool: &PublishedTool,
    version: &Version,
    lock: &Lock,
    found: &[Finding],
) -> Option<Needed> {
    let before = lock.semver()?;
    let breaks = found.iter().any(|finding| finding.impact == Impact::Major && gates(finding, context.policy));
    let marked = lock.lifecycle.deprecated.is_none() && tool.lifecycle.deprecated.is_some();
    let adds = marked || found.iter().any(|finding| finding.impact >= Impact::Minor);
    let Version { major, minor, patch, .. } = before;
    if breaks {
        Some(Needed { what: "a major bump", breaks, version: format!("{}.0.0", major + 1) })
    } else if adds {
        let raised = version.minor > minor;
        (!raised).then(|| Needed { what: "a minor bump", breaks, version: format!("{major}.{}.0", minor + 1) })
    } else {
        let after = Lock::of(tool);
        let same = lock.definition == after.definition && lock.promises == after.promises;
        let raised = version.cmp_precedence(&before).is_gt();
        (!same && !raised).then(|| Needed {
            what: "a patch bump",
            breaks,
            version: format!("{major}.{minor}.{}", patch + 1),
        })
    }
}

/// Majors that are served beside the current one run its function, and so have its effects and need its scopes.
fn promises(context: &Context<'_>, tool: &PublishedTool, version: &Version, findings: &mut Vec<Finding>) {
    let now = ToolContract::from(tool);
    for older in tool.history.iter().filter(|older| older.major != version.major) {
        let Some(lock) = context.released.promised(tool, older.major) else { continue };
        for finding in compare_tools(&lock.contract(), &now) {
            let kept = KEPT_BY_NO_SHIM.contains(&finding.rule) && finding.part == Part::Tool;
            if kept && finding.impact >= Impact::Unknown {
                findings.push(Finding {
                    why: format!("calls of major {} run this function, too: {}", older.major, finding.why),
                    fix: Some(
                        "make another tool of it and leave this one as it was: no shim keeps such a promise".into(),
                    ),
                    ..finding
                });
            }
        }
    }
}
