//! MCP over Streamable HTTP: protocol 2026-07-28 without sessions, older ones with sessions, on one path.
//!
//! Invariant: Host and Origin are checked before a body is read, whatever the profile. What a tool call needs beyond
//! HTTP is the pipeline's business.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Path, Request, rejection::PathRejection},
    response::Response,
    routing::any,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, request::Parts};
use rmcp::{
    ErrorData,
    model::{ProtocolVersion, RequestId},
    transport::{StreamableHttpServerConfig, StreamableHttpService},
};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::{edge, handler::McpHandler, sessions::Sessions};
use crate::{answer, call, caller::Caller, date::Date, pipeline};

tokio::task_local! {
    /// Who makes the request that the SDK makes a handler for.
    static CALLER: Caller;
}

const CALL: &str = "tools/call";

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
    let mount = |handler: McpHandler| Mount::new(handler, endpoint, stop);
    let surfaces = catalogue.surfaces().map(|(id, surface)| (surface.release.clone(), mount(handler.on(id))));
    let ways = Arc::new(Ways { plain: mount(handler.fresh(None)), surfaces: surfaces.collect() });
    let below = format!("{}/", endpoint.path.trim_end_matches('/'));
    let (plain, named) = (Arc::clone(&ways), Arc::clone(&ways));
    let mut router = Router::new()
        .route(&endpoint.path, any(async move |request| plain.plain.serve(request).await))
        .route(&format!("{below}{{surface}}"), any(async move |release, request| named.below(release, request).await));
    if below != endpoint.path {
        router = router.route(&below, any(async move |request| ways.no_surface("", request).await));
    }
    router
}

/// All ways in.
struct Ways {
    plain: Mount,
    /// By release.
    surfaces: BTreeMap<String, Mount>,
}

impl Ways {
    /// A path that can't be decoded is the name of no surface, and is answered as one.
    async fn below(&self, release: Result<Path<String>, PathRejection>, request: Request) -> Response {
        let release = match release {
            Ok(Path(release)) => release,
            Err(_) => request.uri().path().rsplit('/').next().unwrap_or_default().to_owned(),
        };
        match self.surfaces.get(&release) {
            Some(surface) => surface.serve(request).await,
            None => self.no_surface(&release, request).await,
        }
    }

    /// The surface is not known. Who may not know more is told by the checks that every request goes through.
    async fn no_surface(&self, release: &str, request: Request) -> Response {
        let Mount { service, hosts, .. } = &self.plain;
        if let Err(forbidden) = edge::admit(hosts, request, |request| service.handle(request)).await {
            return forbidden;
        }
        let known: Vec<&String> = self.surfaces.keys().collect();
        let error = ErrorData::invalid_request(
            format!("there is no surface `{release}`; a surface is a release of this server"),
            Some(serde_json::json!({ "surfaces": known })),
        );
        edge::refusal(StatusCode::NOT_FOUND, None, error)
    }
}

/// One way in, with sessions of its own.
struct Mount {
    service: StreamableHttpService<McpHandler, Sessions>,
    hosts: Vec<String>,
    limit: usize,
    /// Knows the surface, and what every response says of it.
    handler: McpHandler,
}

impl Mount {
    fn new(handler: McpHandler, endpoint: &Endpoint, stop: &CancellationToken) -> Self {
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
        let sessions = handler.fresh(None);
        let service = StreamableHttpService::new(
            move || Ok(sessions.fresh(CALLER.try_with(Clone::clone).ok())),
            Arc::<Sessions>::default(),
            config,
        );
        Self { service, hosts: endpoint.allowed_hosts.clone(), limit: endpoint.max_body_bytes, handler }
    }

    async fn serve(&self, request: Request) -> Response {
        let shed = |head: &Parts, body: &[u8]| self.shed(head, body);
        let caller = request.extensions().get().unwrap_or_else(|| self.handler.owner()).clone();
        let inner = |request| self.service.handle(request);
        let mut response = CALLER.scope(caller, edge::serve(self.limit, &self.hosts, request, shed, inner)).await;
        response.headers_mut().extend(headers(self.handler.dates()));
        response
    }

    /// Refuses a call while the server is full, in the words in which the pipeline would, and for a fraction of what it
    /// takes to get there. What is not plainly a call goes its usual way.
    fn shed(&self, head: &Parts, body: &[u8]) -> Option<Response> {
        let engine = self.handler.engine();
        let caller = head.extensions.get().unwrap_or_else(|| self.handler.owner());
        pipeline::full(engine, caller).filter(|_| is_call(&head.headers))?;
        let Asked { id, method: CALL, params } = serde_json::from_slice(body).ok()? else { return None };
        let request_id = call::request_id(&id);
        let stop = pipeline::shed(engine, caller, &request_id, &params.name)?;
        Some(edge::refusal(StatusCode::OK, Some(id), answer::refusal(stop, &request_id)))
    }
}

/// What is read of a call that is refused before the SDK reads it.
#[derive(Deserialize)]
struct Asked<'a> {
    id: RequestId,
    method: &'a str,
    #[serde(borrow)]
    params: Named<'a>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

/// Whether the headers say that it is a call of protocol 2026-07-28, which is answered by one message.
fn is_call(headers: &HeaderMap) -> bool {
    headers.get("mcp-method").is_some_and(|method| method == CALL)
        && headers.get("mcp-protocol-version").is_some_and(|version| version == ProtocolVersion::V_2026_07_28.as_str())
}

/// `Deprecation` (RFC 9745) and `Sunset` (RFC 8594), from the days on which majors of the surface go.
fn headers((deprecated, sunset): (Option<Date>, Option<Date>)) -> HeaderMap {
    let deprecated = deprecated.map(|day| ("deprecation", format!("@{}", day.unix_seconds())));
    let sunset = sunset.map(|day| ("sunset", httpdate::fmt_http_date(day.start())));
    let headers = deprecated.into_iter().chain(sunset);
    headers
        .filter_map(|(name, value)| Some((HeaderName::from_static(name), HeaderValue::from_str(&value).ok()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, Bytes};
    use http_body_util::{BodyExt as _, Full};
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        caller::Caller,
        clock::Clock,
        config::Settings,
        engine::{Engine, Seams},
        mcp_tool,
        reliability::Random,
        server::Server,
        store, tools,
    };

    /// Do nothing.
    #[mcp_tool(version = "1.0.0", effect = read_only, crate = crate)]
    async fn rest() {}

    fn mount() -> Mount {
        let server = Server::builder("test", ()).tools(tools![rest]).build();
        let settings = Settings::from_text("[limits]\nconcurrency = 1\nqueue = 0").unwrap();
        let seams = Seams {
            clock: Clock::system(),
            random: Random::seeded(1),
            store: Arc::new(store::Memory::new(Clock::system())),
        };
        let engine = Engine::new(server.into_parts().unwrap(), &settings, seams).unwrap();
        let endpoint = Endpoint {
            path: "/mcp".into(),
            allowed_hosts: vec!["localhost".into()],
            allowed_origins: Vec::new(),
            max_body_bytes: 1 << 20,
            sessions: true,
        };
        Mount::new(
            McpHandler::new(Arc::new(engine), Caller::local("default".into()), None),
            &endpoint,
            &CancellationToken::new(),
        )
    }

    fn request(method: &str, tool: &str) -> http::request::Builder {
        http::Request::post("/mcp")
            .header("host", "localhost")
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", method)
            .header("mcp-name", tool)
    }

    fn body(id: &Value, method: &str, tool: &str) -> Bytes {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let params = json!({"name": tool, "arguments": {}, "_meta": meta});
        json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string().into()
    }

    async fn read(response: Response) -> (StatusCode, Value) {
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn a_full_server_refuses_at_the_edge_what_the_pipeline_would_refuse_in_the_same_words() {
        for (id, tool) in [(json!(7), "rest"), (json!("\"seven\""), "rest"), (json!(7), "no such \"tool\"")] {
            let mount = mount();
            let engine = Arc::clone(mount.handler.engine());
            let taken = engine.places.enter(Caller::local("default".into()).key()).unwrap();
            let body = body(&id, CALL, tool);
            let early = read(mount.serve(request(CALL, "rest").body(Body::from(body.clone())).unwrap()).await).await;
            let late = mount.service.handle(request(CALL, tool).body(Full::new(body)).unwrap()).await;
            let late = read(late.map(Body::new)).await;
            assert_eq!(early, late, "{id} {tool}");
            assert_eq!(early.1["error"]["data"]["reason"], "overloaded");
            drop(taken);
        }
    }

    #[tokio::test]
    async fn what_is_no_call_or_can_be_served_is_not_refused_at_the_edge() {
        let mount = mount();
        let engine = Arc::clone(mount.handler.engine());
        let full = |method: &'static str, said: &'static str| {
            let (head, ()) = request(said, "rest").body(()).unwrap().into_parts();
            mount.shed(&head, &body(&json!(1), method, "rest")).is_some()
        };
        assert!(!full(CALL, CALL), "there is a place");
        let taken = engine.places.enter(Caller::local("default".into()).key()).unwrap();
        assert!(full(CALL, CALL));
        assert!(!full("tools/list", "tools/list"));
        assert!(!full("tools/list", CALL), "what the headers say is not what it is");
        engine.gate.close();
        assert!(!full(CALL, CALL), "a server that drains says so");
        drop(taken);
    }
}
