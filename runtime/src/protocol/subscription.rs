//! `subscriptions/listen`: tells a client of changes until it, its connection or the server ends.
//!
//! Invariant: it is within bounds, the gate and the rates before it begins. What is asked is compared with what is granted
//! by the SDK, resource by resource, and kept for as long as it is open; so one that asks for too many gets none.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use rmcp::{
    ErrorData,
    model::{ClientRequest, SubscriptionFilter, SubscriptionsListenRequest, SubscriptionsListenRequestParams},
    service::SubscriptionContext,
};

use super::{changes, handler::McpHandler};
use crate::answer;

/// How many resources one subscription may name, and how many bytes their URIs may take together.
const RESOURCES: usize = 1000;
const RESOURCE_BYTES: usize = 64 * 1024;

/// Whether what is asked for can be compared and kept.
pub(super) fn is_small(asked: &SubscriptionFilter) -> bool {
    let uris = asked.resource_subscriptions.as_deref().unwrap_or_default();
    uris.len() <= RESOURCES && uris.iter().map(String::len).sum::<usize>() <= RESOURCE_BYTES
}

fn too_large() -> ErrorData {
    let what = format!(
        "`notifications.resourceSubscriptions` has room for {RESOURCES} resources whose URIs take {RESOURCE_BYTES} bytes \
         together; ask for fewer"
    );
    ErrorData::invalid_params(what, None)
}

impl McpHandler {
    /// Serves a subscription until it ends: with changes of the list of tools, and what the author's handler says.
    pub(super) async fn tell_changes(&self, subscription: SubscriptionContext) -> Result<(), ErrorData> {
        let params = SubscriptionsListenRequestParams::new(subscription.accepted().clone());
        let request = ClientRequest::SubscriptionsListenRequest(SubscriptionsListenRequest::new(params));
        let small = || if is_small(subscription.requested()) { Ok(()) } else { Err(too_large()) };
        self.know("subscriptions/listen", &request, subscription.request_context(), false, small).await?;
        let ended = self.ended();
        let sink = subscription.sink().clone();
        let tools = async {
            if sink.accepted().tools_list_changed == Some(true) {
                loop {
                    changes::next(self.engine(), self.surface()).await;
                    if sink.notify_tool_list_changed().await.is_err() {
                        break;
                    }
                }
            }
            std::future::pending().await
        };
        let handler = self.engine().handler.as_ref();
        let handler =
            handler.filter(|handler| handler.accepted_subscription_filter(subscription.requested()).is_some());
        let theirs = async {
            match handler {
                Some(handler) => match AssertUnwindSafe(handler.listen(subscription)).catch_unwind().await {
                    Ok(ended) => ended,
                    Err(_panic) => Err(answer::internal("subscriptions/listen")),
                },
                None => {
                    subscription.cancelled().await;
                    Ok(())
                }
            }
        };
        tokio::select! {
            ended = theirs => ended,
            never = tools => never,
            // Ended by the server: the client is told so, and nothing has to wait for it.
            () = self.engine().gate.closed() => Ok(()),
            () = ended.cancelled() => Ok(()),
        }
    }
}
