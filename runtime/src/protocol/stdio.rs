//! MCP over standard input and output, or any other pair of byte streams.
//!
//! Invariant: nothing but MCP is written. When the input ends, requests in flight are still answered.

use std::{sync::Arc, time::Duration};

use rmcp::{
    RoleServer,
    model::{ClientJsonRpcMessage, ServerJsonRpcMessage},
    service::serve_server_with_ct,
    transport::{Transport, TransportAdapterIdentity},
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::{handler::McpHandler, in_flight::Tracked, lines::Lines};

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
    let inner = Lines::new(input, output);
    let inner = Tracked { inner, in_flight: Arc::default() };
    let transport = GuardedTransport { inner, grace, ended: false, handler_ended: handler.ended() };
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
    /// Told when nothing is in flight any more; subscriptions end by it.
    handler_ended: CancellationToken,
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
            let Some(refusal) = self.inner.in_flight.received(&message) else { return Some(message) };
            // Past the tracking: this answer does not end the request that has the id.
            let refused = self.inner.inner.send(refusal);
            tokio::spawn(async move {
                let _ = refused.await;
            });
        }
        let _ = tokio::time::timeout(self.grace, self.inner.in_flight.idle()).await;
        self.handler_ended.cancel();
        None
    }

    async fn close(&mut self) -> Result<(), T::Error> {
        self.inner.close().await
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::Arc};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::{
        caller::Caller,
        clock::Clock,
        config::Settings,
        engine::{Engine, Seams},
        mcp_tool,
        server::Server,
        tools,
    };

    /// Wait for half a minute.
    #[mcp_tool(version = "1.0.0", effect = read_only, timeout = "1m", crate = crate)]
    async fn wait() -> String {
        tokio::time::sleep(Duration::from_secs(30)).await;
        "waited".into()
    }

    fn handler() -> McpHandler {
        let limits = "[limits]\nargument_bytes = 1000\nargument_depth = 8\ndeadline = '1m'\ndefault_timeout = '1m'";
        let server = Server::builder("test", ()).tools(tools![wait]).build();
        let settings = Settings::from_text(limits).unwrap();
        let engine = Engine::new(server.into_parts().unwrap(), &settings, Seams::of_test(Clock::system())).unwrap();
        McpHandler::new(Arc::new(engine), Caller::local("default".into()), None)
    }

    /// What a client gets that sends `messages` and ends its input at once.
    async fn answers(messages: &str, grace: Duration) -> BTreeMap<String, String> {
        let (mut client, server) = tokio::io::duplex(1 << 16);
        let (input, output) = tokio::io::split(server);
        let serving = tokio::spawn(serve(handler(), input, output, grace, CancellationToken::new()));
        client.write_all(messages.as_bytes()).await.unwrap();
        client.shutdown().await.unwrap();
        let mut text = String::new();
        client.read_to_string(&mut text).await.unwrap();
        serving.await.unwrap().unwrap();
        let messages = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        messages.map(|message| (message["id"].to_string(), message.to_string())).collect()
    }

    const SESSION: &str = concat!(
        r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#,
        "\n",
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        "\n",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"wait","arguments":{}}}"#,
        "\n",
    );

    #[tokio::test(start_paused = true)]
    async fn a_client_that_ends_its_input_still_gets_what_is_in_flight() {
        let answers = answers(SESSION, Duration::from_secs(60)).await;
        assert!(answers["1"].contains("waited"), "{answers:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_takes_longer_than_the_grace_period_is_given_up() {
        let answers = answers(SESSION, Duration::from_secs(10)).await;
        assert!(!answers.contains_key("1"), "{answers:?}");
    }
}
