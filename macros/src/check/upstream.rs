//! `upstream = ".."`, or `upstream(name = "..", concurrency = 32, ..)`.

use super::{
    keys::{Field, Fields, UPSTREAM},
    number::{self, Hundred},
    values,
};
use crate::{
    errors::Errors,
    messages::reliability as messages,
    model::{Milliseconds, Upstream},
    parse::Value,
};

/// The most calls that a half-open breaker may let through on trial.
const MOST_TRIALS: u32 = 100;

/// Checks the name and the settings.
pub(super) fn check(field: Field<'_>, errors: &mut Errors) -> Option<Upstream> {
    let Value::Entries(entries) = field.value else {
        return values::text(field, errors).map(|name| Upstream { name: name.value, ..Upstream::default() });
    };
    let fields = Fields::of(&UPSTREAM, [entries], errors);
    // What could not be read may have been meant as the name.
    if fields.lacks("name") && entries.faults.is_empty() {
        errors.push(field.ident.span(), messages::upstream_without_a_name());
    }
    let name = fields.get("name").and_then(|field| values::text(field, errors));
    let mut whole = |key, range| fields.get(key).and_then(|field| number::whole(field, &range, errors));
    let (concurrency, minimum_calls) = (whole("concurrency", 1..=u32::MAX), whole("minimum_calls", 1..=u32::MAX));
    let (half_open, failures_in_a_row) =
        (whole("half_open", 1..=MOST_TRIALS), whole("failures_in_a_row", 1..=u32::MAX));
    let (queue, retry_floor) = (whole("queue", 0..=u32::MAX), whole("retry_floor", 0..=u32::MAX));
    let mut duration = |key| -> Option<Milliseconds> {
        fields.get(key).and_then(|field| values::duration(field, errors)).map(|(duration, _)| duration)
    };
    let (slow_call, window, open_for) = (duration("slow_call"), duration("window"), duration("open_for"));
    let mut percentage = |key| fields.get(key).and_then(|field| number::percentage(field, Hundred::Allowed, errors));
    let (failure_ratio, slow_ratio) = (percentage("failure_ratio"), percentage("slow_ratio"));
    let retry_ratio = percentage("retry_ratio");
    Some(Upstream {
        name: name?.value,
        concurrency,
        slow_call,
        failure_ratio,
        minimum_calls,
        window,
        open_for,
        half_open,
        queue,
        failures_in_a_row,
        slow_ratio,
        retry_ratio,
        retry_floor,
    })
}
