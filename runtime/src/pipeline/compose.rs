//! Makes the outcome of what a function returned: structure held to the published schema, and its text form.
//!
//! Invariant: structured content that leaves here is valid under the tool's output schema.

use rmcp::model::ContentBlock;
use serde_json::{Map, Value};

use crate::{
    call::{Outcome, Stop},
    catalogue::Entry,
    error::ErrorKind,
    input_required::InputRequests,
    tool::{Output, OutputSchema, WRAPPER},
};

/// The outcome of a finished function.
pub(super) fn outcome(tool: &Entry, output: Output) -> Result<Outcome, Stop> {
    let value = match (output, &tool.output) {
        (Output::Content(content), _) => return Ok(Outcome::Done { content: content.blocks, structured: None }),
        (Output::Value(Value::String(text)), OutputSchema::Text) => return Ok(text_only(text)),
        (Output::Value(Value::Null), OutputSchema::Unit) => return Ok(text_only("Done.".into())),
        (Output::Value(value), OutputSchema::Wrapped(_)) => {
            Value::Object(Map::from_iter([(WRAPPER.to_owned(), value)]))
        }
        (Output::Value(value), _) => value,
    };
    if let Some(validator) = &tool.output_validator
        && !validator.is_valid(&value)
        && let Err(error) = validator.validate(&value)
    {
        let place = error.instance_path().as_str().to_owned();
        return Err(Stop::BadOutput(format!("at `{place}`: {}", error.masked())));
    }
    // Clients that do not read structured content read its text (MCP 2026-07-28, server/tools).
    let text = serde_json::to_string(&value).map_err(|error| Stop::BadOutput(error.to_string()))?;
    Ok(Outcome::Done { content: vec![ContentBlock::text(text)], structured: Some(value) })
}

/// The outcome of a function that ended early because the client must be asked, or the stop as it was.
pub(super) fn instead(stop: Stop, ask: impl FnOnce(InputRequests) -> Result<Outcome, Stop>) -> Result<Outcome, Stop> {
    match stop {
        Stop::Tool(mut error) if error.kind() == ErrorKind::InputRequired => match error.take_requests() {
            Some(requests) => ask(requests),
            None => Err(Stop::Tool(error)),
        },
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
