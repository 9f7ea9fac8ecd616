//! What was retired and may not come back with another meaning.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::file::FORMAT;
use crate::Part;

/// The file, relative to the root of a server's package.
pub(crate) const PATH: &str = "contracts/tombstones.json";

/// The contents of `contracts/tombstones.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tombstones {
    /// The version of the files' format: 1.
    pub format: u32,
    /// By the tool's name.
    #[serde(default)]
    pub tools: BTreeMap<String, ToolTombstone>,
}

/// What was retired of one tool.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolTombstone {
    /// The day on which the whole tool went; none while it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sunset: Option<String>,
    /// What its callers should do instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Single majors that are gone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub majors: BTreeMap<u64, EndedMajor>,
    /// Properties that no served major has any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<RetiredField>,
    /// Values of enumerations that no served major has any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<RetiredValue>,
}

/// A major that is no longer served.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndedMajor {
    /// The day on which it went.
    pub sunset: String,
    /// What its callers should change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A property that is no longer there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetiredField {
    /// The way to it through the instance, such as `filter.lang` or `hits[].id`.
    pub name: String,
    /// `input` or `output`.
    pub part: Part,
    /// The digest of its schema, references inlined. It may come back with the same one. Without it, not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meaning: Option<String>,
}

/// A value of an enumeration that is no longer there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetiredValue {
    /// The property that had it, as in [`RetiredField::name`].
    pub field: String,
    /// The value.
    pub name: Value,
    /// `input` or `output`.
    pub part: Part,
    /// The digest of its own schema where it had one, with a description. It may come back with the same one. Without
    /// it, not at all: a bare value doesn't say what it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meaning: Option<String>,
}

impl Default for Tombstones {
    fn default() -> Self {
        Self { format: FORMAT, tools: BTreeMap::new() }
    }
}

impl Tombstones {
    /// The end of a whole tool, if it has come.
    pub(crate) fn tool(&self, name: &str) -> Option<&ToolTombstone> {
        self.tools.get(name).filter(|tombstone| tombstone.sunset.is_some())
    }

    /// Whether this major of this tool has ended.
    pub(crate) fn ended(&self, name: &str, major: u64) -> bool {
        self.tools.get(name).is_some_and(|tool| tool.sunset.is_some() || tool.majors.contains_key(&major))
    }

    /// What is in `self` and not in `other`, as `(tool, what)`.
    pub(crate) fn missing_in(&self, other: &Self) -> Vec<(String, String)> {
        let empty = ToolTombstone::default();
        let mut missing = Vec::new();
        for (name, tool) in &self.tools {
            let there = other.tools.get(name).unwrap_or(&empty);
            let mut lost = |gone: bool, what: String| {
                if gone {
                    missing.push((name.clone(), what))
                }
            };
            lost(tool.sunset.is_some() && tool.sunset != there.sunset, "its end".into());
            for (major, ended) in &tool.majors {
                lost(there.majors.get(major) != Some(ended), format!("the end of major {major}"));
            }
            for field in &tool.fields {
                lost(!there.fields.contains(field), format!("the field `{}`", field.name));
            }
            for value in &tool.values {
                lost(!there.values.contains(value), format!("the value `{}` of `{}`", value.name, value.field));
            }
        }
        missing
    }

    /// Takes over what `other` has.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (name, tool) in &other.tools {
            let mine = self.tools.entry(name.clone()).or_default();
            if mine.sunset.is_none() {
                mine.sunset.clone_from(&tool.sunset);
            }
            if mine.note.is_none() {
                mine.note.clone_from(&tool.note);
            }
            for (major, ended) in &tool.majors {
                mine.majors.entry(*major).or_insert_with(|| ended.clone());
            }
            for field in &tool.fields {
                if !mine.fields.contains(field) {
                    mine.fields.push(field.clone());
                }
            }
            for value in &tool.values {
                if !mine.values.contains(value) {
                    mine.values.push(value.clone());
                }
            }
        }
    }
}
