//! One file of the lock: one major of one tool, as it was released last.

use semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Digests, Finding, Impact, Lifecycle, Older, Part, Promises, PublishedTool, Rule, ToolContract, sorted};

/// The version of the files' format.
pub(crate) const FORMAT: u32 = 1;

/// The contents of `contracts/<tool>/<major>.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lock {
    /// The version of the files' format: 1.
    pub format: u32,
    /// The tool's name.
    pub tool: String,
    /// The newest version of this major; semver, valid in every file that was read.
    pub version: String,
    /// As `tools/list` shows it, without `_meta`.
    pub definition: Value,
    /// What is promised beside the definition.
    pub promises: Promises,
    /// When this major goes away; the only part that may change once it is not the current one.
    #[serde(default, skip_serializing_if = "Lifecycle::is_active")]
    pub lifecycle: Lifecycle,
    /// Of the definition.
    pub digests: Digests,
}

impl Lock {
    /// What a tool promises in its current version.
    pub fn of(tool: &PublishedTool) -> Self {
        Self {
            format: FORMAT,
            tool: tool.name.clone(),
            version: tool.version.clone(),
            definition: sorted(tool.definition.clone()),
            promises: tool.promises.clone(),
            lifecycle: tool.lifecycle.clone(),
            digests: Digests::of(&tool.definition),
        }
    }

    /// Where it is, relative to the root of a server's package.
    pub fn path(tool: &str, major: u64) -> String {
        format!("contracts/{tool}/{major}.json")
    }

    /// The version, where it is one.
    pub fn semver(&self) -> Option<Version> {
        Version::parse(&self.version).ok()
    }

    /// The side of a comparison that this file stands for.
    pub fn contract(&self) -> ToolContract {
        ToolContract {
            name: self.tool.clone(),
            version: self.version.clone(),
            definition: self.definition.clone(),
            promises: self.promises.clone(),
            aliases: Vec::new(),
        }
    }

    /// Whether the digests are those of the definition; they are not when the file was edited by hand.
    pub fn is_genuine(&self) -> bool {
        self.digests == Digests::of(&self.definition)
    }

    /// Whether both promise the same in the same version.
    pub(crate) fn promises_as(&self, other: &Self) -> bool {
        self.version == other.version && self.definition == other.definition && self.promises == other.promises
    }
}

/// The version of a published tool, where it is one.
pub(crate) fn version(tool: &PublishedTool) -> Option<Version> {
    Version::parse(&tool.version).ok()
}

/// The entry of a tool's history.
pub(crate) fn older(tool: &PublishedTool, major: u64) -> Option<&Older> {
    tool.history.iter().find(|older| older.major == major)
}

/// The text of a file: pretty, with sorted members and a newline at the end.
pub(crate) fn text(file: &impl Serialize) -> String {
    // The files' types hold texts, numbers and maps with text keys, which all have a JSON form.
    let value = sorted(serde_json::to_value(file).unwrap_or_default());
    format!("{value:#}\n")
}

/// A finding about the rules of the lock; `place` is `path`, `path:line` or `path#pointer`.
pub(crate) fn problem(rule: Rule, tool: Option<&str>, place: impl Into<String>, why: impl Into<String>) -> Finding {
    Finding {
        rule,
        tool: tool.map(str::to_owned),
        part: Part::Lock,
        pointer: place.into(),
        old: None,
        new: None,
        impact: Impact::Error,
        shifts_model: false,
        why: why.into(),
        witness: None,
        fix: None,
    }
}
