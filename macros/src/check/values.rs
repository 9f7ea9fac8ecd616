//! Values that more than one key takes: text, lists, flags, paths, durations.

use proc_macro2::Span;
use syn::{Expr, ExprLit, Lit, Path};

use super::{keys::Field, literal};
use crate::{errors::Errors, messages, model::Milliseconds, parse::Value};

const DAY: u64 = 24 * 60 * 60 * 1000;

/// Text that is not blank, and where it stands.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) value: String,
    pub(super) span: Span,
}

/// `key = ".."`
pub(super) fn text(field: Field<'_>, errors: &mut Errors) -> Option<Text> {
    let Some(literal) = expression(field).and_then(literal::string) else {
        field.mistyped(errors);
        return None;
    };
    let text = Text { value: literal.value(), span: literal.span() };
    if text.value.trim().is_empty() {
        errors.push(text.span, messages::blank(field.key));
        return None;
    }
    Some(text)
}

/// `key = ".."`, or `key("..")`
pub(super) fn text_or_call(field: Field<'_>, errors: &mut Errors) -> Option<Text> {
    match field.value {
        Value::Call(list) if list.len() == 1 => {
            // One shape stands for both.
            text(Field { value: &Value::Is(list.first()?.clone()), ..field }, errors)
        }
        _ => text(field, errors),
    }
}

/// `key = ["..", ".."]`: without blanks and without doubles.
pub(super) fn texts(field: Field<'_>, errors: &mut Errors) -> Vec<Text> {
    let mut texts: Vec<Text> = Vec::new();
    let Some(Expr::Array(array)) = expression(field).map(literal::bare) else {
        field.mistyped(errors);
        return texts;
    };
    for element in &array.elems {
        match literal::string(element) {
            None => errors.push_on(element, messages::wrong_type(field.key)),
            Some(literal) if literal.value().trim().is_empty() => {
                errors.push(literal.span(), messages::blank(field.key));
            }
            Some(literal) if texts.iter().any(|text| text.value == literal.value()) => {
                errors.push(literal.span(), messages::doubled_element(&literal.value(), field.key));
            }
            Some(literal) => texts.push(Text { value: literal.value(), span: literal.span() }),
        }
    }
    texts
}

/// `key`, `key = true` or `key = false`
pub(super) fn flag(field: Field<'_>, errors: &mut Errors) -> Option<bool> {
    if let Value::Flag = field.value {
        return Some(true);
    }
    if let Some(Expr::Lit(ExprLit { lit: Lit::Bool(literal), .. })) = expression(field).map(literal::bare) {
        return Some(literal.value);
    }
    field.mistyped(errors);
    None
}

/// `key = path`
pub(super) fn path<'a>(field: Field<'a>, errors: &mut Errors) -> Option<&'a Path> {
    match expression(field).map(literal::bare) {
        Some(Expr::Path(path)) if path.qself.is_none() => Some(&path.path),
        _ => {
            field.mistyped(errors);
            None
        }
    }
}

/// `key = "2s"`
pub(super) fn duration(field: Field<'_>, errors: &mut Errors) -> Option<(Milliseconds, Span)> {
    if let Some(Expr::Lit(ExprLit { lit: Lit::Int(number), .. })) = expression(field).map(literal::bare) {
        errors.push(number.span(), messages::duration_without_unit(field.key, number.base10_digits()));
        return None;
    }
    let text = text(field, errors)?;
    match milliseconds(&text.value) {
        None => errors.push(text.span, messages::bad_duration(&text.value, field.key)),
        Some(0) => errors.push(text.span, messages::no_duration(field.key)),
        Some(long) if long > DAY => errors.push(text.span, messages::long_duration(field.key)),
        Some(milliseconds) => return Some((Milliseconds(milliseconds), text.span)),
    }
    None
}

/// The expression behind `=`.
pub(super) fn expression<'a>(field: Field<'a>) -> Option<&'a Expr> {
    match field.value {
        Value::Is(expression) => Some(expression),
        _ => None,
    }
}

fn milliseconds(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at(text.find(|character: char| !character.is_ascii_digit())?);
    let factor = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60 * 1000,
        "h" => 60 * 60 * 1000,
        _ => return None,
    };
    number.parse::<u64>().ok().map(|number| number.saturating_mul(factor))
}

#[cfg(test)]
mod tests {
    use super::milliseconds;

    #[test]
    fn a_duration_is_a_whole_number_and_a_unit() {
        let cases = [
            ("1ms", Some(1)),
            ("2s", Some(2000)),
            ("3m", Some(180_000)),
            ("4h", Some(14_400_000)),
            ("0s", Some(0)),
            ("18446744073709551615h", Some(u64::MAX)),
            ("18446744073709551616ms", None),
            ("2", None),
            ("s", None),
            ("2 s", None),
            ("1.5s", None),
            ("-1s", None),
            ("1d", None),
            ("1S", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(milliseconds(text), wanted, "{text}");
        }
    }
}
