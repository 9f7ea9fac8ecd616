//! How a tool is kept working: its time, its repetitions, what it leans on, and what stands in for it.

use syn::Ident;

use super::{
    keys::{Field, Fields, TASK},
    number, slo, upstream, values,
};
use crate::{
    errors::Errors,
    messages::reliability as messages,
    model::{Effect, Milliseconds, Reliability, Task},
    parse::Value,
};

/// How often a failed attempt may be repeated at most.
const MOST_RETRIES: u32 = 10;

/// Checks the keys, each, against each other and against the tool's effect. `ident` is the function's.
pub(super) fn check(
    fields: &Fields<'_>,
    ident: &Ident,
    effect: Option<Effect>,
    idempotent: Option<bool>,
    errors: &mut Errors,
) -> Reliability {
    let mutation = matches!(effect, Some(Effect::Additive | Effect::Destructive));
    let retry = fields.get("retry").and_then(|field| {
        let retry = number::whole(field, &(0..=MOST_RETRIES), errors)?;
        // An `idempotent` that is wrong was reported; what it was meant to say is not known.
        let denied = idempotent.map_or_else(|| fields.lacks("idempotent"), |idempotent| !idempotent);
        if retry > 0 && mutation && denied {
            errors.push(field.ident.span(), messages::retry_without_idempotence());
        }
        Some(retry)
    });
    let timeout = fields.get("timeout").and_then(|field| values::duration(field, errors)).map(|(timeout, _)| timeout);
    let attempt_timeout = fields.get("attempt_timeout").and_then(|field| attempt_timeout(field, timeout, errors));
    let upstream = fields.get("upstream").and_then(|field| upstream::check(field, errors));
    let rate_limit = fields.get("rate_limit").and_then(|field| number::rate(field, errors));
    let slo = fields.get("slo").and_then(|field| slo::check(field, timeout, errors));
    let fallback = fields.get("fallback").and_then(|field| values::path(field, errors)).cloned();
    if let Some(fallback) = &fallback
        && fallback.is_ident(ident)
    {
        errors.push_on(fallback, messages::fallback_to_itself());
    }
    let stale = fields.get("stale").and_then(|field| {
        if mutation {
            errors.push(field.ident.span(), messages::stale_mutation());
        }
        values::duration(field, errors).map(|(stale, _)| stale)
    });
    let task = fields.get("task").and_then(|field| task(field, errors));
    let retry = retry.unwrap_or_default();
    Reliability { timeout, attempt_timeout, retry, upstream, rate_limit, fallback, stale, task, slo }
}

fn attempt_timeout(field: Field<'_>, timeout: Option<Milliseconds>, errors: &mut Errors) -> Option<Milliseconds> {
    let (attempt, span) = values::duration(field, errors)?;
    if let Some(timeout) = timeout
        && attempt > timeout
    {
        errors.push(span, messages::above_timeout(field.key.name, timeout));
    }
    Some(attempt)
}

/// `task`, `task = false`, or `task(required, manual)`
fn task(field: Field<'_>, errors: &mut Errors) -> Option<Task> {
    let Value::Entries(entries) = field.value else {
        let wanted = values::flag(field, errors)?;
        return wanted.then_some(Task { required: false, manual: false });
    };
    let fields = Fields::of(&TASK, [entries], errors);
    if entries.list.is_empty() && entries.faults.is_empty() {
        errors.push(field.ident.span(), messages::empty_task());
    }
    let mut flag = |key| fields.get(key).and_then(|field| values::flag(field, errors)).unwrap_or_default();
    Some(Task { required: flag("required"), manual: flag("manual") })
}
