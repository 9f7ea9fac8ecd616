//! The ids of requests that are in flight on one connection or session.
//!
//! JSON-RPC asks that a requestor's ids be unique. rmcp would answer the second of two equal ids in the name of both
//! and lose the first one's result; here the second is refused. So is one that is too long to be kept.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rmcp::{
    ErrorData, RoleServer,
    model::{ClientJsonRpcMessage, ClientNotification, ClientRequest, RequestId, ServerJsonRpcMessage},
    transport::Transport,
};
use tokio::sync::Notify;

/// The longest id, in bytes: it is kept while its request runs, and after that where it was cancelled.
const LONGEST: usize = 256;

/// How many cancelled ids are remembered on one connection, the latest.
const CANCELLED: usize = 1024;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    ids: Mutex<Ids>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Ids {
    running: HashSet<RequestId>,
    /// Subscriptions, which end only when somebody ends them: nothing waits for them.
    listening: HashSet<RequestId>,
    /// A cancelled request gets no answer, but its handler may still be on its way out: rmcp would take what it
    /// returns for the answer to the next request of that id. So the id stays taken, as MCP asks of clients anyway.
    cancelled: VecDeque<RequestId>,
}

impl Ids {
    fn contains(&self, id: &RequestId) -> bool {
        self.running.contains(id) || self.listening.contains(id) || self.cancelled.contains(id)
    }
}

impl InFlight {
    /// Notes a message from the client; the refusal of a request whose id is in use.
    pub(super) fn received(&self, message: &ClientJsonRpcMessage) -> Option<ServerJsonRpcMessage> {
        match message {
            ClientJsonRpcMessage::Request(request) if matches!(&request.id, RequestId::String(id) if id.len() > LONGEST) =>
            {
                let what = format!("the request id takes more than {LONGEST} bytes; choose a shorter one");
                return Some(ServerJsonRpcMessage::error(
                    ErrorData::invalid_request(what, None),
                    Some(request.id.clone()),
                ));
            }
            ClientJsonRpcMessage::Request(request) => {
                let mut ids = self.ids();
                let id = request.id.clone();
                if !ids.contains(&id) {
                    match request.request {
                        ClientRequest::SubscriptionsListenRequest(_) => ids.listening.insert(id),
                        _ => ids.running.insert(id),
                    };
                    return None;
                }
                let error = ErrorData::invalid_request("the request id is in use, or was; choose a new one", None);
                return Some(ServerJsonRpcMessage::error(error, Some(id)));
            }
            ClientJsonRpcMessage::Notification(notification) => {
                if let ClientNotification::CancelledNotification(cancelled) = &notification.notification
                    && let Some(id) = &cancelled.params.request_id
                    && self.finished(id)
                {
                    let mut ids = self.ids();
                    if ids.cancelled.len() == CANCELLED {
                        ids.cancelled.pop_front();
                    }
                    ids.cancelled.push_back(id.clone());
                }
            }
            _ => {}
        }
        None
    }

    /// Waits until no request is in flight but subscriptions.
    pub(super) async fn idle(&self) {
        loop {
            let changed = self.changed.notified();
            if self.ids().running.is_empty() {
                return;
            }
            changed.await;
        }
    }

    /// Ends a request; whether it was in flight.
    fn finished(&self, id: &RequestId) -> bool {
        let mut ids = self.ids();
        let was = ids.running.remove(id) || ids.listening.remove(id);
        if ids.running.is_empty() {
            self.changed.notify_waiters();
        }
        was
    }

    fn ids(&self) -> MutexGuard<'_, Ids> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A transport whose answers free the ids of their requests.
pub(super) struct Tracked<T> {
    pub(super) inner: T,
    pub(super) in_flight: Arc<InFlight>,
}

impl<T: Transport<RoleServer>> Transport<RoleServer> for Tracked<T> {
    type Error = T::Error;

    fn send(&mut self, message: ServerJsonRpcMessage) -> impl Future<Output = Result<(), T::Error>> + Send + 'static {
        let answered = match &message {
            ServerJsonRpcMessage::Response(response) => Some(response.id.clone()),
            ServerJsonRpcMessage::Error(error) => error.id.clone(),
            _ => None,
        };
        let sending = self.inner.send(message);
        let in_flight = Arc::clone(&self.in_flight);
        async move {
            let sent = sending.await;
            if let Some(id) = answered {
                in_flight.finished(&id);
            }
            sent
        }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        self.inner.receive().await
    }

    async fn close(&mut self) -> Result<(), T::Error> {
        self.inner.close().await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_id_that_is_too_long_is_refused_and_not_kept() {
        let in_flight = InFlight::default();
        let received = |length: usize| {
            let message = json!({"jsonrpc": "2.0", "id": "x".repeat(length), "method": "ping"});
            in_flight.received(&serde_json::from_value(message).unwrap())
        };
        let refused = serde_json::to_value(received(257).unwrap()).unwrap();
        assert_eq!(refused["error"]["code"], -32600, "{refused}");
        assert!(received(256).is_none());
        assert_eq!(in_flight.ids().running.len(), 1);
    }
}
