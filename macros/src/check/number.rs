//! Numbers that more than one key takes: whole ones in a range, percentages, rates.

use std::ops::RangeInclusive;

use syn::{Expr, ExprLit, Lit};

use super::{keys::Field, literal, values};
use crate::{
    errors::Errors,
    messages::reliability as messages,
    model::{Milliseconds, Number, Rate},
};

/// Whether a percentage may be of everything.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Hundred {
    Allowed,
    Denied,
}

/// `key = 2`
pub(super) fn whole(field: Field<'_>, range: &RangeInclusive<u32>, errors: &mut Errors) -> Option<u32> {
    let Some((expression, Number::Integer(number))) =
        values::expression(field).and_then(|expression| Some((expression, literal::number(expression)?)))
    else {
        field.mistyped(errors);
        return None;
    };
    let whole = u32::try_from(number).ok().filter(|whole| range.contains(whole));
    if whole.is_none() {
        errors.push_on(expression, messages::out_of_range(field.key, number, range));
    }
    whole
}

/// `key = 99.5`
pub(super) fn percentage(field: Field<'_>, hundred: Hundred, errors: &mut Errors) -> Option<f64> {
    let Some((expression, number)) =
        values::expression(field).and_then(|expression| Some((expression, literal::number(expression)?)))
    else {
        field.mistyped(errors);
        return None;
    };
    let percentage = match number {
        // Percentages are small: the conversion is exact.
        #[allow(clippy::cast_precision_loss)]
        Number::Integer(whole) => whole as f64,
        Number::Float(float) => float,
    };
    let bounded = match hundred {
        Hundred::Allowed => percentage <= 100.0,
        Hundred::Denied => percentage < 100.0,
    };
    if percentage > 0.0 && bounded {
        return Some(percentage);
    }
    errors.push_on(expression, messages::bad_percentage(field.key, hundred));
    None
}

/// `key = "100/s"`
pub(super) fn rate(field: Field<'_>, errors: &mut Errors) -> Option<Rate> {
    if let Some(Expr::Lit(ExprLit { lit: Lit::Int(number), .. })) = values::expression(field).map(literal::bare) {
        errors.push(number.span(), messages::bad_rate(number.base10_digits(), field.key));
        return None;
    }
    let text = values::text(field, errors)?;
    let Some((count, unit, per)) = parts(&text.value) else {
        errors.push(text.span, messages::bad_rate(&text.value, field.key));
        return None;
    };
    match count.parse() {
        Ok(count) if count > 0 => return Some(Rate { count, per }),
        _ => errors.push(text.span, messages::rate_out_of_range(field.key, count, unit)),
    }
    None
}

fn parts(text: &str) -> Option<(&str, &str, Milliseconds)> {
    let (count, unit) = text.split_once('/')?;
    let per = match unit {
        "s" => 1000,
        "m" => 60 * 1000,
        "h" => 60 * 60 * 1000,
        _ => return None,
    };
    let digits = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
    digits.then_some((count, unit, Milliseconds(per)))
}

#[cfg(test)]
mod tests {
    use super::{Milliseconds, parts};

    #[test]
    fn a_rate_is_a_whole_number_and_a_unit_of_time() {
        let cases = [
            ("100/s", Some(("100", "s", 1000))),
            ("007/m", Some(("007", "m", 60_000))),
            ("0/h", Some(("0", "h", 3_600_000))),
            ("100", None),
            ("/s", None),
            ("100/", None),
            ("100/ms", None),
            ("100 / s", None),
            ("1.5/s", None),
            ("-1/s", None),
            ("+1/s", None),
            ("1/s/s", None),
            ("1/S", None),
        ];
        for (text, wanted) in cases {
            let wanted = wanted.map(|(count, unit, per)| (count, unit, Milliseconds(per)));
            assert_eq!(parts(text), wanted, "{text}");
        }
    }
}
