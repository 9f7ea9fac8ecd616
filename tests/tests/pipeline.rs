//! The path of a call, in the process and on a paused clock.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use steadfast::{
    Clock, ErrorKind, Inputs,
    prelude::*,
    rmcp::model::ClientCapabilities,
    testing::{Client, advance},
};

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Address {
    street: String,
    #[schemars(length(min = 2, max = 2))]
    country: String,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Shipping {
    Post { days: u8 },
    Pickup { shop: String },
}

/// Order something.
#[mcp_tool(version = "1.4.0", effect = additive)]
async fn order(
    #[arg(length(1..=3), items(length(2..)))] items: Vec<String>,
    address: Address,
    shipping: Option<Shipping>,
    #[arg(range(1..=10), default = 1)] copies: u8,
    #[arg(secret, length(8..))] token: String,
) -> Result<String, ToolError> {
    Ok(format!("{} {} {} {:?} {}", items.len(), address.street, copies, shipping.map(|_| ()), token.len()))
}

/// Take a while, with or without progress.
#[mcp_tool(version = "1.0.0", effect = read_only, timeout = "2s")]
async fn crawl(cx: CallContext, steps: u32) -> Result<String, ToolError> {
    for step in 0..steps {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        cx.progress(f64::from(step + 1), f64::from(steps), "crawling").await;
    }
    Ok("there".into())
}

/// Never come back.
#[mcp_tool(version = "1.0.0", effect = read_only, timeout = "2s")]
async fn hang() -> Result<(), ToolError> {
    std::future::pending().await
}

/// Break a promise.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn lie() -> Promised {
    Promised { percent: 250 }
}

#[derive(Serialize, JsonSchema)]
struct Promised {
    #[schemars(range(max = 100))]
    percent: u32,
}

/// Fail in a way of one's choosing.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn fail(kind: String) -> Result<(), ToolError> {
    Err(match kind.as_str() {
        "not_found" => ToolError::not_found("there is no such note; search_notes lists them"),
        "unavailable" => ToolError::unavailable("the dictionary is away").with_retry_after(Duration::from_secs(3)),
        "io" => std::io::Error::other("password is hunter2").into(),
        _ => ToolError::new(ErrorKind::Conflict, "somebody else was first"),
    })
}

/// Add.
#[mcp_tool(version = "2.1.0", effect = read_only, alias = ["plus", "sum"])]
fn add(a: i64, b: f64) -> f64 {
    a as f64 + b
}

/// Ask twice.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn interview(cx: CallContext) -> Result<String, ToolError> {
    let form = |property: &str| {
        serde_json::from_value(json!({"type": "object", "properties": {property: {"type": "string"}}}))
    };
    let name = cx.ask(Inputs::new().elicit("name", "Who?", form("name")?)).await?.elicited("name")?;
    let colour = cx.ask(Inputs::new().elicit("colour", "Which colour?", form("colour")?)).await?.elicited("colour")?;
    Ok(format!("{:?} {:?}", name.content, colour.content))
}

fn client() -> Client {
    let tools = tools![order, crawl, hang, lie, fail, add, interview];
    Client::new(Server::builder("test", ()).tools(tools).build()).unwrap()
}

fn violations(answer: &steadfast::testing::Answer) -> Vec<(String, String, String)> {
    let list = answer.message()["_meta"]["dev.steadfast/violations"].as_array().cloned().unwrap_or_default();
    let text = |violation: &Value, key: &str| violation[key].as_str().unwrap_or_default().to_owned();
    list.iter().map(|v| (text(v, "path"), text(v, "expected"), text(v, "found"))).collect()
}

#[tokio::test]
async fn every_violation_is_reported_with_its_path_what_was_expected_and_what_was_found() {
    let answer = client()
        .call(
            "order",
            json!({
                "items": ["ok", "x", 7, "many"],
                "adress": {},
                "address": {"street": 5, "country": "NLD", "zip": "1"},
                "shipping": {"kind": "post", "days": 300},
                "copies": 0,
                "token": "hunter2",
            }),
        )
        .await;
    assert!(answer.is_error());
    let found = violations(&answer);
    let paths: Vec<&str> = found.iter().map(|(path, _, _)| path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/address/country",
            "/address/street",
            "/address/zip",
            "/adress",
            "/copies",
            "/items",
            "/items/1",
            "/items/2",
            "/shipping/days",
            "/token",
        ],
        "{found:#?}"
    );
    let of = |path: &str| found.iter().find(|(at, _, _)| at == path).cloned().unwrap_or_default();
    assert_eq!(of("/adress").1, "no such property (did you mean `address`?)");
    assert_eq!(of("/copies"), ("/copies".into(), "at least 1".into(), "0".into()));
    assert_eq!(of("/shipping/days"), ("/shipping/days".into(), "at most 255".into(), "300".into()));
    assert_eq!(of("/token").2, "a secret value");
    assert!(!answer.message().to_string().contains("hunter2"), "a secret is shown");
    for (path, expected, found) in found {
        assert!(answer.text().contains(&format!("{path}: expected {expected}, found {found}")), "{}", answer.text());
    }
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let answer = client().call("order", json!({})).await;
    let missing: Vec<_> = violations(&answer).into_iter().map(|(path, _, found)| (path, found)).collect();
    let nothing = |path: &str| (path.to_owned(), "nothing".to_owned());
    assert_eq!(missing, [nothing("/address"), nothing("/items"), nothing("/token")]);
}

#[tokio::test]
async fn defaults_and_options_are_filled_in() {
    let arguments = json!({
        "items": ["ab"], "address": {"street": "Dam", "country": "NL"}, "token": "12345678",
    });
    let answer = client().call("order", arguments).await;
    assert_eq!(answer.text(), "1 Dam 1 None 8", "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_hangs_is_answered_at_its_timeout() {
    let start = Clock::system().now();
    let answer = client().call("hang", json!({})).await;
    assert_eq!(start.elapsed(), Duration::from_secs(2));
    assert_eq!(answer.message()["_meta"]["dev.steadfast/error"]["kind"], "timeout");
}

#[tokio::test(start_paused = true)]
async fn progress_pushes_the_timeout_back_and_never_the_hard_maximum() {
    let client = client();
    let answer = client.call("crawl", json!({"steps": 4})).await;
    assert_eq!(answer.text(), "there", "6 s in all, never 2 s without progress");
    assert_eq!(client.progress().len(), 4);

    let start = Clock::system().now();
    let answer = client.call("crawl", json!({"steps": 1_000_000})).await;
    assert!(answer.is_error());
    assert_eq!(start.elapsed(), Duration::from_secs(300));
}

#[tokio::test(start_paused = true)]
async fn a_caller_can_shorten_the_deadline_but_not_lengthen_it() {
    let client = client();
    for (wish, lasted) in [(500, 500), (9_000, 2_000)] {
        let start = Clock::system().now();
        client.call_with_meta("hang", json!({}), json!({"dev.steadfast/timeoutMs": wish})).await;
        assert_eq!(start.elapsed(), Duration::from_millis(lasted));
    }
    for wrong in [json!(0), json!(-1), json!("2s"), json!(1.5)] {
        let answer = client.call_with_meta("hang", json!({}), json!({"dev.steadfast/timeoutMs": wrong})).await;
        assert_eq!(answer.code(), Some(-32602), "{wrong}");
    }
}

#[tokio::test]
async fn a_result_that_breaks_the_published_schema_does_not_leave_the_server() {
    let answer = client().call("lie", json!({})).await;
    assert_eq!(answer.code(), Some(-32603));
    assert!(!answer.message().to_string().contains("250"), "{answer:?}");
}

#[tokio::test]
async fn an_error_says_its_kind_and_keeps_its_cause_to_itself() {
    let client = client();
    for (kind, text) in [
        ("not_found", "there is no such note; search_notes lists them"),
        ("unavailable", "the dictionary is away"),
        ("conflict", "somebody else was first"),
    ] {
        let answer = client.call("fail", json!({"kind": kind})).await;
        assert!(answer.is_error());
        assert_eq!(answer.text(), text);
        assert_eq!(answer.message()["_meta"]["dev.steadfast/error"]["kind"], kind);
    }
    let away = client.call("fail", json!({"kind": "unavailable"})).await;
    assert_eq!(away.message()["_meta"]["dev.steadfast/error"]["retryAfterMs"], 3000);
    let internal = client.call("fail", json!({"kind": "io"})).await;
    assert!(internal.is_error());
    assert!(!internal.message().to_string().contains("hunter2"), "{internal:?}");
}

#[tokio::test]
async fn a_tool_answers_to_its_aliases_and_in_its_version_only() {
    let client = client();
    for name in ["add", "plus", "sum"] {
        assert_eq!(client.call(name, json!({"a": 1, "b": 2})).await.structured(), Some(&json!({"result": 3.0})));
    }
    assert_eq!(client.list().iter().filter(|tool| tool.name == "plus").count(), 0, "aliases are not listed");
    for (version, served) in
        [("2", true), ("^2.1", true), ("2.1.0", true), ("1", false), ("^2.2", false), ("latest", false)]
    {
        let meta = json!({"dev.steadfast/toolVersion": version});
        let answer = client.call_with_meta("add", json!({"a": 1, "b": 2}), meta).await;
        assert_eq!(answer.code(), if served { None } else { Some(-32602) }, "{version}");
        if !served {
            assert_eq!(answer.message()["error"]["data"]["available"], json!(["2.1.0"]));
        }
    }
    let unknown = client.call("ad", json!({})).await;
    assert_eq!(unknown.message()["error"]["data"]["didYouMean"], "add");
}

#[tokio::test]
async fn a_whole_number_may_be_written_with_a_fraction() {
    let answer = client().call("add", json!({"a": 2.0, "b": 3.0})).await;
    assert_eq!(answer.structured(), Some(&json!({"result": 5.0})));
}

#[tokio::test]
async fn rounds_of_questions_remember_what_was_answered() {
    let mut capabilities = ClientCapabilities::default();
    capabilities.elicitation = Some(Default::default());
    let client = client().with_capabilities(capabilities);
    let first = client.call("interview", json!({})).await;
    assert!(first.message()["inputRequests"].get("name").is_some(), "{first:?}");
    let given = json!({"name": {"action": "accept", "content": {"name": "Ada"}}});
    let second = client.answer("interview", json!({}), given, &first).await;
    assert!(second.message()["inputRequests"].get("colour").is_some(), "{second:?}");
    assert_ne!(first.message()["requestState"], second.message()["requestState"]);
    let given = json!({"colour": {"action": "accept", "content": {"colour": "blue"}}});
    let done = client.answer("interview", json!({}), given, &second).await;
    assert!(done.text().contains("Ada") && done.text().contains("blue"), "{done:?}");
}

#[tokio::test(start_paused = true)]
async fn a_state_expires() {
    let mut capabilities = ClientCapabilities::default();
    capabilities.elicitation = Some(Default::default());
    let client = client().with_capabilities(capabilities);
    let first = client.call("interview", json!({})).await;
    advance(Duration::from_secs(15 * 60)).await;
    let given = json!({"name": {"action": "accept", "content": {"name": "Ada"}}});
    assert_eq!(client.answer("interview", json!({}), given, &first).await.code(), Some(-32602));
}

#[tokio::test]
async fn a_plain_function_does_not_keep_others_from_running() {
    #[derive(Clone, Default)]
    struct Flag(Arc<AtomicBool>);

    /// Block until the other tool was called.
    #[mcp_tool(version = "1.0.0", effect = read_only)]
    fn block(State(flag): State<Flag>) -> String {
        while !flag.0.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        "released".into()
    }

    /// Release the other tool.
    #[mcp_tool(version = "1.0.0", effect = read_only)]
    async fn release(State(flag): State<Flag>) {
        flag.0.store(true, Ordering::SeqCst);
    }

    let server = Server::builder("test", Flag::default()).tools(tools![block, release]).build();
    let client = Client::new(server).unwrap();
    // One thread runs both calls: it is free only if `block` runs elsewhere.
    let (blocked, _) = tokio::join!(client.call("block", json!({})), client.call("release", json!({})));
    assert_eq!(blocked.text(), "released");
}

#[test]
fn everything_wrong_with_a_server_is_said_at_once() {
    /// Same name.
    #[mcp_tool(version = "1.0.0", effect = read_only, name = "hang")]
    async fn other() {}

    /// Same alias.
    #[mcp_tool(version = "1.0.0", effect = read_only, alias = "lie")]
    async fn third() {}

    /// A pattern with a back-reference.
    #[mcp_tool(version = "1.0.0", effect = read_only)]
    async fn pattern(#[arg(pattern = r"(a)\1")] _text: String) {}

    let server = Server::builder("test", ()).tools(tools![hang, lie, other, third, pattern]).build();
    let problems: Vec<String> = server.problems().iter().map(ToString::to_string).collect();
    let all = problems.join("\n");
    for part in ["`hang` is taken", "`lie` is taken", "input schema can't be compiled"] {
        assert!(all.contains(part), "{part} is not in\n{all}");
    }
}
