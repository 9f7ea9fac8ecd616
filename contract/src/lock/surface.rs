//! What a release served: the current major of each tool.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::file::FORMAT;

/// The contents of `contracts/surfaces/<release>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surface {
    /// The version of the files' format: 1.
    pub format: u32,
    /// The server's own version.
    pub release: String,
    /// Each tool and its major. Previews are not in it: nothing is promised about them.
    pub tools: BTreeMap<String, u64>,
}

impl Surface {
    /// For a release, with no tool.
    pub(crate) fn new(release: &str) -> Self {
        Self { format: FORMAT, release: release.to_owned(), tools: BTreeMap::new() }
    }

    /// Where it is, relative to the root of a server's package.
    pub fn path(release: &str) -> String {
        format!("contracts/surfaces/{release}.json")
    }
}
