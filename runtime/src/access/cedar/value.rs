//! Arguments as Cedar's values.
//!
//! Invariant: numbers keep their order. One beyond what Cedar can hold becomes the greatest or the least that it can, and
//! a fraction is rounded to four digits, so that a policy that compares with a bound is off by no more than that, and
//! never by a number that is missing.

use cedar_policy::RestrictedExpression;
use serde_json::{Map, Number, Value};

use super::kind::{Kind, Members};

/// How many parts of 1 a Cedar `decimal` can tell apart.
const PARTS: i64 = 10_000;

/// The value as a kind; none where it is null, or of another kind.
pub(super) fn of(kind: &Kind, value: &Value) -> Option<RestrictedExpression> {
    Some(match (kind, value) {
        (Kind::Text, Value::String(text)) => RestrictedExpression::new_string(text.clone()),
        (Kind::Flag, Value::Bool(flag)) => RestrictedExpression::new_bool(*flag),
        (Kind::Whole, Value::Number(number)) => RestrictedExpression::new_long(whole(number)),
        (Kind::Decimal, Value::Number(number)) => RestrictedExpression::new_decimal(decimal(number)),
        (Kind::Set(element), Value::Array(items)) => {
            RestrictedExpression::new_set(items.iter().map(|item| of(element, item)).collect::<Option<Vec<_>>>()?)
        }
        (Kind::Record(members), Value::Object(object)) => record(members, object)?,
        _ => return None,
    })
}

/// An object as a record of exactly these members; what the caller left out has its default. None where one is missing
/// that is always there.
pub(super) fn record(members: &Members, object: &Map<String, Value>) -> Option<RestrictedExpression> {
    let mut fields = Vec::with_capacity(members.len());
    for (name, member) in members {
        let given = object.get(name).or(member.default.as_ref());
        match given.and_then(|value| of(&member.kind, value)) {
            Some(value) => fields.push((name.clone(), value)),
            None if member.always => return None,
            None => {}
        }
    }
    // Fails only where a name stands twice.
    RestrictedExpression::new_record(fields).ok()
}

/// Whether a value can be written as a kind.
pub(super) fn fits(kind: &Kind, value: &Value) -> bool {
    of(kind, value).is_some()
}

fn whole(number: &Number) -> i64 {
    number.as_i64().unwrap_or_else(|| nearest(number.as_f64().unwrap_or_default()))
}

/// As Cedar writes it: with four digits after the point.
fn decimal(number: &Number) -> String {
    let parts = match number.as_i64() {
        Some(whole) => whole.saturating_mul(PARTS),
        None => nearest((number.as_f64().unwrap_or_default() * 10_000.0).round_ties_even()),
    };
    let sign = if parts < 0 { "-" } else { "" };
    let (whole, rest) = (parts.unsigned_abs() / PARTS.unsigned_abs(), parts.unsigned_abs() % PARTS.unsigned_abs());
    format!("{sign}{whole}.{rest:04}")
}

/// The nearest integer of 64 bits.
#[allow(clippy::cast_possible_truncation, reason = "a cast saturates, which is what is wanted")]
fn nearest(value: f64) -> i64 {
    value as i64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_written_as_cedar_reads_them() {
        for (number, whole_is, decimal_is) in [
            (json!(0), 0, "0.0000"),
            (json!(-1), -1, "-1.0000"),
            (json!(1.5), 1, "1.5000"),
            (json!(-0.25), 0, "-0.2500"),
            (json!(0.00004), 0, "0.0000"),
            (json!(u64::MAX), i64::MAX, "922337203685477.5807"),
            (json!(i64::MIN), i64::MIN, "-922337203685477.5808"),
            (json!(1e300), i64::MAX, "922337203685477.5807"),
            (json!(-1e300), i64::MIN, "-922337203685477.5808"),
        ] {
            let Value::Number(number) = number else { unreachable!() };
            assert_eq!((whole(&number), decimal(&number).as_str()), (whole_is, decimal_is), "{number}");
            let context = [("n".to_owned(), of(&Kind::Decimal, &Value::Number(number)).unwrap())];
            assert!(cedar_policy::Context::from_pairs(context).is_ok(), "{decimal_is}");
        }
    }

    fn parts(number: &Number) -> i64 {
        decimal(number).replace('.', "").parse().unwrap()
    }

    proptest! {
        #[test]
        fn numbers_keep_their_order(a in any::<f64>(), b in any::<f64>(), c in any::<i64>(), d in any::<i64>()) {
            let [a, b] = if a <= b { [a, b] } else { [b, a] };
            let [c, d] = if c <= d { [c, d] } else { [d, c] };
            for (less, more) in [(json!(a), json!(b)), (json!(c), json!(d))] {
                if let (Value::Number(less), Value::Number(more)) = (less, more) {
                    prop_assert!(whole(&less) <= whole(&more) && parts(&less) <= parts(&more));
                }
            }
        }
    }
}
