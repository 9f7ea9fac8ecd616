//! Brings arguments into the form that the function takes, and holds them to the published schema.
//!
//! Refuses with an `isError` result that lists every violation, so that a model can mend them in one go. The paths are
//! those of the contract that the call is held to, also when it is an older one.

use serde_json::{Map, Number, Value};
use steadfast_contract::shim::ShimError;

use super::{resolve::Choice, translate};
use crate::{
    call::Stop,
    caller::Caller,
    catalogue::{Contract, Served},
    clock::Clock,
    secrets::{self, Secrets, TooMuch},
    violations,
};

/// How many places of a schema the log gets at most.
const TOLD: usize = 20;

/// Arguments that the function takes.
pub(super) struct Normal<'a> {
    /// The major that the call is held to.
    pub(super) served: Served<'a>,
    pub(super) arguments: Map<String, Value>,
    /// What is secret among them is masked while this is there.
    pub(super) secrets: Secrets,
}

/// The major that serves the call, and arguments that its function takes. Where nothing was said about the version,
/// older majors are tried only after the current one has refused. `known` is told the major that the call is held to,
/// and what is secret there, before anything is refused on account of it.
pub(super) fn arguments<'a>(
    choice: Choice<'a>,
    caller: &Caller,
    arguments: Map<String, Value>,
    clock: &Clock,
    known: impl FnOnce(Served<'a>, &Secrets),
) -> Result<Normal<'a>, Stop> {
    let mut served = choice.assumed();
    let mut arguments = Value::Object(arguments);
    let mut fits = served.contract().input.is_valid(&arguments);
    if !fits && let Some(older) = choice.by_shape(&arguments, clock)? {
        (served, fits) = (older, true);
    }
    let too_much = |why: TooMuch| Stop::Violations { tool: served.name.to_owned(), violations: vec![why.violation()] };
    let found = secrets::of_call(served.contract(), caller, &arguments);
    known(served, found.as_ref().unwrap_or(&Secrets::default()));
    let mut secrets = found.map_err(too_much)?;
    if !fits {
        let violations = violations::all(served, &arguments);
        return Err(Stop::Violations { tool: served.name.to_owned(), violations });
    }
    whole_numbers(&mut arguments);
    if !served.chain().is_empty() {
        let up = translate::up(served, object(arguments)).map_err(|stop| without_secrets(stop, served, &secrets));
        arguments = Value::Object(up?);
        whole_numbers(&mut arguments);
        // The current major may take for a secret what the older one did not.
        secrets = secrets.and(secrets::of_call(&served.tool.current, caller, &arguments).map_err(too_much)?);
        proven(served, &served.tool.current, &arguments)?;
    }
    Ok(Normal { served, arguments: object(arguments), secrets })
}

/// What a shim says of arguments that it can't translate may repeat them, and goes to the caller.
fn without_secrets(stop: Stop, served: Served<'_>, secrets: &Secrets) -> Stop {
    match stop {
        Stop::Untranslatable { tool, version, error } => {
            let error = match secrets::hides_more(served) {
                true => ShimError::new("why is not told, since it may repeat what is a secret there"),
                false => ShimError::new(secrets.mask(&error.to_string())),
            };
            Stop::Untranslatable { tool, version, error }
        }
        stop => stop,
    }
}

/// A shim was proved when the server was built, so what it makes is refused only if the proof was left out. The log
/// gets the places in the schema, which are the server's own words; a place in the arguments could be the caller's.
fn proven(served: Served<'_>, current: &Contract, arguments: &Value) -> Result<(), Stop> {
    if current.input.is_valid(arguments) {
        return Ok(());
    }
    let errors = current.input.iter_errors(arguments).take(TOLD);
    Err(Stop::BadShim {
        tool: served.tool.name.to_string(),
        version: served.contract().label.clone(),
        places: errors.map(|error| error.schema_path().as_str().to_owned()).collect(),
    })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
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
