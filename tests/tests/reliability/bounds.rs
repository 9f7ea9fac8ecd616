//! Functions that take what others need: threads that they never give back, and results that nobody can take.

use std::sync::{Arc, Mutex, mpsc};

use schemars::{Schema, SchemaGenerator};
use serde_json::json;
use steadfast::{prelude::*, testing::Client};

/// Makes functions wait until it is dropped.
#[derive(Clone)]
struct Held(Arc<Mutex<mpsc::Receiver<()>>>);

impl Held {
    fn new() -> (mpsc::Sender<()>, Self) {
        let (end, held) = mpsc::channel();
        (end, Self(Arc::new(Mutex::new(held))))
    }
}

/// Wait for what never comes.
#[mcp_tool(version = "1.0.0", effect = additive, timeout = "20ms")]
fn hold(held: State<Held>) -> String {
    let _ = held.0.0.lock().map(|held| held.recv());
    "never".into()
}

/// Say something.
#[mcp_tool(version = "1.0.0", effect = read_only)]
fn say() -> String {
    "said".into()
}

#[tokio::test]
async fn functions_that_hang_leave_threads_for_others_and_are_refused_once_theirs_are_taken() {
    let (_end, held) = Held::new();
    let server = Server::builder("threads", held).tools(tools![hold, say]).build();
    let client = Client::with(server, "[limits]\nblocking = 4").unwrap();
    for _ in 0..3 {
        let late = client.call("hold", json!({})).await;
        assert_eq!(late.message()["_meta"]["dev.steadfast/error"]["kind"], "unknown", "{late:?}");
    }
    let keyed = json!({ "dev.steadfast/idempotencyKey": "k" });
    for _ in 0..2 {
        let refused = client.call_with_meta("hold", json!({}), keyed.clone()).await;
        let about = &refused.message()["_meta"]["dev.steadfast/error"];
        assert_eq!((&about["kind"], &about["reason"]), (&json!("unavailable"), &json!("no_thread")), "{refused:?}");
        assert!(about["retryAfterMs"].as_u64().is_some_and(|after| after > 0));
        assert!(refused.message()["_meta"].get("dev.steadfast/replayed").is_none(), "nothing was begun");
    }
    assert_eq!(client.call("say", json!({})).await.text(), "said");
    assert!(client.metrics().contains(r#"steadfast_refusals_total{tool="hold",reason="no_thread"} 2"#));
}

/// A list that never ends.
struct Endless;

impl Serialize for Endless {
    fn serialize<S: steadfast::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(std::iter::repeat("and so on"))
    }
}

impl JsonSchema for Endless {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Endless".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<String>::json_schema(generator)
    }
}

/// Never come to an end.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn go_on() -> Endless {
    Endless
}

/// So many bytes, each a number of a list, which takes 32 times as much as a tree.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn bytes(mib: usize) -> Vec<u8> {
    vec![0; mib << 20]
}

/// The same as one text.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn text(mib: usize) -> String {
    "x".repeat(mib << 20)
}

/// The same as a block.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn block(mib: usize) -> Content {
    Content::text("x".repeat(mib << 20))
}

/// The same as an error.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn complain(mib: usize) -> Result<String, ToolError> {
    Err(ToolError::invalid("x".repeat(mib << 20)))
}

#[tokio::test]
async fn a_result_that_is_too_large_or_never_ends_is_given_up_while_it_is_written() {
    let server = Server::builder("results", ()).tools(tools![go_on, bytes, text, block, complain]).build();
    let client = Client::new(server).unwrap();
    for (tool, arguments) in [
        ("go_on", json!({})),
        ("bytes", json!({"mib": 256})),
        ("text", json!({"mib": 8})),
        ("block", json!({"mib": 8})),
    ] {
        let answer = client.call(tool, arguments).await;
        let about = &answer.message()["_meta"]["dev.steadfast/error"];
        assert_eq!(about["reason"], "result_too_large", "{tool}");
        assert_eq!(about["limitBytes"], 4 << 20, "{tool}");
    }
    let answer = client.call("complain", json!({"mib": 8})).await;
    assert!(answer.is_error() && answer.text().len() < 1 << 16 && answer.text().ends_with("[…]"));
    assert!(!client.call("bytes", json!({"mib": 1})).await.is_error());
}
