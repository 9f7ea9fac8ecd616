//! What depends on the transport: surfaces by their paths, headers, flags and pins.

use serde_json::{Value, json};

use crate::support::{
    HttpServer, fixture,
    http::{JSON, begin, begin_modern_at, finish, modern},
    stdio::StdioServer,
};

/// Sends a request of protocol 2026-07-28 to a path.
fn send_to(server: &HttpServer, path: &str, method: &str, params: Value) -> crate::support::http::Response {
    finish(begin_modern_at(server.mcp, path, method, params, &[]))
}

fn tools(list: &Value) -> Vec<&str> {
    list["result"]["tools"].as_array().into_iter().flatten().filter_map(|tool| tool["name"].as_str()).collect()
}

#[test]
fn a_surface_is_a_path_and_says_when_it_ends() {
    let server = HttpServer::start();
    let response = send_to(&server, "/mcp/0.1.0", "tools/list", json!({}));
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(tools(&response.json()), ["renew", "search"], "what is over is left out");
    assert_eq!(response.header("deprecation"), Some("@1748736000"));
    assert_eq!(response.header("sunset"), Some("Fri, 01 Feb 2126 00:00:00 GMT"), "`renew` is the next to go");
    let call = json!({"name": "search", "arguments": {"q": "x"}});
    let answer = send_to(&server, "/mcp/0.1.0", "tools/call", call).json();
    assert_eq!(answer["result"]["structuredContent"], json!({"hits": ["x 1", "x 2"]}));

    let response = send_to(&server, "/mcp/0.3.0", "tools/list", json!({}));
    assert_eq!((response.header("deprecation"), response.header("sunset")), (None, None), "`weed` is over");
    let plain = send_to(&server, "/mcp", "tools/list", json!({}));
    assert_eq!((plain.header("deprecation"), plain.header("sunset")), (None, None));
    let plain = plain.json();
    assert!(tools(&plain).contains(&"echo") && tools(&plain).contains(&"guess"), "{plain}");
    assert_eq!((&plain["result"]["ttlMs"], &plain["result"]["cacheScope"]), (&json!(60_000), &json!("public")));
}

#[test]
fn a_server_on_a_surface_says_on_its_plain_path_when_that_ends() {
    let server = HttpServer::with(|command| {
        command.args(["--surface", "0.1.0"]);
    });
    let response = send_to(&server, "/mcp", "tools/list", json!({}));
    assert_eq!(response.header("deprecation"), Some("@1748736000"), "{response:?}");
    assert_eq!(response.header("sunset"), Some("Fri, 01 Feb 2126 00:00:00 GMT"));
}

#[test]
fn a_surface_that_is_not_there_is_said_with_those_that_are() {
    let server = HttpServer::start();
    for path in ["/mcp/9.9.9", "/mcp/", "/mcp/%ff"] {
        let response = send_to(&server, path, "tools/list", json!({}));
        assert_eq!(response.status, 404, "{path}");
        assert_eq!(response.json()["error"]["data"]["surfaces"], json!(["0.1.0", "0.2.0", "0.3.0"]), "{path}");
        let strange = [("host", "evil.example"), ("content-type", "application/json")];
        let response = finish(begin(server.mcp, "GET", path, &strange, b""));
        assert_eq!(response.status, 403, "{path}: {response:?}");
    }
}

#[test]
fn the_log_says_who_still_calls_what_is_deprecated_and_which_version_was_refused() {
    let server = HttpServer::start();
    for (arguments, version, outcome) in [
        (json!({"name": "renew", "arguments": {"book": "x"}}), "1.0.0", "ok"),
        (json!({"name": "lend", "arguments": {"book": "x"}}), "1.0.0", "retired"),
        (json!({"name": "search", "arguments": {"filter": 1}}), "3.0.0", "invalid"),
    ] {
        send_to(&server, "/mcp", "tools/call", arguments);
        let mut line = server.process.line();
        while !line.contains("outcome") {
            line = server.process.line();
        }
        let said = |field: &str, value: &str| {
            line.contains(&format!("{field}={value:?}")) || line.contains(&format!("{field}={value}"))
        };
        assert!(said("version", version) && said("outcome", outcome), "{line}");
        assert_eq!(line.contains("deprecated") && said("principal", "anonymous"), outcome == "ok", "{line}");
    }
}

#[test]
fn a_session_on_a_surface_stays_there() {
    let server = HttpServer::start();
    let message = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
    }});
    let send = |path: &str, session: Option<&str>, message: &Value| {
        let mut headers = JSON.to_vec();
        if let Some(session) = session {
            headers.extend([("mcp-session-id", session), ("mcp-protocol-version", "2025-11-25")]);
        }
        finish(begin(server.mcp, "POST", path, &headers, message.to_string().as_bytes()))
    };
    let opened = send("/mcp/0.2.0", None, &message);
    assert_eq!(opened.json()["result"]["capabilities"]["tools"], json!({"listChanged": true}));
    assert!(opened.header("deprecation").is_some());
    let session = opened.header("mcp-session-id");
    send("/mcp/0.2.0", session, &json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    assert_eq!(tools(&send("/mcp/0.2.0", session, &list).json()), ["find", "lend", "renew"]);
    assert_eq!(send("/mcp/0.1.0", session, &list).status, 404, "it is unknown elsewhere");
}

#[test]
fn a_process_can_be_put_on_a_surface_and_a_caller_too() {
    let names = |server: &mut StdioServer| {
        server.send(&modern("tools/list", json!({})));
        let list = server.receive();
        let scope = list["result"]["cacheScope"].as_str().unwrap_or_default().to_owned();
        (tools(&list).into_iter().map(str::to_owned).collect::<Vec<_>>(), scope)
    };
    let mut flag = StdioServer::with(|command| {
        command.args(["--surface", "0.2.0"]);
    });
    assert_eq!(names(&mut flag), (vec!["find".into(), "lend".into(), "renew".into()], "public".into()));

    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("pins");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("steadfast.toml"), "surface = '0.3.0'\npins.local = '0.1.0'\n").unwrap();
    let mut pinned = StdioServer::with(|command| {
        command.current_dir(&folder).args(["--config", "steadfast.toml"]);
    });
    assert_eq!(names(&mut pinned), (vec!["renew".into(), "search".into()], "private".into()));

    let wrong = fixture().args(["tools", "--surface", "7.0.0"]).output().unwrap();
    let text = String::from_utf8(wrong.stderr).unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text.contains("there is no surface `7.0.0`") && text.contains("0.1.0, 0.2.0, 0.3.0"), "{text}");
}

#[test]
fn the_command_line_shows_and_calls_every_major() {
    let run = |arguments: &[&str]| {
        let output = fixture().args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (_, out, _) = run(&["tools"]);
    let lines: Vec<&str> = out.lines().collect();
    let renew = lines.iter().position(|line| line.starts_with("renew ")).unwrap();
    assert!(lines[renew].contains("2.0.0") && lines[renew].contains("active"), "{out}");
    assert!(lines[renew + 1].contains("1.0.0     deprecated since 2025-06-01, sunset from 2126-02-01"), "{out}");
    assert!(out.contains("sunset since 2026-02-01"), "{out}");
    let (_, out, _) = run(&["--format", "json", "tools"]);
    let listed: Value = serde_json::from_str(&out).unwrap();
    let search = listed["tools"].as_array().unwrap().iter().find(|tool| tool["name"] == "search").unwrap();
    let majors: Vec<&Value> = search["majors"].as_array().unwrap().iter().map(|major| &major["version"]).collect();
    assert_eq!(majors, ["3.0.0", "2.1.0", "1.2.0"]);
    assert_eq!((&search["majors"][1]["shim"], &search["majors"][2]["shim"]), (&json!("typed"), &json!("declared")));

    let (code, out, _) = run(&["call", "search@1", r#"{"q":"x"}"#]);
    assert_eq!((code, serde_json::from_str::<Value>(&out).unwrap()), (Some(0), json!({"hits": ["x 1", "x 2"]})));
    let (code, _, err) = run(&["call", "lend@1", r#"{"book":"x"}"#]);
    assert_eq!(code, Some(1));
    assert!(err.contains("`book` is now `title`"), "{err}");
}

#[test]
fn the_lock_is_kept_by_what_the_program_says_of_itself() {
    let output = fixture().arg("contract-dump").output().unwrap();
    let published: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&published["server"], &published["release"]), (&json!("fixture"), &json!("0.3.0")));
    let lend = published["tools"].as_array().unwrap().iter().find(|tool| tool["name"] == "lend").unwrap();
    assert_eq!(lend["definition"]["name"], "lend");
    assert!(lend["definition"].get("_meta").is_none());
    assert_eq!(
        lend["history"],
        json!([{
            "major": 1,
            "lifecycle": {"deprecated": "2025-06-01", "sunset": "2026-02-01", "note": "`book` is now `title`"},
            "shape": true,
            "shim": "declared",
        }])
    );
    let output = fixture().args(["contract-prove", "--seed", "7", "--cases", "20"]).output().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap(), json!([]));
    let help = fixture().arg("--help").output().unwrap();
    assert!(!String::from_utf8(help.stdout).unwrap().contains("contract-"), "they are not for people");
}
