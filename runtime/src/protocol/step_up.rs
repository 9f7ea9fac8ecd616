//! A request that a caller lacks scopes for is answered with 403 and the scopes to come back with, all at once (MCP
//! 2026-07-28, authorization; RFC 6750, section 3.1).
//!
//! It is answered before the SDK reads it, since a session's answer is a stream, which begins with 200. What is not
//! understood here goes its usual way and is refused there, by the same rule and without the challenge.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc, time::Duration};

use axum::response::Response;
use http::{StatusCode, request::Parts};
use rmcp::model::{ClientRequest, RequestId};
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

/// Methods that are not MCP's, as they are recorded.
const CUSTOM: &str = "custom";

/// What is read of a request.
#[derive(Deserialize)]
struct Asked<'a> {
    id: RequestId,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    params: Option<Named<'a>>,
}

/// What is read of a request whose parameters are of another kind.
#[derive(Deserialize)]
struct Envelope<'a> {
    id: RequestId,
    #[serde(borrow)]
    method: Cow<'a, str>,
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
        let Named { name, uri, reference } = self.params.as_ref()?;
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

/// A request that its caller lacks scopes for.
struct Lacking {
    id: RequestId,
    /// As it is recorded.
    method: &'static str,
    /// Where it is one.
    tool: Option<String>,
    missing: Vec<String>,
}

impl Lacking {
    /// What a caller lacks, if anything.
    fn of(handler: &McpHandler, caller: &Caller, body: &[u8]) -> Option<Self> {
        let (engine, surface) = (handler.engine(), handler.surface_of(caller));
        let lacks = |method, name: &str| {
            Some(access::missing(engine, caller, surface, method, name)).filter(|missing| !missing.is_empty())
        };
        let asked: Result<Asked<'_>, _> = serde_json::from_slice(body);
        if let Some((method, as_method, name)) = asked.as_ref().ok().and_then(Asked::needs) {
            let missing = lacks(as_method, name)?;
            let tool = (method == "tools/call").then(|| name.to_owned());
            return Some(Self { id: asked.ok()?.id, method, tool, missing });
        }
        let (id, method) = match asked {
            Ok(Asked { id, method, .. }) => (id, method),
            Err(_) => serde_json::from_slice(body).map(|Envelope { id, method }| (id, method)).ok()?,
        };
        let missing = lacks(CUSTOM, &method)?;
        // Which methods are not MCP's the SDK knows. To ask it costs much, and is done for what will be refused.
        let request = serde_json::from_slice(body);
        matches!(request, Ok(ClientRequest::CustomRequest(_))).then_some(Self {
            id,
            method: CUSTOM,
            tool: None,
            missing,
        })
    }
}

/// The refusal of a request that came with a token, if its scopes do not suffice; recorded and counted, also against the
/// rate of its caller: to be refused costs what it costs to call.
pub(super) async fn refuse(handler: &McpHandler, head: &Parts, body: &[u8]) -> Option<Response> {
    let challenges: &Arc<Challenges> = head.extensions.get()?;
    let caller: &Caller = head.extensions.get()?;
    let Scopes::Granted(granted) = caller.scopes() else { return None };
    let Lacking { id, method, tool, missing } = Lacking::of(handler, caller, body)?;
    let engine = handler.engine();
    let until = engine.clock.now() + engine.limits.deadline;
    let (_admitted, stop) = match pipeline::pass(engine, caller, until, &CancellationToken::new()).await {
        Ok(admitted) => (Some(admitted), Stop::InsufficientScope { missing: missing.clone() }),
        Err(stop) => (None, stop),
    };
    let later = later(&stop);
    let request_id = call::request_id(&id);
    let error = match tool {
        Some(tool) => answer::refusal(pipeline::refuse(engine, caller, &request_id, &tool, stop)?, &request_id),
        None => handler.refused(&mut Passing::of(method, &request_id, caller), stop),
    };
    if let Some((status, after)) = later {
        return Some(edge::later(status, Some(id), error, after));
    }
    let scopes: BTreeSet<&str> = granted.iter().chain(&missing).map(String::as_str).collect();
    let refused = edge::refusal(StatusCode::FORBIDDEN, Some(id), error);
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
