//! Good inputs, and how they are changed.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

macro_rules! seeds {
    ($target:literal: $($name:literal),* $(,)?) => {
        &[$(include_bytes!(concat!("../../../../fuzz/corpus/", $target, "/", $name))),*]
    };
}

pub(super) const HTTP: &[&[u8]] = seeds!("http_edge": "call", "discover", "initialize", "list", "listen", "surface");
pub(super) const CONFIGURATION: &[&[u8]] = seeds!("configuration": "all", "auth", "few", "tools", "variables");
pub(super) const TEXT: &[&[u8]] = seeds!("text": "emoji", "escapes", "json", "links");

/// Names of members that mean something.
pub(super) const META: &[&str] = &[
    "dev.steadfast/toolVersion",
    "dev.steadfast/timeoutMs",
    "dev.steadfast/idempotencyKey",
    "dev.steadfast/confirmation",
    "dev.steadfast/approval",
    "fastmcp",
    "version",
    "progressToken",
    "io.modelcontextprotocol/clientCapabilities",
    "extensions",
    "io.modelcontextprotocol/tasks",
];
pub(super) const SHIMS: &[&str] =
    &["q", "max", "query", "limit", "filter", "text", "a", "b", "c", "d", "list", "x", "y", "one", "many", "kind"];
pub(super) const ARGUMENTS: &[&str] = &[
    "small", "signed", "whole", "large", "nonzero", "ratio", "narrow", "flag", "letter", "text", "name", "at",
    "bounded", "list", "pair", "sorted", "by_name", "choice", "nested", "any", "more", "number", "several", "first",
    "second",
];

/// Beginnings of networks that are not public, or next to one.
pub(super) const NETWORKS: &[&[u8]] = &[
    &[10],
    &[127],
    &[100, 64],
    &[169, 254],
    &[172, 16],
    &[172, 31],
    &[192, 168],
    &[192, 0, 0],
    &[198, 18],
    &[0xfc],
    &[0xfe, 0x80],
    &[0x20, 0x02],
    &[0x20, 0x01, 0, 0],
    &[0x20, 0x01, 0x0d, 0xb8],
    &[0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0],
    &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff],
    &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
];

/// A seed, or two of them, with some bytes changed; or bytes of any kind.
pub(super) fn mutated(seeds: &'static [&'static [u8]], most: usize) -> impl Strategy<Value = Vec<u8>> {
    let seed = prop::sample::select(seeds);
    let piece = (seed.clone(), any::<prop::sample::Index>(), 0..40_usize);
    let piece = piece.prop_map(|(seed, at, length)| {
        let at = at.index(seed.len());
        seed[at..(at + length).min(seed.len())].to_vec()
    });
    let new = prop_oneof![
        3 => piece,
        1 => any::<[u8; 2]>().prop_map(|bytes| bytes.to_vec()),
        1 => "\\PC{0,4}|[\"{}\\[\\]:,=.]".prop_map(String::into_bytes),
        1 => Just(Vec::new()),
    ];
    let change = (any::<prop::sample::Index>(), 0..8_usize, new);
    let changed = (seed, prop::collection::vec(change, 0..=most)).prop_map(|(seed, changes)| {
        let mut bytes = seed.to_vec();
        for (at, length, new) in changes {
            let at = at.index(bytes.len() + 1);
            let end = (at + length).min(bytes.len());
            bytes.splice(at..end, new);
        }
        bytes
    });
    prop_oneof![12 => changed, 1 => prop::collection::vec(any::<u8>(), 0..300)]
}

/// A first byte below `choices`, and others behind it: few steps, one byte, or any.
pub(super) fn with_choice(choices: u8) -> impl Strategy<Value = Vec<u8>> {
    const WORDS: &[&[u8]] = &[
        b"{\"alg\":\"none\",\"typ\":\"at+jwt\"}\0{\"iss\":\"https://issuer.example\"}",
        b"{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"k\"}\0{\"iss\":\"https://issuer.example\"}",
        b"{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"k\"}\0{\"iss\":\"https://issuer.example\",\"exp\":1767225700}",
        b"s1.AAAA",
        b"",
    ];
    let rest = prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 4..=12),
        1 => prop::collection::vec(any::<u8>(), 0..200),
        1 => prop::sample::select(WORDS).prop_map(<[u8]>::to_vec),
    ];
    (0..choices, rest).prop_map(|(choice, rest)| [&[choice], &rest[..]].concat())
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        2 => any::<u8>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        2 => any::<f64>().prop_map(Value::from),
        2 => prop::sample::select(&[0.0, -0.0, 1.0, 255.0, 256.0, 65535.0, 1e19, 1.8e19, 1e300, -1e300, 0.5, 3.5e38]).prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
        2 => prop::sample::select(&["", "1", "^1.2", "nothing", "old", "a", "\u{e9}", "\u{1f600}", "::1", "10.0.0.1", "2026-01-01T00:00:00Z", "s1.AAAA"]).prop_map(Value::from),
        1 => "\\PC{0,12}".prop_map(Value::from),
    ]
}

/// JSON of any shape.
pub(super) fn any_json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        "[a-z]{1,6}",
        prop::sample::select(&["jsonrpc", "id", "method", "params", "_meta", "name", "arguments"])
            .prop_map(str::to_owned)
    ];
    json_of(key.boxed())
}

/// A number as JSON may write it: whole ones with a fraction of zero, too.
fn number() -> impl Strategy<Value = Value> {
    let edges = prop::sample::select(&[0_i64, 1, 5, 6, 127, 128, 255, 256, 65_535, 65_536, -1, -5, -128, -129]);
    prop_oneof![
        4 => edges.clone().prop_map(Value::from),
        #[allow(clippy::cast_precision_loss, reason = "they are small")]
        4 => edges.prop_map(|edge| Value::from(edge as f64)),
        1 => any::<u64>().prop_map(Value::from),
        1 => prop::sample::select(&[0.5, -0.0, 1e19, 9_007_199_254_740_993.0, 1e300, 3.5e38]).prop_map(Value::from),
    ]
}

/// Arguments of `everything` that are mostly what it takes.
pub(super) fn arguments() -> impl Strategy<Value = Value> {
    const NUMBERS: &[&str] = &["small", "signed", "whole", "large", "nonzero", "ratio", "narrow", "bounded"];
    let numeric = (prop::sample::select(NUMBERS), number());
    let textual = (prop::sample::select(&["letter", "text", "name", "at"]), leaf());
    let several = (number(), prop_oneof![Just(Value::Null), Just(Value::from(true))])
        .prop_map(|(first, second)| json!({ "several": { "first": first, "second": second } }));
    let choice =
        prop_oneof![Just(json!("nothing")), number().prop_map(|number| json!({ "number": number })), several].boxed();
    let nested = prop::option::of(any_json()).prop_map(|any| json!({ "any": any, "more": [{ "any": any }] }));
    let shaped = prop_oneof![
        prop::collection::vec(number(), 0..3).prop_map(|list| ("list", json!(list))),
        (number(), "[a-z]{0,2}").prop_map(|(first, second)| ("pair", json!([first, second]))),
        number().prop_map(|number| ("sorted", json!({ "a": number }))),
        choice.clone().prop_map(|choice| ("by_name", json!({ "a": choice }))),
        choice.prop_map(|choice| ("choice", choice)),
        nested.prop_map(|nested| ("nested", nested)),
    ];
    let member = prop_oneof![3 => numeric, 2 => textual, 2 => shaped];
    let members = prop::collection::vec(member, 0..3);
    members.prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Arguments of one of the majors of `search`.
pub(super) fn search() -> impl Strategy<Value = Value> {
    let form = prop_oneof![
        "\\PC{0,4}".prop_map(|text| ("max", json!({ "q": text }))),
        "\\PC{0,4}".prop_map(|text| ("limit", json!({ "query": text }))),
        "\\PC{0,4}".prop_map(|text| ("limit", json!({ "filter": { "text": text } }))),
    ];
    (form, prop::option::of(number())).prop_map(|((name, mut arguments), limit)| {
        if let Some(limit) = limit {
            arguments[name] = limit;
        }
        arguments
    })
}

/// A JSON object whose members often have these names.
pub(super) fn json_object(names: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let key = prop_oneof![12 => prop::sample::select(names).prop_map(str::to_owned), 1 => "\\PC{0,6}"].boxed();
    let members = prop::collection::vec((key.clone(), json_of(key)), 0..4);
    members.prop_map(|members| Value::Object(Map::from_iter(members)))
}

fn json_of(key: BoxedStrategy<String>) -> BoxedStrategy<Value> {
    leaf()
        .prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((key.clone(), inner), 0..4).prop_map(|all| Value::Object(Map::from_iter(all))),
            ]
        })
        .boxed()
}

/// What a claim may be set to; nothing takes it away.
pub(super) fn claim() -> impl Strategy<Value = String> {
    let times = prop::sample::select(&[
        "1767225600",
        "1767225569",
        "1767225571",
        "1767225630",
        "1767225631",
        "-1",
        "1767225600.5",
        "1e30",
    ]);
    let audiences = prop::sample::select(&[
        "https://mcp.example/mcp",
        "https://mcp.example/mcp/",
        "HTTPS://mcp.example/mcp",
        "[\"https://mcp.example/mcp\"]",
        "[\"https://other.example\",\"https://mcp.example/mcp\"]",
        "[[\"https://mcp.example/mcp\"]]",
        "https://issuer.example",
        "https://issuer.example/",
    ]);
    prop_oneof![
        times.prop_map(str::to_owned),
        audiences.prop_map(str::to_owned),
        Just(String::new()),
        any_json().prop_map(|value| json!(value).to_string()),
    ]
}

/// A URL that means mischief.
pub(super) fn url() -> impl Strategy<Value = String> {
    let scheme = prop::sample::select(&[
        "https://",
        "http://",
        "https:",
        "ftp://",
        "HTTPS://",
        "https://u@",
        "https://u:p@",
        "https:\\\\",
    ]);
    let host = prop_oneof![
        3 => prop::sample::select(&[
            "localhost", "127.1", "0x7f.1", "2130706433", "017700000001", "127.0.0.1.", "[::1]", "[::ffff:10.0.0.1]",
            "[64:ff9b::a00:1]", "[::127.0.0.1]", "[fe80::1]", "169.254.169.254", "0xa9fea9fe", "api.example.com",
            "API.example.com.", "a.example.org", "*.example.org", "evil.com#.example.org", "1.1.1.1", "[2606:4700::1]",
            "\u{ff11}27.0.0.1", "127\u{3002}0.0.1", "[fd00:ec2::254]", "0", "[::]", "100.100.100.200", "192.0.0.192",
        ]).prop_map(str::to_owned),
        1 => any::<u32>().prop_map(|bits| bits.to_string()),
        1 => any::<[u8; 4]>().prop_map(|bytes| format!("0x{:x}.{}.0{:o}.{}", bytes[0], bytes[1], bytes[2], bytes[3])),
        1 => any::<[u16; 8]>().prop_map(|parts| format!("[{}]", std::net::Ipv6Addr::from(parts))),
        1 => "[a-z0-9.%@:*\\[\\]-]{0,16}",
    ];
    let end = prop::sample::select(&[
        "",
        ":443",
        ":80",
        ":0443",
        ":8443",
        "/",
        "/a?b",
        "@10.0.0.1",
        ":80@10.0.0.1",
        "\\@10.0.0.1",
        ":",
    ]);
    (scheme, host, end).prop_map(|(scheme, host, end)| format!("{scheme}{host}{end}"))
}
