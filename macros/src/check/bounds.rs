//! `length(..)` and `range(..)`: the bounds, and the literals that must lie within them.

use syn::{Expr, ExprRange, RangeLimits};

use super::{keys::Field, literal};
use crate::{
    errors::Errors,
    messages::{self, argument},
    model::{Bound, Constraint, ConstraintKind, Number},
    parse::Value,
};

/// `length(1..=200)`, `length(1..)`, `length(..=5)`, `length(..5)`, `length(3)`
pub(super) fn length(field: Field<'_>, errors: &mut Errors) -> Option<ConstraintKind> {
    let written = only(field, errors)?;
    let Expr::Range(range) = literal::bare(written) else {
        let exact = count(field, written, errors)?;
        return Some(ConstraintKind::Length { min: Some(exact), max: Some(exact) });
    };
    some_end(field, range, errors)?;
    let min = match &range.start {
        Some(start) => Some(count(field, start, errors)?),
        None => None,
    };
    let max = match &range.end {
        Some(end) => match (count(field, end, errors)?, &range.limits) {
            (max, RangeLimits::Closed(_)) => Some(max),
            (0, RangeLimits::HalfOpen(_)) => {
                errors.push_on(range, argument::empty_range(field.key));
                return None;
            }
            (end, RangeLimits::HalfOpen(_)) => Some(end - 1),
        },
        None => None,
    };
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        errors.push_on(range, argument::empty_range(field.key));
        return None;
    }
    Some(ConstraintKind::Length { min, max })
}

/// `range(1..=100)`, `range(-1.5..)`, `range(..10)`
pub(super) fn range(field: Field<'_>, errors: &mut Errors) -> Option<ConstraintKind> {
    let written = only(field, errors)?;
    let Expr::Range(range) = literal::bare(written) else {
        match literal::number(written) {
            Some(_) => errors.push_on(written, argument::range_of_one(written)),
            None => errors.push_on(written, messages::wrong_type(field.key)),
        }
        return None;
    };
    some_end(field, range, errors)?;
    let min = match &range.start {
        Some(start) => Some(number(field, start, errors)?),
        None => None,
    };
    let max = match &range.end {
        Some(end) => Some(match (number(field, end, errors)?, &range.limits) {
            (end, RangeLimits::Closed(_)) => Bound::Inclusive(end),
            (end, RangeLimits::HalfOpen(_)) => Bound::Exclusive(end),
        }),
        None => None,
    };
    if let (Some(min), Some(max)) = (min, max)
        && !below(min, max)
    {
        errors.push_on(range, argument::empty_range(field.key));
        return None;
    }
    Some(ConstraintKind::Range { min, max })
}

/// Reports a literal of `default` or `example` that its own constraints refuse.
pub(super) fn fits(key: &str, expression: &Expr, constraints: &[Constraint], errors: &mut Errors) {
    for constraint in constraints {
        let (name, fits) = match &constraint.kind {
            ConstraintKind::Range { min, max } => {
                let Some(number) = literal::number(expression) else { continue };
                let above = min.is_none_or(|min| below(min, Bound::Inclusive(number)));
                ("range", above && max.is_none_or(|max| below(number, max)))
            }
            ConstraintKind::Length { min, max } => {
                let Some(text) = literal::string(expression) else { continue };
                let length = text.value().chars().count() as u64;
                ("length", min.is_none_or(|min| min <= length) && max.is_none_or(|max| length <= max))
            }
            _ => continue,
        };
        if !fits {
            errors.push_on(expression, argument::refused(key, name));
        }
    }
}

/// The one expression between the parentheses.
fn only<'a>(field: Field<'a>, errors: &mut Errors) -> Option<&'a Expr> {
    match field.value {
        Value::Call(list) if list.len() == 1 => list.first(),
        _ => {
            field.mistyped(errors);
            None
        }
    }
}

fn some_end(field: Field<'_>, range: &ExprRange, errors: &mut Errors) -> Option<()> {
    if range.start.is_none() && range.end.is_none() {
        errors.push_on(range, argument::endless_range(field.key));
        return None;
    }
    Some(())
}

fn count(field: Field<'_>, expression: &Expr, errors: &mut Errors) -> Option<u64> {
    match literal::number(expression) {
        Some(Number::Integer(whole)) if u64::try_from(whole).is_ok() => u64::try_from(whole).ok(),
        _ => {
            errors.push_on(expression, argument::bad_length(field.key));
            None
        }
    }
}

/// A bound that JSON can carry.
fn number(field: Field<'_>, expression: &Expr, errors: &mut Errors) -> Option<Number> {
    match literal::number(expression) {
        Some(Number::Integer(whole)) if i64::try_from(whole).is_err() && u64::try_from(whole).is_err() => {
            errors.push_on(expression, argument::large_bound());
            None
        }
        None => {
            errors.push_on(expression, argument::bad_bound(field.key));
            None
        }
        number => number,
    }
}

fn below(min: Number, max: Bound) -> bool {
    match max {
        Bound::Inclusive(max) => compare(min, max).is_some_and(std::cmp::Ordering::is_le),
        Bound::Exclusive(max) => compare(min, max).is_some_and(std::cmp::Ordering::is_lt),
    }
}

fn compare(left: Number, right: Number) -> Option<std::cmp::Ordering> {
    // Bounds of different kinds meet as floats, as JSON compares them.
    #[allow(clippy::cast_precision_loss)]
    let float = |number| match number {
        Number::Integer(whole) => whole as f64,
        Number::Float(float) => float,
    };
    match (left, right) {
        (Number::Integer(left), Number::Integer(right)) => Some(left.cmp(&right)),
        _ => float(left).partial_cmp(&float(right)),
    }
}
