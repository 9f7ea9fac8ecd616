//! `deprecated`, `sunset` and `note`: when a major, or the tool as a whole, goes away.

use super::{
    date,
    keys::{Field, Fields},
    values::{self, Text},
};
use crate::{errors::Errors, messages::history as messages, model::Lifecycle};

/// Checks the dates, each and against each other.
pub(super) fn check(fields: &Fields<'_>, errors: &mut Errors) -> Lifecycle {
    let mut date = |key| fields.get(key).and_then(|field| date(field, errors));
    let (deprecated, sunset) = (date("deprecated"), date("sunset"));
    if let (Some(deprecated), Some(sunset)) = (&deprecated, &sunset)
        && sunset.value <= deprecated.value
    {
        errors.push(sunset.span, messages::sunset_before_deprecated(&deprecated.value));
    }
    let note = fields.get("note").and_then(|field| values::text(field, errors));
    let text = |text: Option<Text>| text.map(|text| text.value);
    Lifecycle { deprecated: text(deprecated), sunset: text(sunset), note: text(note) }
}

fn date(field: Field<'_>, errors: &mut Errors) -> Option<Text> {
    let text = values::text(field, errors)?;
    if date::is_date(&text.value) {
        return Some(text);
    }
    errors.push(text.span, messages::bad_date(&text.value, field.key));
    None
}
