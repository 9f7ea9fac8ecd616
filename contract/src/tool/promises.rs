//! What an attribute promises beside the schemas: effect, idempotence, reach, scopes, timeout.

use serde_json::{Value, json};

use super::finding;
use crate::{Finding, Impact, Promises, Rule};

/// Effects from the harmless one on.
const EFFECTS: [&str; 3] = ["read_only", "additive", "destructive"];

pub(super) fn compare(old: &Promises, new: &Promises, findings: &mut Vec<Finding>) {
    effect(old, new, findings);
    flags(old, new, findings);
    scopes(old, new, findings);
    timeout(old, new, findings);
}

fn effect(old: &Promises, new: &Promises, findings: &mut Vec<Finding>) {
    if old.effect == new.effect {
        return;
    }
    let danger = |effect: &str| EFFECTS.iter().position(|known| *known == effect);
    let safer = matches!((danger(&old.effect), danger(&new.effect)), (Some(old), Some(new)) if new < old);
    let sides = (json!(old.effect), json!(new.effect));
    if safer {
        let why = "a call does less to the world, and a model may call it more freely.";
        push(findings, finding(Rule::EffectSafer, "/effect", Impact::Minor, why), sides, true, None);
    } else {
        let why = "callers that allowed the tool for what it did now allow more than they know.";
        let fix = "make it another tool: a difference in side effects is never a shim";
        push(findings, finding(Rule::EffectMoreDangerous, "/effect", Impact::Major, why), sides, false, Some(fix));
    }
}

fn flags(old: &Promises, new: &Promises, findings: &mut Vec<Finding>) {
    let rows = [
        (
            "/idempotent",
            old.idempotent,
            new.idempotent,
            (Rule::IdempotentGained, "a repeated call is now safe, and a model may repeat it."),
            (Rule::IdempotentLost, "callers that repeat a call after a failure may now do it twice."),
            // The promise that callers lean on is that it is idempotent.
            false,
        ),
        (
            "/openWorld",
            old.open_world,
            new.open_world,
            (Rule::OpenWorldGained, "what the tool reaches is now outside the server's control."),
            (Rule::OpenWorldLost, "the tool keeps to what the server controls, and a model may trust it more."),
            true,
        ),
    ];
    for (pointer, before, after, gained, lost, gain_breaks) in rows {
        if before == after {
            continue;
        }
        let (rule, why) = if after { gained } else { lost };
        let breaks = after == gain_breaks;
        let impact = if breaks { Impact::Major } else { Impact::Minor };
        let fix = breaks.then_some("keep the promise, or make another tool of it: no shim keeps such a promise");
        push(findings, finding(rule, pointer, impact, why), (json!(before), json!(after)), !breaks, fix);
    }
}

fn scopes(old: &Promises, new: &Promises, findings: &mut Vec<Finding>) {
    for scope in new.scopes.iter().filter(|scope| !old.scopes.contains(scope)) {
        let why = format!("callers without the scope `{scope}` are refused.");
        let fix = format!("do without the scope `{scope}`, or make another tool of it: no shim keeps such a promise");
        let found = finding(Rule::ScopeAdded, "/scopes", Impact::Major, &why);
        push(findings, found, (Value::Null, json!(scope)), false, Some(&fix));
    }
    for scope in old.scopes.iter().filter(|scope| !new.scopes.contains(scope)) {
        let why = format!("callers no longer need the scope `{scope}`.");
        let found = finding(Rule::ScopeRemoved, "/scopes", Impact::Minor, &why);
        push(findings, found, (json!(scope), Value::Null), false, None);
    }
}

/// No declared timeout is the longest one.
fn timeout(old: &Promises, new: &Promises, findings: &mut Vec<Finding>) {
    let millis = |promises: &Promises| promises.timeout_ms.unwrap_or(u64::MAX);
    let sides = (json!(old.timeout_ms), json!(new.timeout_ms));
    match millis(new).cmp(&millis(old)) {
        std::cmp::Ordering::Equal => {}
        std::cmp::Ordering::Less => {
            let why = "calls that took longer than this now fail.";
            push(findings, finding(Rule::TimeoutReduced, "/timeoutMs", Impact::Minor, why), sides, true, None);
        }
        std::cmp::Ordering::Greater => {
            let why = "calls may take longer.";
            push(findings, finding(Rule::TimeoutRaised, "/timeoutMs", Impact::Patch, why), sides, false, None);
        }
    }
}

fn push(
    findings: &mut Vec<Finding>,
    finding: Finding,
    (old, new): (Value, Value),
    shifts_model: bool,
    fix: Option<&str>,
) {
    let side = |value: Value| Some(value).filter(|value| !value.is_null());
    findings.push(Finding { old: side(old), new: side(new), shifts_model, fix: fix.map(str::to_owned), ..finding });
}
