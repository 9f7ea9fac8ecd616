//! The answer to a request, read to its end within its bounds.

use std::fmt;

use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use crate::error::ToolError;

/// An answer with all of its body. A redirect is an answer like any other: it is not followed.
#[derive(Clone)]
pub struct EgressResponse {
    pub(super) host: String,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl EgressResponse {
    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// A header, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as it came: it is not decompressed.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The body as text.
    ///
    /// # Errors
    /// `unavailable` when it is not UTF-8.
    pub fn text(self) -> Result<String, ToolError> {
        let Self { host, body, .. } = self;
        String::from_utf8(body).map_err(|_| ToolError::unavailable(format!("`{host}` does not answer with text")))
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// `unavailable` when it is no such JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ToolError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            // The error may repeat what was read.
            let place = format!("line {}, column {}", error.line(), error.column());
            ToolError::unavailable(format!(
                "`{}` does not answer with the JSON that is expected, at {place}",
                self.host
            ))
        })
    }

    /// The answer, where its status is one of success (2xx).
    ///
    /// # Errors
    /// `not_found` for 404 and 410, `denied` for 401 and 403, `conflict` for 409 and 412, `invalid` for other 4xx but
    /// 408 and 429, and `unavailable` for all else, redirects included.
    pub fn success(self) -> Result<Self, ToolError> {
        if self.status.is_success() {
            return Ok(self);
        }
        let message = format!("`{}` answers with the status {}", self.host, self.status.as_u16());
        Err(match self.status.as_u16() {
            404 | 410 => ToolError::not_found(message),
            401 | 403 => ToolError::denied(message),
            409 | 412 => ToolError::conflict(message),
            408 | 429 => ToolError::unavailable(message),
            400..=499 => ToolError::invalid(message),
            _ => ToolError::unavailable(message),
        })
    }
}

/// Without headers and body, where secrets may be.
impl fmt::Debug for EgressResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EgressResponse")
            .field("host", &self.host)
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
