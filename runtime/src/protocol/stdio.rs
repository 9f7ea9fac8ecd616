//! MCP over standard input and output, or any other pair of byte streams.
//!
//! Invariant: nothing but MCP is written. When the input ends, requests in flight are still answered.

use std::{sync::Arc, time::Duration};

use rmcp::{
    RoleServer,
    model::{ClientJsonRpcMessage, ServerJsonRpcMessage},
    service::serve_server_with_ct,
    transport::{Transport, TransportAdapterIdentity, async_rw::AsyncRwTransport},
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::{handler::McpHandler, in_flight::Tracked};

/// The longest message, in bytes. Longer ones are skipped; the bound on arguments answers before this does.
const MAX_LINE: usize = 16 * 1024 * 1024;

/// Serves one client until its input ends or `stop` is cancelled.
pub(crate) async fn serve<R, W>(
    handler: McpHandler,
    input: R,
    output: W,
    grace: Duration,
    stop: CancellationToken,
) -> Result<(), rmcp::service::ServerInitializeError>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let inner = AsyncRwTransport::new_server(input, output).with_max_line_length(MAX_LINE);
    let transport = GuardedTransport { inner: Tracked { inner, in_flight: Arc::default() }, grace, ended: false };
    let service = serve_server_with_ct::<_, _, _, TransportAdapterIdentity>(handler, transport, stop).await?;
    // A join error would be a panic of the SDK's own loop; every handler's panic is caught before it gets there.
    if let Err(error) = service.waiting().await {
        tracing::error!(%error, "the connection ended unexpectedly");
    }
    Ok(())
}

/// A transport that refuses request ids in use and, when the input ends, waits for what is in flight.
struct GuardedTransport<T> {
    inner: Tracked<T>,
    grace: Duration,
    ended: bool,
}

impl<T: Transport<RoleServer>> Transport<RoleServer> for GuardedTransport<T> {
    type Error = T::Error;

    fn send(&mut self, message: ServerJsonRpcMessage) -> impl Future<Output = Result<(), T::Error>> + Send + 'static {
        self.inner.send(message)
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        // Polled in a `select!`: what is awaited here can be dropped at any time, so the state is in `self`.
        while !self.ended {
            let Some(message) = self.inner.receive().await else {
                self.ended = true;
                break;
            };
            match self.inner.in_flight.received(&message) {
                Ok(()) => return Some(message),
                Err(refusal) => {
                    // Past the tracking: this answer does not end the request that has the id.
                    let refused = self.inner.inner.send(refusal);
                    tokio::spawn(async move {
                        let _ = refused.await;
                    });
                }
            }
        }
        let _ = tokio::time::timeout(self.grace, self.inner.in_flight.idle()).await;
        None
    }

    async fn close(&mut self) -> Result<(), T::Error> {
        self.inner.close().await
    }
}
