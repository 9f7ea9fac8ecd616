//! What keeps a server from being built, in the words of a compiler: where, what, and the way out.

use std::fmt;

/// Something that keeps a server from being built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The tool, or the part of the server.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// The way out.
    pub help: String,
}

impl Problem {
    pub(crate) fn new(place: impl Into<String>, what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into(), help: help.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n  help: {}", self.place, self.what, self.help)
    }
}
