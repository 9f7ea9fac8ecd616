//! MCP over Streamable HTTP: protocol 2026-07-28 without sessions, older ones with sessions, on one path.
//!
//! Invariant: Host and Origin are checked before a body is read, whatever the profile. What a tool call needs beyond
//! HTTP is the pipeline's business.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Path, Request},
    response::Response,
    routing::any,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use rmcp::{
    ErrorData,
    transport::{StreamableHttpServerConfig, StreamableHttpService},
};
use tokio_util::sync::CancellationToken;

use super::{edge, handler::McpHandler, sessions::Sessions};
use crate::date::Date;

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

/// The routes of an MCP endpoint: its path, and below it each surface by the name of its release. Cancelling `stop`
/// ends every stream and session.
pub(crate) fn router(handler: &McpHandler, endpoint: &Endpoint, stop: &CancellationToken) -> Router {
    let catalogue = &handler.engine().catalogue;
    let mount = |handler: McpHandler, headers| Arc::new(Mount::new(handler, endpoint, headers, stop));
    let surfaces = catalogue.surfaces().map(|(id, surface)| {
        let headers = headers(catalogue.dates_of(id));
        (surface.release.clone(), mount(handler.on(id), headers))
    });
    let surfaces: Arc<BTreeMap<String, Arc<Mount>>> = Arc::new(surfaces.collect());
    let plain = mount(handler.fresh(), HeaderMap::new());
    let below = format!("{}/{{surface}}", endpoint.path.trim_end_matches('/'));
    let unnamed = Arc::clone(&plain);
    Router::new().route(&endpoint.path, any(async move |request| unnamed.serve(request).await)).route(
        &below,
        any(async move |Path(release): Path<String>, request| match surfaces.get(&release) {
            Some(surface) => surface.serve(request).await,
            None => plain.no_surface(&release, surfaces.keys(), request).await,
        }),
    )
}

/// One way in, with sessions of its own.
struct Mount {
    service: StreamableHttpService<McpHandler, Sessions>,
    hosts: Vec<String>,
    limit: usize,
    /// What every response says.
    headers: HeaderMap,
}

impl Mount {
    fn new(handler: McpHandler, endpoint: &Endpoint, headers: HeaderMap, stop: &CancellationToken) -> Self {
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
        Self { service, hosts: endpoint.allowed_hosts.clone(), limit: endpoint.max_body_bytes, headers }
    }

    async fn serve(&self, request: Request) -> Response {
        let mut response = edge::serve(self.limit, &self.hosts, request, |request| self.service.handle(request)).await;
        response.headers_mut().extend(self.headers.clone());
        response
    }

    /// The surface is not known. Who may not know more is told by the checks that every request goes through.
    async fn no_surface(&self, release: &str, known: impl Iterator<Item = &String>, request: Request) -> Response {
        if let Err(forbidden) = edge::admit(&self.hosts, request, |request| self.service.handle(request)).await {
            return forbidden;
        }
        let known: Vec<&String> = known.collect();
        let error = ErrorData::invalid_request(
            format!("there is no surface `{release}`; a surface is a release of this server"),
            Some(serde_json::json!({ "surfaces": known })),
        );
        edge::refusal(StatusCode::NOT_FOUND, None, error)
    }
}

/// `Deprecation` (RFC 9745) and `Sunset` (RFC 8594), from the first day that something of the surface goes.
fn headers((deprecated, sunset): (Option<Date>, Option<Date>)) -> HeaderMap {
    let deprecated = deprecated.map(|day| ("deprecation", format!("@{}", day.unix_seconds())));
    let sunset = sunset.map(|day| ("sunset", httpdate::fmt_http_date(day.start())));
    let headers = deprecated.into_iter().chain(sunset);
    headers
        .filter_map(|(name, value)| Some((HeaderName::from_static(name), HeaderValue::from_str(&value).ok()?)))
        .collect()
}
