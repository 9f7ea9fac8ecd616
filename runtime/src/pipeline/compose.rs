//! Makes the outcome of what a function returned: cleaned, structure held to the published schema, and its text form.
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
    hygiene::Hygiene,
    input_required::InputRequests,
    tool::{Output, OutputSchema, WRAPPER},
};

/// The outcome of a finished function, unless it is larger than `limit` bytes.
pub(super) fn outcome(served: Served<'_>, output: Output, limit: usize, hygiene: &Hygiene) -> Result<Outcome, Stop> {
    size::check(&output, limit)?;
    let mut value = match (output, &served.tool.output) {
        (Output::Content(mut content), _) if served.contract().output.is_none() => {
            hygiene.blocks(&mut content.blocks);
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
    // A shim sees what a caller of the current major would, and what it adds is cleaned, too.
    hygiene.value(&mut value);
    valid(&served.tool.current, &value)?;
    if served.major == Major::Current {
        return shaped(&served.tool.current, value, hygiene);
    }
    let mut value = translate::down(served, value)?;
    hygiene.value(&mut value);
    valid(served.contract(), &value)?;
    shaped(served.contract(), value, hygiene)
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
fn shaped(contract: &Contract, value: Value, hygiene: &Hygiene) -> Result<Outcome, Stop> {
    match (value, &contract.output) {
        (Value::String(text), None) => Ok(text_only(text, hygiene)),
        (Value::Null, None) => Ok(text_only("Done.".into(), hygiene)),
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

/// Text alone may be cut; the text of a structure may not, since it would be no JSON any more.
fn text_only(text: String, hygiene: &Hygiene) -> Outcome {
    let mut content = vec![ContentBlock::text(text)];
    hygiene.bound(&mut content);
    Outcome::Done { content, structured: None }
}
