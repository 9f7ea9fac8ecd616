//! rmcp's handler: tools go through the pipeline, everything else behind the same gate and the same rates to the author's
//! handler, or to what is known here.
//!
//! Invariant: every request is answered, also when the code that serves it panics; every result names the server.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use futures_util::FutureExt as _;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::*,
    service::{NotificationContext, RequestContext, SubscriptionContext},
};

use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    changes,
    channel::{self, McpChannel},
    subscription,
};
use crate::{
    answer,
    call::{self, ToolCall},
    caller::Caller,
    catalogue::{Listing, SurfaceId},
    context::LogLevel,
    date::Date,
    engine::Engine,
    names, pipeline,
};

/// See the module. One for each connection or session; cheap to make.
pub(crate) struct McpHandler {
    engine: Arc<Engine>,
    /// Who made the connection or the session; a request may come with a newer proof of it.
    caller: Caller,
    /// The surface that the connection names, if it names one.
    endpoint: Option<SurfaceId>,
    /// The surface that the caller comes in on.
    surface: Option<SurfaceId>,
    /// What a client of an older protocol wants to hear, for its session.
    level: Mutex<LogLevel>,
    /// Somebody watches the list of tools for the client, who may say more than once that it is initialized.
    watched: AtomicBool,
    /// Ends what was started for the connection or session.
    ended: DropGuard,
}

impl McpHandler {
    /// `endpoint` is the surface that the connection names, if it names one.
    pub(crate) fn new(engine: Arc<Engine>, caller: Caller, endpoint: Option<SurfaceId>) -> Self {
        let surface = engine.surface(endpoint, &caller);
        let ended = CancellationToken::new().drop_guard();
        Self {
            engine,
            caller,
            endpoint,
            surface,
            level: Mutex::new(LogLevel::Debug),
            watched: AtomicBool::new(false),
            ended,
        }
    }

    /// Another one, for an endpoint that names a surface.
    pub(super) fn on(&self, surface: SurfaceId) -> Self {
        Self::new(Arc::clone(&self.engine), self.caller.clone(), Some(surface))
    }

    /// Ends what was started for the connection, once its input has ended.
    pub(super) fn ended(&self) -> CancellationToken {
        self.ended.token().clone()
    }

    pub(super) fn surface(&self) -> Option<SurfaceId> {
        self.surface
    }

    pub(super) fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// Who made the connection or the session.
    pub(super) fn owner(&self) -> &Caller {
        &self.caller
    }

    /// Who makes a request. Over HTTP each has a proof of its own.
    pub(super) fn caller<'a>(&'a self, context: &'a RequestContext<RoleServer>) -> &'a Caller {
        self.caller_of(&context.extensions)
    }

    /// Who sends a message that came with these.
    pub(super) fn caller_of<'a>(&'a self, extensions: &'a Extensions) -> &'a Caller {
        let parts = extensions.get::<http::request::Parts>();
        parts.and_then(|parts| parts.extensions.get()).unwrap_or(&self.caller)
    }

    /// The surface that somebody else would come in on, on this way in.
    #[cfg(feature = "oauth")]
    pub(super) fn surface_of(&self, caller: &Caller) -> Option<SurfaceId> {
        self.engine.surface(self.endpoint, caller)
    }

    /// When majors of its surface are deprecated and end, if it has a surface ([`Catalogue::dates_of`]).
    ///
    /// [`Catalogue::dates_of`]: crate::catalogue::Catalogue::dates_of
    pub(super) fn dates(&self) -> (Option<Date>, Option<Date>) {
        let catalogue = &self.engine.catalogue;
        self.surface.map_or((None, None), |surface| catalogue.dates_of(surface, Date::today(&self.engine.clock)))
    }

    /// Another of its kind, for another session or request of somebody.
    pub(super) fn fresh(&self, caller: Option<Caller>) -> Self {
        Self::new(Arc::clone(&self.engine), caller.unwrap_or_else(|| self.caller.clone()), self.endpoint)
    }

    /// The list of tools, as a caller sees it today: those that it may use.
    fn tools(&self, caller: &Caller) -> ListToolsResult {
        let Engine { catalogue, access, .. } = &*self.engine;
        let listing = catalogue.list(self.surface, Date::today(&self.engine.clock));
        let personal = access.is_personal(caller);
        let shown =
            |tool: &&Tool| catalogue.listed(self.surface, &tool.name).is_some_and(|tool| access.may_use(caller, tool));
        let tools = match personal {
            true => listing.tools.iter().filter(shown).cloned().collect(),
            false => listing.tools.clone(),
        };
        // Callers may also be pinned to surfaces, so what one caller sees is not what all see.
        let scope = if personal || self.engine.has_pins() { CacheScope::Private } else { CacheScope::Public };
        let mut list =
            ListToolsResult::with_all_items(tools).with_ttl_ms(self.ttl_ms(&listing)).with_cache_scope(scope);
        self.name_server(&mut list.meta);
        list
    }

    /// How long a client may keep a list, in milliseconds: never beyond the day on which it changes.
    fn ttl_ms(&self, listing: &Listing) -> u64 {
        let left =
            listing.until.map(|until| until.start().duration_since(self.engine.clock.wall()).unwrap_or_default());
        let ttl = left.map_or(self.engine.list_ttl, |left| left.min(self.engine.list_ttl));
        u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX)
    }

    pub(super) fn name_server(&self, meta: &mut Option<MetaObject>) {
        meta.get_or_insert_default().0.insert(names::meta::SERVER_INFO.into(), self.engine.server_info.clone());
    }
}

pub(super) fn not_found(method: &'static str) -> ErrorData {
    ErrorData::new(ErrorCode::METHOD_NOT_FOUND, method, None)
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
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        if self.engine.catalogue.entries().is_empty() {
            return Err(not_found("tools/list"));
        }
        let cursor = request.as_ref().and_then(|request| request.cursor.clone());
        let whole = ClientRequest::ListToolsRequest(page(request));
        // What each caller is shown is decided tool by tool.
        let costly = self.engine.access.is_personal(self.caller(&context));
        self.know("tools/list", &whole, &context, costly, || match cursor {
            Some(_) => Err(ErrorData::invalid_params("this list has one page, and no cursor leads to another", None)),
            None => Ok(self.tools(self.caller(&context))),
        })
        .await
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
            caller: self.caller(&context).clone(),
            surface: self.surface,
            cancellation: context.ct,
            channel: Arc::new(channel),
            responses: request.input_responses.unwrap_or_default(),
            request_state: request.request_state,
        };
        // On the heap, as other large futures here: the SDK moves its future for a request some ten times, and that is as
        // large as the largest of these methods, whichever is called.
        let outcome = AssertUnwindSafe(Box::pin(pipeline::call(&self.engine, call))).catch_unwind().await;
        let mut response = match outcome {
            Ok(called) => answer::to_call(called, &id)?,
            // Not the function, whose panics are caught nearer to it: the pipeline itself.
            Err(_panic) => {
                self.engine.metrics.failed("tools/call", "panicked");
                return Err(answer::internal(&id));
            }
        };
        match &mut response {
            CallToolResponse::Complete(result) => self.name_server(&mut result.meta),
            CallToolResponse::InputRequired(result) => self.name_server(&mut result.meta),
            CallToolResponse::Task(result) => self.name_server(&mut result.meta),
            _ => {}
        }
        Ok(response)
    }

    async fn get_task(
        &self,
        request: GetTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        Box::pin(self.show_task(request, &context)).await
    }

    async fn update_task(
        &self,
        request: UpdateTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Box::pin(self.answer_task(request, &context)).await
    }

    async fn cancel_task(
        &self,
        request: CancelTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Box::pin(self.end_task(request, &context)).await
    }

    /// The SDK checks `Mcp-Param-*` headers by this; a tool without such headers need not be copied for it.
    fn get_tool(&self, name: &str) -> Option<Tool> {
        let Engine { catalogue, access, .. } = &*self.engine;
        let (tool, contract) = match self.surface {
            Some(surface) => catalogue.find_on(surface, name).map(|served| (served.tool, served.contract()))?,
            None => catalogue.find(name).map(|tool| (tool, &tool.current))?,
        };
        // What is hidden has no headers either.
        if access.hides(&self.caller, tool) {
            return None;
        }
        contract.has_headers.then(|| contract.definition.clone())
    }

    async fn set_level(
        &self,
        request: SetLevelRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let level = channel::from_wire(request.level);
        let whole = ClientRequest::SetLevelRequest(Request::new(request));
        self.know("logging/setLevel", &whole, &context, false, || {
            *self.level.lock().unwrap_or_else(PoisonError::into_inner) = level;
            Ok(())
        })
        .await
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
        if !self.watched.swap(true, Ordering::Relaxed) {
            let (engine, surface, peer) = (Arc::clone(&self.engine), self.surface, context.peer.clone());
            let ended = self.ended.token().clone();
            tokio::spawn(async move {
                while let Some(()) = ended.run_until_cancelled(changes::next(&engine, surface)).await {
                    if peer.notify_tool_list_changed().await.is_err() {
                        return;
                    }
                }
            });
        }
        let told = ClientNotification::InitializedNotification(NotificationNoParam::default());
        self.tell("notifications/initialized", told, context).await;
    }

    async fn on_roots_list_changed(&self, context: NotificationContext<RoleServer>) {
        let told = ClientNotification::RootsListChangedNotification(NotificationNoParam::default());
        self.tell("notifications/roots/list_changed", told, context).await;
    }

    async fn on_custom_notification(&self, notification: CustomNotification, context: NotificationContext<RoleServer>) {
        self.tell("notification", ClientNotification::CustomNotification(notification), context).await;
    }

    async fn discover(&self, context: RequestContext<RoleServer>) -> Result<DiscoverResult, ErrorData> {
        let request = ClientRequest::DiscoverRequest(DiscoverRequest::default());
        let known = || {
            let versions = self.supported_protocol_versions().into_owned();
            Ok(DiscoverResult::from_server_info(versions, ServerHandler::get_info(self)))
        };
        Box::pin(self.know("server/discover", &request, &context, false, known)).await
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        if !subscription::is_small(requested) {
            // It is refused as soon as it begins.
            return Some(SubscriptionFilter::default());
        }
        // What is sent is held to what is accepted, whatever the handler says.
        let (access, caller) = (&self.engine.access, &self.caller);
        let asked = access.narrowed(caller, requested);
        let theirs = self.engine.handler.as_ref().and_then(|handler| handler.accepted_subscription_filter(&asked));
        let theirs = theirs.map(|theirs| access.narrowed(caller, &theirs));
        if self.engine.capabilities.tools.is_none() {
            return theirs;
        }
        let mut accepted = theirs.unwrap_or_default();
        accepted.tools_list_changed = requested.tools_list_changed;
        Some(accepted)
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Result<(), ErrorData> {
        Box::pin(self.tell_changes(subscription)).await
    }
}
