//! `slo(success = 99.5, p95 = "..", p99 = "..")`.

use proc_macro2::Span;

use super::{
    keys::{Field, Fields, SLO},
    number::{self, Hundred},
    values,
};
use crate::{
    errors::Errors,
    messages::reliability as messages,
    model::{Milliseconds, Slo},
    parse::Value,
};

/// Checks the objectives among themselves and against the timeout, within which every call ends.
pub(super) fn check(field: Field<'_>, timeout: Option<Milliseconds>, errors: &mut Errors) -> Option<Slo> {
    let Value::Entries(entries) = field.value else {
        field.mistyped(errors);
        return None;
    };
    let fields = Fields::of(&SLO, [entries], errors);
    if entries.list.is_empty() && entries.faults.is_empty() {
        errors.push(field.ident.span(), messages::empty_slo());
    }
    let success = fields.get("success").and_then(|field| number::percentage(field, Hundred::Denied, errors));
    let p95 = fields.get("p95").and_then(|field| values::duration(field, errors));
    let p99 = fields.get("p99").and_then(|field| values::duration(field, errors));
    if let (Some((p95, span)), Some((p99, _))) = (p95, p99)
        && p95 > p99
    {
        errors.push(span, messages::p95_above_p99());
    }
    within("p95", p95, timeout, errors);
    within("p99", p99, timeout, errors);
    Some(Slo { success, p95: p95.map(|(p95, _)| p95), p99: p99.map(|(p99, _)| p99) })
}

fn within(name: &str, objective: Option<(Milliseconds, Span)>, timeout: Option<Milliseconds>, errors: &mut Errors) {
    if let (Some((objective, span)), Some(timeout)) = (objective, timeout)
        && objective > timeout
    {
        errors.push(span, messages::above_timeout(name, timeout));
    }
}
