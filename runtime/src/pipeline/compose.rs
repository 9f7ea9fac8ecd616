//! Makes the outcome of what a function returned: structure held to the published schema, and its text form.
//!
//! Invariant: structured content that leaves here is valid under the output schema of the contract that the call is held
//! to. A shim is given only what is valid under the current one.

use rmcp::model::ContentBlock;
use serde_json::{Map, Value};

use super::{size, translate};
use crate::{
    call::{Outcome, Stop},
    catalogue::{Contract, Major, Served},
    error::ErrorKind,
    input_required::InputRequests,
    tool::{Output, OutputSchema, WRAPPER},
};

/// The outcome of a finished function, unless it is larger than `limit` bytes.
pub(super) fn outcome(served: Served<'_>, output: Output, limit: usize) -> Result<Outcome, Stop> {
    size::check(&output, limit)?;
    let value = match (output, &served.tool.output) {
        (Output::Content(content), _) if served.contract().output.is_none() => {
            return Ok(Outcome::Done { content: content.blocks, structured: None });
        }
        (Output::Content(_), _) => {
            return Err(Stop::BadOutput("it has no structure, and the older version promises one".into()));
        }
        (Output::Plan(_), _) => return Err(Stop::BadOutput("it is a plan".into())),
        // Text and nothing are published without structure; a shim may know one.
        (Output::Value(value), OutputSchema::Wrapped(_)) => {
            Value::Object(Map::from_iter([(WRAPPER.to_owned(), value)]))
        }
        (Output::Value(value), _) => value,
    };
    valid(&served.tool.current, &value)?;
    if served.major == Major::Current {
        return shaped(&served.tool.current, value);
    }
    let value = translate::down(served, value)?;
    valid(served.contract(), &value)?;
    shaped(served.contract(), value)
}

fn valid(contract: &Contract, value: &Value) -> Result<(), Stop> {
    if let Some(validator) = &contract.output
        && !validator.is_valid(value)
        && let Err(error) = validator.validate(value)
    {
        let place = error.instance_path().as_str().to_owned();
        return Err(Stop::BadOutput(format!("in version {}, at `{place}`: {}", contract.label, error.masked())));
    }
    Ok(())
}

/// Structure where the contract promises it, and its text form: clients that do not read structured content read its
/// text (MCP 2026-07-28, server/tools).
fn shaped(contract: &Contract, value: Value) -> Result<Outcome, Stop> {
    match (value, &contract.output) {
        (Value::String(text), None) => Ok(text_only(text)),
        (Value::Null, None) => Ok(text_only("Done.".into())),
        (value, output) => {
            let text = serde_json::to_string(&value).map_err(|error| Stop::BadOutput(error.to_string()))?;
            let structured = output.is_some().then_some(value);
            Ok(Outcome::Done { content: vec![ContentBlock::text(text)], structured })
        }
    }
}

/// What a function that ended early asks the client for, or the stop as it was.
pub(super) fn requests(stop: Stop) -> Result<InputRequests, Stop> {
    match stop {
        Stop::Tool(mut error) if error.kind() == ErrorKind::InputRequired => {
            error.take_requests().ok_or(Stop::Tool(error))
        }
        Stop::Tool(mut error) if error.kind() == ErrorKind::MissingCapability => match error.take_capabilities() {
            Some(needed) => Err(Stop::MissingCapability(Box::new(needed))),
            None => Err(Stop::Tool(error)),
        },
        other => Err(other),
    }
}

fn text_only(text: String) -> Outcome {
    Outcome::Done { content: vec![ContentBlock::text(text)], structured: None }
}
