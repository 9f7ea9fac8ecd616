//! Dates: deprecated, sunset, and the time between them.

use serde_json::Value;

use super::{Context, about};
use crate::{
    Date, Finding, Impact, Lifecycle, Policy, PublishedTool, Rule,
    lock::{file, target::locked},
};

pub(super) fn check(context: &Context<'_>, tool: &PublishedTool, findings: &mut Vec<Finding>) {
    if let Some(version) = locked(tool, context.released) {
        one(context, tool, version.major, &tool.lifecycle, "/lifecycle", findings);
    }
    for older in &tool.history {
        let newer = file::version(tool).is_some_and(|version| version.major <= older.major);
        if newer || context.lock.promised(tool, older.major).is_none() {
            unknown(context, tool, older.major, newer, findings);
        }
        one(context, tool, older.major, &older.lifecycle, &format!("/history/{}", older.major), findings);
    }
}

fn unknown(context: &Context<'_>, tool: &PublishedTool, major: u64, newer: bool, findings: &mut Vec<Finding>) {
    let (why, fix) = if newer {
        (format!("major {major} is not older than {}", tool.version), "remove the entry".to_owned())
    } else {
        let file = crate::Lock::path(&tool.name, major);
        let fix = match context.baseline.and_then(|baseline| baseline.promised(tool, major)) {
            Some(_) => format!("take `{file}` back from the default branch"),
            None => format!("take `{file}` from the release that had it, or remove the entry"),
        };
        (format!("the lock has no `{file}`"), fix)
    };
    let pointer = format!("/history/{major}");
    let finding = about(&tool.name, Rule::HistoryUnknown, Impact::Error, &pointer, why);
    findings.push(Finding { fix: Some(fix), ..finding });
}

fn one(
    context: &Context<'_>,
    tool: &PublishedTool,
    major: u64,
    now: &Lifecycle,
    pointer: &str,
    findings: &mut Vec<Finding>,
) {
    let policy = context.policy;
    let released = context.released.promised(tool, major);
    let before = released.map(|lock| lock.lifecycle.clone()).unwrap_or_default();
    let mut find = |rule, impact, key: &str, why: String, fix: String, old: Option<&String>, new: Option<&String>| {
        findings.push(Finding {
            old: old.cloned().map(Value::from),
            new: new.cloned().map(Value::from),
            fix: Some(fix),
            ..about(&tool.name, rule, impact, &format!("{pointer}/{key}"), why)
        });
    };
    let (deprecated, sunset) = match (date(now.deprecated.as_ref()), date(now.sunset.as_ref())) {
        (Ok(deprecated), Ok(sunset)) => (deprecated, sunset),
        (Err(why), _) | (_, Err(why)) => {
            let fix = "write a day of the calendar as `2026-12-31`".to_owned();
            return find(Rule::SunsetTooSoon, Impact::Error, "", why, fix, None, None);
        }
    };
    if released.is_some() && before.deprecated.is_none() && now.deprecated.is_some() {
        let why = format!("callers of major {major} are told to move on");
        let fix = "nothing to mend: say in `note` what callers should change".to_owned();
        find(Rule::DeprecatedMarked, Impact::Minor, "deprecated", why, fix, None, now.deprecated.as_ref());
    }
    let Some(sunset) = sunset else { return };
    let announced = before.sunset.as_deref().and_then(|text| text.parse::<Date>().ok());
    if let Some(announced) = announced.filter(|announced| sunset < *announced) {
        let why = format!("callers of major {major} were promised {announced}");
        let fix = format!("write `sunset = \"{announced}\"`, or a later day");
        find(Rule::SunsetEarlier, Impact::Error, "sunset", why, fix, before.sunset.as_ref(), now.sunset.as_ref());
    }
    let Some(deprecated) = deprecated else {
        let why = format!("major {major} has a `sunset` and no `deprecated`, so that nobody is warned");
        let fix = format!("write `deprecated = \"{}\"`", policy.today);
        return find(Rule::SunsetTooSoon, Impact::Error, "sunset", why, fix, None, now.sunset.as_ref());
    };
    let since = notice(deprecated, before.deprecated.as_deref().and_then(|text| text.parse().ok()), policy);
    let earliest = since.plus_months(policy.floor_months);
    if sunset < earliest {
        let why = format!("callers of major {major} get less than {} months from {since}", policy.floor_months);
        let fix = format!("write `sunset = \"{earliest}\"`, or a later day");
        find(Rule::SunsetTooSoon, Impact::Error, "sunset", why, fix, now.deprecated.as_ref(), now.sunset.as_ref());
    }
    if sunset <= policy.today {
        let whole = pointer == "/lifecycle";
        let what = if whole { "the tool".to_owned() } else { format!("the entry \"{major}\" of `history`") };
        let why = format!("major {major} ended on {sunset}, and the source still has it");
        let fix = format!("delete {what} and run `cargo xtask contract bless`, or write a later `sunset`");
        find(Rule::SunsetPassed, Impact::Error, "sunset", why, fix, None, now.sunset.as_ref());
    }
}

/// The day from which callers were warned. A date in the past warns nobody: the day of the release does.
fn notice(deprecated: Date, announced: Option<Date>, policy: &Policy) -> Date {
    deprecated.max(announced.unwrap_or_else(|| policy.today.minus_months(Policy::BACKDATED_MONTHS)))
}

fn date(text: Option<&String>) -> Result<Option<Date>, String> {
    text.map(|text| text.parse::<Date>().map_err(|error| error.to_string())).transpose()
}
