//! Turns what came of a call into an MCP answer. The only module that does.
//!
//! Two kinds of "no": an `isError` result is for the model, which can read it and do better; a JSON-RPC error is
//! for the client, when the request itself can't be served. Invariant: nothing internal is in either; the details
//! are in the log, under the request's id.

use rmcp::{
    ErrorData,
    model::{CallToolResponse, CallToolResult, ContentBlock, ErrorCode, InputRequiredResult, MetaObject},
};
use serde_json::{Value, json};

use crate::{
    call::{Called, Outcome, Retired, Stop},
    error::{ErrorKind, ToolError},
    names::{code, meta},
    request_state::StateError,
    violations,
};

/// When a caller that was refused because the server drains should try again: by then another replica serves.
const RETRY_AFTER_MS: u64 = 1_000;

/// The answer to a tool call. Every result says which contract it was held to.
pub(crate) fn to_call(called: Called<'_>, request_id: &str) -> Result<CallToolResponse, ErrorData> {
    let mut response = to_response(called.outcome, request_id)?;
    if let Some(contract) = called.contract {
        let meta = match &mut response {
            CallToolResponse::Complete(result) => &mut result.meta,
            CallToolResponse::InputRequired(result) => &mut result.meta,
            _ => return Ok(response),
        };
        meta.get_or_insert_default().0.insert(meta::CONTRACT.into(), contract.clone());
    }
    Ok(response)
}

fn to_response(outcome: Result<Outcome, Stop>, request_id: &str) -> Result<CallToolResponse, ErrorData> {
    match outcome {
        Ok(Outcome::Done { content, structured }) => {
            let mut result = CallToolResult::success(content);
            result.is_error = Some(false);
            result.structured_content = structured;
            Ok(result.into())
        }
        Ok(Outcome::InputRequired { requests, state }) => {
            Ok(InputRequiredResult::new(Some(requests), Some(state)).into())
        }
        Err(stop) => from_stop(stop, request_id),
    }
}

/// The refusal of any request while the server drains.
pub(crate) fn draining() -> ErrorData {
    ErrorData::new(
        ErrorCode(code::UNAVAILABLE),
        "the server is shutting down; try again",
        Some(json!({ "retryAfterMs": RETRY_AFTER_MS })),
    )
}

/// The refusal of a request that is not a tool call.
pub(crate) fn refusal(stop: Stop, request_id: &str) -> ErrorData {
    match from_stop(stop, request_id) {
        Err(error) => error,
        Ok(_) => internal(request_id),
    }
}

/// The answer to a request whose handler panicked.
pub(crate) fn internal(request_id: &str) -> ErrorData {
    ErrorData::internal_error(
        format!("internal error; the server's log has the details under request {request_id}"),
        None,
    )
}

fn from_stop(stop: Stop, request_id: &str) -> Result<CallToolResponse, ErrorData> {
    let message = stop.to_string();
    let invalid = |data: Option<Value>| Err(ErrorData::invalid_params(message.clone(), data));
    match stop {
        Stop::Draining => Err(draining()),
        Stop::TooLarge { limit } => invalid(Some(json!({ "limitBytes": limit }))),
        Stop::TooDeep { limit } => invalid(Some(json!({ "limitDepth": limit }))),
        Stop::BadMeta { .. } => invalid(None),
        Stop::UnknownTool { nearest, .. } => match nearest {
            Some(nearest) => Err(ErrorData::invalid_params(
                format!("{message}; did you mean `{nearest}`?"),
                Some(json!({ "didYouMean": nearest })),
            )),
            None => invalid(None),
        },
        Stop::UnknownVersion { available, .. } => invalid(Some(json!({ "available": available }))),
        Stop::State(StateError::NoRandomness) => Err(internal(request_id)),
        Stop::State(StateError::Exhausted) => {
            Err(ErrorData::new(ErrorCode(code::UNAVAILABLE), message, Some(json!({ "retryAfterMs": RETRY_AFTER_MS }))))
        }
        Stop::State(_) => invalid(None),
        Stop::MissingCapability(needed) => Err(ErrorData::missing_required_client_capability(*needed)),
        Stop::Panicked(_) | Stop::BadOutput(_) | Stop::BadShim { .. } => Err(internal(request_id)),
        Stop::Retired(retired) => Ok(from_retired(&retired)),
        Stop::Untranslatable { .. } => Ok(error_result(message, json!({ "kind": ErrorKind::Invalid.as_str() }), None)),
        Stop::Violations { tool, violations } => Ok(error_result(
            violations::text(&tool, &violations),
            json!({ "kind": ErrorKind::Invalid.as_str() }),
            Some(json!(violations)),
        )),
        Stop::Cancelled => {
            Ok(error_result("Cancelled.".into(), json!({ "kind": ErrorKind::Cancelled.as_str() }), None))
        }
        Stop::Tool(error) => Ok(from_tool(&error, request_id)),
    }
}

fn from_tool(error: &ToolError, request_id: &str) -> CallToolResponse {
    let text = match error.kind() {
        ErrorKind::Internal => format!("The tool failed. The server's log has the details under request {request_id}."),
        _ => error.message().to_owned(),
    };
    let mut about = json!({ "kind": error.kind().as_str() });
    if let Some(after) = error.retry_after() {
        about["retryAfterMs"] = json!(u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
    }
    error_result(text, about, None)
}

/// What is no longer served: for the model, which can call what is served instead.
fn from_retired(retired: &Retired) -> CallToolResponse {
    let kind = if retired.gone { "gone" } else { "sunset" };
    let mut about = json!({ "kind": kind, "sunset": retired.ended.since.to_string(), "available": retired.available });
    if let Some(note) = &retired.ended.note {
        about["note"] = note.as_str().into();
    }
    error_result(retired.to_string(), about, None)
}

fn error_result(text: String, about: Value, violations: Option<Value>) -> CallToolResponse {
    let mut result = CallToolResult::error(vec![ContentBlock::text(text)]);
    let mut added = MetaObject::new();
    added.0.insert(meta::ERROR.into(), about);
    if let Some(violations) = violations {
        added.0.insert(meta::VIOLATIONS.into(), violations);
    }
    result.meta = Some(added);
    result.into()
}
