//! What the edge makes of tokens, and of requests without.

use std::time::SystemTime;

use axum::{body::Body, routing::any};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::*;
use crate::{
    CallContext, ScopeRules,
    caller::{Caller, Proved},
    clock::Clock,
    config::Settings,
    engine::Seams,
    mcp_tool,
    oauth::tests::{
        issuer::{Documents, JWKS, NOW, RESOURCE, claims, header as token_header, issuer, settings},
        signer::Signer,
    },
    principal::Principal,
    protocol::{McpHandler, router},
    server::Server,
    tools,
};

const METADATA: &str = "https://mcp.example/.well-known/oauth-protected-resource/mcp";

/// Say who calls.
#[mcp_tool(version = "1.0.0", effect = read_only, scopes = ["notes:read"], crate = crate)]
async fn whoami(context: CallContext) -> String {
    format!("{:?}", context.caller())
}

/// An issuer, its key, and a server that takes its tokens.
struct Place {
    documents: Arc<Documents>,
    key: Signer,
    engine: Arc<Engine>,
}

impl Place {
    fn new() -> Self {
        Self::with("")
    }

    /// With these settings beside those that every one has.
    fn with(settings: &str) -> Self {
        let (documents, key) = (Arc::<Documents>::default(), Signer::ed25519("k"));
        documents.keys(JWKS, [&key]);
        let rules = ScopeRules::new().prompt("daily", &["reports:read"]).resource("notes://*", &["notes:read"]);
        let rules = rules.custom("*", &["notes:write"]).custom("acme/share", &["notes:share"]);
        let server = Server::builder("notes", ()).tools(tools![whoami, share]).scopes(rules).build();
        let configured = Settings::from_text(&format!("{settings}\n[http]\nallowed_hosts = ['mcp.example']")).unwrap();
        let clock = Clock::starting_at(SystemTime::UNIX_EPOCH + Duration::from_secs(NOW));
        let engine = Engine::new(server.into_parts().unwrap(), &configured, Seams::of_test(clock)).unwrap();
        Self { documents, key, engine: Arc::new(engine) }
    }

    fn bearers(&self) -> Bearers {
        Bearers::new(&self.engine, &settings([issuer()]), Arc::clone(&self.documents) as Arc<dyn Fetch>)
    }

    /// All of the server, as it is over HTTP.
    fn server(&self) -> Router {
        let configured = Settings::from_text("[http]\nallowed_hosts = ['mcp.example']").unwrap();
        let nobody = Caller::new(Principal::Anonymous, "default".into(), Proved::default());
        let handler = McpHandler::new(Arc::clone(&self.engine), nobody, None);
        with_tokens(router(&handler, &configured.endpoint, &CancellationToken::new()), self.bearers())
    }

    /// Something behind the tokens that tells what gets there.
    fn mirror(&self) -> Router {
        let tell = async |request: Request| {
            let caller: Option<&Caller> = request.extensions().get();
            let headers = request.headers().contains_key(header::AUTHORIZATION);
            format!("{} {headers}", caller.map_or("nobody", |caller| caller.principal().as_str()))
        };
        with_tokens(Router::new().route("/mcp", any(tell)), self.bearers())
    }

    fn token(&self, subject: &str, scopes: &str) -> String {
        let mut claims = claims();
        claims["sub"] = subject.into();
        claims["scope"] = scopes.into();
        self.key.token(&token_header("EdDSA", &self.key), &claims)
    }
}

async fn read(response: Response) -> (StatusCode, HeaderMap, String) {
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (head.status, head.headers, String::from_utf8(body.to_vec()).unwrap())
}

async fn send(
    router: &Router,
    request: http::request::Builder,
    body: impl Into<Body>,
) -> (StatusCode, HeaderMap, String) {
    read(router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn a_request_with_a_token_gets_through_as_its_caller_and_without_the_token() {
    let place = Place::new();
    let mirror = place.mirror();
    for scheme in ["Bearer", "bearer", "BEARER", "Bearer  "] {
        let value = format!("{scheme} {}", place.token("alice", "a"));
        let (status, _, body) = send(&mirror, http::Request::get("/mcp").header("authorization", value), "").await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, "main:alice false"), "{scheme}");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_has_no_token_is_told_where_to_get_one_and_nothing_else() {
    let place = Place::new();
    let mirror = place.mirror();
    let good = place.token("alice", "a");
    let expired = {
        let mut claims = claims();
        claims["exp"] = (NOW - 60).into();
        place.key.token(&token_header("EdDSA", &place.key), &claims)
    };
    let missing =
        format!("Bearer scope=\"notes:read notes:share notes:write reports:read\", resource_metadata=\"{METADATA}\"");
    let wrong = format!(
        "Bearer error=\"invalid_token\", error_description=\"The access token is not valid here\", \
         scope=\"notes:read notes:share notes:write reports:read\", resource_metadata=\"{METADATA}\""
    );
    let bearer = |token: &str| format!("Bearer {token}");
    for (name, path, headers, status, challenge) in [
        ("nothing", "/mcp", vec![], 401, Some(&missing)),
        ("another scheme", "/mcp", vec!["Basic YWxpY2U6c2VjcmV0".to_owned()], 401, Some(&missing)),
        ("no scheme", "/mcp", vec![good.clone()], 401, Some(&missing)),
        ("no token", "/mcp", vec!["Bearer".to_owned()], 401, Some(&wrong)),
        ("spaces", "/mcp", vec!["Bearer   ".to_owned()], 401, Some(&wrong)),
        ("something", "/mcp", vec![bearer("something")], 401, Some(&wrong)),
        ("what has expired", "/mcp", vec![bearer(&expired)], 401, Some(&wrong)),
        ("two in one", "/mcp", vec![format!("Bearer {good}, Bearer {good}")], 401, Some(&wrong)),
        ("a parameter after it", "/mcp", vec![format!("Bearer {good} a=b")], 401, Some(&wrong)),
        ("two headers", "/mcp", vec![bearer(&good), bearer(&good)], 400, None),
        ("two headers of two schemes", "/mcp", vec![bearer(&good), "Basic YTpi".to_owned()], 400, None),
        ("a query", &format!("/mcp?access_token={good}"), vec![], 400, None),
        ("a query beside the header", "/mcp?x=1&access_token=y", vec![bearer(&good)], 400, None),
    ] {
        for method in ["POST", "GET", "DELETE", "OPTIONS"] {
            let mut request = http::Request::builder().method(method).uri(path);
            for value in &headers {
                request = request.header("authorization", value);
            }
            let (code, answered, body) = send(&mirror, request, "{}").await;
            assert_eq!(code.as_u16(), status, "{name}");
            assert_eq!(
                answered.get(header::WWW_AUTHENTICATE).map(|value| value.to_str().unwrap()),
                challenge.map(|challenge| challenge.as_str()),
                "{name}"
            );
            let error: Value = serde_json::from_str(&body).unwrap();
            assert_eq!((&error["jsonrpc"], &error["error"]["code"]), (&json!("2.0"), &json!(-32600)), "{name}");
            assert!(!body.contains("expired") && !body.contains("eyJ"), "{name}: {body}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_metadata_is_for_everybody() {
    let place = Place::new();
    let server = place.server();
    for path in ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"] {
        let (status, headers, body) = send(&server, http::Request::get(path), "").await;
        assert_eq!(
            (status, &headers[header::CONTENT_TYPE]),
            (StatusCode::OK, &HeaderValue::from_static("application/json"))
        );
        let document: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (&document["resource"], &document["scopes_supported"]),
            (&json!(RESOURCE), &json!(["notes:read", "notes:share", "notes:write", "reports:read"]))
        );
        assert_eq!(send(&server, http::Request::post(path), "").await.0, StatusCode::METHOD_NOT_ALLOWED);
    }
    assert_eq!(send(&server, http::Request::get("/elsewhere"), "").await.0, StatusCode::NOT_FOUND);
    for path in ["/mcp", "/mcp/", "/mcp/0.1.0"] {
        assert_eq!(send(&server, http::Request::post(path), "").await.0, StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn where_scopes_are_not_told_neither_are_those_of_what_is_hidden() {
    let place = Place::with("auth.step_up = false");
    for (first, supported, scope) in
        [(None, None, ""), (Some(vec!["openid".to_owned()]), Some(json!(["openid"])), "scope=\"openid\", ")]
    {
        let settings = AuthSettings { scopes: first, ..settings([issuer()]) };
        let bearers = Bearers::new(&place.engine, &settings, Arc::clone(&place.documents) as Arc<dyn Fetch>);
        let server = with_tokens(Router::new().route("/mcp", any(async || "")), bearers);
        let metadata = http::Request::get("/.well-known/oauth-protected-resource");
        let document: Value = serde_json::from_str(&send(&server, metadata, "").await.2).unwrap();
        assert_eq!(document.get("scopes_supported"), supported.as_ref(), "{document}");
        let (_, headers, _) = send(&server, http::Request::post("/mcp"), "").await;
        let expected = format!("Bearer {scope}resource_metadata=\"{METADATA}\"");
        assert_eq!(headers[header::WWW_AUTHENTICATE], expected.as_str());
    }
}

#[tokio::test(start_paused = true)]
async fn while_an_issuer_is_away_a_client_is_not_told_to_get_another_token() {
    let place = Place::new();
    place.documents.away(JWKS);
    let value = format!("Bearer {}", place.token("alice", "a"));
    let (status, headers, body) =
        send(&place.mirror(), http::Request::get("/mcp").header("authorization", value), "").await;
    assert_eq!(
        (status, &headers[header::RETRY_AFTER]),
        (StatusCode::SERVICE_UNAVAILABLE, &HeaderValue::from_static("5"))
    );
    assert!(!headers.contains_key(header::WWW_AUTHENTICATE) && body.contains("issuer_away"), "{body}");
}

/// A request of protocol 2025-11-25.
fn older(token: &str, session: Option<&str>) -> http::request::Builder {
    let request = http::Request::post("/mcp")
        .header("host", "mcp.example")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream");
    match session {
        Some(session) => request.header("mcp-session-id", session).header("mcp-protocol-version", "2025-11-25"),
        None => request,
    }
}

fn initialize() -> String {
    let params =
        json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}});
    json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}).to_string()
}

fn call(id: u64) -> String {
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": "whoami", "arguments": {}}})
        .to_string()
}

#[tokio::test]
async fn a_session_is_its_makers_and_each_of_its_requests_is_by_the_token_that_it_comes_with() {
    let place = Place::new();
    let server = place.server();
    let (alice, bob) = (place.token("alice", "notes:read first"), place.token("bob", "notes:read"));
    let (status, headers, _) = send(&server, older(&alice, None), initialize()).await;
    assert_eq!(status, StatusCode::OK);
    let session = headers["mcp-session-id"].to_str().unwrap().to_owned();
    let initialized = json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string();
    assert_eq!(send(&server, older(&alice, Some(&session)), initialized).await.0, StatusCode::ACCEPTED);

    let (status, _, body) = send(&server, older(&alice, Some(&session)), call(2)).await;
    assert!(status.is_success() && body.contains("main:alice") && body.contains("first"), "{status} {body}");
    let newer = place.token("alice", "notes:read second");
    let (status, _, body) = send(&server, older(&newer, Some(&session)), call(3)).await;
    assert!(status.is_success() && body.contains("second") && !body.contains("first"), "{status} {body}");

    let unknown = send(&server, older(&bob, Some("unknown")), call(4)).await;
    let theirs = send(&server, older(&bob, Some(&session)), call(5)).await;
    assert_eq!((theirs.0, &theirs.2), (StatusCode::NOT_FOUND, &unknown.2));
    assert_eq!((unknown.0, &unknown.1), (theirs.0, &theirs.1));
    let end = |token: &str| {
        let request = http::Request::delete("/mcp").header("host", "mcp.example").header("mcp-session-id", &session);
        request.header("authorization", format!("Bearer {token}"))
    };
    send(&server, end(&bob), "").await;
    let (status, _, _) = send(&server, older(&alice, Some(&session)), call(6)).await;
    assert!(status.is_success(), "nobody else ends it");
    assert_eq!(send(&server, older("", Some(&session)), call(7)).await.0, StatusCode::UNAUTHORIZED);
}

/// Write something, for which more is needed.
#[mcp_tool(version = "1.0.0", effect = additive, scopes = ["notes:write", "notes:share"], crate = crate)]
async fn share() -> String {
    "shared".into()
}

/// A request of protocol 2026-07-28.
fn modern(token: &str, method: &str, name: &str) -> (http::request::Builder, String) {
    let request = older(token, None).header("mcp-protocol-version", "2026-07-28");
    let request = request.header("mcp-method", method).header("mcp-name", name);
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let params = json!({"name": name, "arguments": {}, "_meta": meta});
    (request, json!({"jsonrpc": "2.0", "id": "a", "method": method, "params": params}).to_string())
}

#[tokio::test(start_paused = true)]
async fn a_call_that_lacks_scopes_is_told_all_of_them_at_once_in_every_protocol() {
    let place = Place::new();
    let server = place.server();
    let call =
        json!({"jsonrpc": "2.0", "id": "a", "method": "tools/call", "params": {"name": "share", "arguments": {}}});
    for (granted, lacked, asked) in [
        ("", json!(["notes:write", "notes:share"]), "notes:share notes:write"),
        ("notes:read notes:share", json!(["notes:write"]), "notes:read notes:share notes:write"),
        ("zebra", json!(["notes:write", "notes:share"]), "notes:share notes:write zebra"),
    ] {
        let token = place.token("alice", granted);
        for (request, body) in [modern(&token, "tools/call", "share"), (older(&token, Some("any")), call.to_string())] {
            let (status, headers, body) = send(&server, request, body).await;
            let expected = format!(
                "Bearer error=\"insufficient_scope\", error_description=\"The call needs more scopes\", \
                 scope=\"{asked}\", resource_metadata=\"{METADATA}\""
            );
            assert_eq!(status, StatusCode::FORBIDDEN, "{body}");
            assert_eq!(headers[header::WWW_AUTHENTICATE], expected.as_str());
            let error: Value = serde_json::from_str(&body).unwrap();
            assert_eq!((&error["id"], &error["error"]["data"]["missing"]), (&json!("a"), &lacked), "{body}");
        }
    }
    let metrics = place.engine.metrics.text(0, 0, std::iter::empty());
    assert!(metrics.contains("tool=\"share\",reason=\"insufficient_scope\"} 6"), "{metrics}");
}

#[tokio::test(start_paused = true)]
async fn whatever_needs_scopes_is_challenged_for_them() {
    let place = Place::new();
    let server = place.server();
    for (method, params, lacked) in [
        ("prompts/get", json!({"name": "daily"}), Some("reports:read")),
        ("prompts/get", json!({"name": "hourly"}), None),
        ("resources/read", json!({"uri": "notes://a"}), Some("notes:read")),
        ("resources/subscribe", json!({"uri": "notes://a"}), Some("notes:read")),
        ("completion/complete", json!({"ref": {"type": "ref/prompt", "name": "daily"}}), Some("reports:read")),
        ("completion/complete", json!({"ref": {"type": "ref/resource", "uri": "notes://{id}"}}), Some("notes:read")),
        ("tools/list", json!({}), None),
        ("ping", json!({}), None),
        ("acme/index", json!({}), Some("notes:write")),
        ("acme/index", json!({"name": {"first": "any"}, "uri": 7}), Some("notes:write")),
        ("acme/index", Value::Null, Some("notes:write")),
        ("acme/share", json!({"name": "daily"}), Some("notes:share notes:write")),
    ] {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
        let (status, headers, body) = send(&server, older(&place.token("alice", ""), Some("any")), body).await;
        let challenge = headers.get(header::WWW_AUTHENTICATE).map(|value| value.to_str().unwrap());
        let scope = lacked.map(|lacked| format!("scope=\"{lacked}\""));
        assert_eq!(status == StatusCode::FORBIDDEN, lacked.is_some(), "{method} {params}: {body}");
        assert_eq!(challenge.is_some(), lacked.is_some(), "{method} {params}");
        assert!(challenge.zip(scope).is_none_or(|(challenge, scope)| challenge.contains(&scope)), "{challenge:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_lacks_scopes_is_refused_no_more_often_than_it_may_call_and_without_a_word_in_the_log() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let writer = Arc::new(log.reopen().unwrap());
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).with_writer(writer);
    let _heard = tracing::subscriber::set_default(subscriber.finish());
    tracing::info!("what is told is heard");

    let place = Place::with("[limits]\nrate_per_caller = '3/h'");
    let server = place.server();
    let prompt = json!({"jsonrpc": "2.0", "id": "a", "method": "prompts/get", "params": {"name": "daily"}}).to_string();
    let ask = async |caller: &str, method: &str| {
        let token = place.token(caller, "");
        let (request, body) = match method {
            "tools/call" => modern(&token, method, "share"),
            _ => (older(&token, Some("any")), prompt.clone()),
        };
        let (status, headers, body) = send(&server, request, body).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["id"], "a", "{body}");
        let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        (
            status.as_u16(),
            header("www-authenticate").is_some(),
            header("retry-after"),
            body["error"]["data"]["reason"].clone(),
        )
    };
    let refused = (403, true, None, json!("insufficient_scope"));
    for method in ["tools/call", "prompts/get", "tools/call"] {
        assert_eq!(ask("alice", method).await, refused, "{method}");
    }
    for method in ["tools/call", "prompts/get"] {
        let limited = (429, false, Some("1200".into()), json!("rate_limit_caller"));
        assert_eq!(ask("alice", method).await, limited, "{method}");
        assert_eq!(ask("bob", method).await, refused, "{method}: it is not the one who came too often");
    }
    let log = std::fs::read_to_string(log.path()).unwrap();
    let told = ["insufficient_scope", "rate_limited", "share", "prompts/get"];
    assert!(log.contains("is heard") && !told.iter().any(|told| log.contains(told)), "{log}");
    place.engine.gate.close();
    for method in ["tools/call", "prompts/get"] {
        assert_eq!(ask("carol", method).await, (503, false, Some("1".into()), json!("draining")), "{method}");
    }
    let metrics = place.engine.metrics.text(0, 0, std::iter::empty());
    for counted in ["insufficient_scope\"} 3", "rate_limited\"} 1", "draining\"} 1"] {
        assert!(metrics.contains(&format!("tool=\"share\",reason=\"{counted}")), "{counted}: {metrics}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_has_its_scopes_or_is_of_nothing_known_is_not_challenged() {
    let place = Place::new();
    let server = place.server();
    for (granted, tool, status) in [
        ("notes:write notes:share", "share", StatusCode::OK),
        ("notes:read", "whoami", StatusCode::OK),
        ("", "nothing", StatusCode::OK),
    ] {
        let (request, body) = modern(&place.token("alice", granted), "tools/call", tool);
        let (answered, headers, body) = send(&server, request, body).await;
        assert!(!headers.contains_key(header::WWW_AUTHENTICATE), "{tool}: {answered} {body}");
        assert_eq!(answered, status, "{tool}: {body}");
    }
    // Who hides its name from the edge is refused behind it.
    let (request, body) = modern(&place.token("alice", ""), "tools/call", "share");
    let twice = body.replacen("\"name\":\"share\"", "\"name\":\"whoami\",\"name\":\"share\"", 1);
    assert_ne!(twice, body);
    let (_, _, body) = send(&server, request, twice).await;
    assert!(!body.contains("shared"), "{body}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_stays_open_ends_with_the_token_that_opened_it() {
    let place = Place::new();
    let server = place.server();
    let mut claims = claims();
    claims["exp"] = (NOW + 100).into();
    let alice = place.key.token(&token_header("EdDSA", &place.key), &claims);
    let (_, headers, _) = send(&server, older(&alice, None), initialize()).await;
    let session = headers["mcp-session-id"].to_str().unwrap().to_owned();
    let request = older(&alice, Some(&session)).method("GET").header("accept", "text/event-stream");
    let response = server.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let stream = tokio::spawn(read(response));
    for (seconds, ended) in [(99, false), (2, true)] {
        tokio::task::yield_now().await;
        tokio::time::advance(Duration::from_secs(seconds)).await;
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert_eq!(stream.is_finished(), ended);
    }
}
