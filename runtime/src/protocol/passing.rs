//! Requests that are not tool calls, and notifications: within their bounds, through the gate, until their deadline, with
//! panics caught, and recorded, whatever serves them.

#[cfg(test)]
mod tests;

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use rmcp::{
    ErrorData, RoleServer,
    model::{ClientCapabilities, ClientNotification, ClientRequest, ErrorCode, ServerResult},
    service::{NotificationContext, RequestContext},
};
use serde_json::Map;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::handler::{McpHandler, not_found};
use crate::{
    answer,
    call::{self, CountsAs, Stop},
    caller::Caller,
    hygiene, input_required, pipeline,
};

/// The record of such a request; written once, however it ends.
pub(super) struct Passing<'a> {
    pub(super) method: &'static str,
    pub(super) id: &'a str,
    pub(super) caller: &'a Caller,
    pub(super) outcome: &'static str,
    /// There may be very many of its kind.
    quiet: bool,
}

impl<'a> Passing<'a> {
    /// The record of a request of which nothing came yet.
    pub(super) fn of(method: &'static str, id: &'a str, caller: &'a Caller) -> Self {
        Self { method, id, caller, outcome: "abandoned", quiet: false }
    }
}

impl Drop for Passing<'_> {
    fn drop(&mut self) {
        let Self { method, id, caller, outcome, quiet } = *self;
        let (principal, tenant) = (caller.principal().as_str(), &**caller.tenant());
        match outcome {
            outcome if quiet || outcome == "ok" => {
                tracing::debug!(method, request = id, principal, tenant, outcome, "request")
            }
            "panicked" | "timeout" | "result_too_large" => {
                tracing::error!(method, request = id, principal, tenant, outcome, "request")
            }
            _ => tracing::info!(method, request = id, principal, tenant, outcome, "request"),
        }
    }
}

/// Why the work of a request did not come to its end.
pub(super) enum Unserved {
    Cancelled,
    Panicked,
    Late,
}

impl Unserved {
    /// As it is recorded and counted.
    fn as_str(&self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Panicked => "panicked",
            Self::Late => "timeout",
        }
    }
}

impl McpHandler {
    /// Serves a request that is not a tool call: bounds, gate, deadline, panic capture, record.
    pub(super) async fn pass(
        &self,
        method: &'static str,
        request: ClientRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<ServerResult, ErrorData> {
        let (id, caller) = (call::request_id(&context.id), self.caller(&context).clone());
        let mut record = Passing::of(method, &id, &caller);
        Box::pin(self.serve(&mut record, request, context)).await
    }

    async fn serve(
        &self,
        record: &mut Passing<'_>,
        request: ClientRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<ServerResult, ErrorData> {
        let Some(handler) = &self.engine().handler else {
            record.outcome = "not_found";
            return Err(not_found(record.method));
        };
        let deadline = match pipeline::bounds(&self.engine().limits, &request, &context.meta.0.0) {
            Ok(deadline) => deadline,
            Err(stop) => return Err(self.refused(record, stop)),
        };
        let until = self.engine().clock.now() + deadline;
        let _admitted = match pipeline::enter(self.engine(), self.caller(&context), until, &context.ct).await {
            Ok(admitted) => admitted,
            Err(stop) => return Err(self.refused(record, stop)),
        };
        let access = &self.engine().access;
        let caller = self.caller(&context).clone();
        if access.is_unclear(&request) {
            return Err(self.unclear(record));
        }
        let missing = access.missing_for(&caller, &request);
        if !missing.is_empty() {
            return Err(match access.step_up {
                true => self.refused(record, Stop::InsufficientScope { missing }),
                false => self.hidden(record, &request),
            });
        }
        let cancelled = context.ct.clone();
        let declared = context.client_capabilities().unwrap_or_default();
        let (outcome, answer) = match self.until(record, until, &cancelled, handler.handle(request, context)).await {
            Ok(Ok(mut result)) => match may_ask(&result, &declared) {
                Ok(()) => {
                    access.trim(&caller, &mut result);
                    if let Err(stop) = pipeline::of_answer(&self.engine().limits, &result) {
                        return Err(self.refused(record, stop));
                    }
                    if let Err(hygiene::Unclean) = self.engine().hygiene.result(&mut result) {
                        tracing::error!(
                            method = record.method,
                            "the handler's answer has secrets where only the protocol's words may be"
                        );
                        record.outcome = "error";
                        return Err(answer::internal(record.id));
                    }
                    self.stamp(&mut result);
                    ("ok", Ok(result))
                }
                Err(error) => ("missing_capability", Err(error)),
            },
            Ok(Err(error)) => ("error", Err(self.engine().hygiene.error(error))),
            Err(Unserved::Cancelled) => return Err(answer::refusal(Stop::Cancelled, record.id)),
            Err(Unserved::Panicked | Unserved::Late) => return Err(answer::internal(record.id)),
        };
        record.outcome = outcome;
        answer
    }

    /// Does the work of a request until its time is over or its caller gives up. A panic ends nothing else.
    pub(super) async fn until<T>(
        &self,
        record: &mut Passing<'_>,
        until: Instant,
        cancelled: &CancellationToken,
        work: impl Future<Output = T>,
    ) -> Result<T, Unserved> {
        let ended = tokio::select! {
            biased;
            () = cancelled.cancelled() => Unserved::Cancelled,
            done = timeout_at(until, AssertUnwindSafe(work).catch_unwind()) => match done {
                Ok(Ok(done)) => return Ok(done),
                Ok(Err(_panic)) => Unserved::Panicked,
                Err(_elapsed) => Unserved::Late,
            },
        };
        record.outcome = ended.as_str();
        if !matches!(ended, Unserved::Cancelled) {
            self.engine().metrics.failed(record.method, record.outcome);
        }
        Err(ended)
    }

    /// Passes a notification on to the author's handler: bounds, gate, rates, deadline, panic capture, record. One that is
    /// refused is dropped, and counted: there is no answer to tell it with.
    pub(super) async fn tell(
        &self,
        method: &'static str,
        notification: ClientNotification,
        context: NotificationContext<RoleServer>,
    ) {
        let engine = self.engine();
        let Some(handler) = &engine.handler else { return };
        let caller = self.caller_of(&context.extensions).clone();
        // It has no id.
        let mut record = Passing::of(method, "", &caller);
        // Nobody can take it back.
        let never = CancellationToken::new();
        let passed = async {
            let until = engine.clock.now() + pipeline::bounds(&engine.limits, &notification, &Map::new())?;
            Ok((until, pipeline::pass(engine, &caller, until, &never).await?))
        };
        let (until, _admitted) = match passed.await {
            Ok(passed) => passed,
            Err(stop) => return drop(self.refused(&mut record, stop)),
        };
        let told = self.until(&mut record, until, &never, handler.notify(notification, context)).await;
        if told.is_ok() {
            record.outcome = "ok";
        }
    }

    /// Serves a request that is answered from memory: bounds, gate, rates, record; where it is `costly`, in a place as
    /// a call has one.
    pub(super) async fn know<T>(
        &self,
        method: &'static str,
        request: &ClientRequest,
        context: &RequestContext<RoleServer>,
        costly: bool,
        answer: impl FnOnce() -> Result<T, ErrorData>,
    ) -> Result<T, ErrorData> {
        let id = call::request_id(&context.id);
        let mut record = Passing::of(method, &id, self.caller(context));
        let passed = async {
            let time = pipeline::bounds(&self.engine().limits, request, &context.meta.0.0)?;
            let (engine, caller, until) = (self.engine(), self.caller(context), self.engine().clock.now() + time);
            match costly {
                true => pipeline::enter(engine, caller, until, &context.ct).await,
                false => pipeline::pass(engine, caller, until, &context.ct).await,
            }
        };
        let _admitted = passed.await.map_err(|stop| self.refused(&mut record, stop))?;
        let answer = answer();
        record.outcome = if answer.is_ok() { "ok" } else { "error" };
        answer
    }

    /// The answer to a request for what the caller must not learn of; recorded and counted.
    fn hidden(&self, record: &mut Passing<'_>, request: &ClientRequest) -> ErrorData {
        record.outcome = "hidden";
        self.engine().metrics.refused(record.method, record.outcome);
        let data = |uri: &str| Some(serde_json::json!({ "uri": uri }));
        match request {
            ClientRequest::ReadResourceRequest(request) => {
                ErrorData::resource_not_found("there is no such resource", data(&request.params.uri))
            }
            ClientRequest::SubscribeRequest(request) => {
                ErrorData::resource_not_found("there is no such resource", data(&request.params.uri))
            }
            // As where the handler does not know it.
            ClientRequest::CustomRequest(request) => {
                ErrorData::new(ErrorCode::METHOD_NOT_FOUND, request.method.clone(), None)
            }
            _ => ErrorData::invalid_params("there is nothing of this name", None),
        }
    }

    /// The answer to a request for a URI that rules can't be sure of; recorded and counted.
    fn unclear(&self, record: &mut Passing<'_>) -> ErrorData {
        record.outcome = "invalid";
        self.engine().metrics.refused(record.method, record.outcome);
        ErrorData::invalid_params(
            "the URI has white space, control characters or backslashes; percent-encode them (RFC 3986, section 2.1)",
            None,
        )
    }

    /// The answer to a request that is not a tool call and was not served; recorded and counted.
    pub(super) fn refused(&self, record: &mut Passing<'_>, stop: Stop) -> ErrorData {
        (record.outcome, record.quiet) = (stop.name(), pipeline::is_quiet(&stop));
        match stop.counts_as(false) {
            CountsAs::Refusal => self.engine().metrics.refused(record.method, stop.name()),
            CountsAs::Failure => self.engine().metrics.failed(record.method, stop.name()),
            CountsAs::Nothing => {}
        }
        answer::refusal(stop, record.id)
    }

    /// Names the server in a result's `_meta` (MCP 2026-07-28, basic/index).
    fn stamp(&self, result: &mut ServerResult) {
        let meta = match result {
            ServerResult::CompleteResult(result) => &mut result.meta,
            ServerResult::GetPromptResult(result) => &mut result.meta,
            ServerResult::ListPromptsResult(result) => &mut result.meta,
            ServerResult::ListResourcesResult(result) => &mut result.meta,
            ServerResult::ListResourceTemplatesResult(result) => &mut result.meta,
            ServerResult::ReadResourceResult(result) => &mut result.meta,
            ServerResult::InputRequiredResult(result) => &mut result.meta,
            _ => return,
        };
        self.name_server(meta);
    }
}

/// Lets a result pass that asks the client for no more than it declared.
fn may_ask(result: &ServerResult, declared: &ClientCapabilities) -> Result<(), ErrorData> {
    let ServerResult::InputRequiredResult(asking) = result else { return Ok(()) };
    let needed = input_required::needed(asking.input_requests.iter().flatten().map(|(_, request)| request));
    if input_required::covers(declared, &needed) {
        Ok(())
    } else {
        Err(ErrorData::missing_required_client_capability(needed))
    }
}
