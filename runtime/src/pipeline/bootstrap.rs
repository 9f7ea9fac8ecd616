//! Establishes what is known of a call before any tool is looked up: bounds, the caller's wishes, the deadline.
//!
//! Refuses with -32602. It trusts nothing: `_meta` and the arguments are the client's word.

use std::time::Duration;

use rmcp::model::ClientRequest;
use serde_json::{Map, Number, Value};

use crate::{
    call::{Stop, ToolCall},
    catalogue::Entry,
    context::Deadline,
    engine::Engine,
    names,
};

/// Bounds of one call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The arguments, in bytes of compact JSON; escapes in text count as the characters that they stand for.
    pub(crate) argument_bytes: usize,
    /// How deep the arguments may be nested; the arguments object itself is level 1.
    pub(crate) argument_depth: usize,
    /// The longest a call may take, whatever a tool declares and a caller asks for.
    pub(crate) deadline: Duration,
    /// How long a tool may go without progress when it declares no `timeout`.
    pub(crate) default_timeout: Duration,
}

/// What the caller asked for beside the arguments.
#[derive(Debug, Default)]
pub(super) struct Caller {
    /// `_meta["dev.steadfast/toolVersion"]`, or else `_meta.fastmcp.version`
    pub(super) version: Option<String>,
    /// `_meta["dev.steadfast/timeoutMs"]`
    pub(super) timeout: Option<Duration>,
}

/// Checks the bounds and reads the caller's wishes.
pub(super) fn check(limits: &Limits, call: &ToolCall) -> Result<Caller, Stop> {
    Measure { bytes: 0, limits }.object(&call.arguments, 1)?;
    Ok(Caller { version: version(&call.meta)?, timeout: timeout(&call.meta)? })
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

/// Checks the bounds of a request that is not a tool call, and gives the time that it may take.
pub(crate) fn bounds(limits: &Limits, request: &ClientRequest, meta: &Map<String, Value>) -> Result<Duration, Stop> {
    let request = serde_json::to_value(request).unwrap_or_default();
    Measure { bytes: 0, limits }.value(&request["params"], 0)?;
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

/// The tool's own timeout, under the server's hard maximum and the caller's own.
pub(super) fn deadline(engine: &Engine, tool: &Entry, caller: &Caller) -> Deadline {
    let limits = &engine.limits;
    let hard = caller.timeout.map_or(limits.deadline, |wish| wish.min(limits.deadline));
    let idle = tool.declaration.timeout.unwrap_or(limits.default_timeout);
    Deadline::new(engine.clock, idle, hard)
}

/// Walks the arguments until a bound is crossed, so that the walk itself is bounded by the bounds.
struct Measure<'a> {
    bytes: usize,
    limits: &'a Limits,
}

impl Measure<'_> {
    fn object(&mut self, object: &Map<String, Value>, depth: usize) -> Result<(), Stop> {
        self.level(depth)?;
        for (name, value) in object {
            // quotes, colon, comma
            self.add(name.len() + 4)?;
            self.value(value, depth)?;
        }
        Ok(())
    }

    fn value(&mut self, value: &Value, depth: usize) -> Result<(), Stop> {
        match value {
            Value::Null | Value::Bool(_) => self.add(5),
            Value::Number(number) => self.add(1 + digits(number)),
            Value::String(text) => self.add(text.len() + 3),
            Value::Object(object) => self.object(object, depth + 1),
            Value::Array(items) => {
                self.level(depth + 1)?;
                self.add(2)?;
                items.iter().try_for_each(|item| self.value(item, depth + 1))
            }
        }
    }

    fn level(&self, depth: usize) -> Result<(), Stop> {
        let limit = self.limits.argument_depth;
        if depth > limit { Err(Stop::TooDeep { limit }) } else { Ok(()) }
    }

    fn add(&mut self, bytes: usize) -> Result<(), Stop> {
        self.bytes += bytes;
        let limit = self.limits.argument_bytes;
        if self.bytes > limit { Err(Stop::TooLarge { limit }) } else { Ok(()) }
    }
}

/// How long a number is when it is written; a double takes 17 digits at most, and a sign, a point and an exponent.
fn digits(number: &Number) -> usize {
    const DOUBLE: usize = 24;
    let whole = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
    whole.map_or(DOUBLE, |whole| 2 + whole.checked_ilog10().unwrap_or(0) as usize)
}
