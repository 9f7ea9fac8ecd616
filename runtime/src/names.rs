//! Names that leave the process: keys in `_meta`, spans and their fields. One place, so that they are easy to check.

/// How a name that is no tool's is written in the log, so that clients can't write there.
pub(crate) const UNKNOWN_TOOL: &str = "_OTHER";

/// Keys in `_meta`: Steadfast's own, and those of the protocol that are written by hand.
pub(crate) mod meta {
    /// In `tools/list`: `{version, digest, state, served, deprecated?, sunset?, note?}` of the contract; in the result of a
    /// call: the same of the contract that it was held to, without `state` and `served`; not where that is retired.
    pub(crate) const CONTRACT: &str = "dev.steadfast/contract";
    /// In a request: which version of the tool is meant (`"2"`, `"^2.1"`).
    pub(crate) const TOOL_VERSION: &str = "dev.steadfast/toolVersion";
    /// In a request of a client of FastMCP's: `{version}`, which is understood as [`TOOL_VERSION`].
    pub(crate) const FASTMCP: &str = "fastmcp";
    /// In a request: how many milliseconds the caller will wait.
    pub(crate) const TIMEOUT_MS: &str = "dev.steadfast/timeoutMs";
    /// In a request that changes something: a key of 1 to 255 bytes under which it has its effect at most once.
    pub(crate) const IDEMPOTENCY_KEY: &str = "dev.steadfast/idempotencyKey";
    /// In a request of a destructive tool: the token that its plan came with.
    pub(crate) const CONFIRMATION: &str = "dev.steadfast/confirmation";
    /// In a request of a destructive tool: the id of its request for an approval.
    pub(crate) const APPROVAL: &str = "dev.steadfast/approval";
    /// In a result: `true` where it is the answer to an earlier call with the same idempotency key.
    pub(crate) const REPLAYED: &str = "dev.steadfast/replayed";
    /// In a result: how many attempts it took, where it took more than one.
    pub(crate) const ATTEMPTS: &str = "dev.steadfast/attempts";
    /// In a result that something else stands in for: `{mode, reason, ageMs?}`; `mode` is `fallback` or `stale`.
    pub(crate) const DEGRADED: &str = "dev.steadfast/degraded";
    /// In an `isError` result: `{kind, reason?, retryAfterMs?, limitBytes?}`; of what is no longer served: `{kind, sunset,
    /// note?, available}`; of what is to be confirmed: `{kind, reason?, confirmation, expiresInMs, plan}`, or `{kind,
    /// reason?, approval, state, expiresInMs, plan}`.
    pub(crate) const ERROR: &str = "dev.steadfast/error";
    /// In an `isError` result: every violation as `{path, expected, found}`.
    pub(crate) const VIOLATIONS: &str = "dev.steadfast/violations";
    /// In a block of text that was too long: `{shownBytes, totalBytes}`.
    pub(crate) const TRUNCATED: &str = "dev.steadfast/truncated";
    /// In every result: the server's name and version (MCP 2026-07-28).
    pub(crate) const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";
}

/// JSON-RPC error codes of Steadfast's own, in the range that the protocol leaves to servers.
pub(crate) mod code {
    /// The server does not take the request now; `data.retryAfterMs` says when it may.
    pub(crate) const UNAVAILABLE: i32 = -32050;
    /// The caller was not granted every scope that the request needs; `data.missing` names those that it lacks.
    pub(crate) const INSUFFICIENT_SCOPE: i32 = -32051;
}

/// Metrics and their labels.
pub(crate) mod metric {
    /// Before every name.
    pub(crate) const PREFIX: &str = "steadfast";
    pub(crate) const REFUSALS: &str = "refusals";
    pub(crate) const FAILURES: &str = "failures";
    pub(crate) const DEGRADED: &str = "degraded_calls";
    pub(crate) const REPLAYS: &str = "idempotent_replays";
    pub(crate) const RETRIES: &str = "retries";
    pub(crate) const RETRIES_REFUSED: &str = "retries_refused";
    pub(crate) const BREAKER_CHANGES: &str = "breaker_changes";
    pub(crate) const BREAKERS: &str = "breaker_state";
    pub(crate) const STORE_FAILURES: &str = "store_failures";
    pub(crate) const RUNNING: &str = "requests_running";
    pub(crate) const WAITING: &str = "requests_waiting";
    pub(crate) const TASKS: &str = "tasks_running";
    pub(crate) const DENIALS_LOGGED: &str = "policy_denials_logged";
    pub(crate) const POLICIES_REFUSED: &str = "policy_reloads_refused";

    pub(crate) const TOOL: &str = "tool";
    pub(crate) const REASON: &str = "reason";
    pub(crate) const MODE: &str = "mode";
    pub(crate) const UPSTREAM: &str = "upstream";
    pub(crate) const TO: &str = "to";
    pub(crate) const KIND: &str = "kind";
    pub(crate) const STATE: &str = "state";
}
