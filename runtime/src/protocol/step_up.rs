//! A request that a caller lacks scopes for is answered with 403 and the scopes to come back with, all at once (MCP
//! 2026-07-28, authorization; RFC 6750, section 3.1).
//!
//! It is answered before the SDK reads it, since a session's answer is a stream, which begins with 200. What is not
//! understood here goes its usual way and is refused there, by the same rule and without the challenge.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use axum::response::Response;
use http::{StatusCode, request::Parts};
use rmcp::model::RequestId;
use serde::Deserialize;

use super::{bearer::Challenges, edge, handler::McpHandler, passing::Passing};
use crate::{
    access, answer,
    call::{self, Stop},
    caller::{Caller, Scopes},
    oauth::Challenge,
    pipeline,
};

/// Methods that need scopes, each with what it says it is for.
const METHODS: [&str; 4] = ["tools/call", "prompts/get", "resources/read", "resources/subscribe"];

/// What is read of a request.
#[derive(Deserialize)]
struct Asked<'a> {
    id: RequestId,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    params: Named<'a>,
}

/// A tool, a prompt or a resource.
#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow, alias = "uri")]
    name: Cow<'a, str>,
}

/// The refusal of a request that came with a token, if its scopes do not suffice; recorded and counted.
pub(super) fn refuse(handler: &McpHandler, head: &Parts, body: &[u8]) -> Option<Response> {
    let challenges: &Arc<Challenges> = head.extensions.get()?;
    let caller: &Caller = head.extensions.get()?;
    let Scopes::Granted(granted) = caller.scopes() else { return None };
    let Asked { id, method, params: Named { name } } = serde_json::from_slice(body).ok()?;
    let method = METHODS.into_iter().find(|known| *known == method)?;
    let engine = handler.engine();
    let missing = access::missing(engine, caller, handler.surface_of(caller), method, &name);
    if missing.is_empty() {
        return None;
    }
    let scopes: BTreeSet<&str> = granted.iter().chain(&missing).map(String::as_str).collect();
    let (stop, request_id) = (Stop::InsufficientScope { missing: missing.clone() }, call::request_id(&id));
    let error = if method == "tools/call" {
        answer::refusal(pipeline::refuse(engine, caller, &request_id, &name, stop)?, &request_id)
    } else {
        handler.refused(&mut Passing { method, id: &request_id, caller, outcome: "abandoned" }, stop)
    };
    let refused = edge::refusal(StatusCode::FORBIDDEN, Some(id), error);
    Some(challenges.with(Challenge::InsufficientScope, scopes, refused))
}
