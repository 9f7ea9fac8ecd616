//! `call` and `approve` on a command line, and what the log says.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{HttpServer, fixture, http::send_modern};

const CALL: [&str; 3] = ["call", "wipe", r#"{"disk":"sda"}"#];

/// Runs the fixture server with its data in a folder: exit code, stdout, stderr.
fn run(data: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = fixture().args(arguments).arg("--data").arg(data).output().expect("the fixture server runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn without_a_terminal_a_call_is_confirmed_by_an_option_alone() {
    let data = tempfile::tempdir().unwrap();
    let (code, out, err) = run(data.path(), &CALL);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("- sda: wiped") && err.contains("--yes") && err.contains("did not confirm"), "{err}");
    let (code, out, err) = run(data.path(), &[CALL[0], CALL[1], CALL[2], "--yes"]);
    assert_eq!((code, out.trim(), err.as_str()), (Some(0), "sda is wiped", ""));
}

#[test]
fn a_request_is_approved_while_the_server_runs_and_the_log_says_no_more_than_is_known() {
    let data = tempfile::tempdir().unwrap();
    let config = data.path().join("steadfast.toml");
    std::fs::write(&config, "[tools.wipe]\nconfirmation = \"approver\"").unwrap();
    let server = HttpServer::with(|command| {
        command.arg("--config").arg(&config).arg("--data").arg(data.path()).env("STEADFAST_LOG_LEVEL", "debug");
    });
    let call = |arguments: Value, meta: Value| {
        let params = json!({ "name": "wipe", "arguments": arguments, "_meta": meta });
        send_modern(server.mcp, "tools/call", params).json()["result"].clone()
    };
    let sda = || json!({ "disk": "sda" });
    let waits = call(sda(), json!({}));
    let id = waits["_meta"]["dev.steadfast/error"]["approval"].as_str().expect("a request").to_owned();
    let approval = json!({ "dev.steadfast/approval": id });

    let (_, listed, _) = run(data.path(), &["approve"]);
    assert!(listed.contains(&id) && listed.contains("pending") && listed.contains("Wipes a disk"), "{listed}");
    let (_, shown, _) = run(data.path(), &["approve", "show", &id[..10]]);
    assert!(shown.contains(r#"wipe 1.0.0 {"disk":"sda"}"#) && shown.contains("- sda: wiped"), "{shown}");
    let (code, _, err) = run(data.path(), &["approve", "grant", &id, "--as", "anonymous"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("somebody else has to decide"), "{err}");
    let (code, _, err) = run(data.path(), &["approve", "deny", "ffff", "--as", "bob"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("there is no request"), "{err}");
    assert_eq!(call(sda(), approval.clone())["isError"], true, "it still waits");

    let (code, granted, _) = run(data.path(), &["--format", "json", "approve", "grant", &id, "--as", "bob"]);
    let granted: Value = serde_json::from_str(&granted).unwrap();
    assert_eq!((code, &granted["state"], &granted["decidedBy"]), (Some(0), &json!("granted"), &json!("bob")));
    assert_eq!(call(json!({ "disk": "sdb" }), approval.clone())["isError"], true, "another call");
    let done = call(sda(), approval.clone());
    assert_eq!(done["content"][0]["text"], "sda is wiped", "{done}");
    assert_eq!(call(sda(), approval)["isError"], true, "it is used up");

    server.process.signal("TERM");
    let log = server.process.stderr();
    let confirmed: Vec<&str> = log.lines().filter(|line| line.contains("confirmation=")).collect();
    assert_eq!(confirmed.len(), 1, "{log}");
    assert!(confirmed[0].contains(r#"confirmation="approver""#) && confirmed[0].contains(r#"outcome="ok""#), "{log}");
}
