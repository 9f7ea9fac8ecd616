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

/// The refusal of a request that came with a token, if its scopes do not suffice; recorded and counted.
pub(super) fn refuse(handler: &McpHandler, head: &Parts, body: &[u8]) -> Option<Response> {
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
    let scopes: BTreeSet<&str> = granted.iter().chain(&missing).map(String::as_str).collect();
    let (stop, request_id) = (Stop::InsufficientScope { missing: missing.clone() }, call::request_id(&asked.id));
    let error = if method == "tools/call" {
        answer::refusal(pipeline::refuse(engine, caller, &request_id, name, stop)?, &request_id)
    } else {
        handler.refused(&mut Passing { method, id: &request_id, caller, outcome: "abandoned" }, stop)
    };
    let refused = edge::refusal(StatusCode::FORBIDDEN, Some(asked.id), error);
    Some(challenges.with(Challenge::InsufficientScope, scopes, refused))
}
