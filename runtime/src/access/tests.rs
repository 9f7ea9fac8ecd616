//! Access over HTTP, each request with a caller of its own: what callers see of tools, prompts and resources.

mod hidden;
mod passing;
#[cfg(all(feature = "cedar", feature = "testing"))]
mod reload;

use std::sync::Arc;

use axum::{Router, body::Body};
use http::StatusCode;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::{
    caller::{Caller, Proved, Scopes},
    clock::Clock,
    config::Settings,
    engine::{Engine, Seams},
    principal::Principal,
    protocol::{McpHandler, router},
    server::Server,
};

/// A server over HTTP.
fn served(server: Server<()>, settings: &str) -> (Router, Arc<Engine>) {
    let settings = Settings::from_text(settings).unwrap();
    let parts = server.into_parts().unwrap_or_else(|problems| panic!("{problems:?}"));
    let engine = Engine::new(parts, &settings, Seams::of_test(Clock::system()));
    let engine = Arc::new(engine.unwrap_or_else(|problems| panic!("{problems:?}")));
    let handler = McpHandler::new(Arc::clone(&engine), Caller::local("default".into()), None);
    (router(&handler, &settings.endpoint, &CancellationToken::new()), engine)
}

/// Somebody who was granted these scopes.
fn granted(scopes: &[&str]) -> Caller {
    let scopes = Scopes::Granted(scopes.iter().map(|scope| (*scope).to_owned()).collect());
    Caller::new(Principal::Named("ada".into()), "acme".into(), Proved { scopes, ..Proved::default() })
}

/// What a request with a name, parameters and further headers is answered, to the byte.
async fn ask(
    router: &Router,
    path: &str,
    caller: &Caller,
    (method, name): (&str, Option<&str>),
    mut params: Value,
    headers: &[(&str, &str)],
) -> (StatusCode, Vec<(String, String)>, String) {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    for (key, value) in meta.as_object().unwrap() {
        params["_meta"][key] = value.clone();
    }
    let mut request = http::Request::post(path)
        .header("host", "localhost")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", method);
    if let Some(name) = name {
        request = request.header("mcp-name", name);
    }
    for (header, value) in headers {
        request = request.header(*header, *value);
    }
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
    let mut request = request.body(Body::from(body)).unwrap();
    request.extensions_mut().insert(caller.clone());
    let (head, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let headers = head.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let body = body.collect().await.unwrap().to_bytes();
    (head.status, headers.collect(), String::from_utf8(body.to_vec()).unwrap())
}

#[cfg(not(feature = "cedar"))]
#[test]
fn a_server_that_is_given_policies_and_can_not_decide_by_them_is_not_started() {
    let files = crate::PolicyFiles::new("rules", &[("a.cedar", "permit (principal, action, resource);")]);
    let parts = Server::builder("test", ()).policies(files).build().into_parts().unwrap();
    let engine = Engine::new(parts, &Settings::from_text("").unwrap(), Seams::of_test(Clock::system()));
    let problems = engine.err().unwrap();
    assert!(problems[0].place == "rules" && problems[0].help.contains("feature `cedar`"), "{problems:?}");
}
