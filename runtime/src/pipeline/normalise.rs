//! Brings arguments into the form that the function takes, and holds them to the published schema.
//!
//! Refuses with an `isError` result that lists every violation, so that a model can mend them in one go.

use serde_json::{Map, Number, Value};

use crate::{call::Stop, catalogue::Entry, violations};

/// The arguments, valid.
pub(super) fn arguments(tool: &Entry, arguments: Map<String, Value>) -> Result<Map<String, Value>, Stop> {
    let mut arguments = Value::Object(arguments);
    let found = violations::check(&tool.input, &tool.input_schema, &arguments);
    if !found.is_empty() {
        return Err(Stop::Violations { tool: tool.name.to_string(), violations: found });
    }
    whole_numbers(&mut arguments);
    match arguments {
        Value::Object(arguments) => Ok(arguments),
        _ => Ok(Map::new()),
    }
}

/// Writes whole numbers without a fraction: to JSON Schema `2.0` is an integer, to a Rust integer it is not.
fn whole_numbers(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            if let Some(whole) = whole(number) {
                *number = whole;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        Value::Object(members) => members.values_mut().for_each(whole_numbers),
        _ => {}
    }
}

/// The number as an integer, where it is one that a Rust integer of 64 bits holds; a double without a fraction is exact.
fn whole(number: &Number) -> Option<Number> {
    const U64: f64 = 18_446_744_073_709_551_616.0; // 2^64
    const I64: f64 = -9_223_372_036_854_775_808.0; // -2^63
    let value = number.as_f64().filter(|value| value.fract() == 0.0)?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the bounds are checked")]
    match value {
        0.0..U64 => Some(Number::from(value as u64)),
        I64..0.0 => Some(Number::from(value as i64)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_numbers_lose_their_fraction_and_others_keep_it() {
        let mut value = json!({"a": 2.0, "b": [1.5, -3.0, 1e300, 1e19], "c": {"d": 0.0, "e": "2.0"}});
        whole_numbers(&mut value);
        assert_eq!(value.to_string(), r#"{"a":2,"b":[1.5,-3,1e+300,10000000000000000000],"c":{"d":0,"e":"2.0"}}"#);
    }
}
