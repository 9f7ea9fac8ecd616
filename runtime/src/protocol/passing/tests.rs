//! What the author's handler answers with is held to what results of tools are held to, and what it is told to what
//! requests are held to.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body};
use http_body_util::BodyExt as _;
use rmcp::{ServerHandler, model::*};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::*;
use crate::{
    clock::Clock,
    config::Settings,
    engine::{Engine, Seams},
    protocol::{router, serve_stdio},
    server::Server,
};

/// Answers everything with a text that is so long.
struct Author(usize);

impl Author {
    fn answer<T: serde::de::DeserializeOwned>(&self, of: fn(String) -> Value) -> Result<T, ErrorData> {
        Ok(serde_json::from_value(of("a".repeat(self.0))).unwrap())
    }
}

impl ServerHandler for Author {
    fn get_info(&self) -> ServerConfig {
        let all = ServerCapabilities::builder().enable_prompts().enable_resources().enable_completions();
        ServerConfig::new(all.build())
    }

    async fn get_prompt(
        &self,
        _: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let content = |text| json!({"messages": [{"role": "user", "content": {"type": "text", "text": text}}]});
        self.answer::<GetPromptResult>(content).map(Into::into)
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        self.answer(|text| json!({"resources": [{"uri": "notes://1", "name": text}]}))
    }

    async fn read_resource(
        &self,
        _: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let contents = |blob| json!({"contents": [{"uri": "notes://1", "blob": blob}]});
        self.answer::<ReadResourceResult>(contents).map(Into::into)
    }

    async fn complete(
        &self,
        _: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        self.answer(|text| json!({"completion": {"values": [text]}}))
    }

    async fn on_custom_request(
        &self,
        _: CustomRequest,
        _: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        self.answer(|text| json!({"done": text})).map(CustomResult::new)
    }
}

async fn ask(router: &Router, method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let mut request = http::Request::post("/mcp")
        .header("host", "localhost")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", method);
    if let Some(name) = params.get("name").or(params.get("uri")).and_then(Value::as_str) {
        request = request.header("mcp-name", name);
    }
    let body = json!({"jsonrpc": "2.0", "id": "a", "method": method, "params": params}).to_string();
    let response = router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

#[tokio::test]
async fn whatever_a_handler_answers_with_is_refused_when_it_is_too_large_and_counted() {
    let completion = json!({"ref": {"type": "ref/prompt", "name": "daily"}, "argument": {"name": "a", "value": ""}});
    for (method, recorded, params) in [
        ("prompts/get", "prompts/get", json!({"name": "daily"})),
        ("resources/list", "resources/list", json!({})),
        ("resources/read", "resources/read", json!({"uri": "notes://1"})),
        ("completion/complete", "completion/complete", completion),
        ("acme/index", "custom", json!({})),
    ] {
        for (bytes, taken) in [(1000, true), (3000, false)] {
            let server = Server::builder("test", ()).handler(Author(bytes)).build();
            let settings = Settings::from_text("[limits]\nresult_bytes = 2000").unwrap();
            let seams = Seams::of_test(Clock::system());
            let engine = Engine::new(server.into_parts().unwrap(), &settings, seams).unwrap();
            let handler = McpHandler::new(engine.into(), Caller::local("default".into()), None);
            let router = router(&handler, &settings.endpoint, &CancellationToken::new());
            let answer = ask(&router, method, params.clone()).await;
            assert_eq!(answer.get("result").is_some(), taken, "{method} {bytes}: {answer}");
            assert_eq!(answer["error"]["code"] == -32603, !taken, "{method} {bytes}: {answer}");
            assert!(taken || !answer.to_string().contains("aaa"), "nothing of it is told: {answer}");
            let metrics = handler.engine().metrics_text();
            let counted = format!("failures_total{{tool=\"{recorded}\",reason=\"result_too_large\"}} 1");
            assert_eq!(metrics.contains(&counted), !taken, "{method} {bytes}: {metrics}");
        }
    }
}

/// Takes what it is told, or hangs.
struct Told {
    count: Arc<AtomicUsize>,
    hangs: bool,
}

impl ServerHandler for Told {
    async fn on_custom_notification(&self, _: CustomNotification, _: NotificationContext<RoleServer>) {
        self.count.fetch_add(1, Ordering::SeqCst);
        if self.hangs {
            std::future::pending::<()>().await;
        }
    }
}

const SESSION: &str = concat!(
    r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#,
    "\n",
    r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
    "\n",
);

#[tokio::test(start_paused = true)]
async fn notifications_are_held_to_rates_bounds_deadlines_and_the_gate_and_counted_when_they_are_dropped() {
    let small = json!({"text": "a"});
    let large = json!({"text": "a".repeat(2000)});
    for (limits, hangs, open, params, told, counted) in [
        ("", false, true, &small, 5, ""),
        (
            "rate_per_caller = '3/m'",
            false,
            true,
            &small,
            2,
            "refusals_total{tool=\"notification\",reason=\"rate_limited\"} 3",
        ),
        ("argument_bytes = 1000", false, true, &large, 0, "refusals_total{tool=\"notification\",reason=\"invalid\"} 5"),
        ("", false, false, &small, 0, "refusals_total{tool=\"notification\",reason=\"draining\"} 5"),
        ("", true, true, &small, 5, "failures_total{tool=\"notification\",reason=\"timeout\"} 5"),
    ] {
        let count = Arc::new(AtomicUsize::new(0));
        let server = Server::builder("test", ()).handler(Told { count: Arc::clone(&count), hangs }).build();
        let settings = Settings::from_text(&format!("[limits]\n{limits}")).unwrap();
        let seams = Seams::of_test(Clock::system());
        let engine = Arc::new(Engine::new(server.into_parts().unwrap(), &settings, seams).unwrap());
        let handler = McpHandler::new(Arc::clone(&engine), Caller::local("default".into()), None);
        let (mut client, server) = tokio::io::duplex(1 << 16);
        let (input, output) = tokio::io::split(server);
        tokio::spawn(serve_stdio(handler, input, output, Duration::ZERO, CancellationToken::new()));
        client.write_all(SESSION.as_bytes()).await.unwrap();
        // What comes with the handshake is told in any case, and takes from the rate.
        tokio::time::sleep(Duration::from_millis(10)).await;
        if !open {
            engine.gate.close();
        }
        let message = json!({"jsonrpc": "2.0", "method": "acme/told", "params": params}).to_string() + "\n";
        client.write_all(message.repeat(5).as_bytes()).await.unwrap();
        tokio::time::sleep(settings.limits.deadline + Duration::from_secs(1)).await;
        assert_eq!(count.load(Ordering::SeqCst), told, "{limits} {counted}");
        let metrics = engine.metrics_text();
        assert!(metrics.contains(counted), "{counted}: {metrics}");
    }
}
