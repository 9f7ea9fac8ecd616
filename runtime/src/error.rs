//! The error of a tool's function: what went wrong, a message for the model, and apart from it the cause for the log.

use std::{error::Error, fmt, time::Duration};

use rmcp::model::ClientCapabilities;
use serde::{Deserialize, Serialize};

use crate::{hygiene::Hygiene, input_required::InputRequests};

/// How much of a message is kept, in bytes.
const LONGEST_MESSAGE: usize = 16 * 1024;

/// An error that a tool answers with.
///
/// The message is written for the model that called: it should say what to do differently. The source goes to the
/// log and never to the client. Any `std::error::Error` becomes an `internal` error with `?`.
///
/// ```
/// use steadfast::ToolError;
/// fn parse(text: &str) -> Result<u16, ToolError> {
///     text.parse().map_err(|error| ToolError::invalid("`port` must be a whole number").with_source(error))
/// }
/// assert!(parse("http").is_err());
/// ```
pub struct ToolError(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
    retry_after: Option<Duration>,
    requests: Option<InputRequests>,
    capabilities: Option<ClientCapabilities>,
    own: Option<Own>,
}

/// What no function says: it is of what is around it, and callers are told of it in words of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Own {
    /// It was not begun, since there was no thread for it.
    NoThread { retry_after: Duration },
    /// It ended, and what it returned takes more bytes than this.
    ResultTooLarge { limit: usize },
    /// It was not begun, since the type of a parameter does not take what its schema does; at this place (RFC 6901).
    Unread { path: String },
}

/// What kind of failure it was. Kinds decide who is at fault, what may be retried and what burns an error budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The arguments can't be served.
    Invalid,
    /// What was asked for does not exist.
    NotFound,
    /// The state of the world does not allow it now.
    Conflict,
    /// The caller may not do this.
    Denied,
    /// A dependency is away; trying later may help.
    Unavailable,
    /// There was no answer in time.
    Timeout,
    /// The caller gave up.
    Cancelled,
    /// A fault of the server's own.
    Internal,
    /// It may or may not have had its effect, and nobody knows.
    Unknown,
    /// Not a failure: the client is asked for input first.
    InputRequired,
    /// The client did not declare a capability that the tool needs.
    MissingCapability,
}

impl ErrorKind {
    /// The name in answers, logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Denied => "denied",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
            Self::Unknown => "unknown",
            Self::InputRequired => "input_required",
            Self::MissingCapability => "missing_capability",
        }
    }
}

impl ToolError {
    /// An error of a kind, with a message for the model.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            source: None,
            retry_after: None,
            requests: None,
            capabilities: None,
            own: None,
        }))
    }

    /// The arguments can't be served, for a reason that the schema can't say.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// What was asked for does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// The state of the world does not allow it now.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conflict, message)
    }

    /// The caller may not do this.
    pub fn denied(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Denied, message)
    }

    /// A dependency is away; trying later may help.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, message)
    }

    /// A fault of the server's own. The model is told that there was one; the message goes to the log.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    pub(crate) fn input_required(requests: InputRequests) -> Self {
        let mut error = Self::new(ErrorKind::InputRequired, "input from the client is required");
        error.0.requests = Some(requests);
        error
    }

    /// The client did not declare a capability that the tool needs (-32021 in MCP 2026-07-28).
    pub fn missing_capability(needed: ClientCapabilities) -> Self {
        let mut error =
            Self::new(ErrorKind::MissingCapability, "the client did not declare a capability that this tool needs");
        error.0.capabilities = Some(needed);
        error
    }

    /// The function was not begun, since there was no thread for it.
    pub(crate) fn no_thread(retry_after: Duration) -> Self {
        Self::unavailable("there is no thread for it now").with_own(Own::NoThread { retry_after })
    }

    /// The function ended, and what it returned takes more bytes than this.
    pub(crate) fn result_too_large(limit: usize) -> Self {
        Self::internal(format!("the result takes more than {limit} bytes")).with_own(Own::ResultTooLarge { limit })
    }

    /// The function was not begun, since its parameters can't be read.
    pub(crate) fn unread(path: String) -> Self {
        let place = if path.is_empty() { String::from("the arguments") } else { format!("`{path}`") };
        Self::invalid(format!("{place}: the value does not fit the type of the parameter"))
            .with_own(Own::Unread { path })
    }

    fn with_own(mut self, own: Own) -> Self {
        self.0.own = Some(own);
        self
    }

    /// Attaches the cause, for the log.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Says when trying again makes sense.
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    /// What kind of failure it was.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message as written.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// When trying again makes sense.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The cause, for the log.
    pub fn source(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.0.source.as_deref()
    }

    pub(crate) fn own(&self) -> Option<&Own> {
        self.0.own.as_ref()
    }

    /// The same with its message cleaned.
    pub(crate) fn clean(mut self, hygiene: &Hygiene) -> Self {
        hygiene.string(&mut self.0.message);
        self
    }

    /// The same with no more of its message than a model reads.
    pub(crate) fn shortened(mut self) -> Self {
        let message = &mut self.0.message;
        if message.len() > LONGEST_MESSAGE {
            message.truncate(message.floor_char_boundary(LONGEST_MESSAGE));
            message.shrink_to_fit();
            message.push_str(" […]");
        }
        self
    }

    pub(crate) fn take_capabilities(&mut self) -> Option<ClientCapabilities> {
        self.0.capabilities.take()
    }

    pub(crate) fn take_requests(&mut self) -> Option<InputRequests> {
        self.0.requests.take()
    }
}

impl fmt::Debug for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolError")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

/// Every error of the standard kind is a fault of the server's own until the author says otherwise.
///
/// `ToolError` does not implement `std::error::Error` itself, which is what makes this possible (as in anyhow).
impl<E: Error + Send + Sync + 'static> From<E> for ToolError {
    fn from(error: E) -> Self {
        Self::internal(error.to_string()).with_source(error)
    }
}
