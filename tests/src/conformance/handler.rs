//! Everything but tools, by an rmcp handler as an author would bring it.

use steadfast::rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CompleteRequestParams, CompleteResult, CompletionInfo, GetPromptRequestParams, GetPromptResponse,
        ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, PaginatedRequestParams,
        ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, ServerCapabilities, ServerConfig,
        SubscribeRequestParams, SubscriptionFilter, UnsubscribeRequestParams,
    },
    service::{RequestContext, SubscriptionContext},
};

use super::{
    prompts::{self, PromptList},
    resources,
};

/// How long a client may keep what it was given (SEP-2549).
const TTL_MS: u64 = 60_000;

type Context = RequestContext<RoleServer>;

/// See the module.
#[derive(Debug)]
pub(super) struct Handler {
    prompts: PromptList,
}

impl Handler {
    pub(super) fn new(prompts: PromptList) -> Self {
        Self { prompts }
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_prompts()
            .enable_prompts_list_changed()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_completions();
        ServerConfig::new(capabilities.build())
    }

    async fn list_prompts(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: Context,
    ) -> Result<ListPromptsResult, ErrorData> {
        let list = ListPromptsResult::with_all_items(self.prompts.list());
        Ok(list.with_ttl_ms(TTL_MS).with_cache_scope(CacheScope::Public))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: Context,
    ) -> Result<GetPromptResponse, ErrorData> {
        self.prompts.get(request, context.client_capabilities().unwrap_or_default())
    }

    async fn list_resources(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: Context,
    ) -> Result<ListResourcesResult, ErrorData> {
        let list = ListResourcesResult::with_all_items(resources::list());
        Ok(list.with_ttl_ms(TTL_MS).with_cache_scope(CacheScope::Public))
    }

    async fn list_resource_templates(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: Context,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let list = ListResourceTemplatesResult::with_all_items(resources::templates());
        Ok(list.with_ttl_ms(TTL_MS).with_cache_scope(CacheScope::Public))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: Context,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let result = ReadResourceResult::new(vec![resources::read(&request.uri)?]);
        Ok(result.with_ttl_ms(TTL_MS).with_cache_scope(CacheScope::Public).into())
    }

    async fn subscribe(&self, request: SubscribeRequestParams, _context: Context) -> Result<(), ErrorData> {
        watched(&request.uri)
    }

    async fn unsubscribe(&self, request: UnsubscribeRequestParams, _context: Context) -> Result<(), ErrorData> {
        watched(&request.uri)
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        let served =
            SubscriptionFilter::builder().prompts_list_changed().resource_subscription(resources::WATCHED).build();
        Some(requested.intersection(&served))
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Result<(), ErrorData> {
        let mut changes = self.prompts.changes();
        loop {
            tokio::select! {
                () = subscription.cancelled() => return Ok(()),
                // What the client did not ask for, the sink does not send.
                Ok(()) = changes.changed() => drop(subscription.sink().notify_prompt_list_changed().await),
            }
        }
    }

    async fn complete(&self, request: CompleteRequestParams, _context: Context) -> Result<CompleteResult, ErrorData> {
        let typed = request.argument.value;
        let fitting = prompts::SUGGESTIONS.iter().filter(|suggestion| suggestion.starts_with(&typed));
        CompletionInfo::with_all_values(fitting.map(ToString::to_string).collect())
            .map(CompleteResult::new)
            .map_err(|error| ErrorData::internal_error(error, None))
    }
}

fn watched(uri: &str) -> Result<(), ErrorData> {
    if uri == resources::WATCHED { Ok(()) } else { Err(resources::unknown(uri)) }
}
