//! rmcp's handler: tools go through the pipeline, everything else to the author's handler behind the same gate.
//!
//! Invariant: every request is answered, also when the code that serves it panics; every result names the server.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::FutureExt as _;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::*,
    service::{NotificationContext, RequestContext, SubscriptionContext},
};

use super::channel::{self, McpChannel};
use crate::{
    answer,
    call::{self, ToolCall},
    context::LogLevel,
    engine::Engine,
    input_required, names, pipeline,
    principal::Principal,
};

/// How long a client may keep a list; lists change only when the server is replaced.
const LIST_TTL_MS: u64 = 60_000;

/// See the module. One for each connection or session; cheap to make.
pub(crate) struct McpHandler {
    engine: Arc<Engine>,
    principal: Principal,
    /// What a client of an older protocol wants to hear, for its session.
    level: Mutex<LogLevel>,
}

impl McpHandler {
    pub(crate) fn new(engine: Arc<Engine>, principal: Principal) -> Self {
        Self { engine, principal, level: Mutex::new(LogLevel::Debug) }
    }

    /// Another of its kind, for another session.
    pub(super) fn fresh(&self) -> Self {
        Self::new(Arc::clone(&self.engine), self.principal.clone())
    }

    /// Serves a request that is not a tool call: bounds, gate, deadline, panic capture, record.
    async fn pass(
        &self,
        method: &'static str,
        request: ClientRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<ServerResult, ErrorData> {
        let id = call::request_id(&context.id);
        let mut record = Passing { method, id: &id, outcome: "abandoned" };
        self.serve(&mut record, request, context).await
    }

    async fn serve(
        &self,
        record: &mut Passing<'_>,
        request: ClientRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<ServerResult, ErrorData> {
        let Some(handler) = &self.engine.handler else {
            record.outcome = "not_found";
            return Err(not_found(record.method));
        };
        let deadline = match pipeline::bounds(&self.engine.limits, &request, &context.meta.0.0) {
            Ok(deadline) => deadline,
            Err(stop) => {
                record.outcome = "invalid";
                return Err(answer::refusal(stop, record.id));
            }
        };
        let Some(_ticket) = self.engine.gate.enter() else {
            record.outcome = "draining";
            return Err(answer::draining());
        };
        let cancelled = context.ct.clone();
        let declared = context.client_capabilities().unwrap_or_default();
        let served = AssertUnwindSafe(handler.handle(request, context)).catch_unwind();
        let outcome = tokio::select! {
            biased;
            () = cancelled.cancelled() => {
                record.outcome = "cancelled";
                return Err(ErrorData::internal_error("cancelled by the caller", None));
            }
            served = tokio::time::timeout(deadline, served) => served,
        };
        let (outcome, answer) = match outcome {
            Ok(Ok(Ok(mut result))) => match may_ask(&result, &declared) {
                Ok(()) => {
                    self.stamp(&mut result);
                    ("ok", Ok(result))
                }
                Err(error) => ("missing_capability", Err(error)),
            },
            Ok(Ok(Err(error))) => ("error", Err(error)),
            Ok(Err(_panic)) => ("panicked", Err(answer::internal(record.id))),
            Err(_elapsed) => ("timeout", Err(answer::internal(record.id))),
        };
        record.outcome = outcome;
        answer
    }

    /// Passes a notification on; a panic there ends nothing.
    async fn tell(&self, notification: ClientNotification, context: NotificationContext<RoleServer>) {
        if let Some(handler) = &self.engine.handler
            && AssertUnwindSafe(handler.notify(notification, context)).catch_unwind().await.is_err()
        {
            tracing::error!("the handler panicked at a notification");
        }
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

    fn name_server(&self, meta: &mut Option<MetaObject>) {
        meta.get_or_insert_default().0.insert(names::meta::SERVER_INFO.into(), self.engine.server_info.clone());
    }
}

fn not_found(method: &'static str) -> ErrorData {
    ErrorData::new(ErrorCode::METHOD_NOT_FOUND, method, None)
}

/// The record of a request that is not a tool call; written once, however it ends.
struct Passing<'a> {
    method: &'static str,
    id: &'a str,
    outcome: &'static str,
}

impl Drop for Passing<'_> {
    fn drop(&mut self) {
        let Self { method, id, outcome } = *self;
        match outcome {
            "ok" => tracing::debug!(method, request = id, outcome, "request"),
            "panicked" | "timeout" => tracing::error!(method, request = id, outcome, "request"),
            _ => tracing::info!(method, request = id, outcome, "request"),
        }
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

/// The handler answered with a result of another request.
fn mismatch(method: &'static str) -> ErrorData {
    tracing::error!(method, "the handler answered with a result of another request");
    ErrorData::internal_error("internal error", None)
}

/// Methods that go to the author's handler, if it says that it serves them.
macro_rules! passed {
    ($($method:ident($params:ty) if $capability:ident: $name:literal
        => $request:ident($make:path) => $response:ty { $($result:ident)|+ })*) => {$(
        async fn $method(&self, params: $params, context: RequestContext<RoleServer>) -> Result<$response, ErrorData> {
            if self.engine.capabilities.$capability.is_none() {
                return Err(not_found($name));
            }
            match self.pass($name, ClientRequest::$request($make(params)), context).await? {
                $(ServerResult::$result(result) => Ok(result.into()),)+
                _ => Err(mismatch($name)),
            }
        }
    )*};
}

fn page<M: Default, P>(params: Option<P>) -> RequestOptionalParam<M, P> {
    RequestOptionalParam { method: M::default(), params, extensions: Extensions::default() }
}

impl ServerHandler for McpHandler {
    fn get_info(&self) -> ServerConfig {
        let mut info = ServerConfig::new(self.engine.capabilities.clone()).with_server_info(self.engine.info.clone());
        info.instructions = self.engine.instructions.clone();
        info
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        if self.engine.catalogue.entries().is_empty() {
            return Err(not_found("tools/list"));
        }
        if let Some(cursor) = request.and_then(|request| request.cursor) {
            return Err(ErrorData::invalid_params(
                format!("`{cursor}` is no cursor of this list: it has one page"),
                None,
            ));
        }
        let mut list = self.engine.catalogue.list().with_ttl_ms(LIST_TTL_MS).with_cache_scope(CacheScope::Public);
        self.name_server(&mut list.meta);
        Ok(list)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        mut context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let id = call::request_id(&context.id);
        let level = *self.level.lock().unwrap_or_else(PoisonError::into_inner);
        let channel = McpChannel::new(&context, level);
        let call = ToolCall {
            name: request.name.into_owned(),
            arguments: request.arguments.unwrap_or_default(),
            meta: std::mem::take(&mut context.meta.0.0),
            request_id: id.clone(),
            principal: self.principal.clone(),
            cancellation: context.ct,
            channel: Arc::new(channel),
            responses: request.input_responses.unwrap_or_default(),
            request_state: request.request_state,
        };
        let outcome = AssertUnwindSafe(pipeline::call(&self.engine, call)).catch_unwind().await;
        let mut response = match outcome {
            Ok(outcome) => answer::to_call(outcome, &id)?,
            Err(_panic) => return Err(answer::internal(&id)),
        };
        match &mut response {
            CallToolResponse::Complete(result) => self.name_server(&mut result.meta),
            CallToolResponse::InputRequired(result) => self.name_server(&mut result.meta),
            _ => {}
        }
        Ok(response)
    }

    /// The SDK checks `Mcp-Param-*` headers by this; a tool without such headers need not be copied for it.
    fn get_tool(&self, name: &str) -> Option<Tool> {
        let entry = self.engine.catalogue.find(name)?;
        entry.has_headers.then(|| entry.definition.clone())
    }

    async fn set_level(
        &self,
        request: SetLevelRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        *self.level.lock().unwrap_or_else(PoisonError::into_inner) = channel::from_wire(request.level);
        Ok(())
    }

    passed! {
        complete(CompleteRequestParams) if completions: "completion/complete"
            => CompleteRequest(Request::new) => CompleteResult { CompleteResult }
        get_prompt(GetPromptRequestParams) if prompts: "prompts/get"
            => GetPromptRequest(Request::new) => GetPromptResponse { GetPromptResult | InputRequiredResult }
        list_prompts(Option<PaginatedRequestParams>) if prompts: "prompts/list"
            => ListPromptsRequest(page) => ListPromptsResult { ListPromptsResult }
        list_resources(Option<PaginatedRequestParams>) if resources: "resources/list"
            => ListResourcesRequest(page) => ListResourcesResult { ListResourcesResult }
        list_resource_templates(Option<PaginatedRequestParams>) if resources: "resources/templates/list"
            => ListResourceTemplatesRequest(page) => ListResourceTemplatesResult { ListResourceTemplatesResult }
        read_resource(ReadResourceRequestParams) if resources: "resources/read"
            => ReadResourceRequest(Request::new) => ReadResourceResponse { ReadResourceResult | InputRequiredResult }
    }

    async fn subscribe(
        &self,
        params: SubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let request = ClientRequest::SubscribeRequest(Request::new(params));
        self.pass("resources/subscribe", request, context).await.map(drop)
    }

    async fn unsubscribe(
        &self,
        params: UnsubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let request = ClientRequest::UnsubscribeRequest(Request::new(params));
        self.pass("resources/unsubscribe", request, context).await.map(drop)
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        if self.engine.handler.is_none() {
            return Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, request.method, None));
        }
        match self.pass("custom", ClientRequest::CustomRequest(request), context).await? {
            ServerResult::CustomResult(result) => Ok(result),
            _ => Err(mismatch("custom")),
        }
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        self.tell(ClientNotification::InitializedNotification(NotificationNoParam::default()), context).await;
    }

    async fn on_roots_list_changed(&self, context: NotificationContext<RoleServer>) {
        self.tell(ClientNotification::RootsListChangedNotification(NotificationNoParam::default()), context).await;
    }

    async fn on_custom_notification(&self, notification: CustomNotification, context: NotificationContext<RoleServer>) {
        self.tell(ClientNotification::CustomNotification(notification), context).await;
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        self.engine.handler.as_ref()?.accepted_subscription_filter(requested)
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Result<(), ErrorData> {
        let Some(handler) = &self.engine.handler else { return Err(not_found("subscriptions/listen")) };
        if !self.engine.gate.is_open() {
            return Err(answer::draining());
        }
        match AssertUnwindSafe(handler.listen(subscription)).catch_unwind().await {
            Ok(ended) => ended,
            Err(_panic) => Err(answer::internal("subscriptions/listen")),
        }
    }
}
