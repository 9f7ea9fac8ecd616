//! JSON values as JSON Schema compares them: numbers by their value, members without order.

use std::{collections::BTreeMap, fmt::Write as _};

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{ToPrimitive as _, Zero as _};
use serde_json::{Number, Value};

/// The exponents that are worth writing out; a double has no greater ones.
const EXPONENT: i64 = 400;

/// A text that two values share exactly when they are equal (JSON Schema Core 2020-12, section 4.2.2).
pub(crate) fn key(value: &Value) -> String {
    let mut text = String::new();
    write_key(value, &mut text);
    text
}

fn write_key(value: &Value, text: &mut String) {
    match value {
        Value::Number(number) => match (number.as_i64(), rational(number)) {
            (Some(integer), _) => {
                let _ = write!(text, "{integer}");
            }
            (None, Some(exact)) => {
                let _ = write!(text, "{exact}");
            }
            (None, None) => {
                let _ = write!(text, "{number}");
            }
        },
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write_key(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Object(members) => {
            text.push('{');
            for (name, member) in members.iter().collect::<BTreeMap<_, _>>() {
                let _ = write!(text, "{name:?}:");
                write_key(member, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::String(string) => {
            let _ = write!(text, "{string:?}");
        }
        Value::Null | Value::Bool(_) => {
            let _ = write!(text, "{value}");
        }
    }
}

/// The exact value of a number as it is written; none when it is too large to work with.
pub(crate) fn rational(number: &Number) -> Option<BigRational> {
    if let Some(integer) = number.as_i64() {
        return Some(BigRational::from_integer(integer.into()));
    }
    if let Some(integer) = number.as_u64() {
        return Some(BigRational::from_integer(integer.into()));
    }
    let text = number.to_string();
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text.as_str(), 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: BigInt = format!("{whole}{fraction}").parse().ok()?;
    let exponent = exponent - i64::try_from(fraction.len()).ok()?;
    if digits.is_zero() {
        return Some(BigRational::zero());
    }
    let power = BigInt::from(10).pow(u32::try_from(exponent.abs()).ok().filter(|_| exponent.abs() <= EXPONENT)?);
    Some(if exponent < 0 { BigRational::new(digits, power) } else { BigRational::from_integer(digits * power) })
}

/// A JSON number of exactly this value; none when JSON as this crate reads it has none.
pub(crate) fn to_number(value: &BigRational) -> Option<Number> {
    if value.is_integer() {
        let integer = value.to_integer();
        if let Some(number) = integer.to_i64().map(Number::from).or_else(|| integer.to_u64().map(Number::from)) {
            return Some(number);
        }
    }
    let number = Number::from_f64(value.to_f64()?)?;
    (rational(&number)? == *value).then_some(number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn equal_values_have_one_key_and_others_have_not() {
        assert_eq!(key(&json!({"a": 1, "b": [1.0]})), key(&json!({"b": [1], "a": 1.0})));
        assert_ne!(key(&json!("1")), key(&json!(1)));
        assert_ne!(key(&json!(18_446_744_073_709_551_615_u64)), key(&json!(18_446_744_073_709_551_614_u64)));
        assert_ne!(key(&json!([])), key(&json!({})));
    }

    #[test]
    fn numbers_are_exact() {
        for text in ["0.1", "1e300", "-2.5e-7", "18446744073709551615", "123456.789"] {
            let number: Number = serde_json::from_str(text).unwrap();
            let exact = rational(&number).unwrap();
            assert_eq!(rational(&to_number(&exact).unwrap()).unwrap(), exact, "{text}");
        }
        assert_eq!(to_number(&BigRational::new(1.into(), 3.into())), None);
    }
}
