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
    let mut whole = |key, most| fields.get(key).and_then(|field| number::whole(field, &(1..=most), errors));
    let (concurrency, minimum_calls) = (whole("concurrency", u32::MAX), whole("minimum_calls", u32::MAX));
    let half_open = whole("half_open", MOST_TRIALS);
    let mut duration = |key| -> Option<Milliseconds> {
        fields.get(key).and_then(|field| values::duration(field, errors)).map(|(duration, _)| duration)
    };
    let (slow_call, window, open_for) = (duration("slow_call"), duration("window"), duration("open_for"));
    let failure_ratio =
        fields.get("failure_ratio").and_then(|field| number::percentage(field, Hundred::Allowed, errors));
    let name = name?.value;
    Some(Upstream { name, concurrency, slow_call, failure_ratio, minimum_calls, window, open_for, half_open })
}
