//! The command line of a server: what people type, what scripts read, how it ends.

use serde_json::{Value, json};

use crate::support::{HttpServer, Process, fixture, http};

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
    assert_eq!(wait["enforced"]["timeout_ms"], 20_000);
    let login = tools["tools"].as_array().unwrap().iter().find(|tool| tool["name"] == "login").unwrap();
    assert_eq!((&login["declared"], &login["enforced"]["scopes"]), (&json!([]), &json!(["session:write"])));
}

#[test]
fn what_goes_wrong_can_be_read_by_a_program_too() {
    let (code, _, err) = run(&["--format", "json", "call", "eco"]);
    let error: Value = serde_json::from_str(&err).unwrap();
    assert_eq!((code, &error["error"]["data"]["didYouMean"]), (Some(1), &json!("echo")));
    let (code, _, err) = run(&["--format", "json", "--profile", "prod"]);
    let error: Value = serde_json::from_str(&err).unwrap();
    assert_eq!((code, &error["error"]["problems"][0]["source"]), (Some(2), &json!("--profile")));

    let (code, _, err) = run(&["--format", "json", "serv"]);
    let error: Value = serde_json::from_str(&err).unwrap();
    assert_eq!(code, Some(2));
    assert!(error["error"]["message"].as_str().unwrap().contains("serv"), "{error}");

    let mut command = fixture();
    command.args(["--listen", "127.0.0.1:0", "--admin", "off", "--format", "json"]);
    let process = Process::start(&mut command);
    let started: Value = serde_json::from_str(&process.line()).unwrap();
    assert!(started["mcp"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{started}");
}

#[test]
fn a_log_for_programs_is_one_object_a_line_also_when_a_tool_panics() {
    let mut command = fixture();
    command.args(["--listen", "127.0.0.1:0", "--admin", "off", "--format", "json"]);
    command.env("STEADFAST_LOG_FORMAT", "json");
    let process = Process::start(&mut command);
    let started: Value = serde_json::from_str(&process.line()).unwrap();
    let address = started["mcp"].as_str().unwrap().trim_start_matches("http://").trim_end_matches("/mcp");
    let params = json!({"name": "explode", "arguments": {}});
    http::send_modern(address.parse().unwrap(), "tools/call", params);
    process.signal("TERM");
    let log = process.stderr();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert!(lines.iter().any(|line| line["panic"] == "the fuse was lit"), "{log}");
    assert!(lines.iter().any(|line| line["outcome"] == "panicked" && line["span"]["tool"] == "explode"), "{log}");
}

#[test]
fn tools_lists_every_tool_with_its_contract() {
    let (code, out, _) = run(&["tools"]);
    assert_eq!(code, Some(0));
    let echo = out.lines().find(|line| line.starts_with("echo ")).unwrap();
    assert!(echo.contains("1.2.0") && echo.contains("read only") && echo.contains("sha256:"), "{echo}");
}

/// Runs the fixture server in a folder of its own, which has these files.
fn run_in(folder: &str, files: &[(&str, &str)], arguments: &[&str]) -> (Option<i32>, String, String) {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let output = fixture().args(arguments).current_dir(&folder).output().expect("the fixture server runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn tools_shows_what_is_enforced_and_who_said_it() {
    let file = "
        [tools.login]
        attempt_timeout = '700ms'
        rate_limit = '100/s'
        [upstreams.directory]
        failure_ratio = 55
        failures_in_a_row = 7
        retry_floor = 0
        concurrency = 4
        [retry]
        cap = '9s'
        [tasks]
        deadline = '10m'
    ";
    let (_, out, _) = run_in("enforced", &[("steadfast.toml", file)], &["tools"]);
    let login = out.lines().find(|line| line.starts_with("login ")).unwrap();
    let words = "30s · attempt 700ms · retry 1 · 100/s · breaker directory · idempotency key";
    assert!(login.contains(words) && login.contains("scopes session:write"), "{login}");

    let (_, out, _) = run_in("enforced", &[("steadfast.toml", file)], &["tools", "--format", "json"]);
    let tools: Value = serde_json::from_str(&out).unwrap();
    let of = |name: &str| tools["tools"].as_array().unwrap().iter().find(|tool| tool["name"] == name).unwrap();
    let enforced = &of("login")["enforced"];
    let upstream = &enforced["upstream"];
    for (settings, key, value, from) in [
        (enforced, "timeout_ms", json!(30_000), "default"),
        (enforced, "attempt_timeout_ms", json!(700), "configuration"),
        (enforced, "retry", json!(1), "attribute"),
        (enforced, "rate_limit", json!("100/s"), "configuration"),
        (enforced, "stale_ms", json!(null), "default"),
        (enforced, "idempotency_key", json!(true), "attribute"),
        (upstream, "failure_ratio", json!(55.0), "configuration"),
        (upstream, "failures_in_a_row", json!(7), "configuration"),
        (upstream, "concurrency", json!(4), "configuration"),
        (upstream, "open_for_ms", json!(5_000), "default"),
        (upstream, "retry_ratio", json!(20.0), "default"),
        (upstream, "retry_floor", json!(0), "configuration"),
        (upstream, "slow_ratio", json!(80.0), "attribute"),
        (upstream, "queue", json!(3), "attribute"),
    ] {
        assert_eq!((&settings[key], &settings["from"][key]), (&value, &json!(from)), "{key}");
    }
    assert_eq!(upstream["name"], "directory");
    assert_eq!(enforced["retry_budget"], Value::Null, "it is the upstream's");
    assert_eq!((&enforced["retry_base_ms"], &enforced["retry_cap_ms"]), (&json!(50), &json!(9_000)));
    let echo = &of("echo")["enforced"];
    assert_eq!((&echo["upstream"], &echo["task"]), (&Value::Null, &Value::Null));
    let budget = json!({"ratio": 20.0, "floor": 2, "from": {"ratio": "default", "floor": "default"}});
    assert_eq!(echo["retry_budget"], budget, "a tool without an upstream has its own");
    let from = json!({
        "required": "attribute", "manual": "attribute", "idle_ms": "tasks.deadline", "deadline_ms": "tasks.deadline",
    });
    let task = json!({"required": false, "manual": false, "idle_ms": 600_000, "deadline_ms": 600_000, "from": from});
    assert_eq!(of("dig")["enforced"]["task"], task);
}

#[test]
fn tools_says_what_is_switched_off() {
    let switches = json!({"format": 1, "version": 1, "switches": {"default": {"tool:echo": {
        "version": 1, "written": 0, "text": json!({"reason": "it repeats itself", "since_ms": 0}).to_string(),
    }}}});
    let files = [("steadfast.toml", "read_only = true"), ("data/switches.json", &switches.to_string())];
    let (code, out, err) = run_in("switches", &files, &["tools"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let state = |name: &str| out.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert!(state("echo ").contains("active; `echo` is switched off: it repeats itself"), "{out}");
    assert!(state("login ").contains("active; the server is in read-only mode"), "{out}");
    assert!(!state("wait ").contains(';'), "{out}");

    let (_, out, _) = run_in("switches", &files, &["tools", "--format", "json"]);
    let tools: Value = serde_json::from_str(&out).unwrap();
    let off = |name: &str| {
        tools["tools"].as_array().unwrap().iter().find(|tool| tool["name"] == name).unwrap()["off"].clone()
    };
    assert_eq!((off("echo")["reason"].clone(), off("wait")), (json!("switched_off"), Value::Null));
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
fn the_default_profiles_file_is_read_and_strange_variables_are_none_of_ours() {
    use std::os::unix::ffi::OsStrExt as _;

    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("dev-profile");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("steadfast.dev.toml"), "[limits]\ndefault_timeout = '7s'\n").unwrap();
    let mut command = fixture();
    command.args(["tools", "--format", "json"]).current_dir(&folder);
    command.env("STRANGE", std::ffi::OsStr::from_bytes(b"\xff"));
    let output = command.output().unwrap();
    let tools: Value = serde_json::from_slice(&output.stdout).unwrap();
    let echo = tools["tools"].as_array().unwrap().iter().find(|tool| tool["name"] == "echo").unwrap();
    assert_eq!(echo["enforced"]["timeout_ms"], 7_000);
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

#[tokio::test]
async fn a_server_that_opens_its_data_at_once_finds_it_also_where_only_the_lock_is_asked_for() {
    use steadfast::prelude::*;

    let mut found = None;
    let server = || {
        found = Some(steadfast::cli::data_dir());
        Server::builder("test", ()).build()
    };
    steadfast::cli::main_from(server, ["test", "contract-prove", "--data", "kept"].map(Into::into)).await;
    assert_eq!(found, Some("kept".into()));
}

#[test]
fn policies_are_checked_explained_and_typed_on_the_command_line() {
    let config = "[policy]\ndir = 'rules'";
    let good = "@id(\"users\") permit (principal, action == Action::\"login\", resource)\nwhen { context.input.user == \"ada\" };";
    let bad = "permit (principal, action == Action::\"login\", resource)\nwhen { context.input.password == \"x\" };";
    let with = |text: &str, arguments: &[&str]| {
        run_in("policy", &[("steadfast.toml", config), ("rules/a.cedar", text)], arguments)
    };
    let (code, out, _) = with(good, &["policy", "check"]);
    assert_eq!((code, out.as_str()), (Some(0), "policies: 1, without problems\n"));
    let (code, _, err) = with(bad, &["policy", "check"]);
    assert!(code == Some(2) && err.contains("rules/a.cedar:2:8: ") && err.contains("`input.password`"), "{err}");
    let (code, _, err) = with(bad, &["call", "echo", r#"{"text":"hi"}"#]);
    assert!(code == Some(2) && err.contains("rules/a.cedar:2:8: "), "{err}");

    let never = "@id(\"night\") forbid (principal, action, resource)\nwhen { principal.claims has shift && principal.claims.shift.contains(\"night\") };";
    let (code, out, _) = with(never, &["policy", "check"]);
    assert!(code == Some(0) && out.starts_with("warning: rules/a.cedar:1:1: "), "{out}");
    let (code, denied, _) = with(never, &["policy", "check", "--deny-warnings"]);
    assert_eq!((code, denied), (Some(2), out));
    assert_eq!(with(good, &["policy", "check", "--deny-warnings"]).0, Some(0));

    let (_, out, _) = with(good, &["policy", "schema"]);
    assert!(out.contains("action \"login\" in [Action::\"class:additive\"]") && !out.contains("password"), "{out}");

    let ask = |user: &str, more: &[&str]| {
        let input = json!({"user": user, "password": "correct horse battery"}).to_string();
        let arguments = ["policy", "explain", "--principal", "ada", "--tool", "login", "--input", &input];
        with(good, &[&arguments[..], more].concat())
    };
    let (code, out, _) = ask("ada", &["--scope", "session:write"]);
    assert_eq!((code, out.as_str()), (Some(0), "permitted\n  users (rules/a.cedar:1:1) permits it\n"));
    let (_, out, _) = ask("bob", &[]);
    for part in [
        "denied",
        "users (rules/a.cedar:1:1) does not permit it: `when { context.input.user == \"ada\" }` does not hold",
        "nothing permits it",
        "principal == User::\"default/ada\"",
        "lacks the scopes session:write",
    ] {
        assert!(out.contains(part) && !out.contains("horse"), "{part} is not in\n{out}");
    }
    let (_, out, _) = ask("bob", &["--format", "json"]);
    let said: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&said["permitted"], &said["missingScopes"]), (&json!(false), &json!(["session:write"])));
    let (code, _, err) = with(good, &["policy", "explain", "--principal", "ada", "--tool", "logn"]);
    assert!(code == Some(2) && err.contains("did you mean `login`?"), "{err}");
}
