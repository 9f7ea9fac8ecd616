use std::io::{Read as _, Write as _};

use serde_json::{Value, json};

use crate::support::{
    HttpServer,
    http::{JSON, Session, begin, begin_modern, finish, modern, send, send_modern},
};

fn call(tool: &str, arguments: Value) -> Value {
    json!({"name": tool, "arguments": arguments})
}

#[test]
fn a_body_that_is_no_message_gets_a_json_rpc_error() {
    let server = HttpServer::start();
    for (body, code) in [
        ("{\"jsonrpc\": \"2.0\", ", -32700),
        ("", -32700),
        ("nonsense", -32700),
        ("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", -32600),
        ("\"ping\"", -32600),
        ("{\"id\":1,\"method\":\"ping\"}", -32600),
    ] {
        let response = send(server.mcp, "POST", "/mcp", &JSON, body.as_bytes());
        assert_eq!(response.status, 400, "{body}");
        assert_eq!(response.header("content-type"), Some("application/json"), "{body}");
        assert_eq!(response.json()["error"]["code"], code, "{body}");
    }
    let text = [("content-type", "text/plain"), JSON[1]];
    assert_eq!(send(server.mcp, "POST", "/mcp", &text, b"{}").status, 415);
}

#[test]
fn a_handler_that_panics_is_answered_and_the_server_goes_on() {
    let server = HttpServer::start();
    for (method, params) in [("tools/call", call("explode", json!({}))), ("prompts/get", json!({"name": "explode"}))] {
        let answer = send_modern(server.mcp, method, params).json();
        assert_eq!(answer["error"]["code"], -32603, "{answer}");
        assert!(!answer.to_string().contains("fuse"), "the panic's message leaks: {answer}");
    }
    let answer = send_modern(server.mcp, "tools/call", call("echo", json!({"text": "still here"}))).json();
    assert_eq!(answer["result"]["structuredContent"]["text"], "still here");
    let log = {
        server.process.signal("TERM");
        server.process.stderr()
    };
    assert!(log.contains("the fuse was lit"), "the panic's message is not in the log:\n{log}");
}

#[test]
fn a_strange_host_or_origin_is_refused() {
    let server = HttpServer::start();
    let port = server.mcp.port();
    let local = format!("http://localhost:{port}");
    for (name, value, status) in [
        ("host", "evil.example", 403),
        ("host", "evil.example:80", 403),
        ("origin", "http://evil.example", 403),
        ("origin", "null", 403),
        ("origin", "https://localhost.evil.example", 403),
        ("origin", local.as_str(), 200),
    ] {
        let more = [(name, value)];
        let response = finish(begin_modern(server.mcp, "tools/list", json!({}), &more));
        assert_eq!(response.status, status, "{name}: {value}");
    }
}

#[test]
fn a_strange_host_is_refused_although_its_body_never_comes() {
    let server = HttpServer::start();
    let mut stream = std::net::TcpStream::connect(server.mcp).unwrap();
    stream.set_read_timeout(Some(crate::support::PATIENCE)).unwrap();
    let head = "POST /mcp HTTP/1.1\r\nhost: evil.example\r\ncontent-type: application/json\r\n\
                accept: application/json, text/event-stream\r\nconnection: close\r\ncontent-length: 1000\r\n\r\n{";
    stream.write_all(head.as_bytes()).unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 403");
}

#[test]
fn the_log_level_of_one_session_is_not_that_of_another() {
    let server = HttpServer::start();
    let (quiet, talkative) = (Session::open(server.mcp), Session::open(server.mcp));
    let level =
        |level: &str| json!({"jsonrpc": "2.0", "id": level, "method": "logging/setLevel", "params": {"level": level}});
    let tell = |text: &str| json!({"jsonrpc": "2.0", "id": text, "method": "tools/call", "params": call("tell", json!({"text": text}))});
    let hears = |session: &Session, text: &str| {
        let mut stream = session.listen();
        let mut heard = String::new();
        let mut bytes = [0; 4096];
        session.send(tell(text));
        while !heard.contains(text) {
            let read = stream.read(&mut bytes).expect("the session hears what it wants to hear");
            heard.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
        heard
    };
    quiet.send(level("emergency"));
    quiet.send(tell("unheard"));
    hears(&talkative, "heard by the other");
    quiet.send(level("debug"));
    assert!(!hears(&quiet, "heard at last").contains("unheard"));
}

#[test]
fn prompts_have_the_bounds_of_tools() {
    let server = HttpServer::with(|command| {
        command.env("STEADFAST_LIMITS_ARGUMENT_BYTES", "500");
    });
    let large = json!({"name": "greeting", "arguments": {"x": "x".repeat(600)}});
    let answer = send_modern(server.mcp, "prompts/get", large).json();
    assert_eq!(answer["error"]["data"]["limitBytes"], 500, "{answer}");
    let mut params = json!({"name": "greeting"});
    params["_meta"]["dev.steadfast/timeoutMs"] = json!("soon");
    assert_eq!(send_modern(server.mcp, "prompts/get", params).json()["error"]["code"], -32602);
}

#[test]
fn a_modern_request_without_its_metadata_is_refused() {
    let server = HttpServer::start();
    let bare = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}).to_string();
    let mut headers = JSON.to_vec();
    headers.extend([("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/list")]);
    let response = send(server.mcp, "POST", "/mcp", &headers, bare.as_bytes());
    assert_eq!((response.status, &response.json()["error"]["code"]), (400, &json!(-32602)));

    let whole = modern("tools/list", json!({})).to_string();
    let response = send(server.mcp, "POST", "/mcp", &JSON, whole.as_bytes());
    assert_eq!((response.status, &response.json()["error"]["code"]), (400, &json!(-32020)));
}

#[test]
fn both_protocols_are_served_at_the_same_time() {
    let server = HttpServer::start();
    let session = Session::open(server.mcp);
    let modern = send_modern(server.mcp, "tools/call", call("echo", json!({"text": "new"})));
    assert_eq!(modern.header("content-type"), Some("application/json"));
    assert_eq!(modern.json()["result"]["structuredContent"]["text"], "new");
    assert_eq!(modern.json()["result"]["resultType"], "complete");

    let message = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call",
                         "params": call("echo", json!({"text": "old"}))});
    let legacy = session.send(message).json();
    assert_eq!(legacy["result"]["structuredContent"]["text"], "old");
    assert_eq!(legacy["result"].get("resultType"), None);
}

#[test]
fn every_result_names_the_server() {
    let server = HttpServer::start();
    for (method, params) in [
        ("server/discover", json!({})),
        ("tools/list", json!({})),
        ("tools/call", call("echo", json!({"text": "x"}))),
        ("tools/call", call("echo", json!({"text": 1}))),
        ("tools/call", call("hang", json!({}))),
        ("prompts/list", json!({})),
        ("prompts/get", json!({"name": "greeting"})),
    ] {
        let answer = send_modern(server.mcp, method, params).json();
        let info = &answer["result"]["_meta"]["io.modelcontextprotocol/serverInfo"];
        assert_eq!(info["name"], "fixture", "{method}: {answer}");
    }
}

#[test]
fn what_nothing_serves_is_not_found() {
    let server = HttpServer::start();
    for method in ["resources/list", "completion/complete", "made/up"] {
        let params = json!({"ref": {"type": "ref/prompt", "name": "x"}, "argument": {"name": "x", "value": "y"}});
        let response = send_modern(server.mcp, method, params);
        assert_eq!((response.status, &response.json()["error"]["code"]), (404, &json!(-32601)), "{method}");
    }
}

#[test]
fn a_request_id_in_use_is_refused_and_the_first_call_is_answered() {
    let server = HttpServer::start();
    let session = Session::open(server.mcp);
    let message = |tool: &str, arguments: Value| json!({"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": call(tool, arguments)});
    let mut first = session.begin(message("wait", json!({"ms": 1500})));
    // The response's head is there once the server has taken the request.
    let mut seen = [0; 1];
    first.read_exact(&mut seen).unwrap();
    let second = session.send(message("echo", json!({"text": "me too"}))).json();
    assert_eq!(second["error"]["code"], -32600, "{second}");
    let mut rest = String::new();
    let _ = first.read_to_string(&mut rest);
    assert!(rest.contains("waited 1500 ms"), "{rest}");
    let third = session.send(message("echo", json!({"text": "now"}))).json();
    assert_eq!(third["result"]["structuredContent"]["text"], "now", "the id is free again");
}

#[test]
fn what_is_too_large_or_too_deep_is_refused_with_the_limit() {
    let server = HttpServer::with(|command| {
        command.env("STEADFAST_HTTP_MAX_BODY_BYTES", "20000").env("STEADFAST_LIMITS_ARGUMENT_BYTES", "5000");
    });
    let response = send_modern(server.mcp, "tools/call", call("echo", json!({"text": "x".repeat(30_000)})));
    assert_eq!((response.status, &response.json()["error"]["code"]), (413, &json!(-32600)));

    let answer = send_modern(server.mcp, "tools/call", call("echo", json!({"text": "x".repeat(6_000)}))).json();
    assert_eq!(answer["error"]["data"]["limitBytes"], 5000, "{answer}");

    let deep = (0..60).fold(json!(1), |inner, _| json!([inner]));
    let answer = send_modern(server.mcp, "tools/call", call("echo", json!({"text": deep}))).json();
    assert_eq!(answer["error"]["data"]["limitDepth"], 32, "{answer}");
}

#[test]
fn a_parameter_header_must_agree_with_its_argument() {
    let server = HttpServer::start();
    let params = || call("region", json!({"region": "eu-west"}));
    for (header, status) in [("eu-west", 200), ("us-east", 400)] {
        let more = [("mcp-param-region", header)];
        let response = finish(begin_modern(server.mcp, "tools/call", params(), &more));
        assert_eq!(response.status, status, "{}", response.body);
        if status == 400 {
            assert_eq!(response.json()["error"]["code"], -32020);
        }
    }
}

#[test]
fn a_client_is_asked_only_for_what_it_declared_and_its_state_works_once() {
    let server = HttpServer::start();
    let answer = send_modern(server.mcp, "tools/call", call("confirm", json!({}))).json();
    assert_eq!(answer["error"]["code"], -32021, "{answer}");
    assert!(answer["error"]["data"]["requiredCapabilities"].get("elicitation").is_some(), "{answer}");

    let mut params = call("confirm", json!({}));
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({"elicitation": {}});
    let asked = send_modern(server.mcp, "tools/call", params.clone()).json();
    assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
    params["requestState"] = asked["result"]["requestState"].clone();
    params["inputResponses"] = json!({"confirm": {"action": "accept", "content": {"ok": true}}});
    let done = send_modern(server.mcp, "tools/call", params.clone()).json();
    assert_eq!(done["result"]["content"][0]["text"], "Accept", "{done}");
    let again = send_modern(server.mcp, "tools/call", params).json();
    assert_eq!(again["error"]["code"], -32602, "a state works once: {again}");
}

#[test]
fn health_and_readiness_are_on_the_admin_port_only() {
    let server = HttpServer::start();
    assert_eq!(send(server.admin, "GET", "/healthz", &[], b"").status, 200);
    let ready = send(server.admin, "GET", "/readyz", &[], b"");
    assert_eq!(
        (ready.status, ready.body.as_str()),
        (200, "ready\nstore: a file in the data directory, for one process\n")
    );
    assert_eq!(send(server.mcp, "GET", "/healthz", &[], b"").status, 404);
}

#[test]
fn a_server_told_to_stop_answers_what_is_in_flight_and_takes_nothing_new() {
    for signal in ["TERM", "INT"] {
        let mut server = HttpServer::start();
        // Connections made before the signal stay open; a request on one of them comes too late.
        let mut late = std::net::TcpStream::connect(server.mcp).unwrap();
        let mut params = call("wait", json!({"ms": 1500}));
        params["_meta"]["progressToken"] = json!("p");
        let mut slow = begin_modern(server.mcp, "tools/call", params, &[]);
        // The response begins with the tool's first progress.
        slow.read_exact(&mut [0; 1]).unwrap();
        let ready = || send(server.admin, "GET", "/readyz", &[], b"").status == 200;
        server.process.signal(signal);
        while ready() {}
        let body = modern("tools/call", call("echo", json!({"text": "late"}))).to_string();
        let head = format!(
            "POST /mcp HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/json\r\n\
             accept: application/json, text/event-stream\r\nmcp-protocol-version: 2026-07-28\r\n\
             mcp-method: tools/call\r\nmcp-name: echo\r\ncontent-length: {}\r\n\r\n{body}",
            server.mcp,
            body.len(),
        );
        late.write_all(head.as_bytes()).unwrap();
        let refused = finish(late).json();
        assert_eq!(refused["error"]["code"], -32050, "{refused}");
        assert!(refused["error"]["data"]["retryAfterMs"].is_u64());
        let mut rest = String::new();
        slow.read_to_string(&mut rest).unwrap();
        assert!(rest.contains("waited 1500 ms"), "{rest}");
        assert!(server.process.wait().success());
    }
}

#[test]
fn a_call_in_a_session_is_answered_although_the_server_was_told_to_stop() {
    let mut server = HttpServer::start();
    let session = Session::open(server.mcp);
    let mut params = call("wait", json!({"ms": 1200}));
    params["_meta"]["progressToken"] = json!("p");
    let mut slow = session.begin(json!({"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": params}));
    // The stream is open before the call is let in; the tool's first progress says that it runs.
    let mut heard = String::new();
    let mut bytes = [0; 4096];
    while !heard.contains("notifications/progress") {
        let read = slow.read(&mut bytes).expect("the tool reports progress");
        heard.push_str(&String::from_utf8_lossy(&bytes[..read]));
    }
    server.process.signal("TERM");
    let mut rest = String::new();
    let _ = slow.read_to_string(&mut rest);
    assert!(rest.contains("waited 1200 ms"), "{rest}");
    assert!(server.process.wait().success());
}

#[test]
fn nothing_of_a_request_is_in_the_log_at_any_level() {
    let server = HttpServer::with(|command| {
        command.env("RUST_LOG", "trace");
    });
    let secret = "correct horse battery staple";
    send_modern(server.mcp, "tools/call", call("login", json!({"user": "ada", "password": secret})));
    let bad = send_modern(server.mcp, "tools/call", call("login", json!({"user": "ada", "password": "short-one"})));
    assert!(!bad.body.contains("short-one"), "{}", bad.body);
    assert!(bad.body.contains("at least 12 characters"), "{}", bad.body);
    let _ = begin(server.mcp, "POST", "/mcp", &JSON, b"{}");
    server.process.signal("TERM");
    let log = server.process.stderr();
    assert!(log.contains("tools/call"), "the log is on:\n{log}");
    assert!(!log.contains(secret) && !log.contains("short-one"), "{log}");
}

#[test]
fn requests_that_are_no_calls_count_in_their_callers_rate_and_are_recorded() {
    let server = HttpServer::with(|command| {
        command.envs([("STEADFAST_LIMITS_RATE_PER_CALLER", "3/h"), ("STEADFAST_LOG_LEVEL", "debug")]);
    });
    let list = || send_modern(server.mcp, "tools/list", json!({})).json();
    for _ in 0..3 {
        assert!(list()["result"]["tools"].is_array());
    }
    let refused = list();
    assert_eq!(refused["error"]["code"], -32050, "{refused}");
    assert_eq!(refused["error"]["data"]["reason"], "rate_limit_caller", "{refused}");
    let metrics = send(server.admin, "GET", "/metrics", &[], b"").body;
    assert!(metrics.contains(r#"steadfast_refusals_total{tool="tools/list",reason="rate_limited"} 1"#), "{metrics}");
    server.process.signal("TERM");
    let log = server.process.stderr();
    let recorded = |outcome: &str| {
        log.lines()
            .filter(|line| line.contains("tools/list") && line.contains(&format!("outcome=\"{outcome}\"")))
            .count()
    };
    assert_eq!((recorded("ok"), recorded("rate_limited")), (3, 1), "{log}");
}
