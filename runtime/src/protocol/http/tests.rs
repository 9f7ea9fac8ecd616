//! What a way in does before the SDK: refuse what finds no place, in the pipeline's words, and keep sessions apart.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use futures_util::stream;
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};

use super::*;
use crate::{
    clock::Clock,
    config::Settings,
    engine::{Engine, Seams},
    mcp_tool,
    principal::Principal,
    server::Server,
    tools,
};

/// Do nothing.
#[mcp_tool(version = "1.0.0", effect = read_only, crate = crate)]
async fn rest() {}

fn mount() -> Mount {
    mount_with(Part { all: 1 << 20, of_tenant: 1 << 20, of_one: 1 << 20 })
}

fn mount_with(max_bytes_in_flight: Part) -> Mount {
    let server = Server::builder("test", ()).tools(tools![rest]).build();
    let settings = Settings::from_text("[limits]\nconcurrency = 1\nqueue = 0").unwrap();
    let seams = Seams::of_test(Clock::system());
    let engine = Engine::new(server.into_parts().unwrap(), &settings, seams).unwrap();
    let endpoint = Endpoint {
        path: "/mcp".into(),
        allowed_hosts: vec!["localhost".into()],
        allowed_origins: Vec::new(),
        max_body_bytes: 1 << 20,
        body_timeout: Duration::from_secs(30),
        max_bytes_in_flight,
        sessions: true,
        max_sessions: Part { all: 3, of_tenant: 2, of_one: 1 },
        max_streams: Part { all: 3, of_tenant: 2, of_one: 1 },
    };
    let handler = McpHandler::new(Arc::new(engine), Caller::local("default".into()), None);
    Mount::new(handler, &endpoint, Places::new(&endpoint), &CancellationToken::new())
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

/// When it says to come again.
fn again(response: &Response) -> &str {
    response.headers()["retry-after"].to_str().unwrap()
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

fn initialize() -> http::request::Builder {
    http::Request::post("/mcp")
        .header("host", "localhost")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
}

/// A request of a caller, who is of a tenant where one is named: `acme/alice`.
fn from(caller: &str, request: http::request::Builder, body: &Value) -> Request {
    let (tenant, name) = caller.split_once('/').unwrap_or(("default", caller));
    let caller = Caller::unchecked(Principal::Named(name.into()), tenant.into());
    let mut request = request.body(Body::from(body.to_string())).unwrap();
    request.extensions_mut().insert(caller);
    request
}

#[tokio::test]
async fn a_session_is_its_callers_alone_and_counts_until_it_ends() {
    let mount = mount();
    let info = json!({"name": "test", "version": "1"});
    let params = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info});
    let body = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params});
    let begin = async |caller: &str| mount.serve(from(caller, initialize(), &body)).await;
    let began = begin("alice").await;
    assert_eq!(began.status(), StatusCode::OK);
    let session = began.headers()["mcp-session-id"].clone();
    assert_eq!(begin("alice").await.status(), StatusCode::TOO_MANY_REQUESTS, "it has its part");
    for method in [None, Some("initialize")] {
        let mut said = body.clone();
        said["params"]["protocolVersion"] = json!("2026-07-28");
        let mut request = initialize().header("mcp-protocol-version", "2026-07-28");
        if let Some(method) = method {
            request = request.header("mcp-method", method);
        }
        let refused = mount.serve(from("alice", request, &said)).await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS, "whatever version it says: {method:?}");
    }
    let ping = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let within = |method: &str, id: &HeaderValue| {
        initialize().method(method).header("mcp-session-id", id).header("mcp-protocol-version", "2025-11-25")
    };
    let unknown = HeaderValue::from_static("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
    let asked = async |caller: &str, method: &str, id: &HeaderValue| {
        let response = mount.serve(from(caller, within(method, id), &ping)).await;
        (response.status(), response.headers().clone())
    };
    for method in ["POST", "GET", "DELETE"] {
        let theirs = asked("bob", method, &session).await;
        assert_eq!(theirs, asked("bob", method, &unknown).await, "{method}");
    }
    assert_eq!(asked("alice", "POST", &session).await.0, StatusCode::ACCEPTED, "it was not ended");
    assert!(asked("alice", "DELETE", &session).await.0.is_success());
    assert_eq!(begin("alice").await.status(), StatusCode::OK, "its place is free");
    for (caller, status) in [
        ("bob", StatusCode::OK),
        ("carol", StatusCode::TOO_MANY_REQUESTS),
        ("acme/carol", StatusCode::OK),
        ("acme/dora", StatusCode::SERVICE_UNAVAILABLE),
    ] {
        assert_eq!(begin(caller).await.status(), status, "a tenant has its part, whoever calls: {caller}");
    }
}

#[tokio::test]
async fn one_caller_and_one_tenant_open_their_parts_of_streams_until_they_end() {
    let mount = mount();
    let mut listen: Value = serde_json::from_slice(&self::body(&json!(1), LISTEN, "")).unwrap();
    listen["params"] = json!({"notifications": {"toolsListChanged": true}, "_meta": listen["params"]["_meta"]});
    let head = || initialize().header("mcp-protocol-version", "2026-07-28").header("mcp-method", LISTEN);
    let open = async |caller: &str| mount.serve(from(caller, head(), &listen)).await;
    let first = open("alice").await;
    assert_eq!(first.status(), StatusCode::OK);
    assert_eq!(open("alice").await.status(), StatusCode::TOO_MANY_REQUESTS);
    let second = open("bob").await;
    assert_eq!(second.status(), StatusCode::OK);
    assert_eq!(open("carol").await.status(), StatusCode::TOO_MANY_REQUESTS, "all that its tenant has are open");
    let third = open("acme/alice").await;
    assert_eq!(third.status(), StatusCode::OK);
    let refused = open("bolt/alice").await;
    assert_eq!((refused.status(), again(&refused)), (StatusCode::SERVICE_UNAVAILABLE, "1"));
    drop((first, second));
    assert_eq!(open("alice").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_subscription_to_too_many_resources_ends_as_it_begins() {
    let mount = mount();
    let head = || initialize().header("mcp-protocol-version", "2026-07-28").header("mcp-method", LISTEN);
    let mut listen: Value = serde_json::from_slice(&self::body(&json!(1), LISTEN, "")).unwrap();
    for uris in [vec!["notes://a".to_owned(); 1001], vec!["x".repeat(64 * 1024 + 1)]] {
        let notifications = json!({"toolsListChanged": true, "resourceSubscriptions": uris});
        listen["params"] = json!({"notifications": notifications, "_meta": listen["params"]["_meta"]});
        let response = mount.serve(from("alice", head(), &listen)).await;
        let events = response.into_body().collect().await.unwrap().to_bytes();
        let events = String::from_utf8_lossy(&events);
        assert!(events.contains("-32602") && events.contains("ask for fewer"), "{events}");
        assert!(!events.contains("notes://a"), "{events}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_takes_its_time_is_given_up() {
    let mount = mount();
    let body = Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
    let response = mount.serve(request(CALL, "rest").body(body).unwrap()).await;
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn bodies_that_are_on_their_way_take_no_more_than_their_callers_parts_and_all_there_is() {
    let mount = Arc::new(mount_with(Part { all: 1000, of_tenant: 1000, of_one: 600 }));
    let send = |caller: &str, first: usize, rest: &str| {
        let first = stream::iter([Ok::<_, Infallible>(Bytes::from(" ".repeat(first)))]);
        let body = match rest {
            "" => Body::from_stream(first.chain(stream::pending())),
            rest => Body::from_stream(first.chain(stream::iter([Ok(Bytes::from(rest.to_owned()))]))),
        };
        let mut request = request("tools/list", "").body(body).unwrap();
        let caller = Caller::unchecked(Principal::Named(caller.into()), "default".into());
        request.extensions_mut().insert(caller);
        let mount = Arc::clone(&mount);
        tokio::spawn(async move { mount.serve(request).await })
    };
    let mut slow = Vec::new();
    for (caller, bytes, status) in [
        ("alice", 500, None),
        ("alice", 101, Some(StatusCode::TOO_MANY_REQUESTS)),
        ("bob", 501, Some(StatusCode::SERVICE_UNAVAILABLE)),
        ("bob", 400, None),
    ] {
        let mut response = send(caller, bytes, "");
        let answered = tokio::time::timeout(Duration::from_secs(1), &mut response).await;
        let Some(status) = status else {
            assert!(answered.is_err(), "{caller} {bytes}: it has not arrived");
            slow.push(response);
            continue;
        };
        let response = answered.unwrap().unwrap();
        assert_eq!((response.status(), again(&response)), (status, "1"), "{caller} {bytes}");
        assert_eq!(read(response).await.1["error"]["data"]["reason"], "overloaded");
    }
    let metrics = mount.handler.engine().metrics_text();
    assert!(metrics.contains("tool=\"_OTHER\",reason=\"overloaded\"} 2"), "{metrics}");
    // Who gave up left nothing behind, and neither does who was served.
    slow.into_iter().for_each(|slow| slow.abort());
    tokio::task::yield_now().await;
    for _ in 0..3 {
        assert_eq!(send("alice", 550, "{}").await.unwrap().status(), StatusCode::BAD_REQUEST, "it is no message");
    }
}
