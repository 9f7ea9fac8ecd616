//! The HTTP edge before the SDK: has Host and Origin checked before a body is read, bounds the body, lets a server that
//! is full say so before a request is taken apart, and turns the SDK's plain-text refusals of it into JSON-RPC errors.

use std::{convert::Infallible, future::Future, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode, header, request::Parts};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited, combinators::BoxBody};
use rmcp::{
    ErrorData,
    model::{JsonRpcError, RequestId},
};
use serde_json::Value;

use crate::duration;

/// What the body of a request is held to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) bytes: usize,
    /// Until it has arrived.
    pub(super) time: Duration,
}

/// Serves a request by `inner`, with its body read and bounded, unless `refuse` does not let it in.
pub(super) async fn serve<F, R>(
    bounds: Bounds,
    hosts: &[String],
    request: Request,
    refuse: impl FnOnce(&Parts, &[u8]) -> Option<Response>,
    inner: F,
) -> Response
where
    F: Fn(http::Request<Full<Bytes>>) -> R,
    R: Future<Output = http::Response<BoxBody<Bytes, Infallible>>>,
{
    let (parts, body) = request.into_parts();
    let json = is_json(&parts.headers);
    if parts.method == Method::POST
        && let Err(forbidden) = look(&parts, hosts, &inner).await
    {
        return forbidden;
    }
    let body = if parts.method == Method::POST {
        match tokio::time::timeout(bounds.time, Limited::new(body, bounds.bytes).collect()).await {
            Ok(Ok(collected)) => {
                let body = collected.to_bytes();
                if json && let Some(refused) = refuse(&parts, &body) {
                    return refused;
                }
                body
            }
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                let error = ErrorData::invalid_request(
                    format!("the request body takes more than {} bytes", bounds.bytes),
                    None,
                );
                return refusal(StatusCode::PAYLOAD_TOO_LARGE, None, error);
            }
            // The client went away while it was sending; nobody reads this.
            Ok(Err(_)) => return StatusCode::BAD_REQUEST.into_response(),
            Err(_elapsed) => {
                let time = duration::text(bounds.time);
                let error = ErrorData::invalid_request(format!("the request body takes longer than {time}"), None);
                return refusal(StatusCode::REQUEST_TIMEOUT, None, error);
            }
        }
    } else {
        Bytes::new()
    };
    // On the heap, so that a request that is refused before has nothing of the SDK's large future to carry.
    let response = Box::pin(inner(http::Request::from_parts(parts, Full::new(body.clone())))).await;
    // rmcp answers a body that it can't read with 415 and text, which tells a client nothing.
    if json
        && response.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE
        && let Some(error) = unreadable(&body)
    {
        return refusal(StatusCode::BAD_REQUEST, error.0, error.1);
    }
    // So it does where a handler ended without an answer, which is what is left when the grace period is over.
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR && !is_json(response.headers()) {
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, id(&body), given_up());
    }
    response.map(Body::new)
}

/// Lets a request pass that is served without `inner`, once Host and Origin were found in order.
pub(super) async fn admit<F, R>(hosts: &[String], request: Request, inner: F) -> Result<(), Response>
where
    F: Fn(http::Request<Full<Bytes>>) -> R,
    R: Future<Output = http::Response<BoxBody<Bytes, Infallible>>>,
{
    let (mut parts, _body) = request.into_parts();
    parts.method = Method::POST;
    look(&parts, hosts, &inner).await
}

/// The SDK checks Host and Origin too, but after the body was read. Where both are not plainly in order, it is asked
/// with the head alone; a POST without a body can do nothing else.
async fn look<F, R>(head: &Parts, hosts: &[String], inner: &F) -> Result<(), Response>
where
    F: Fn(http::Request<Full<Bytes>>) -> R,
    R: Future<Output = http::Response<BoxBody<Bytes, Infallible>>>,
{
    if plain(&head.headers, hosts) {
        return Ok(());
    }
    let response = Box::pin(inner(http::Request::from_parts(head.clone(), Full::default()))).await;
    if response.status() == StatusCode::FORBIDDEN { Err(response.map(Body::new)) } else { Ok(()) }
}

/// What is wrong with a body that is no JSON-RPC message, if that is what is wrong (JSON-RPC 2.0, section 5.1).
fn unreadable(body: &Bytes) -> Option<(Option<RequestId>, ErrorData)> {
    let message: Value = match serde_json::from_slice(body) {
        Ok(message) => message,
        Err(error) => return Some((None, ErrorData::parse_error(format!("the body is not JSON: {error}"), None))),
    };
    let id = message.get("id").and_then(|id| serde_json::from_value(id.clone()).ok());
    let what = match &message {
        Value::Array(_) => "batches are not part of MCP since 2025-06-18; send one message",
        Value::Object(_) if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") => {
            "`jsonrpc` must be \"2.0\""
        }
        Value::Object(_) => "the message is neither a request, a notification nor a response that MCP knows",
        _ => "the message must be an object",
    };
    Some((id, ErrorData::invalid_request(what, None)))
}

fn id(body: &Bytes) -> Option<RequestId> {
    let message: Value = serde_json::from_slice(body).ok()?;
    serde_json::from_value(message.get("id")?.clone()).ok()
}

/// The error of a request that nobody answered.
fn given_up() -> ErrorData {
    ErrorData::internal_error("the server gave the request up; it may or may not have had its effect", None)
}

/// Whether a request is plainly not from a page in a browser: no Origin, and a Host that is listed, with any port.
fn plain(headers: &HeaderMap, hosts: &[String]) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _port)| name);
    !headers.contains_key(header::ORIGIN) && hosts.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether the body is said to be JSON; if not, 415 means just that.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// A JSON-RPC error as a response.
pub(super) fn refusal(status: StatusCode, id: Option<RequestId>, error: ErrorData) -> Response {
    let body = serde_json::to_vec(&JsonRpcError::new(id, error)).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn only_a_post_that_is_not_plainly_in_order_is_looked_at_before_its_body() {
        let hosts = ["localhost".to_owned()];
        for (method, host, origin, looks) in [
            ("POST", "localhost:8080", None, 1),
            ("POST", "localhost:8080", Some("http://localhost:8080"), 2),
            ("POST", "other.example", None, 2),
            // A second look would open a second stream, or end a session before it is ended.
            ("GET", "localhost:8080", Some("http://localhost:8080"), 1),
            ("DELETE", "localhost:8080", Some("http://localhost:8080"), 1),
        ] {
            let mut request = http::Request::builder().method(method).header(header::HOST, host);
            if let Some(origin) = origin {
                request = request.header(header::ORIGIN, origin);
            }
            let looked = AtomicUsize::new(0);
            serve(
                Bounds { bytes: 1000, time: Duration::from_secs(1) },
                &hosts,
                request.body(Body::empty()).unwrap(),
                |_, _| None,
                |_| {
                    looked.fetch_add(1, Ordering::SeqCst);
                    async { http::Response::new(BoxBody::default()) }
                },
            )
            .await;
            assert_eq!(looked.into_inner(), looks, "{method} {host} {origin:?}");
        }
    }
}
