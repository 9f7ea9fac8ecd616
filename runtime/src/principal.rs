//! On whose behalf a call is made.

use std::sync::Arc;

/// The caller, as far as the server knows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Principal {
    /// The user who started the process (stdio, and calls made in the process).
    Local,
    /// Somebody over HTTP who proved nothing.
    Anonymous,
    /// Somebody whom the transport knows by a name.
    Named(Arc<str>),
}

impl Principal {
    /// The names that callers have without proving anything.
    pub(crate) const NAMES: [&str; 2] = ["local", "anonymous"];

    /// Whoever has the name [`as_str`](Self::as_str).
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "local" => Self::Local,
            "anonymous" => Self::Anonymous,
            name => Self::Named(name.into()),
        }
    }

    /// A name for logs and for binding state to the caller; two callers of one tenant that differ have different names.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Local => "local",
            Self::Anonymous => "anonymous",
            Self::Named(name) => name,
        }
    }
}
