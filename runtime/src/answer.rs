//! Turns what came of a call into an MCP answer. The only module that does.
//!
//! Two kinds of "no": an `isError` result is for the model, which can read it and do better; a JSON-RPC error is
//! for the client, when the request itself can't be served. Invariant: nothing internal is in either; the details
//! are in the log, under the request's id.

use std::time::Duration;

use rmcp::{
    ErrorData,
    model::{
        CallToolResponse, CallToolResult, ContentBlock, CreateTaskResult, ErrorCode, InputRequiredResult, MetaObject,
    },
};
use serde_json::{Value, json};

use crate::{
    call::{Called, Degraded, DegradedMode, Notes, Outcome, Retired, Stop, Unapproved, Unconfirmed},
    duration::{self, millis},
    error::{ErrorKind, ToolError},
    hygiene,
    names::{code, meta},
    request_state::StateError,
    tasks::TaskError,
    violations,
};

/// When a caller that was refused because the server drains should try again: by then another replica serves.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The answer to a tool call. Every result says which contract it was held to.
pub(crate) fn to_call(called: Called<'_>, request_id: &str) -> Result<CallToolResponse, ErrorData> {
    let mut response = to_response(called.outcome, request_id)?;
    let added = match &mut response {
        CallToolResponse::Complete(result) => &mut result.meta,
        CallToolResponse::InputRequired(result) => &mut result.meta,
        CallToolResponse::Task(result) => &mut result.meta,
        _ => return Ok(response),
    };
    if let Some(contract) = called.contract {
        added.get_or_insert_default().0.insert(meta::CONTRACT.into(), contract.clone());
    }
    let Notes { attempts, degraded, replayed, .. } = called.notes;
    if attempts > 1 {
        added.get_or_insert_default().0.insert(meta::ATTEMPTS.into(), attempts.into());
    }
    if let Some(Degraded { mode, reason }) = degraded {
        let mut about = json!({ "mode": mode.as_str(), "reason": reason });
        if let DegradedMode::Stale { age } = mode {
            about["ageMs"] = millis(age).into();
        }
        added.get_or_insert_default().0.insert(meta::DEGRADED.into(), about);
    }
    if replayed {
        added.get_or_insert_default().0.insert(meta::REPLAYED.into(), true.into());
    }
    Ok(response)
}

/// How long to wait, in milliseconds: rounded up, since who comes too early is refused again.
fn wait(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX).max(1)
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
        Ok(Outcome::Task(task)) => Ok(CallToolResponse::Task(CreateTaskResult::new(*task))),
        Err(stop) => from_stop(stop, request_id).map_err(hygiene::error_data),
    }
}

/// The refusal to show or change a task. Somebody else's is told of as one that does not exist.
pub(crate) fn no_task(error: &TaskError) -> ErrorData {
    match error {
        TaskError::Unknown => ErrorData::invalid_params("there is no such task, or not any more", None),
        TaskError::Foreign => {
            unavailable("other_release", "the task is another release's; try again".into(), RETRY_AFTER)
        }
        TaskError::Late => {
            unavailable("late", "the task could not be looked up in time; try again".into(), RETRY_AFTER)
        }
        TaskError::Contended => unavailable("contended", "the task is being changed; try again".into(), RETRY_AFTER),
        TaskError::Away(_) => unavailable("store_away", "tasks can't be looked up now; try again".into(), RETRY_AFTER),
    }
}

/// The refusal of any request while the server drains.
pub(crate) fn draining() -> ErrorData {
    unavailable("draining", "the server is shutting down; try again".into(), RETRY_AFTER)
}

/// The refusal of a request whose token can't be checked now.
#[cfg(feature = "oauth")]
pub(crate) fn issuer_away(retry_after: Duration) -> ErrorData {
    unavailable("issuer_away", "tokens can't be checked now; try again".into(), retry_after)
}

/// The server as a whole does not take the request now.
fn unavailable(reason: &str, message: String, retry_after: Duration) -> ErrorData {
    let data = json!({ "reason": reason, "retryAfterMs": wait(retry_after) });
    ErrorData::new(ErrorCode(code::UNAVAILABLE), message, Some(data))
}

/// A tool does not take the call now, which a model can read.
fn away(reason: &str, message: String, retry_after: Option<Duration>) -> CallToolResponse {
    let mut about = json!({ "kind": ErrorKind::Unavailable.as_str(), "reason": reason });
    if let Some(after) = retry_after {
        about["retryAfterMs"] = wait(after).into();
    }
    error_result(message, about, None)
}

/// The refusal of a request that is not a tool call.
pub(crate) fn refusal(stop: Stop, request_id: &str) -> ErrorData {
    match from_stop(stop, request_id) {
        Err(error) => hygiene::error_data(error),
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
        Stop::RateLimited { of, retry_after } => {
            Err(unavailable(&format!("rate_limit_{}", of.as_str()), message, retry_after))
        }
        Stop::Overloaded { retry_after } => Err(unavailable("overloaded", message, retry_after)),
        Stop::SwitchedOff { .. } => Ok(away("switched_off", sentence(message), None)),
        Stop::ReadOnly { .. } => Ok(away("read_only", sentence(message), None)),
        Stop::BreakerOpen { retry_after, .. } => Ok(away("breaker_open", sentence(message), Some(retry_after))),
        Stop::BulkheadFull { retry_after, .. } => Ok(away("bulkhead_full", sentence(message), Some(retry_after))),
        Stop::NoThread { retry_after } => Ok(away("no_thread", sentence(message), Some(retry_after))),
        Stop::StoreAway(_) => Ok(away(
            "store_away",
            "What the server has to remember of this call can't be written now; nothing was done.".into(),
            Some(RETRY_AFTER),
        )),
        Stop::InFlight { retry_after } => {
            let about = json!({ "kind": ErrorKind::Conflict.as_str(), "reason": "in_flight", "retryAfterMs": wait(retry_after) });
            Ok(error_result(sentence(message), about, None))
        }
        Stop::KeyReused => Ok(conflict("key_reused", message)),
        Stop::AnswerNotKept => Ok(conflict("answer_not_kept", message)),
        Stop::EffectUnknown { .. } => {
            Ok(error_result(sentence(message), json!({ "kind": ErrorKind::Unknown.as_str() }), None))
        }
        Stop::ResultTooLarge { limit } => {
            let about =
                json!({ "kind": ErrorKind::Internal.as_str(), "reason": "result_too_large", "limitBytes": limit });
            Ok(error_result(
                format!(
                    "The call was done, and its result takes more than {limit} bytes. If it only reads, ask for less."
                ),
                about,
                None,
            ))
        }
        Stop::TooLarge { limit } => invalid(Some(json!({ "limitBytes": limit }))),
        Stop::TooDeep { limit } => invalid(Some(json!({ "limitDepth": limit }))),
        Stop::BadMeta { .. } => invalid(None),
        Stop::InsufficientScope { missing } => {
            let data = json!({ "reason": "insufficient_scope", "missing": missing });
            Err(ErrorData::new(ErrorCode(code::INSUFFICIENT_SCOPE), message, Some(data)))
        }
        Stop::Denied { .. } => Ok(error_result(sentence(message), json!({ "kind": ErrorKind::Denied.as_str() }), None)),
        Stop::UnknownTool { nearest, .. } => match nearest {
            Some(nearest) => Err(ErrorData::invalid_params(
                format!("{message}; did you mean `{nearest}`?"),
                Some(json!({ "didYouMean": nearest })),
            )),
            None => invalid(None),
        },
        Stop::UnknownVersion { available, .. } => invalid(Some(json!({ "available": available }))),
        Stop::State(StateError::NoRandomness | StateError::Key(_)) => Err(internal(request_id)),
        Stop::Unconfirmed(unconfirmed) => Ok(from_unconfirmed(&unconfirmed)),
        Stop::Unapproved(unapproved) => Ok(from_unapproved(&unapproved)),
        Stop::NotConfirmed(_) => {
            let about = json!({ "kind": ErrorKind::Denied.as_str(), "reason": "not_confirmed" });
            Ok(error_result(sentence(message), about, None))
        }
        Stop::TooManyApprovals { retry_after } => Ok(away("too_many_approvals", sentence(message), Some(retry_after))),
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

fn conflict(reason: &str, message: String) -> CallToolResponse {
    error_result(sentence(message), json!({ "kind": ErrorKind::Conflict.as_str(), "reason": reason }), None)
}

/// With a capital and a full stop, as a model reads it.
fn sentence(text: String) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

fn from_tool(error: &ToolError, request_id: &str) -> CallToolResponse {
    let text = match error.kind() {
        ErrorKind::Internal => format!("The tool failed. The server's log has the details under request {request_id}."),
        _ => error.message().to_owned(),
    };
    let mut about = json!({ "kind": error.kind().as_str() });
    if let Some(after) = error.retry_after() {
        about["retryAfterMs"] = wait(after).into();
    }
    error_result(text, about, None)
}

/// A plan, and how it is confirmed by a second call. The token is for the client: a model can't write a `_meta`.
fn from_unconfirmed(unconfirmed: &Unconfirmed) -> CallToolResponse {
    let Unconfirmed { shown, token, expires, reason } = unconfirmed;
    let text = format!(
        "Nothing was done yet: this call has to be confirmed.{}\n\n{}\n\nShow this to the user. If the user agrees, make \
         the same call again within {} with `_meta[\"{}\"]`: the token is in `_meta[\"{}\"].confirmation` of this result.",
        why(*reason, "confirmation"),
        shown.text(),
        duration::text(*expires),
        meta::CONFIRMATION,
        meta::ERROR,
    );
    let mut about = json!({
        "kind": "confirmation_required",
        "confirmation": token,
        "expiresInMs": millis(*expires),
        "plan": shown.json(),
    });
    if let Some(reason) = reason {
        about["reason"] = (*reason).into();
    }
    error_result(text, about, None)
}

/// A plan, and what somebody else has to do.
fn from_unapproved(unapproved: &Unapproved) -> CallToolResponse {
    let Unapproved { shown, id, granted, expires, reason } = unapproved;
    let (state, next) = match granted {
        true => ("granted", "It is approved: make"),
        false => ("pending", "Ask an approver to run the command `approve`; then make"),
    };
    let text = format!(
        "Nothing was done yet: somebody else has to approve this call, as request {id}.{}\n\n{}\n\n{next} the same call \
         again with `_meta[\"{}\"] = \"{id}\"`.",
        why(*reason, "approval"),
        shown.text(),
        meta::APPROVAL,
    );
    let mut about = json!({
        "kind": "approval_required",
        "approval": id,
        "state": state,
        "expiresInMs": millis(*expires),
        "plan": shown.json(),
    });
    if let Some(reason) = reason {
        about["reason"] = (*reason).into();
    }
    error_result(text, about, None)
}

/// Why what came with a call did not count.
fn why(reason: Option<&str>, what: &str) -> String {
    match reason {
        Some("expired") => format!(" The {what} that came with it has expired."),
        Some("plan_changed") => {
            format!(" What it would do has changed since the {what} that came with it was asked for.")
        }
        Some(_) => format!(" The {what} that came with it is not for it."),
        None => String::new(),
    }
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

fn error_result(text: String, mut about: Value, mut violations: Option<Value>) -> CallToolResponse {
    hygiene::error_value(&mut about);
    violations.iter_mut().for_each(hygiene::error_value);
    let mut result = CallToolResult::error(vec![ContentBlock::text(hygiene::error_text(text))]);
    let mut added = MetaObject::new();
    added.0.insert(meta::ERROR.into(), about);
    if let Some(violations) = violations {
        added.0.insert(meta::VIOLATIONS.into(), violations);
    }
    result.meta = Some(added);
    result.into()
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use serde_json::json;

    use crate::{Secret, mcp_tool, server::Server, testing::Client, tools};

    /// Count.
    #[mcp_tool(version = "1.0.0", effect = read_only, crate = crate)]
    async fn count(number: u8) -> u8 {
        number
    }

    #[tokio::test]
    async fn what_a_refusal_repeats_is_clean_and_has_no_secret_of_the_server() {
        let _secret = Secret::new("kept-by-the-server".to_owned());
        let client = Client::new(Server::builder("test", ()).tools(tools![count]).build()).unwrap();
        let words = "kept-by-the-server \u{200b}[x](javascript:alert(1))";
        for answer in [client.call("count", json!({ "number": words })).await, client.call(words, json!({})).await] {
            let told = answer.message().to_string();
            assert!(told.contains("[secret]") && told.contains("javascript(:)alert"), "{told}");
            assert!(!told.contains("kept-by-the-server") && !told.contains('\u{200b}'), "{told}");
        }
    }
}
