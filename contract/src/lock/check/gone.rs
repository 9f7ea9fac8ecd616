//! What was released and is no longer in the source.

use super::{Context, about, free_again};
use crate::{
    Finding, Impact, Lock, PublishedTool, Rule,
    lock::{
        file,
        target::{answering, serves, sunset},
    },
};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let released = context.released;
    for (name, majors) in &released.tools {
        let buried = |major: u64| released.tombstones.ended(name, major);
        let left: Vec<_> = majors.iter().filter(|(major, _)| !buried(**major)).collect();
        match (answering(context.published, name), left.last()) {
            (Some(tool), _) => {
                let current = file::version(tool).map_or(u64::MAX, |version| version.major);
                for (major, _) in left.iter().filter(|(major, _)| **major < current && !serves(tool, **major)) {
                    findings.push(removed(context, name, **major, false));
                }
            }
            (None, Some((major, lock))) => findings.push(match successor(context, lock) {
                Some(tool) => renamed(name, tool),
                None => removed(context, name, **major, true),
            }),
            (None, None) => {}
        }
    }
}

/// A new tool that is the old one by another name.
fn successor<'a>(context: &Context<'a>, lock: &Lock) -> Option<&'a PublishedTool> {
    let fresh = |tool: &&PublishedTool| !context.released.tools.contains_key(&tool.name);
    context.published.tools.iter().filter(fresh).find(|tool| Lock::of(tool).digests.wire == lock.digests.wire)
}

fn renamed(name: &str, tool: &PublishedTool) -> Finding {
    let why = format!("`{}` is new and takes and returns the same; callers of `{name}` find nothing", tool.name);
    Finding {
        old: Some(name.into()),
        new: Some(tool.name.clone().into()),
        shifts_model: true,
        fix: Some(format!("write `alias = \"{name}\"` in the attribute of `{}`", tool.name)),
        ..about(name, Rule::ToolRenamed, Impact::Major, "/name", why)
    }
}

fn removed(context: &Context<'_>, name: &str, major: u64, whole: bool) -> Finding {
    let day = sunset(context.released, name, major, whole);
    let what = if whole { format!("`{name}`") } else { format!("major {major}") };
    let pointer = if whole { String::new() } else { format!("/history/{major}") };
    let free = free_again(context, name, major);
    match day {
        Some(day) if day <= context.policy.today => {
            let why = format!("{what} ended on {day}, as its callers were told");
            let fix = "nothing to mend: `cargo xtask contract bless` writes its tombstone".to_owned();
            Finding { fix: Some(fix), ..about(name, Rule::ToolRemoved, Impact::Minor, &pointer, why) }
        }
        Some(day) => {
            let why = format!("{what} is promised until {day}");
            let fix = if whole {
                format!("put it back until {day}")
            } else {
                format!("put `history(\"{major}\" => ..)` back until {day}")
            };
            Finding { fix: Some(fix + &free), ..about(name, Rule::ToolRemoved, Impact::Major, &pointer, why) }
        }
        None => {
            let why = format!("{what} was released, and its callers were never told that it ends");
            let dates = "`deprecated` and `sunset`";
            let fix = if whole {
                format!("put it back with {dates} in its attribute, and delete it after that day")
            } else {
                format!("put `history(\"{major}\" => ..)` back with {dates}, and delete it after that day")
            };
            Finding { fix: Some(fix + &free), ..about(name, Rule::ToolRemoved, Impact::Major, &pointer, why) }
        }
    }
}
