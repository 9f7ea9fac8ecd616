//! No secret gets out: real servers whose tools say theirs in every way, and everything that leaves the processes looked
//! through.
//!
//! One way does get out, and shows that the test would find it: a secret that is written backwards.

use std::{path::Path, process::Command};

use serde_json::{Value, json};

use crate::support::{
    HttpServer, Process,
    http::{Session, begin_modern, finish, send, send_modern},
    program,
    stdio::StdioServer,
};

const WAYS: [&str; 18] = [
    "text", "sentence", "split", "base64", "url", "hex", "debug", "json", "invalid", "internal", "source", "panic",
    "log", "progress", "span", "event", "ask", "nothing",
];

/// Secrets, each another and each with what encodings change; and all that was heard.
#[derive(Default)]
struct Canary {
    secrets: Vec<String>,
    /// Those that are numbers.
    numbers: Vec<u64>,
    heard: String,
}

impl Canary {
    fn secret(&mut self) -> String {
        let number = self.secrets.len() as u64;
        let noise = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let secret = format!("k{number:03}-{noise:016x}+/\"\\ \u{e4}");
        self.secrets.push(secret.clone());
        secret
    }

    /// One that is a number, and as one fits into all that read JSON.
    fn number(&mut self) -> String {
        let noise = (self.numbers.len() as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let number = 1_000_000_000_000_000 + noise % 8_000_000_000_000_000;
        self.numbers.push(number);
        number.to_string()
    }

    /// A token as callers bring them, of which only the last part is secret.
    fn bearer(&mut self) -> String {
        let signature = self.secret()[5..21].to_owned();
        format!("Bearer eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJpc3MiOiJodHRwOi8vMTI3LjAuMC4xOjEifQ.{signature}")
    }

    fn hear(&mut self, text: impl AsRef<str>) {
        self.heard.push_str(text.as_ref());
        self.heard.push('\n');
    }

    /// The arguments of `leak`, all secrets new.
    fn leak(&mut self, way: &str) -> Value {
        json!({ "way": way, "token": self.secret(), "plain": self.secret(), "login": { "password": self.secret() },
                "more": [self.secret(), self.secret()] })
    }

    fn small(&mut self) -> Value {
        json!({ "token": self.secret(), "plain": self.secret() })
    }

    /// Everything that was heard, by every form of every secret. What no two secrets share is enough to find one.
    fn leaks(&self) -> Vec<String> {
        let found = |secret: &&String| {
            let noise = &secret[5..21];
            let hex: String = noise.bytes().map(|byte| format!("{byte:02x}")).collect();
            let mut forms = vec![noise.to_owned(), hex.clone(), hex.to_uppercase()];
            // Behind 0, 1 and 2 bytes, without what depends on those around it.
            forms.extend((0..3).map(|offset| base64(&noise.as_bytes()[offset..])[..16].to_owned()));
            forms.iter().any(|form| self.heard.contains(form.as_str()))
        };
        let numbers = self.numbers.iter().map(u64::to_string).filter(|number| self.heard.contains(number));
        self.secrets.iter().filter(found).cloned().chain(numbers).collect()
    }

    fn assert_silent(&self) {
        let leaks = self.leaks();
        let places = leaks.iter().take(3).filter_map(|secret| {
            let at = self.heard.find(secret.get(5..21).unwrap_or(secret))?;
            Some(self.heard[self.heard.floor_char_boundary(at.saturating_sub(200))..].chars().take(400).collect())
        });
        assert!(leaks.is_empty(), "{} of {}: {:#?}", leaks.len(), self.secrets.len(), places.collect::<Vec<String>>());
    }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<usize> =
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| usize::from(byte >> at & 1))).collect();
    let whole = bits.chunks_exact(6);
    whole.map(|sextet| char::from(LETTERS[sextet.iter().fold(0, |all, bit| all << 1 | bit)])).collect()
}

/// A server with secrets in its configuration, its environment and its state, that logs everything it can.
fn leaky(canary: &mut Canary, directory: &Path, format: &str) -> Command {
    let (file, environment, command, state) = (canary.secret(), canary.secret(), canary.secret(), canary.secret());
    let path = |name: &str| directory.join(name).display().to_string();
    std::fs::write(path("file"), &file).unwrap();
    std::fs::write(path("command"), &command).unwrap();
    let secrets = format!(
        "data = {:?}\n[log]\nformat = \"{format}\"\n[secrets]\nfile = \"file:{}\"\nenv = \"env:CANARY_ENV\"\ncommand = \"command:cat {}\"\n[tools.leak_plan]\nconfirmation = \"approver\"\n[tools.leak_fetch]\negress = ['http://127.0.0.1:1']\n[egress]\nallow_addresses = ['127.0.0.1']\n",
        path("data"),
        path("file"),
        path("command"),
    );
    std::fs::write(path("steadfast.toml"), secrets).unwrap();
    let mut leaky = program(env!("CARGO_BIN_EXE_leaky-server"));
    leaky.args(["--config", &path("steadfast.toml")]);
    let number = canary.number();
    leaky.envs([("CANARY_ENV", &*environment), ("CANARY_STATE", &*state), ("CANARY_NUMBER", &*number)]);
    leaky.env("RUST_LOG", "trace");
    leaky
}

/// Every file below a directory, but those that the secrets are read from.
fn files(directory: &Path, canary: &mut Canary) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, canary);
        } else if !["file", "command"].iter().any(|name| path.ends_with(name)) {
            canary.hear(String::from_utf8_lossy(&std::fs::read(&path).unwrap()));
        }
    }
}

fn output(canary: &mut Canary, command: &mut Command) -> String {
    let mut process = Process::start(command);
    process.wait();
    let both = process.stdout() + &process.stderr();
    canary.hear(&both);
    both
}

#[test]
fn no_secret_leaves_a_server_over_http() {
    for format in ["text", "json"] {
        let (mut canary, directory) = (Canary::default(), tempfile::tempdir().unwrap());
        let mut server = HttpServer::of(leaky(&mut canary, directory.path(), format));
        let modern = json!({ "progressToken": "p", "io.modelcontextprotocol/logLevel": "debug",
                             "io.modelcontextprotocol/clientCapabilities": { "elicitation": { "form": {} } } });
        for way in WAYS {
            let arguments = canary.leak(way);
            let mut meta = modern.clone();
            meta["dev.steadfast/idempotencyKey"] = json!(format!("key-{way}"));
            let params = json!({ "name": "leak", "arguments": arguments, "_meta": meta });
            let first = send_modern(server.mcp, "tools/call", params.clone());
            assert!(first.status < 500 && first.body.contains("result") || first.body.contains("error"), "{first:?}");
            canary.hear(&first.body);
            canary.hear(send_modern(server.mcp, "tools/call", params).body);
        }
        for tool in ["leak_structured", "leak_content", "leak_plan"] {
            let params = json!({ "name": tool, "arguments": canary.small() });
            let answer = send_modern(server.mcp, "tools/call", params);
            assert!(answer.body.contains("[secret]"), "{answer:?}");
            canary.hear(answer.body);
        }
        refused(&mut canary, |arguments| {
            let params = json!({ "name": "leak", "arguments": arguments });
            finish(begin_modern(server.mcp, "tools/call", params, &[])).body
        });
        handled(&mut canary, &server);
        let session = Session::open(server.mcp);
        let numbers = json!({ "name": "leak_number", "arguments": {} });
        let answer = session.send(json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": numbers }));
        assert!(answer.body.contains("[secret]"), "{answer:?}");
        canary.hear(answer.body);
        for way in WAYS.into_iter().filter(|way| *way != "ask") {
            let params = json!({ "name": "leak", "arguments": canary.leak(way), "_meta": { "progressToken": 1 } });
            canary.hear(
                session.send(json!({ "jsonrpc": "2.0", "id": way, "method": "tools/call", "params": params })).body,
            );
        }
        canary.hear(send(server.admin, "GET", "/metrics", &[], b"").body);
        canary.hear(send_modern(server.mcp, "tools/list", json!({})).body);
        server.process.signal("TERM");
        server.process.wait();
        let log = server.process.stderr();
        assert!(log.contains("[secret]") && log.contains("panicked"), "the log is looked through: {log}");
        canary.hear(log);
        files(directory.path(), &mut canary);
        assert!(canary.secrets.len() >= 180, "{}", canary.secrets.len());
        canary.assert_silent();
    }
}

#[test]
fn no_secret_leaves_a_server_over_stdio() {
    let (mut canary, directory) = (Canary::default(), tempfile::tempdir().unwrap());
    let mut server = StdioServer::of(leaky(&mut canary, directory.path(), "text"));
    server.initialize();
    server.call(1000, "leak_number", json!({}));
    canary.hear(server.receive().to_string());
    for (id, way) in (0_u64..).zip(WAYS.into_iter().filter(|way| *way != "ask")) {
        let arguments = canary.leak(way);
        server.call(id, "leak", arguments);
        loop {
            let message = server.receive();
            canary.hear(message.to_string());
            if message["id"] == id {
                break;
            }
        }
    }
    server.end_input();
    for message in server.rest() {
        canary.hear(message.to_string());
    }
    server.process.wait();
    canary.hear(server.process.stderr());
    files(directory.path(), &mut canary);
    canary.assert_silent();
}

/// What is not a tool's: prompts, resources, lists, completions, a method of the server's own; numbers; other servers;
/// and tokens of callers where nobody looks at them.
fn handled(canary: &mut Canary, server: &HttpServer) {
    let prompt = json!({ "ref": { "type": "ref/prompt", "name": "a" }, "argument": { "name": "a", "value": "b" } });
    for (method, params, name) in [
        ("prompts/list", json!({}), ""),
        ("resources/list", json!({}), ""),
        ("resources/templates/list", json!({}), ""),
        ("prompts/get", json!({ "name": "a" }), ""),
        ("resources/read", json!({ "uri": "notes://all" }), "notes://all"),
        ("resources/read", json!({ "uri": "notes://none" }), "notes://none"),
        ("completion/complete", prompt, ""),
        ("leaky/own", json!({ "a": 1 }), ""),
        ("tools/call", json!({ "name": "leak_number", "arguments": {} }), ""),
        ("tools/call", json!({ "name": "leak_fetch", "arguments": { "listed": true, "token": canary.secret() } }), ""),
        ("tools/call", json!({ "name": "leak_fetch", "arguments": { "listed": false, "token": canary.secret() } }), ""),
    ] {
        let bearer = canary.bearer();
        let mut headers = vec![("authorization", &*bearer)];
        headers.extend((!name.is_empty()).then_some(("mcp-name", name)));
        let answer = finish(begin_modern(server.mcp, method, params.clone(), &headers));
        let says_so = params["name"] == "leak_fetch" || answer.body.contains("[secret]");
        assert!(says_so && answer.status < 500, "{method}: {answer:?}");
        canary.hear(answer.body);
    }
}

#[test]
fn no_token_of_a_caller_is_said_where_it_is_refused() {
    let (mut canary, directory) = (Canary::default(), tempfile::tempdir().unwrap());
    let command = leaky(&mut canary, directory.path(), "json");
    let file = directory.path().join("steadfast.toml");
    let auth = "[auth]\nresource = 'http://127.0.0.1:2/mcp'\n[auth.issuers.main]\nurl = 'http://127.0.0.1:1'\n";
    std::fs::write(&file, std::fs::read_to_string(&file).unwrap() + auth).unwrap();
    let mut server = HttpServer::of(command);
    for before in ["", "x"] {
        let bearer = canary.bearer().replace("eyJpc3M", &format!("{before}eyJpc3M"));
        let answer = finish(begin_modern(server.mcp, "tools/list", json!({}), &[("authorization", &bearer)]));
        assert!([401, 503].contains(&answer.status), "{answer:?}");
        canary.hear(format!("{answer:?}"));
    }
    canary.hear(send(server.admin, "GET", "/metrics", &[], b"").body);
    server.process.signal("TERM");
    server.process.wait();
    let log = server.process.stderr();
    assert!(log.contains("a token was refused"), "{log}");
    canary.hear(log);
    canary.assert_silent();
}

/// Calls whose arguments do not fit: what is told of them does not repeat them.
fn refused(canary: &mut Canary, call: impl Fn(Value) -> String) {
    let whole = canary.leak("nothing");
    for (place, value) in [
        ("/token", json!(1)),
        ("/token", json!([canary.secret()])),
        ("/login", json!({ "password": { "inner": canary.secret() } })),
        ("/login", json!([canary.secret()])),
        ("/more/0", json!({ "inner": canary.secret() })),
        ("/way", json!("none")),
    ] {
        let mut arguments = whole.clone();
        *arguments.pointer_mut(place).unwrap() = value;
        let answer = call(arguments);
        assert!(answer.contains("Invalid arguments"), "{answer}");
        canary.hear(answer);
    }
    let mut arguments = whole;
    arguments["tokn"] = canary.secret().into();
    canary.hear(call(arguments));
}

#[test]
fn no_secret_is_in_what_the_command_line_says() {
    let (mut canary, directory) = (Canary::default(), tempfile::tempdir().unwrap());
    for arguments in [&["tools"][..], &["tools", "--format", "json"], &["--help"], &["call", "--help"], &["switch"]] {
        let mut command = leaky(&mut canary, directory.path(), "text");
        assert!(!output(&mut canary, command.args(arguments)).is_empty());
    }
    for way in WAYS {
        for format in ["text", "json"] {
            let mut command = leaky(&mut canary, directory.path(), format);
            let arguments = canary.leak(way).to_string();
            output(&mut canary, command.args(["call", "leak", &arguments, "--format", format]));
        }
    }
    // What is wrong with a command is told with its own words, which may be a secret of the server.
    for format in ["text", "json"] {
        let mut command = leaky(&mut canary, directory.path(), format);
        let of_the_server = canary.secrets[canary.secrets.len() - 4].clone();
        let said = output(&mut canary, command.args(["switch", "off", &of_the_server, "--format", format]));
        assert!(said.contains("[secret]"), "{said}");
    }
    assert!(canary.secrets.len() >= 200, "{}", canary.secrets.len());
    canary.assert_silent();
}

#[test]
fn no_secret_is_in_what_is_said_of_a_configuration() {
    let (mut canary, directory) = (Canary::default(), tempfile::tempdir().unwrap());
    let password = |canary: &mut Canary| canary.secret()[5..21].to_owned();
    for (variable, scheme, rest) in [
        ("STEADFAST_STORE_URL", "mysql", "db/app"),
        ("STEADFAST_STORE_URL", "postgres", "db/app?pasword=x"),
        ("STEADFAST_STORE_URL", "redis", "127.0.0.1:1"),
        ("STEADFAST_STORE_URL", "postgres", "127.0.0.1:1/app"),
        ("STEADFAST_STORE_LIMITS_URL", "postgres", "db/app"),
        ("STEADFAST_STORE_LIMITS_URL", "redis", "127.0.0.1:1"),
    ] {
        for arguments in [&["tools"][..], &["tools", "--format", "json"], &["call", "leak", "{}"]] {
            let url = format!("{scheme}://user:{}@{rest}", password(&mut canary));
            let mut command = leaky(&mut canary, directory.path(), "json");
            output(&mut canary, command.env(variable, url).args(arguments));
        }
    }
    for line in ["secrets.a", "secrets.b.c", "store.url", "log.levl", "tenant.x"] {
        let mut command = leaky(&mut canary, directory.path(), "json");
        let file = format!("{line} = \"{}\"", password(&mut canary));
        std::fs::write(directory.path().join("steadfast.toml"), file).unwrap();
        let said = output(&mut canary, command.arg("tools"));
        assert!(said.contains("problem"), "{said}");
    }
    canary.assert_silent();
}

#[test]
fn a_secret_that_is_written_backwards_gets_out_and_is_found() {
    let (mut canary, directory) = (Canary::default(), tempfile::tempdir().unwrap());
    let mut command = leaky(&mut canary, directory.path(), "text");
    let arguments = canary.leak("reversed").to_string();
    let said = output(&mut canary, command.args(["call", "leak", &arguments]));
    assert_eq!(canary.leaks(), Vec::<String>::new());
    canary.hear(said.chars().rev().collect::<String>());
    assert_eq!(canary.leaks().len(), canary.secrets.len(), "all that the tool was given, and all that it has");
}
