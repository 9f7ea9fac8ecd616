//! The HTTP edge before the SDK: has Host and Origin checked before a body is read, bounds the body, and turns the SDK's
//! plain-text refusals of it into JSON-RPC errors.
//!
//! Between [`receive`] and [`pass_on`] somebody can refuse a request whose body was read and not yet taken apart.

use std::{convert::Infallible, future::Future, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode, header, request::Parts};
use http_body_util::{Full, combinators::BoxBody};
use rmcp::{
    ErrorData,
    model::{JsonRpcError, RequestId},
};
use serde_json::Value;

use super::body::{self, Bounds, Unread};
use crate::{
    answer,
    call::Stop,
    duration,
    reliability::{Share, UsedUp},
};

/// When a client should come again that found no place or room.
pub(super) const AGAIN: Duration = Duration::from_secs(1);

/// A request that has arrived.
pub(super) struct Received {
    head: Parts,
    body: Bytes,
    /// What the body takes, for as long as its request is served.
    held: Share,
}

/// Why a request did not arrive.
pub(super) enum Refused {
    /// There is no room for its body.
    NoRoom(UsedUp),
    Otherwise(Response),
}

impl Received {
    /// Head and body, where there may be a message in it.
    pub(super) fn message(&self) -> Option<(&Parts, &[u8])> {
        (self.head.method == Method::POST && is_json(&self.head.headers)).then_some((&self.head, &self.body))
    }
}

/// Lets a request arrive, in its bounds; what its body takes comes out of `held`.
pub(super) async fn receive<F, R>(
    bounds: Bounds,
    hosts: &[String],
    mut held: Share,
    request: Request,
    inner: &F,
) -> Result<Received, Refused>
where
    F: Fn(http::Request<Full<Bytes>>) -> R,
    R: Future<Output = http::Response<BoxBody<Bytes, Infallible>>>,
{
    let (head, body) = request.into_parts();
    if head.method != Method::POST {
        return Ok(Received { head, body: Bytes::new(), held });
    }
    look(&head, hosts, inner).await.map_err(Refused::Otherwise)?;
    let (status, what) = match body::read(body, bounds, &mut held).await {
        Ok(body) => return Ok(Received { head, body, held }),
        Err(Unread::NoRoom(used_up)) => return Err(Refused::NoRoom(used_up)),
        // Nobody reads this.
        Err(Unread::Gone) => return Err(Refused::Otherwise(StatusCode::BAD_REQUEST.into_response())),
        Err(Unread::TooLarge) => {
            (StatusCode::PAYLOAD_TOO_LARGE, format!("the request body takes more than {} bytes", bounds.bytes))
        }
        Err(Unread::Late) => {
            let time = duration::text(bounds.time);
            (StatusCode::REQUEST_TIMEOUT, format!("the request body takes longer than {time}"))
        }
    };
    Err(Refused::Otherwise(refusal(status, None, ErrorData::invalid_request(what, None))))
}

/// Has a request served by `inner`.
pub(super) async fn pass_on<F, R>(received: Received, inner: &F) -> Response
where
    F: Fn(http::Request<Full<Bytes>>) -> R,
    R: Future<Output = http::Response<BoxBody<Bytes, Infallible>>>,
{
    let json = received.message().is_some();
    let Received { head, body, held } = received;
    // On the heap, so that a request that is refused before has nothing of the SDK's large future to carry.
    let response = Box::pin(inner(http::Request::from_parts(head, Full::new(body.clone())))).await;
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
    response.map(|answer| body::of_request(Body::new(answer), held))
}

/// The answer to a request for which there is no place or room now. Only what nobody finds says that the server is at its
/// limit: whoever spreads requests over servers would leave it out.
pub(super) fn no_room(used_up: UsedUp) -> Response {
    let status = match used_up {
        UsedUp::Own | UsedUp::Tenant => StatusCode::TOO_MANY_REQUESTS,
        UsedUp::All => StatusCode::SERVICE_UNAVAILABLE,
    };
    later(status, None, answer::refusal(Stop::Overloaded { retry_after: AGAIN }, ""), AGAIN)
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

/// A JSON-RPC error as a response that says when to come again.
pub(super) fn later(status: StatusCode, id: Option<RequestId>, error: ErrorData, after: Duration) -> Response {
    let mut response = refusal(status, id, error);
    let seconds = after.as_millis().div_ceil(1000).max(1);
    response.headers_mut().insert(header::RETRY_AFTER, u64::try_from(seconds).unwrap_or(u64::MAX).into());
    response
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
    use crate::reliability::{Part, Shares};

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
            let inner = |_| {
                looked.fetch_add(1, Ordering::SeqCst);
                async { http::Response::new(BoxBody::default()) }
            };
            let bounds = Bounds { bytes: 1000, time: Duration::from_secs(1) };
            let part = Part { all: 1000, of_tenant: 1000, of_one: 1000 };
            let held = Shares::new(part).none(&"acme".into(), &"alice".into());
            let request = request.body(Body::empty()).unwrap();
            if let Ok(received) = receive(bounds, &hosts, held, request, &inner).await {
                pass_on(received, &inner).await;
            }
            assert_eq!(looked.into_inner(), looks, "{method} {host} {origin:?}");
        }
    }
}
