//! Drills of small servers, on a paused clock.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use serde_json::json;

use super::*;
use crate::{ToolError, mcp_tool, tool::State, tools};

/// How often a function was really called.
#[derive(Clone, Default)]
struct Calls(Arc<AtomicU32>);

/// Define a word, with everything that there is to declare.
#[mcp_tool(
    version = "1.0.0",
    effect = read_only,
    timeout = "2s",
    attempt_timeout = "500ms",
    retry = 2,
    upstream(name = "dictionary", concurrency = 16),
    fallback = built_in,
    crate = crate,
)]
async fn define(State(_): State<Calls>, word: String) -> Result<String, ToolError> {
    Ok(word)
}

async fn built_in(State(_): State<Calls>, word: String) -> Result<String, ToolError> {
    Ok(word)
}

/// Have a fallback that has no answer either.
#[mcp_tool(version = "1.0.0", effect = read_only, timeout = "1s", fallback = lost, crate = crate)]
async fn find(State(_): State<Calls>, word: String) -> Result<String, ToolError> {
    Ok(word)
}

async fn lost(State(_): State<Calls>, word: String) -> Result<String, ToolError> {
    Err(ToolError::not_found(word))
}

/// Remember the last answer.
#[mcp_tool(
    version = "1.0.0",
    effect = read_only,
    timeout = "1s",
    attempt_timeout = "350ms",
    retry = 2,
    stale = "5m",
    crate = crate,
)]
async fn rate(State(_): State<Calls>) -> u32 {
    7
}

/// Wait for ever for an upstream that takes one call at a time.
#[mcp_tool(version = "1.0.0", effect = read_only, upstream(name = "narrow", concurrency = 1), crate = crate)]
async fn squeeze(State(_): State<Calls>) -> u32 {
    7
}

/// Change something.
#[mcp_tool(version = "1.0.0", effect = additive, upstream = "bank", rate_limit = "1/h", crate = crate)]
async fn pay(
    State(calls): State<Calls>,
    #[arg(range(5..=9))] amount: u32,
    #[arg(secret)] _pin: String,
) -> Result<u32, ToolError> {
    calls.0.fetch_add(1, Ordering::SeqCst);
    Ok(amount)
}

/// Fail by itself.
#[mcp_tool(version = "1.0.0", effect = read_only, crate = crate)]
async fn broken(State(_): State<Calls>) -> Result<(), ToolError> {
    Err(ToolError::unavailable("the cable is cut"))
}

async fn drilled(tool: &str, calls: &Calls, configuration: &str) -> Result<(bool, Value), DrillFailure> {
    let tools = tools![define, find, rate, squeeze, pay, broken];
    let server = Server::builder("test", calls.clone()).version("1.0.0").tools(tools).build();
    let settings = Settings::from_text(configuration).unwrap();
    let options = Options { tool: tool.into(), ..Options::default() };
    let mut out = Vec::new();
    drill(server, &settings, &options, Clock::system(), Screen::new(&mut out, Mode::Quiet)).await
}

fn phase<'a>(report: &'a Value, name: &str) -> &'a Value {
    report["phases"].as_array().unwrap().iter().find(|phase| phase["phase"] == name).unwrap()
}

fn text(list: &Value) -> String {
    list.as_array().unwrap().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_declares_everything_degrades_as_it_declares() {
    let began = Clock::system().now();
    let (passed, report) = drilled("define", &Calls::default(), "").await.unwrap();
    assert!(passed, "{report:#}");
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    for name in ["healthy", "latency"] {
        assert_eq!((&phase(&report, name)["ok"], &phase(&report, name)["attempts"]), (&json!(20), &json!(20)));
    }
    for name in ["errors", "dead upstream"] {
        let phase = phase(&report, name);
        assert_eq!(phase["fallback"], phase["calls"], "{phase:#}");
        assert!(phase["load"].as_f64().unwrap() <= 1.2, "{phase:#}");
        assert_eq!(phase["breaker"][1]["state"], "open", "{phase:#}");
    }
    let panics = phase(&report, "panics");
    assert!(panics["failed"].as_u64() > Some(0) && panics["fallback"].as_u64() > Some(0), "{panics:#}");
    assert_eq!(panics["answers"]["failed"]["error"]["code"], -32603);
    let recovery = phase(&report, "recovery");
    let states: Vec<&str> =
        recovery["breaker"].as_array().unwrap().iter().map(|s| s["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["open", "half_open", "closed"], "{recovery:#}");
    assert_eq!(
        phase(&report, "errors")["answers"]["fallback"]["_meta"]["dev.steadfast/degraded"]["mode"],
        "fallback",
        "a sample of what a client sees is kept"
    );
}

#[tokio::test(start_paused = true)]
async fn what_does_not_hold_is_found_with_the_way_out() {
    for (tool, configuration, what, help) in [
        ("find", "", "the fallback did not serve 30 of 30 calls: errors", "other arguments"),
        ("broken", "", "does not answer, before anything is done to it: the cable is cut", "--simulate"),
        ("squeeze", "", "the breaker `narrow` did not open", "attempt_timeout"),
        (
            "define",
            "[upstreams.dictionary]\nhalf_open = 100\nslow_call = '1ms'\nslow_ratio = 100\nfailure_ratio = 100",
            "",
            "",
        ),
    ] {
        let (passed, report) = drilled(tool, &Calls::default(), configuration).await.unwrap();
        assert_eq!(passed, what.is_empty(), "{tool}: {report:#}");
        let findings = text(&report["findings"]);
        assert!(findings.contains(what) && findings.contains(help), "{tool}: {findings}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stale_result_stands_in_where_that_is_declared() {
    let (passed, report) = drilled("rate", &Calls::default(), "").await.unwrap();
    assert!(passed, "{report:#}");
    let errors = phase(&report, "errors");
    assert_eq!((&errors["stale"], &errors["calls"]), (&json!(30), &json!(30)));
    assert!(text(&report["notes"]).contains("no upstream is declared"), "{report:#}");
    assert!(
        text(&report["held"]).contains("at most 1.20x of the offered load"),
        "its retries have a budget: {report:#}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_changes_something_is_never_called() {
    let calls = Calls::default();
    let (passed, report) = drilled("pay", &calls, "read_only = true\n[upstreams.bank]\nopen_for = '1h'").await.unwrap();
    assert!(passed, "{report:#}");
    assert_eq!((calls.0.load(Ordering::SeqCst), &report["simulated"]), (0, &json!(true)));
    let notes = text(&report["notes"]);
    for part in ["`pay` changes something", "rates are not limited", "`open_for` of `bank` is 1h, and 5s here"] {
        assert!(notes.contains(part), "{part} is not in\n{notes}");
    }
    assert_eq!(report["arguments"], json!({"amount": 5, "_pin": "…"}));
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_may_take_long_is_drilled_in_less_time_and_that_is_said() {
    let patient = "[tools.define]\ntimeout = '20s'\nattempt_timeout = '5s'";
    let (passed, report) = drilled("define", &Calls::default(), patient).await.unwrap();
    assert!(passed, "{report:#}");
    let notes = text(&report["notes"]);
    for part in ["`timeout` of `define` is 20s, and 2s here", "`attempt_timeout` of `define` is 5s, and 2s here"] {
        assert!(notes.contains(part), "{part} is not in\n{notes}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_drill_of_something_else_is_refused() {
    let failure = drilled("defin", &Calls::default(), "").await.unwrap_err().to_string();
    assert!(failure.contains("did you mean `define`?"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn what_is_said_is_made_of_whole_lines_where_nothing_is_drawn_again() {
    let server = Server::builder("test", Calls::default()).version("1.0.0").tools(tools![define]).build();
    let options = Options { tool: "define".into(), arguments: Some(r#"{"word":"milk"}"#.into()), ..Options::default() };
    let mut out = Vec::new();
    let screen = Screen::new(&mut out, Mode::Plain);
    drill(server, &Settings::from_text("").unwrap(), &options, Clock::system(), screen).await.unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains('\r'), "{text}");
    for part in ["drill define '{\"word\":\"milk\"}'", "breaker open", "PHASE", "dead upstream (fallback):"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}
