use serde_json::json;

use crate::support::stdio::StdioServer;

#[test]
fn a_request_id_in_use_is_refused_and_the_first_call_is_answered() {
    let mut server = StdioServer::start();
    server.initialize();
    server.call(5, "wait", json!({"ms": 800}));
    server.call(5, "echo", json!({"text": "me too"}));
    let refused = server.receive();
    assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!(5), &json!(-32600)), "{refused}");
    let answered = server.receive();
    assert_eq!(answered["result"]["content"][0]["text"], "waited 800 ms", "{answered}");
    server.call(5, "echo", json!({"text": "now"}));
    assert_eq!(server.receive()["result"]["structuredContent"]["text"], "now", "the id is free again");
}

#[test]
fn a_server_told_to_stop_answers_what_is_in_flight() {
    let mut server = StdioServer::start();
    server.initialize();
    let params = json!({"name": "wait", "arguments": {"ms": 1000}, "_meta": {"progressToken": "p"}});
    server.send(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}));
    assert_eq!(server.receive()["method"], "notifications/progress", "the call runs");
    server.process.signal("TERM");
    let rest = server.rest();
    assert_eq!(rest[0]["result"]["content"][0]["text"], "waited 1000 ms", "{rest:?}");
    assert!(server.process.wait().success());
}

#[test]
fn a_cancelled_call_is_not_answered_and_its_id_is_not_taken_again() {
    let mut server = StdioServer::start();
    server.initialize();
    server.call(1, "wait", json!({"ms": 15_000}));
    server.send(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}));
    server.call(1, "echo", json!({"text": "the same id"}));
    let refused = server.receive();
    assert_eq!(refused["error"]["code"], -32600, "{refused}");
    server.call(2, "echo", json!({"text": "another id"}));
    let answer = server.receive();
    assert_eq!(answer["result"]["structuredContent"]["text"], "another id", "{answer}");
}

#[test]
fn what_can_not_be_read_is_answered_to_the_request_that_it_was() {
    let mut server = StdioServer::start();
    server.initialize();
    let deep = format!(
        r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"echo","arguments":{{"text":{}1{}}}}}}}"#,
        "[".repeat(300),
        "]".repeat(300),
    );
    let long = format!(r#"{{"jsonrpc":"2.0","id":8,"method":"tools/call","params":"{}"}}"#, "x".repeat(17 << 20));
    for (line, id, code) in [
        (deep.as_str(), json!(7), -32600),
        (long.as_str(), json!(8), -32600),
        (r#"{"jsonrpc":"2.0","id":9,"method":"#, json!(9), -32700),
        (r#"{"jsonrpc":"2.0","id":10}"#, json!(10), -32600),
        (r#"{nonsense"#, json!(null), -32700),
    ] {
        server.send_line(line);
        let answer = server.receive();
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&id, &json!(code)), "{answer}");
    }
    server.send_line("a line that is no JSON at all gets no answer, so that two programs can't quarrel");
    server.call(11, "echo", json!({"text": "still here"}));
    assert_eq!(server.receive()["id"], 11);
}

#[test]
fn a_hanging_and_a_panicking_tool_are_answered() {
    let mut server = StdioServer::start();
    server.initialize();
    server.call(1, "hang", json!({}));
    let answer = server.receive();
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    assert_eq!(answer["result"]["_meta"]["dev.steadfast/error"]["kind"], "timeout", "{answer}");
    server.call(2, "explode", json!({}));
    assert_eq!(server.receive()["error"]["code"], -32603);
}

#[test]
fn a_modern_client_needs_no_handshake() {
    let mut server = StdioServer::start();
    server.send(&crate::support::http::modern("tools/call", json!({"name": "echo", "arguments": {"text": "hi"}})));
    assert_eq!(server.receive()["result"]["structuredContent"]["text"], "hi");
}

#[test]
fn standard_output_carries_nothing_but_messages() {
    let mut server = StdioServer::with(|command| {
        command.env("RUST_LOG", "trace");
    });
    server.initialize();
    server.call(1, "explode", json!({}));
    server.receive();
    server.end_input();
    assert!(server.rest().is_empty());
    assert!(server.process.wait().success());
}
