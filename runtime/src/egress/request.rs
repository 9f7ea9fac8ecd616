//! A request as it is put together, and how it is sent: checked, within its time, within its size.
//!
//! Mistakes in it are reported when it is sent, so that building it reads as one sentence.

use std::{fmt, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use reqwest::Url;
use serde::Serialize;

use super::{Egress, certificate, client::NotReachable, lookup::NoLookup, response::EgressResponse};
use crate::error::{ErrorKind, ToolError};

/// A request to a server that the tool may reach.
#[must_use = "a request does nothing until it is sent"]
pub struct EgressRequest {
    egress: Egress,
    method: Method,
    parts: Result<Parts, ToolError>,
}

struct Parts {
    url: Url,
    headers: HeaderMap,
    body: Vec<u8>,
    timeout: Option<Duration>,
}

/// Headers that say where a request goes and where it ends, which is not for its author to say.
const OURS: [HeaderName; 9] = [
    header::HOST,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
    header::PROXY_AUTHORIZATION,
    header::EXPECT,
];

impl EgressRequest {
    pub(super) fn new(egress: Egress, method: Method, url: &str) -> Self {
        let parts = Url::parse(url)
            .map_err(|error| ToolError::invalid(format!("this is no URL: {error}")))
            .map(|url| Parts { url, headers: HeaderMap::new(), body: Vec::new(), timeout: None });
        Self { egress, method, parts }
    }

    /// Adds a header.
    pub fn header(self, name: &str, value: &str) -> Self {
        self.with_header(name, value, false)
    }

    /// Adds `Authorization: Bearer ..`. The caller's own token is never sent by itself, and is not meant for others.
    pub fn bearer(self, token: &str) -> Self {
        self.with_header("authorization", &format!("Bearer {token}"), true)
    }

    /// Adds a pair to the query, encoded.
    pub fn query(self, name: &str, value: &str) -> Self {
        self.change(|parts| {
            parts.url.query_pairs_mut().append_pair(name, value);
            Ok(())
        })
    }

    /// Adds a segment to the path, encoded: a `/` or `..` in it leads nowhere else.
    pub fn segment(self, segment: &str) -> Self {
        self.change(|parts| {
            if matches!(segment, "" | "." | "..") {
                return Err(ToolError::invalid(format!("`{segment}` can't be a part of a path")));
            }
            if let Ok(mut path) = parts.url.path_segments_mut() {
                path.pop_if_empty().push(segment);
            }
            Ok(())
        })
    }

    /// Sets the body.
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        self.change(|parts| {
            parts.body = body.into();
            Ok(())
        })
    }

    /// Sets the body to JSON.
    pub fn json(self, value: &impl Serialize) -> Self {
        self.header("content-type", "application/json").change(|parts| {
            parts.body = serde_json::to_vec(value)
                .map_err(|error| ToolError::internal("the request can't be written as JSON").with_source(error))?;
            Ok(())
        })
    }

    /// Gives it less time than `egress.timeout`.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.change(|parts| {
            parts.timeout = Some(timeout);
            Ok(())
        })
    }

    /// Sends it, and reads the whole answer.
    ///
    /// # Errors
    /// `denied` where the tool may not reach the server, its certificate does not count, or request or answer are too
    /// large; `unavailable` where there is no answer; `timeout` where it takes longer than it may, or than the call may;
    /// `invalid` where the request itself is wrong.
    pub async fn send(self) -> Result<EgressResponse, ToolError> {
        let Self { egress, method, parts } = self;
        let Parts { url, headers, body, timeout } = parts?;
        let (client, host) = egress.check(&url)?;
        let settings = &client.settings;
        if body.len() > settings.max_request_bytes {
            let most = settings.max_request_bytes;
            return Err(ToolError::denied(format!(
                "a request may take {most} bytes, and this one takes {}",
                body.len()
            )));
        }
        let mut request = client.http.request(method, url).headers(headers);
        if !body.is_empty() {
            request = request.body(body);
        }
        let exchange = async {
            let response = request.send().await.map_err(|error| failed(&host, error))?;
            read(&host, response, settings.max_response_bytes).await
        };
        let time = timeout.unwrap_or(settings.timeout).min(settings.timeout);
        let in_time = tokio::time::timeout(time, tokio::time::timeout_at(egress.until, exchange));
        match in_time.await {
            Ok(Ok(answered)) => answered,
            Ok(Err(_)) | Err(_) => Err(late(&host)),
        }
    }

    fn with_header(self, name: &str, value: &str, secret: bool) -> Self {
        self.change(|parts| {
            let key = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| ToolError::invalid(format!("`{}` is no name of a header", name.escape_debug())))?;
            if OURS.contains(&key) {
                return Err(ToolError::denied(format!("the header `{key}` is not for tools to set")));
            }
            // The value is not repeated: it may be a secret.
            let mut value = HeaderValue::from_str(value).map_err(|_| {
                ToolError::invalid(format!("the value of the header `{key}` has characters that none may have"))
            })?;
            value.set_sensitive(secret);
            parts.headers.append(key, value);
            Ok(())
        })
    }

    fn change(mut self, change: impl FnOnce(&mut Parts) -> Result<(), ToolError>) -> Self {
        self.parts = self.parts.and_then(|mut parts| change(&mut parts).map(|()| parts));
        self
    }
}

/// Without headers, query and body, where secrets may be.
impl fmt::Debug for EgressRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = self.parts.as_ref().ok().map(|parts| parts.url.origin().ascii_serialization());
        f.debug_struct("EgressRequest").field("method", &self.method).field("origin", &origin).finish_non_exhaustive()
    }
}

/// Reads an answer piece by piece, and no further than it may be.
async fn read(host: &str, mut response: reqwest::Response, most: usize) -> Result<EgressResponse, ToolError> {
    let too_large = || ToolError::denied(format!("the answer of `{host}` takes more than {most} bytes"));
    if response.content_length().is_some_and(|length| length > most as u64) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| failed(host, error))? {
        if body.len() + piece.len() > most {
            return Err(too_large());
        }
        body.extend_from_slice(&piece);
    }
    let headers = std::mem::take(response.headers_mut());
    Ok(EgressResponse { host: host.to_owned(), status: response.status(), headers, body })
}

fn failed(host: &str, error: reqwest::Error) -> ToolError {
    // What may be in the query is nobody's business.
    let error = error.without_url();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        if cause.is::<NotReachable>() {
            return super::not_reachable(host).with_source(error);
        }
        if cause.is::<NoLookup>() {
            let message = format!("`{host}` can't be looked up now: other lookups of names do not end");
            return ToolError::unavailable(message).with_source(error);
        }
        source = cause.source();
    }
    if let Some(wrong) = certificate::wrong(&error) {
        // A caller can do nothing about it.
        tracing::warn!(host, "the certificate of a server that a tool asks {wrong}");
        return ToolError::denied(format!("`{host}` is not trusted: its certificate {wrong}")).with_source(error);
    }
    if error.is_timeout() {
        return late(host).with_source(error);
    }
    let what = if error.is_connect() { "can't be reached" } else { "did not answer to the end" };
    ToolError::unavailable(format!("`{host}` {what}")).with_source(error)
}

fn late(host: &str) -> ToolError {
    ToolError::new(ErrorKind::Timeout, format!("`{host}` did not answer in time"))
}
