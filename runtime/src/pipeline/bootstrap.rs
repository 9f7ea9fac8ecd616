//! Establishes what is known of a call before any tool is looked up: bounds, the caller's wishes, the deadline.
//!
//! Refuses with -32602. It trusts nothing: `_meta` and the arguments are the client's word.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::{limits::Limits, size};
use crate::{
    call::{Stop, ToolCall},
    context::Deadline,
    engine::Engine,
    idempotency::LONGEST_KEY,
    names,
    policy::ToolPolicy,
};

/// What the caller asked for beside the arguments.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    /// `_meta["dev.steadfast/toolVersion"]`, or else `_meta.fastmcp.version`
    pub(super) version: Option<String>,
    /// `_meta["dev.steadfast/timeoutMs"]`
    pub(super) timeout: Option<Duration>,
    /// `_meta["dev.steadfast/idempotencyKey"]`
    pub(super) idempotency_key: Option<String>,
}

impl Wishes {
    /// How long the call of a tool may take at first, before it shows progress.
    pub(super) fn time(&self, limits: &Limits, policy: Option<&ToolPolicy>) -> Duration {
        let own = policy.map_or(limits.default_timeout, |policy| policy.timeout);
        own.min(limits.deadline).min(self.timeout.unwrap_or(Duration::MAX))
    }
}

/// Checks the bounds and reads the caller's wishes.
pub(super) fn check(limits: &Limits, call: &ToolCall) -> Result<Wishes, Stop> {
    size::of_arguments(limits, &call.arguments)?;
    Ok(Wishes {
        version: version(&call.meta)?,
        timeout: timeout(&call.meta)?,
        idempotency_key: idempotency_key(&call.meta)?,
    })
}

/// The version that the caller asks for. What others keep under FastMCP's key is none of ours.
fn version(meta: &Map<String, Value>) -> Result<Option<String>, Stop> {
    let (key, version) = match meta.get(names::meta::TOOL_VERSION) {
        Some(version) => (names::meta::TOOL_VERSION, Some(version)),
        None => (names::meta::FASTMCP, meta.get(names::meta::FASTMCP).and_then(|theirs| theirs.get("version"))),
    };
    match version {
        None | Some(Value::Null) if key == names::meta::FASTMCP => Ok(None),
        Some(Value::String(version)) => Ok(Some(version.clone())),
        _ if key == names::meta::FASTMCP => {
            Err(Stop::BadMeta { key, expected: "an object whose `version` is text, such as \"2\"" })
        }
        _ => Err(Stop::BadMeta { key, expected: "a version requirement, such as \"2\"" }),
    }
}

/// Checks the bounds of a request that is not a tool call, or of a notification, and gives the time that it may take.
pub(crate) fn bounds(limits: &Limits, message: &impl Serialize, meta: &Map<String, Value>) -> Result<Duration, Stop> {
    let message = serde_json::to_value(message).unwrap_or_default();
    size::of_parameters(limits, &message["params"])?;
    Ok(timeout(meta)?.map_or(limits.deadline, |wish| wish.min(limits.deadline)))
}

/// `_meta["dev.steadfast/timeoutMs"]`
fn timeout(meta: &Map<String, Value>) -> Result<Option<Duration>, Stop> {
    Ok(match meta.get(names::meta::TIMEOUT_MS).map(Value::as_u64) {
        None => None,
        Some(Some(millis)) if millis > 0 => Some(Duration::from_millis(millis)),
        Some(_) => {
            return Err(Stop::BadMeta {
                key: names::meta::TIMEOUT_MS,
                expected: "a whole number of milliseconds above 0",
            });
        }
    })
}

/// `_meta["dev.steadfast/idempotencyKey"]`
fn idempotency_key(meta: &Map<String, Value>) -> Result<Option<String>, Stop> {
    let key = names::meta::IDEMPOTENCY_KEY;
    match meta.get(key) {
        None => Ok(None),
        Some(Value::String(text)) if (1..=LONGEST_KEY).contains(&text.len()) => Ok(Some(text.clone())),
        Some(_) => Err(Stop::BadMeta { key, expected: "text of 1 to 255 bytes, such as a UUID" }),
    }
}

/// The tool's own timeout, under the server's hard maximum and the caller's own. It began when the call came in.
pub(super) fn deadline(engine: &Engine, policy: &ToolPolicy, wishes: &Wishes, began: Instant) -> Deadline {
    let most = engine.limits.deadline;
    let hard = wishes.timeout.map_or(most, |wish| wish.min(most));
    Deadline::new(engine.clock, began, policy.timeout, hard)
}
