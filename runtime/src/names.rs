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
    /// In an `isError` result: `{kind, retryAfterMs?}`; of what is no longer served: `{kind, sunset, note?, available}`.
    pub(crate) const ERROR: &str = "dev.steadfast/error";
    /// In an `isError` result: every violation as `{path, expected, found}`.
    pub(crate) const VIOLATIONS: &str = "dev.steadfast/violations";
    /// In every result: the server's name and version (MCP 2026-07-28).
    pub(crate) const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";
}

/// JSON-RPC error codes of Steadfast's own, in the range that the protocol leaves to servers.
pub(crate) mod code {
    /// The server does not take the request now; `data.retryAfterMs` says when it may.
    pub(crate) const UNAVAILABLE: i32 = -32050;
}
