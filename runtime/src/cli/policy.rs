//! A tool's effective policy: what its calls are held to, in a few words and in full, with who said so.
//!
//! Invariant: numbers are the engine's own, so that what is shown is what is enforced. Only where they come from is
//! looked up again, in the attribute and in the configuration.

use serde_json::{Map, Value, json};

use crate::{
    catalogue::Entry,
    config::{Settings, ToolSettings, UpstreamSettings},
    confirm::ConfirmBy,
    context::Time,
    duration::{self, millis},
    engine::Engine,
    policy::UpstreamPolicy,
    tool::{Effect, Promise, TaskSupport, Upstream},
};

/// What is enforced, in the order of a call's life.
pub(super) fn enforced(entry: &Entry, engine: &Engine) -> String {
    let policy = engine.policy(entry);
    let mutation = entry.declaration.effect != Effect::ReadOnly;
    let words = [
        Some(duration::text(policy.timeout)),
        policy.attempt_timeout.map(|limit| format!("attempt {}", duration::text(limit))),
        (policy.retries > 0).then(|| format!("retry {}", policy.retries)),
        policy.rate.map(|rate| rate.to_string()),
        policy.upstream.map(|at| format!("breaker {}", engine.upstreams[at].policy.name)),
        policy.fallback.then(|| "fallback".into()),
        policy.stale.map(|limit| format!("stale {}", duration::text(limit))),
        mutation.then(|| "idempotency key".into()),
        (!entry.declaration.scopes.is_empty()).then(|| format!("scopes {}", entry.declaration.scopes.join(" "))),
        engine.access.policies.is_some().then(|| "policies".into()),
        policy.confirmation.map(|by| match by {
            ConfirmBy::Client => "confirmation".into(),
            ConfirmBy::Approver => "approval".into(),
            ConfirmBy::Off => "confirmation off".into(),
        }),
        #[cfg(feature = "egress")]
        (!policy.egress.is_empty())
            .then(|| format!("egress {}", policy.egress.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))),
        entry.declaration.task.map(|task| if task.required { "task required".into() } else { "task".into() }),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// What is declared and not enforced yet.
pub(super) fn declared(entry: &Entry) -> String {
    let words = entry.declaration.unenforced().into_iter().map(|promise| match promise {
        Promise::Slo => "slo",
    });
    words.collect::<Vec<_>>().join(" · ")
}

/// Why calls are refused, where somebody switched them off: the name of the refusal, and the words.
pub(super) fn off(entry: &Entry, engine: &Engine) -> Option<(&'static str, String)> {
    engine.switches.check(entry).err().map(|stop| (stop.name(), stop.to_string()))
}

/// What is enforced, in full. Times are in milliseconds, ratios in percent, as the configuration writes them.
pub(super) fn as_json(entry: &Entry, engine: &Engine, settings: &Settings) -> Value {
    let (policy, declaration) = (engine.policy(entry), &entry.declaration);
    let set = settings.tools.iter().find(|(name, _)| *name == *entry.name);
    let set = set.map_or_else(ToolSettings::default, |(_, set)| set.clone());
    let wanted = set.timeout.or(declaration.timeout).unwrap_or(settings.limits.default_timeout);
    let timeout_from = match policy.timeout < wanted {
        true => "limits.deadline",
        false => from(set.timeout.is_some(), declaration.timeout.is_some()),
    };
    let attempt_from = from(set.attempt_timeout.is_some(), declaration.attempt_timeout.is_some());
    let mut enforced = object([
        ("timeout_ms", millis(policy.timeout).into(), timeout_from),
        ("attempt_timeout_ms", policy.attempt_timeout.map(millis).into(), attempt_from),
        ("retry", policy.retries.into(), from(set.retry.is_some(), declaration.retry > 0)),
        ("retry_base_ms", millis(engine.backoff.base).into(), "retry.base"),
        ("retry_cap_ms", millis(engine.backoff.cap).into(), "retry.cap"),
        (
            "rate_limit",
            policy.rate.map(|rate| rate.to_string()).into(),
            from(set.rate_limit.is_some(), declaration.rate_limit.is_some()),
        ),
        ("stale_ms", policy.stale.map(millis).into(), from(set.stale.is_some(), declaration.stale.is_some())),
        (
            "fallback",
            declaration.fallback.filter(|_| policy.fallback).into(),
            from(set.fallback.is_some(), declaration.fallback.is_some()),
        ),
        ("idempotency_key", (declaration.effect != Effect::ReadOnly).into(), "attribute"),
        ("scopes", json!(declaration.scopes), "attribute"),
        (
            "confirmation",
            policy.confirmation.map(ConfirmBy::as_str).into(),
            if set.confirmation.is_some() { "configuration" } else { "confirmation.mode" },
        ),
        ("plan", declaration.plan.into(), from(false, declaration.plan.is_some())),
    ]);
    enforced["task"] = declaration.task.map_or(Value::Null, |support| task(support, entry, engine, &set));
    let (upstream, budget) = match policy.upstream {
        Some(at) => (upstream(at, engine, settings), Value::Null),
        None => (Value::Null, own_budget(entry, engine)),
    };
    enforced["upstream"] = upstream;
    enforced["retry_budget"] = budget;
    enforced
}

/// How its calls go on as tasks, and how long they may take then.
fn task(support: TaskSupport, entry: &Entry, engine: &Engine, set: &ToolSettings) -> Value {
    let (Time { idle, hard }, declared) = (engine.policy(entry).task_time, entry.declaration.timeout);
    let idle_from = match set.timeout.or(declared) {
        Some(wanted) if wanted <= hard => from(set.timeout.is_some(), declared.is_some()),
        _ => "tasks.deadline",
    };
    object([
        ("required", support.required.into(), "attribute"),
        ("manual", support.manual.into(), "attribute"),
        ("idle_ms", millis(idle).into(), idle_from),
        ("deadline_ms", millis(hard).into(), "tasks.deadline"),
    ])
}

/// The retry budget of a tool that names no upstream.
fn own_budget(entry: &Entry, engine: &Engine) -> Value {
    let budget = engine.own_budget(entry).policy();
    object([("ratio", percent(budget.ratio), "default"), ("floor", budget.floor.into(), "default")])
}

fn upstream(at: usize, engine: &Engine, settings: &Settings) -> Value {
    let UpstreamPolicy { name, breaker, budget, bulkhead } = &engine.upstreams[at].policy;
    let declared = declarations(name, engine);
    let set = settings.upstreams.iter().find(|(known, _)| known == name);
    let set = set.map_or_else(UpstreamSettings::default, |(_, set)| set.clone());
    let mut about = object([
        ("concurrency", bulkhead.concurrency.into(), from(set.concurrency.is_some(), declared.concurrency.is_some())),
        ("queue", bulkhead.queue.into(), from(set.queue.is_some(), declared.queue.is_some())),
        ("window_ms", millis(breaker.window).into(), from(set.window.is_some(), declared.window.is_some())),
        (
            "minimum_calls",
            breaker.minimum_calls.into(),
            from(set.minimum_calls.is_some(), declared.minimum_calls.is_some()),
        ),
        (
            "failure_ratio",
            percent(breaker.failure_ratio),
            from(set.failure_ratio.is_some(), declared.failure_ratio.is_some()),
        ),
        (
            "failures_in_a_row",
            breaker.failures_in_a_row.into(),
            from(set.failures_in_a_row.is_some(), declared.failures_in_a_row.is_some()),
        ),
        ("slow_call_ms", millis(breaker.slow_call).into(), from(set.slow_call.is_some(), declared.slow_call.is_some())),
        ("slow_ratio", percent(breaker.slow_ratio), from(set.slow_ratio.is_some(), declared.slow_ratio.is_some())),
        ("open_for_ms", millis(breaker.open_for).into(), from(set.open_for.is_some(), declared.open_for.is_some())),
        ("half_open", breaker.half_open_calls.into(), from(set.half_open.is_some(), declared.half_open.is_some())),
        ("retry_ratio", percent(budget.ratio), from(set.retry_ratio.is_some(), declared.retry_ratio.is_some())),
        ("retry_floor", budget.floor.into(), from(set.retry_floor.is_some(), declared.retry_floor.is_some())),
    ]);
    about["name"] = name.as_str().into();
    about
}

/// What all tools say of an upstream together; that they don't contradict each other was seen when the engine was made.
fn declarations(name: &str, engine: &Engine) -> Upstream {
    let all = engine.catalogue.entries().iter().filter_map(|entry| entry.declaration.upstream);
    let of = all.filter(|upstream| upstream.name == name);
    of.reduce(|all, one| all.merged(&one).unwrap_or(all)).unwrap_or(Upstream::named(""))
}

/// The configuration wins over the attribute.
fn from(configured: bool, declared: bool) -> &'static str {
    match (configured, declared) {
        (true, _) => "configuration",
        (false, true) => "attribute",
        (false, false) => "default",
    }
}

/// Settings by their keys, and under `from` by the same keys who said them.
fn object<const N: usize>(settings: [(&str, Value, &'static str); N]) -> Value {
    let (mut values, mut sources) = (Map::new(), Map::new());
    for (key, value, source) in settings {
        values.insert(key.into(), value);
        sources.insert(key.into(), source.into());
    }
    values.insert("from".into(), json!(sources));
    Value::Object(values)
}

/// A part of 1 as a percentage, without the dust that dividing and multiplying leaves.
fn percent(part: f64) -> Value {
    ((part * 1e8).round() / 1e6).into()
}
