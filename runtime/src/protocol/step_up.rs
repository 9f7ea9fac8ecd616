//! A request that a caller lacks scopes for is answered with 403 and the scopes to come back with, all at once (MCP
//! 2026-07-28, authorization; RFC 6750, section 3.1).
//!
//! It is answered before the SDK reads it, since a session's answer is a stream, which begins with 200. What is not
//! understood here goes its usual way and is refused there, by the same rule and without the challenge.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc, time::Duration};

use axum::response::Response;
use http::{StatusCode, request::Parts};
use rmcp::model::RequestId;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::{bearer::Challenges, edge, handler::McpHandler, passing::Passing};
use crate::{
    access, answer,
    call::{self, Stop},
    caller::{Caller, Scopes},
    oauth::Challenge,
    pipeline,
};

/// What is read of a request.
#[derive(Deserialize)]
struct Asked<'a> {
    id: RequestId,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    params: Named<'a>,
}

/// What a request is for: a tool or a prompt by its name, a resource by its URI, or what is to be completed.
#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    uri: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "ref")]
    reference: Option<Reference<'a>>,
}

#[derive(Deserialize)]
struct Reference<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    uri: Option<Cow<'a, str>>,
}

impl Asked<'_> {
    /// The method, the one whose scopes it needs, and what it is for.
    fn needs(&self) -> Option<(&'static str, &'static str, &str)> {
        let Named { name, uri, reference } = &self.params;
        let reference = reference.as_ref();
        Some(match &*self.method {
            "tools/call" => ("tools/call", "tools/call", name.as_deref()?),
            "prompts/get" => ("prompts/get", "prompts/get", name.as_deref()?),
            "resources/read" => ("resources/read", "resources/read", uri.as_deref()?),
            "resources/subscribe" => ("resources/subscribe", "resources/subscribe", uri.as_deref()?),
            "completion/complete" => match (&reference?.name, &reference?.uri) {
                (Some(prompt), None) => ("completion/complete", "prompts/get", prompt),
                (None, Some(resource)) => ("completion/complete", "resources/read", resource),
                _ => return None,
            },
            _ => return None,
        })
    }
}

/// The refusal of a request that came with a token, if its scopes do not suffice; recorded and counted, also against the
/// rate of its caller: to be refused costs what it costs to call.
pub(super) async fn refuse(handler: &McpHandler, head: &Parts, body: &[u8]) -> Option<Response> {
    let challenges: &Arc<Challenges> = head.extensions.get()?;
    let caller: &Caller = head.extensions.get()?;
    let Scopes::Granted(granted) = caller.scopes() else { return None };
    let asked: Asked<'_> = serde_json::from_slice(body).ok()?;
    let (method, as_method, name) = asked.needs()?;
    let engine = handler.engine();
    let missing = access::missing(engine, caller, handler.surface_of(caller), as_method, name);
    if missing.is_empty() {
        return None;
    }
    let until = engine.clock.now() + engine.limits.deadline;
    let (_admitted, stop) = match pipeline::pass(engine, caller, until, &CancellationToken::new()).await {
        Ok(admitted) => (Some(admitted), Stop::InsufficientScope { missing: missing.clone() }),
        Err(stop) => (None, stop),
    };
    let later = later(&stop);
    let request_id = call::request_id(&asked.id);
    let error = if method == "tools/call" {
        answer::refusal(pipeline::refuse(engine, caller, &request_id, name, stop)?, &request_id)
    } else {
        handler.refused(&mut Passing::of(method, &request_id, caller), stop)
    };
    if let Some((status, after)) = later {
        return Some(edge::later(status, Some(asked.id), error, after));
    }
    let scopes: BTreeSet<&str> = granted.iter().chain(&missing).map(String::as_str).collect();
    let refused = edge::refusal(StatusCode::FORBIDDEN, Some(asked.id), error);
    Some(challenges.with(Challenge::InsufficientScope, scopes, refused))
}

/// The status of a refusal that has nothing to do with scopes, and when to come again.
fn later(stop: &Stop) -> Option<(StatusCode, Duration)> {
    match stop {
        Stop::InsufficientScope { .. } => None,
        Stop::RateLimited { retry_after, .. } => Some((StatusCode::TOO_MANY_REQUESTS, *retry_after)),
        Stop::Overloaded { retry_after } => Some((StatusCode::SERVICE_UNAVAILABLE, *retry_after)),
        _ => Some((StatusCode::SERVICE_UNAVAILABLE, edge::AGAIN)),
    }
}
