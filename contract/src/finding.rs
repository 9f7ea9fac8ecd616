//! What a comparison found: one change, judged.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Rule;

/// Which way values flow through a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From callers to the tool: what was accepted must stay accepted.
    Input,
    /// From the tool to callers: what may be returned must have been allowed before.
    Output,
}

/// The semver bump that a change asks for (SemVer 2.0.0), or why it can't be judged by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Impact {
    /// Nobody can tell the difference.
    Patch,
    /// Callers of the older version keep working.
    Minor,
    /// Neither proved nor refuted; gates like [`Impact::Major`] until it is waived.
    Unknown,
    /// Some caller of the older version breaks.
    Major,
    /// The rules of the lock itself are broken; no bump helps.
    Error,
}

/// The part of a tool's contract that a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// `inputSchema`
    Input,
    /// `outputSchema`
    Output,
    /// The rest of the definition, and its promises.
    Tool,
    /// The files under `contracts/`.
    Lock,
}

/// An instance that shows a break.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Witness {
    /// A whole instance of the schema, checked by a validator.
    pub instance: Value,
    /// What happens to it, in words: `accepted before, refused now: "b" is a required property`.
    pub shows: String,
}

/// One change between two contracts, judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Which rule found it.
    pub rule: Rule,
    /// The tool; none when two bare schemas are compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// The part of the contract.
    pub part: Part,
    /// Where: a JSON pointer (RFC 6901) into that part, of the newer side where it is there and else of the older.
    pub pointer: String,
    /// What it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
    /// The bump it needs.
    pub impact: Impact,
    /// A model that reads the contract may behave differently.
    pub shifts_model: bool,
    /// Why, in one sentence.
    pub why: String,
    /// An instance that shows it; there wherever one could be made that a validator confirms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<Witness>,
    /// The way out, such as the shim to declare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}
