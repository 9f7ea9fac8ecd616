//! MCP over Streamable HTTP: protocol 2026-07-28 without sessions, older ones with sessions, on one path.
//!
//! Invariant: Host and Origin are checked before a body is read, whatever the profile. What a tool call needs beyond
//! HTTP is the pipeline's business.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Path, Request, rejection::PathRejection},
    response::Response,
    routing::any,
};
use futures_util::StreamExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, request::Parts};
use rmcp::{
    ErrorData,
    model::{ProtocolVersion, RequestId},
    transport::{StreamableHttpServerConfig, StreamableHttpService},
};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

#[cfg(feature = "oauth")]
use super::step_up;
use super::{
    body::{self, Bounds},
    edge::{self, Refused},
    handler::McpHandler,
    sessions::{ASKING, Asking, Sessions},
};
use crate::{
    answer, call,
    caller::Caller,
    date::Date,
    names::UNKNOWN_TOOL,
    pipeline,
    reliability::{Part, Share, Shares, UsedUp},
};

const CALL: &str = "tools/call";
const LISTEN: &str = "subscriptions/listen";

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
    /// How long a body may take to arrive.
    pub(crate) body_timeout: Duration,
    /// What bodies take together, in bytes, from their arrival until their requests are answered.
    pub(crate) max_bytes_in_flight: Part,
    /// Clients before 2026-07-28 get sessions.
    pub(crate) sessions: bool,
    /// How many sessions there are at once.
    pub(crate) max_sessions: Part,
    /// How many streams are open at once that end when their clients wish: subscriptions, and what a session hears.
    pub(crate) max_streams: Part,
}

/// The routes of an MCP endpoint: its path, and below it each surface by the name of its release. Cancelling `stop`
/// ends every stream and session.
pub(crate) fn router(handler: &McpHandler, endpoint: &Endpoint, stop: &CancellationToken) -> Router {
    let catalogue = &handler.engine().catalogue;
    let places = Places::new(endpoint);
    let mount = |handler: McpHandler| Mount::new(handler, endpoint, places.clone(), stop);
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

/// What all ways in share.
#[derive(Clone)]
struct Places {
    /// None where there are no sessions.
    sessions: Option<Arc<Shares>>,
    streams: Arc<Shares>,
    /// Of bodies.
    bytes: Arc<Shares>,
}

impl Places {
    fn new(endpoint: &Endpoint) -> Self {
        Self {
            sessions: endpoint.sessions.then(|| Shares::new(endpoint.max_sessions)),
            streams: Shares::new(endpoint.max_streams),
            bytes: Shares::new(endpoint.max_bytes_in_flight),
        }
    }
}

/// One way in, with sessions of its own.
struct Mount {
    service: StreamableHttpService<McpHandler, Sessions>,
    hosts: Vec<String>,
    bounds: Bounds,
    places: Places,
    /// Knows the surface, and what every response says of it.
    handler: McpHandler,
}

impl Mount {
    fn new(handler: McpHandler, endpoint: &Endpoint, places: Places, stop: &CancellationToken) -> Self {
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
        let own = handler.fresh(None);
        let service =
            StreamableHttpService::new(move || Ok(own.fresh(Asking::caller())), Arc::<Sessions>::default(), config);
        let bounds = Bounds { bytes: endpoint.max_body_bytes, time: endpoint.body_timeout };
        Self { service, hosts: endpoint.allowed_hosts.clone(), bounds, places, handler }
    }

    async fn serve(&self, request: Request) -> Response {
        let caller: Caller = request.extensions().get().unwrap_or_else(|| self.handler.owner()).clone();
        let open = match self.opens(&request, &caller) {
            Ok(open) => open,
            Err((what, used_up)) => return self.no_room(what, used_up),
        };
        let until = self.ends(&caller);
        let [held, unread] = std::array::from_fn(|_| self.places.bytes.none(caller.tenant(), caller.key()));
        let asking = Asking { caller, place: Mutex::new(open.session) };
        let response = ASKING.scope(asking, self.answer(request, held)).await;
        let mut response = response.map(|answer| body::counted(answer, unread));
        response.headers_mut().extend(headers(self.handler.dates()));
        match open.stream {
            Some(place) => response.map(|body| {
                Body::from_stream(body.into_data_stream().take_until(until).map(move |data| {
                    let _held_until_the_stream_ends = &place;
                    data
                }))
            }),
            None => response,
        }
    }

    /// Has a request served that may open what it opens.
    async fn answer(&self, request: Request, held: Share) -> Response {
        let inner = |request| self.service.handle(request);
        let received = match edge::receive(self.bounds, &self.hosts, held, request, &inner).await {
            Ok(received) => received,
            Err(Refused::NoRoom(used_up)) => return self.no_room(UNKNOWN_TOOL, used_up),
            Err(Refused::Otherwise(refused)) => return refused,
        };
        if let Some((head, body)) = received.message()
            && let Some(refused) = self.refuse(head, body).await
        {
            return refused;
        }
        edge::pass_on(received, &inner).await
    }

    /// Refuses what can be refused before it is taken apart.
    async fn refuse(&self, head: &Parts, body: &[u8]) -> Option<Response> {
        #[cfg(feature = "oauth")]
        if let Some(refused) = step_up::refuse(&self.handler, head, body).await {
            return Some(refused);
        }
        self.shed(head, body)
    }

    /// When what a caller opened ends: what was proved of it then is not true for longer.
    fn ends(&self, caller: &Caller) -> impl Future<Output = ()> + Send + use<> {
        let left = caller.proved().expires.map(|expires| {
            let expires = Duration::from_secs(expires).as_millis();
            expires.saturating_sub(self.handler.engine().clock.unix_millis().into())
        });
        let left = left.map(|millis| Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX)));
        async move {
            match left {
                Some(left) => tokio::time::sleep(left).await,
                None => std::future::pending().await,
            }
        }
    }

    /// Places for what a request opens and leaves open, or what there is no place for.
    fn opens(&self, request: &Request, caller: &Caller) -> Result<Opened, (&'static str, UsedUp)> {
        let headers = request.headers();
        let taken =
            |shares: &Arc<Shares>, what| shares.take(caller.tenant(), caller.key()).map_err(|used_up| (what, used_up));
        let stream =
            request.method() == Method::GET || headers.get("mcp-method").is_some_and(|method| method == LISTEN);
        let sessions = self.places.sessions.as_ref().filter(|_| begins_a_session(request));
        Ok(Opened {
            session: sessions.map(|sessions| taken(sessions, "initialize")).transpose()?,
            stream: stream.then(|| taken(&self.places.streams, LISTEN)).transpose()?,
        })
    }

    fn no_room(&self, what: &'static str, used_up: UsedUp) -> Response {
        self.handler.engine().metrics.refused(what, "overloaded");
        edge::no_room(used_up)
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

/// See [`Mount::opens`].
struct Opened {
    session: Option<Share>,
    stream: Option<Share>,
}

/// Whether a request may be the first of a session. The SDK begins one for `initialize` whatever its version is, and holds
/// the method in the headers, where there is one, to that of the body.
fn begins_a_session(request: &Request) -> bool {
    let headers = request.headers();
    let other = headers.get("mcp-method").is_some_and(|method| method != "initialize");
    request.method() == Method::POST && !headers.contains_key("mcp-session-id") && !(is_modern(headers) && other)
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
    headers.get("mcp-method").is_some_and(|method| method == CALL) && is_modern(headers)
}

fn is_modern(headers: &HeaderMap) -> bool {
    headers.get("mcp-protocol-version").is_some_and(|version| version == ProtocolVersion::V_2026_07_28.as_str())
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
mod tests;
