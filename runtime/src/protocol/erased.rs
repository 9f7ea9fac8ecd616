//! Any rmcp handler behind one object-safe trait, so that nothing downstream is generic over it.

use rmcp::{
    ErrorData, RoleServer, ServerHandler, Service,
    model::{ClientNotification, ClientRequest, ServerCapabilities, ServerResult, SubscriptionFilter},
    service::{NotificationContext, RequestContext, SubscriptionContext},
};

use crate::context::BoxFuture;

/// What Steadfast asks of the handler that serves everything but tools.
pub(crate) trait ErasedHandler: Send + Sync {
    /// What the handler says it can do.
    fn capabilities(&self) -> ServerCapabilities;

    /// Serves one request.
    fn handle(
        &self,
        request: ClientRequest,
        context: RequestContext<RoleServer>,
    ) -> BoxFuture<'_, Result<ServerResult, ErrorData>>;

    /// Hears what the client says without asking.
    fn notify(&self, notification: ClientNotification, context: NotificationContext<RoleServer>) -> BoxFuture<'_, ()>;

    /// What of a requested subscription the handler takes.
    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter>;

    /// Serves a subscription until it ends.
    fn listen(&self, subscription: SubscriptionContext) -> BoxFuture<'_, Result<(), ErrorData>>;
}

impl<H: ServerHandler> ErasedHandler for H {
    fn capabilities(&self) -> ServerCapabilities {
        ServerHandler::get_info(self).capabilities
    }

    fn handle(
        &self,
        request: ClientRequest,
        context: RequestContext<RoleServer>,
    ) -> BoxFuture<'_, Result<ServerResult, ErrorData>> {
        Box::pin(Service::handle_request(self, request, context))
    }

    fn notify(&self, notification: ClientNotification, context: NotificationContext<RoleServer>) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            // The SDK's dispatch of notifications always succeeds.
            let _ = Service::handle_notification(self, notification, context).await;
        })
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        ServerHandler::accepted_subscription_filter(self, requested)
    }

    fn listen(&self, subscription: SubscriptionContext) -> BoxFuture<'_, Result<(), ErrorData>> {
        Box::pin(ServerHandler::listen(self, subscription))
    }
}
