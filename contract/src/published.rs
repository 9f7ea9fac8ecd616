//! What a server publishes about its tools, as its program prints it for the commands that keep the lock.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// All tools of a server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Published {
    /// The server's name.
    pub server: String,
    /// The server's own version, the name of its surface.
    pub release: String,
    /// Sorted by name.
    pub tools: Vec<PublishedTool>,
}

/// One tool in its current version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublishedTool {
    /// The published name.
    pub name: String,
    /// Semver.
    pub version: String,
    /// As `tools/list` shows it, without `_meta`.
    pub definition: Value,
    /// What is promised beside the definition.
    pub promises: Promises,
    /// Other names that it answers to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Who is on call for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Dates of the current major, when the whole tool is to go.
    #[serde(default, skip_serializing_if = "Lifecycle::is_active")]
    pub lifecycle: Lifecycle,
    /// Older majors, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<Older>,
}

/// The promises that an attribute makes beside the definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Promises {
    /// `read_only`, `additive` or `destructive`.
    pub effect: String,
    /// The same call twice has the effect of one.
    pub idempotent: bool,
    /// The tool reaches entities outside the server's control.
    pub open_world: bool,
    /// OAuth scopes that a caller needs (RFC 6749, section 3.3), sorted.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// The declared timeout in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// When a major goes away. Dates are ISO 8601 calendar dates, in UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lifecycle {
    /// From this day on it is deprecated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<String>,
    /// From this day on it is no longer served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sunset: Option<String>,
    /// What a caller should change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Lifecycle {
    /// Nothing is announced.
    pub fn is_active(&self) -> bool {
        *self == Self::default()
    }
}

/// An older major that the source still serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Older {
    /// The major.
    pub major: u64,
    /// Its dates and its migration note.
    #[serde(default, skip_serializing_if = "Lifecycle::is_active")]
    pub lifecycle: Lifecycle,
    /// Why its results can't be translated without loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lossy: Option<String>,
    /// A call that names no version may be recognised as this major by its arguments.
    pub shape: bool,
    /// `declared` or `typed`.
    pub shim: String,
}
