//! Waits for what changes the list of tools, so that clients can be told: days, and other policies.
//!
//! Invariant: a client is told after the day has begun, never before, and once for each day. Each session
//! and each subscription waits for itself, and stops when it ends.

use std::time::Duration;

use crate::{catalogue::SurfaceId, date::Date, engine::Engine};

/// How long one sleeps at most before one looks at the time of day again, which may have been set.
const LOOK: Duration = Duration::from_secs(3600);

/// Resolves when the list of a surface changes next, by the date or because other policies are in force; never, once
/// nothing can change any more.
pub(super) async fn next(engine: &Engine, surface: Option<SurfaceId>) {
    let policies = async {
        match &engine.access.policies {
            Some(policies) => policies.replaced().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = day(engine, surface) => {}
        () = policies => {}
    }
}

async fn day(engine: &Engine, surface: Option<SurfaceId>) {
    match engine.catalogue.list(surface, Date::today(&engine.clock)).until {
        Some(day) => begun(engine, day).await,
        None => std::future::pending().await,
    }
}

async fn begun(engine: &Engine, day: Date) {
    while let Ok(left) = day.start().duration_since(engine.clock.wall())
        && !left.is_zero()
    {
        tokio::time::sleep(left.min(LOOK)).await;
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::Arc,
        time::{Duration, SystemTime},
    };

    use axum::body::Body;
    use http_body_util::BodyExt as _;
    use serde_json::{Value, json};
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio_util::sync::CancellationToken;
    use tower::ServiceExt as _;

    use super::super::{handler::McpHandler, router, serve_stdio};
    use crate::{
        caller::Caller,
        clock::Clock,
        config::Settings,
        date::Date,
        engine::{Engine, Seams},
        mcp_tool,
        server::Server,
        tools,
    };

    /// Go soon.
    #[mcp_tool(version = "1.0.0", effect = read_only, deprecated = "2026-01-02", sunset = "2026-01-05", crate = crate)]
    async fn go() {}

    /// Stay.
    #[mcp_tool(version = "1.0.0", effect = read_only, crate = crate)]
    async fn stay() {}

    const MINUTE: Duration = Duration::from_secs(60);

    /// Shortly before something changes: sooner than the SDK's keep-alive, which does not know of paused time.
    fn clock(day: &str) -> Clock {
        Clock::starting_at(Date::parse(day).unwrap().start() - MINUTE / 6)
    }

    fn handler(clock: Clock) -> McpHandler {
        let server = Server::builder("test", ()).tools(tools![go, stay]).build();
        let engine =
            Engine::new(server.into_parts().unwrap(), &Settings::from_text("").unwrap(), Seams::of_test(clock))
                .unwrap();
        McpHandler::new(Arc::new(engine), Caller::local("default".into()), None)
    }

    fn initialize() -> [Value; 2] {
        let info = json!({"name": "test", "version": "1"});
        let params = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info});
        [
            json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}),
            json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        ]
    }

    fn modern(method: &str, mut params: Value) -> Value {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
    }

    fn listen() -> Value {
        modern("subscriptions/listen", json!({"notifications": {"toolsListChanged": true}}))
    }

    /// What a server says on standard output, message by message, with the time of day.
    async fn stdio(clock: Clock, messages: &[Value], count: usize) -> Vec<(Value, SystemTime)> {
        let (client, server) = tokio::io::duplex(1 << 16);
        let (input, output) = tokio::io::split(server);
        let stop = CancellationToken::new();
        let serving = tokio::spawn(serve_stdio(handler(clock), input, output, MINUTE, stop));
        let (read, mut write) = tokio::io::split(client);
        for message in messages {
            write.write_all(format!("{message}\n").as_bytes()).await.unwrap();
        }
        let mut lines = BufReader::new(read).lines();
        let mut heard = Vec::new();
        while heard.len() < count {
            let line = lines.next_line().await.unwrap().unwrap();
            heard.push((serde_json::from_str(&line).unwrap(), clock.wall()));
        }
        let ended = clock.wall();
        write.shutdown().await.unwrap();
        serving.await.unwrap().unwrap();
        assert_eq!(clock.wall(), ended, "nothing waits for a subscription to end");
        heard
    }

    /// What a server says on one stream, the body of the response to the last of `requests`.
    async fn http(clock: Clock, requests: Vec<Value>, wanted: &str) -> (Value, SystemTime) {
        let settings = Settings::from_text("").unwrap();
        let router = router(&handler(clock), &settings.endpoint, &CancellationToken::new());
        let mut session = None;
        let mut last = None;
        for message in requests {
            let get = message.is_null();
            let modern = message["params"]["_meta"].is_object();
            let mut request = http::Request::builder()
                .method(if get { "GET" } else { "POST" })
                .uri("/mcp")
                .header("host", "localhost")
                .header("content-type", "application/json")
                .header("accept", if get { "text/event-stream" } else { "application/json, text/event-stream" });
            if let Some(session) = &session {
                request = request.header("mcp-session-id", session).header("mcp-protocol-version", "2025-11-25");
            }
            if modern {
                let method = message["method"].as_str().unwrap();
                request = request.header("mcp-protocol-version", "2026-07-28").header("mcp-method", method);
            }
            let body = if get { Body::empty() } else { Body::from(message.to_string()) };
            let response = router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
            assert!(response.status().is_success(), "{}: {message}", response.status());
            session = session.or_else(|| response.headers().get("mcp-session-id").cloned());
            last = Some(response.into_body());
        }
        let mut stream = last.unwrap();
        while let Some(frame) = stream.frame().await {
            let frame = frame.unwrap();
            let event = std::str::from_utf8(frame.data_ref().unwrap()).unwrap();
            let heard =
                event.lines().filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data:")?).ok());
            if let Some(message) = { heard }.find(|message| message["method"] == wanted) {
                return (message, clock.wall());
            }
        }
        panic!("the stream ended without `{wanted}`");
    }

    const CHANGED: &str = "notifications/tools/list_changed";

    #[tokio::test(start_paused = true)]
    async fn a_session_over_stdio_hears_of_every_day_that_changes_the_list() {
        let [initialize, initialized] = initialize();
        // Said twice, it is told once.
        let messages = [initialize, initialized.clone(), initialized];
        let heard = stdio(clock("2026-01-02"), &messages, 3).await;
        assert_eq!(heard[0].0["result"]["capabilities"]["tools"]["listChanged"], true);
        for ((message, at), day) in heard[1..].iter().zip(["2026-01-02", "2026-01-05"]) {
            assert_eq!(message["method"], CHANGED);
            let late = at.duration_since(Date::parse(day).unwrap().start()).expect("not before the day has begun");
            assert!(late < Duration::from_secs(1), "{day}: {late:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_subscriber_over_stdio_hears_of_it_under_its_subscription() {
        let heard = stdio(clock("2026-01-05"), &[listen()], 2).await;
        assert_eq!(heard[0].0["method"], "notifications/subscriptions/acknowledged", "{heard:?}");
        let changed = &heard[1].0;
        assert_eq!(changed["method"], CHANGED);
        assert_eq!(changed["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 7, "{changed}");
    }

    #[tokio::test(start_paused = true)]
    async fn sessions_and_subscribers_over_http_hear_of_it() {
        let day = Date::parse("2026-01-05").unwrap().start();
        let [initialize, initialized] = initialize();
        for requests in [vec![initialize, initialized, Value::Null], vec![listen()]] {
            let (_, at) = http(clock("2026-01-05"), requests, CHANGED).await;
            assert!(at >= day && at < day + Duration::from_secs(1), "{at:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_is_kept_no_longer_than_it_is_right() {
        let clock = clock("2026-01-05");
        let ask = async || stdio(clock, &[modern("tools/list", json!({}))], 1).await.remove(0).0;
        tokio::time::advance(Duration::from_secs(3)).await;
        let before = ask().await;
        assert_eq!(before["result"]["ttlMs"], 7_000, "{before}");
        assert_eq!(before["result"]["tools"].as_array().unwrap().len(), 2);
        tokio::time::advance(Duration::from_secs(7)).await;
        let after = ask().await;
        assert_eq!(after["result"]["ttlMs"], 60_000);
        assert_eq!(after["result"]["tools"].as_array().unwrap().len(), 1);
    }
}
