//! `subscriptions/listen`: tells a client of changes until it, its connection or the server ends.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use rmcp::{ErrorData, service::SubscriptionContext};

use super::{changes, handler::McpHandler};
use crate::answer;

impl McpHandler {
    /// Serves a subscription until it ends: with changes of the list of tools, and what the author's handler says.
    pub(super) async fn tell_changes(&self, subscription: SubscriptionContext) -> Result<(), ErrorData> {
        if !self.engine().gate.is_open() {
            return Err(answer::draining());
        }
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
