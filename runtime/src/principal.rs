//! On whose behalf a call is made.

/// The caller, as far as the server knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// The user who started the process (stdio, and calls made in the process).
    Local,
    /// Somebody over HTTP who proved nothing.
    Anonymous,
}

impl Principal {
    /// The names that there are.
    pub(crate) const NAMES: [&str; 2] = ["local", "anonymous"];

    /// A name for logs and for binding state to the caller; two callers that differ have different names.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Local => "local",
            Self::Anonymous => "anonymous",
        }
    }
}
