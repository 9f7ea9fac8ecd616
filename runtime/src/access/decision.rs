//! What policies say of a call.

use serde_json::{Map, Value};

use crate::catalogue::Entry;

/// A call, as policies see it.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(feature = "cedar"), allow(dead_code, reason = "policies alone look at calls"))]
pub(crate) struct Asked<'a> {
    pub(crate) tool: &'a Entry,
    /// Of the contract that the call is held to.
    pub(crate) version: &'a str,
    /// The release whose surface it came in on.
    pub(crate) surface: Option<&'a str>,
    /// In the form of the current major.
    pub(crate) arguments: &'a Map<String, Value>,
}

/// Whether it may be run, and which policies say so; for the operator's eyes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) permitted: bool,
    /// The policies that decided; none where nothing permits the call.
    pub(crate) policies: Vec<String>,
    /// The policies that could not be evaluated, each of which denies the call.
    pub(crate) failed: Vec<String>,
}
