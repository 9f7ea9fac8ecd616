//! Prompts and resources, which the author's handler serves: who may ask for them, and who sees them in lists.

use rmcp::model::{CacheScope, ClientRequest, Reference, ServerResult, SubscriptionFilter};

use super::Access;
use crate::caller::{Caller, Scopes};

impl Access {
    /// Whether a request names a resource in a way that rules can't be sure of.
    pub(crate) fn is_unclear(&self, request: &ClientRequest) -> bool {
        let uri = match request {
            ClientRequest::ReadResourceRequest(request) => &request.params.uri,
            ClientRequest::SubscribeRequest(request) => &request.params.uri,
            ClientRequest::CompleteRequest(request) => match &request.params.r#ref {
                Reference::Resource(resource) => &resource.uri,
                _ => return false,
            },
            _ => return false,
        };
        self.rules.is_unclear(uri)
    }

    /// The scopes that a caller lacks for a request that is not a tool call.
    pub(crate) fn missing_for(&self, caller: &Caller, request: &ClientRequest) -> Vec<String> {
        let needed = match request {
            ClientRequest::GetPromptRequest(request) => self.rules.of_prompt(&request.params.name),
            ClientRequest::ReadResourceRequest(request) => self.rules.of_resource(&request.params.uri),
            ClientRequest::SubscribeRequest(request) => self.rules.of_resource(&request.params.uri),
            ClientRequest::CompleteRequest(request) => match &request.params.r#ref {
                Reference::Prompt(prompt) => self.rules.of_prompt(&prompt.name),
                Reference::Resource(resource) => self.rules.of_resource(&resource.uri),
                // Of what is not known yet, everything is needed.
                _ => self.rules.scopes().collect(),
            },
            ClientRequest::CustomRequest(request) => self.rules.of_custom(&request.method),
            _ => return Vec::new(),
        };
        caller.scopes().missing(needed).into_iter().map(str::to_owned).collect()
    }

    /// Leaves in a list what the caller may use, for the caller alone to keep.
    pub(crate) fn trim(&self, caller: &Caller, result: &mut ServerResult) {
        if !self.rules.concern_lists() || matches!(caller.scopes(), Scopes::Unchecked) {
            return;
        }
        let prompt = |name: &str| caller.scopes().missing(self.rules.of_prompt(name)).is_empty();
        let cache_scope = match result {
            ServerResult::ListPromptsResult(list) => {
                list.prompts.retain(|one| prompt(&one.name));
                &mut list.cache_scope
            }
            ServerResult::ListResourcesResult(list) => {
                list.resources.retain(|one| self.may_read(caller, &one.uri));
                &mut list.cache_scope
            }
            ServerResult::ListResourceTemplatesResult(list) => {
                list.resource_templates.retain(|one| self.may_read(caller, &one.uri_template));
                &mut list.cache_scope
            }
            ServerResult::ReadResourceResult(result) => &mut result.cache_scope,
            _ => return,
        };
        *cache_scope = Some(CacheScope::Private);
    }

    /// What of a subscription the caller may hear of.
    pub(crate) fn narrowed(&self, caller: &Caller, requested: &SubscriptionFilter) -> SubscriptionFilter {
        let mut narrowed = requested.clone();
        if let Some(uris) = &mut narrowed.resource_subscriptions {
            uris.retain(|uri| !self.rules.is_unclear(uri) && self.may_read(caller, uri));
        }
        narrowed
    }

    fn may_read(&self, caller: &Caller, uri: &str) -> bool {
        caller.scopes().missing(self.rules.of_resource(uri)).is_empty()
    }
}
