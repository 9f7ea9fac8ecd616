//! On whose behalf a call is made.

use std::sync::{Arc, LazyLock};

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

    /// [`as_str`](Self::as_str), to be kept.
    pub(crate) fn shared(&self) -> Arc<str> {
        static LOCAL: LazyLock<Arc<str>> = LazyLock::new(|| Principal::Local.as_str().into());
        static ANONYMOUS: LazyLock<Arc<str>> = LazyLock::new(|| Principal::Anonymous.as_str().into());
        match self {
            Self::Local => Arc::clone(&LOCAL),
            Self::Anonymous => Arc::clone(&ANONYMOUS),
            Self::Named(name) => Arc::clone(name),
        }
    }

    /// Whoever has the name [`as_str`](Self::as_str).
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "local" => Self::Local,
            "anonymous" => Self::Anonymous,
            name => Self::Named(name.into()),
        }
    }

    /// A name for logs and for binding state to the caller; two callers that differ have different names.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Local => "local",
            Self::Anonymous => "anonymous",
            Self::Named(name) => name,
        }
    }
}
