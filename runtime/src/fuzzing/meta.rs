//! What callers write into `_meta` of a call.

use std::cell::RefCell;

use serde_json::{Map, Value, json};

use super::{
    input,
    server::{Made, TOOLS, server},
    watch::without_panics,
};
use crate::{names::meta, testing::Client};

thread_local! {
    static SERVER: RefCell<Option<Made<Client>>> = const { RefCell::new(None) };
}

/// What an answer may take, in bytes, whatever the caller wrote.
const MOST: usize = 16 * 1024;

/// The keys that the server reads, and two that only look like one.
pub(super) const KEYS: [&str; 8] = [
    meta::TOOL_VERSION,
    meta::FASTMCP,
    meta::TIMEOUT_MS,
    meta::IDEMPOTENCY_KEY,
    meta::CONFIRMATION,
    meta::APPROVAL,
    "progressToken",
    "dev.steadfast/toolversion",
];

/// What comes in `_meta` of a call: a whole object, or the value of one key. The call is answered, what went wrong is
/// said to be the caller's, and the answer stays small.
pub fn meta(data: &[u8]) {
    let (tool, rest) = input::choice(data);
    let (key, rest) = input::choice(rest);
    let meta = match KEYS.get(usize::from(key)) {
        Some(key) => Map::from_iter([((*key).to_owned(), input::value(rest))]),
        None => match input::object(rest) {
            Some(meta) => meta,
            None => return,
        },
    };
    let tool = TOOLS[usize::from(tool) % TOOLS.len()];
    let arguments: Value = match tool {
        "note" => json!({ "text": "milk" }),
        "remove" => json!({ "id": 7 }),
        "search" => json!({ "filter": { "text": "milk" }, "limit": 2 }),
        _ => json!({}),
    };
    let make = |_| Client::new(server()).unwrap();
    without_panics(|| {
        Made::with(&SERVER, make, async |client| {
            let answer = client.call_with_meta(tool, arguments, meta.clone().into()).await;
            let whole = answer.message().to_string();
            assert!(whole.len() <= MOST, "{} bytes answer {}", whole.len(), json!(meta));
            assert!(answer.code() != Some(-32603), "{} was answered with {whole}", json!(meta));
            assert!(!answer.is_error() || !answer.text().is_empty(), "{whole} does not say why");
        });
    });
}
