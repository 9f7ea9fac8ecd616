//! MCP over Streamable HTTP: protocol 2026-07-28 without sessions, older ones with sessions, on one path.
//!
//! Invariant: Host and Origin are checked before a body is read, whatever the profile. What a tool call needs beyond
//! HTTP is the pipeline's business.

use std::{sync::Arc, time::Duration};

use axum::{Router, extract::Request, routing::any};
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use tokio_util::sync::CancellationToken;

use super::{edge, handler::McpHandler, sessions::Sessions};

/// Where and how MCP is served over HTTP.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    /// The path, such as `/mcp`.
    pub(crate) path: String,
    /// `Host` values that are answered; a port may be given.
    pub(crate) allowed_hosts: Vec<String>,
    /// `Origin` values that are answered. A request without `Origin` is not from a browser and passes.
    pub(crate) allowed_origins: Vec<String>,
    /// The largest request body, in bytes.
    pub(crate) max_body_bytes: usize,
    /// Clients before 2026-07-28 get sessions.
    pub(crate) sessions: bool,
}

/// The routes of an MCP endpoint. Cancelling `stop` ends every stream and session.
pub(crate) fn router(handler: McpHandler, endpoint: &Endpoint, stop: &CancellationToken) -> Router {
    // All three are off, or left to the client, by default in the SDK; they are set here on purpose: the Origin
    // check, the metadata that 2026-07-28 requires, and sessions for older clients.
    let config = StreamableHttpServerConfig::default()
        .with_allowed_hosts(&endpoint.allowed_hosts)
        .with_allowed_origins(&endpoint.allowed_origins)
        .enforce_origin_validation()
        .with_stateless_protocol_metadata_required(true)
        .with_legacy_session_mode(endpoint.sessions)
        .with_json_response(true)
        .with_sse_keep_alive(Some(Duration::from_secs(15)))
        .with_max_request_body_bytes(endpoint.max_body_bytes)
        .with_cancellation_token(stop.child_token());
    let service = StreamableHttpService::new(move || Ok(handler.fresh()), Arc::<Sessions>::default(), config);
    let limit = endpoint.max_body_bytes;
    let hosts: Arc<[String]> = endpoint.allowed_hosts.clone().into();
    Router::new().route(
        &endpoint.path,
        any(move |request: Request| {
            let (service, hosts) = (service.clone(), Arc::clone(&hosts));
            async move { edge::serve(limit, &hosts, request, |request| service.handle(request)).await }
        }),
    )
}
