//! The command line of a server: what people type, what scripts read, how it ends.

use serde_json::{Value, json};

use crate::support::{HttpServer, Process, fixture};

/// Runs the fixture server with `arguments`: exit code, stdout, stderr.
fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = fixture().args(arguments).output().expect("the fixture server runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_call_prints_its_result_and_an_error_goes_to_stderr() {
    let (code, out, err) = run(&["call", "echo", r#"{"text":"hi"}"#]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), json!({"text": "hi"}));

    let (code, out, err) = run(&["call", "echo", r#"{"txt":"hi"}"#]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("did you mean `text`?"), "{err}");

    let (code, _, err) = run(&["call", "echo@7", r#"{"text":"hi"}"#]);
    assert_eq!(code, Some(1));
    assert!(err.contains("not served in version 7") && err.contains("1.2.0"), "{err}");

    let (code, _, err) = run(&["call", "echo", "{text:hi}"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("help: quote them"), "{err}");
}

#[test]
fn everything_can_be_read_by_a_program() {
    let (_, out, _) = run(&["--format", "json", "call", "echo", r#"{"text":"hi"}"#]);
    let result: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(result["structuredContent"]["text"], "hi");
    let (_, out, _) = run(&["tools", "--format", "json"]);
    let tools: Value = serde_json::from_str(&out).unwrap();
    let wait = tools["tools"].as_array().unwrap().iter().find(|tool| tool["name"] == "wait").unwrap();
    assert_eq!(wait["enforced"]["timeout"], "20s");
}

#[test]
fn what_goes_wrong_can_be_read_by_a_program_too() {
    let (code, _, err) = run(&["--format", "json", "call", "eco"]);
    let error: Value = serde_json::from_str(&err).unwrap();
    assert_eq!((code, &error["error"]["data"]["didYouMean"]), (Some(1), &json!("echo")));
    let (code, _, err) = run(&["--format", "json", "--profile", "prod"]);
    let error: Value = serde_json::from_str(&err).unwrap();
    assert_eq!((code, &error["error"]["problems"][0]["source"]), (Some(2), &json!("--profile")));

    let mut command = fixture();
    command.args(["--listen", "127.0.0.1:0", "--admin", "off", "--format", "json"]);
    let process = Process::start(&mut command);
    let started: Value = serde_json::from_str(&process.line()).unwrap();
    assert!(started["mcp"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{started}");
}

#[test]
fn tools_lists_every_tool_with_its_contract() {
    let (code, out, _) = run(&["tools"]);
    assert_eq!(code, Some(0));
    let echo = out.lines().find(|line| line.starts_with("echo ")).unwrap();
    assert!(echo.contains("1.2.0") && echo.contains("read only") && echo.contains("sha256:"), "{echo}");
}

#[test]
fn every_mistake_of_the_configuration_is_named_at_once() {
    let mut command = fixture();
    command.args(["--listen", "0.0.0.0:80", "--profile", "prod"]).env("STEADFAST_DRAIN_GRACE", "soon");
    let output = command.output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    for part in ["`profile` (--profile)", "`drain.grace` (STEADFAST_DRAIN_GRACE)", "`listen` (--listen)", "loopback"] {
        assert!(err.contains(part), "{part} is not in\n{err}");
    }
}

#[test]
fn a_port_that_is_taken_is_said_with_the_way_out() {
    let server = HttpServer::start();
    let taken = server.mcp.to_string();
    let (code, _, err) = run(&["--listen", &taken, "--admin", "off"]);
    assert_eq!(code, Some(1));
    assert!(err.contains(&taken) && err.contains("--listen 127.0.0.1:0"), "{err}");
}

#[test]
fn a_starting_server_says_what_it_serves_and_what_to_try() {
    let mut command = fixture();
    command.args(["--listen", "127.0.0.1:0", "--admin", "off"]);
    let mut process = Process::start(&mut command);
    process.announced("tools");
    process.signal("TERM");
    assert!(process.wait().success());
    assert_eq!(process.stdout(), "");
}
