//! The last good results of tools that declare `stale`, for when they can't answer.
//!
//! Invariant: a result is found only by the tenant, principal, tool, version and arguments that it was an answer to.
//! It is kept in this process alone, and bounded in bytes; what was used longest ago goes first.

use std::time::Duration;

use quick_cache::{Weighter, sync::Cache};
use rmcp::model::ContentBlock;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::{caller::Caller, catalogue::Served, hash::Digest, pipeline};

/// What a result and its key take beside their text, roughly.
const OVERHEAD: u64 = 256;

/// How many results fit is estimated by this size.
const TYPICAL: u64 = 1024;

/// See the module.
pub(crate) struct StaleResults(Cache<Digest, Result, ByBytes>);

/// A result as it was answered.
#[derive(Debug, Clone)]
pub(crate) struct Result {
    pub(crate) content: Vec<ContentBlock>,
    pub(crate) structured: Option<Value>,
    bytes: u64,
    at: Instant,
}

impl StaleResults {
    /// Room for so many bytes.
    pub(crate) fn new(max_bytes: usize) -> Self {
        let max = u64::try_from(max_bytes).unwrap_or(u64::MAX);
        Self(Cache::with_weighter(usize::try_from(max / TYPICAL).unwrap_or(usize::MAX).max(1), max, ByBytes))
    }

    /// Keeps the latest good result of a call.
    pub(crate) fn keep(&self, key: Digest, content: &[ContentBlock], structured: Option<&Value>, at: Instant) {
        let blocks = content.iter().map(pipeline::bytes).sum::<usize>();
        // The structure says what the text says, in a tree.
        let tree = structured.map_or(0, |value| blocks + nodes(value) * size_of::<Value>());
        let bytes = u64::try_from(blocks + tree).unwrap_or(u64::MAX).saturating_add(OVERHEAD);
        self.0.insert(key, Result { content: content.to_vec(), structured: structured.cloned(), bytes, at });
    }

    /// The last good result, with its age, unless it is older than `limit`.
    pub(crate) fn find(&self, key: &Digest, limit: Duration, now: Instant) -> Option<(Result, Duration)> {
        let found = self.0.get(key)?;
        let age = now.saturating_duration_since(found.at);
        (age <= limit).then_some((found, age))
    }
}

/// What a call is, to find its result again.
pub(crate) fn key(caller: &Caller, served: Served<'_>, arguments: &Map<String, Value>) -> Digest {
    Digest::of(serde_json::json!([
        &**caller.tenant(),
        caller.principal().as_str(),
        &*served.tool.name,
        served.contract().label,
        arguments
    ]))
}

fn nodes(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(nodes).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(nodes).sum::<usize>(),
        _ => 1,
    }
}

/// Results count by their size.
#[derive(Clone)]
struct ByBytes;

impl Weighter<Digest, Result> for ByBytes {
    fn weight(&self, _key: &Digest, result: &Result) -> u64 {
        result.bytes
    }
}
