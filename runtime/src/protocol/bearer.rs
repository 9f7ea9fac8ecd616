//! Who comes over HTTP proves who it is by a bearer token (RFC 6750), before anything else of a request is looked at.
//!
//! Invariant: behind this every request has the [`Caller`] that its own token proved, whatever session it is of, and no
//! `Authorization` header is left in it that a tool could pass on. A token counts only in that header: in a query it
//! would be in every log on its way. Whoever is refused is told where to get a token, and not what was wrong with one.

#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rmcp::ErrorData;

use super::edge;
use crate::{
    answer,
    engine::Engine,
    names::UNKNOWN_TOOL,
    oauth::{AuthSettings, Challenge, Fetch, ProtectedResource, TokenError, Verifier, challenge},
};

/// When to try again while an issuer is away: by then it is asked again.
const AGAIN: Duration = Duration::from_secs(5);

/// How long clients may keep the metadata: so many seconds.
const METADATA_AGE: &str = "max-age=300";

/// See the module.
pub(crate) struct Bearers {
    engine: Arc<Engine>,
    verifier: Verifier,
    challenges: Arc<Challenges>,
    metadata: Bytes,
    /// The paths of the metadata.
    places: Vec<String>,
}

/// What whoever is refused is told. It goes with each request, to where scopes are checked.
pub(super) struct Challenges {
    /// Where the metadata are.
    metadata: String,
    /// What to ask for first.
    scopes: Vec<String>,
}

impl Bearers {
    /// Tokens for a server as its settings have it; `fetch` asks issuers.
    pub(crate) fn new(engine: &Arc<Engine>, settings: &AuthSettings, fetch: Arc<dyn Fetch>) -> Self {
        // The scopes of what is hidden would tell of it; what is to be asked for is in the configuration then.
        let supported = match engine.access.step_up {
            true => scopes(engine),
            false => settings.scopes.clone().unwrap_or_default(),
        };
        let scopes = settings.scopes.clone().unwrap_or_else(|| supported.clone());
        let document = ProtectedResource::new(settings, &engine.info.name, supported);
        Self {
            verifier: Verifier::new(settings.clone(), Arc::clone(&engine.tenant), fetch, engine.clock),
            challenges: Arc::new(Challenges { metadata: ProtectedResource::address(settings), scopes }),
            metadata: serde_json::to_vec(&document).unwrap_or_default().into(),
            places: ProtectedResource::paths(settings),
            engine: Arc::clone(engine),
        }
    }

    /// Puts the caller in the place of the token, or refuses.
    async fn admit(&self, request: &mut Request) -> Result<(), Response> {
        let token = token(request);
        request.headers_mut().remove(header::AUTHORIZATION);
        let token = token.map_err(|reason| self.refused(reason))?;
        let caller = self.verifier.verify(&token).await.map_err(|error| self.wrong(&error))?;
        let extensions = request.extensions_mut();
        extensions.insert(caller);
        extensions.insert(Arc::clone(&self.challenges));
        Ok(())
    }

    fn refused(&self, reason: NoToken) -> Response {
        self.engine.metrics.refused(UNKNOWN_TOOL, reason.as_str());
        match reason {
            NoToken::Missing => self.challenges.unauthorized(Challenge::Missing),
            NoToken::Malformed => self.challenges.unauthorized(Challenge::InvalidToken),
            NoToken::Several | NoToken::InQuery => {
                let error =
                    ErrorData::invalid_request("one token, in one `Authorization` header, and nowhere else", None);
                edge::refusal(StatusCode::BAD_REQUEST, None, error)
            }
        }
    }

    fn wrong(&self, error: &TokenError) -> Response {
        self.engine.metrics.refused(UNKNOWN_TOOL, error.as_str());
        // There may be very many of these; they are counted.
        tracing::debug!(reason = error.as_str(), why = %error, "a token was refused");
        match error {
            TokenError::KeysAway => {
                let mut response = edge::refusal(StatusCode::SERVICE_UNAVAILABLE, None, answer::issuer_away(AGAIN));
                response.headers_mut().insert(header::RETRY_AFTER, AGAIN.as_secs().into());
                response
            }
            _ => self.challenges.unauthorized(Challenge::InvalidToken),
        }
    }
}

impl Challenges {
    fn unauthorized(&self, why: Challenge) -> Response {
        let error = ErrorData::invalid_request("an access token of this server's authorization server is needed", None);
        let scopes = self.scopes.iter().map(String::as_str);
        self.with(why, scopes, edge::refusal(StatusCode::UNAUTHORIZED, None, error))
    }

    /// A refusal that asks for a token with these scopes.
    pub(super) fn with<'a>(
        &self,
        why: Challenge,
        scopes: impl IntoIterator<Item = &'a str>,
        mut response: Response,
    ) -> Response {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge(&self.metadata, scopes, why));
        response
    }
}

/// The routes, behind tokens, and the metadata beside them, for everybody.
pub(crate) fn with_tokens(router: Router, bearers: Bearers) -> Router {
    let bearers = Arc::new(bearers);
    let mut router = router.route_layer(middleware::from_fn_with_state(Arc::clone(&bearers), admit));
    for place in &bearers.places {
        let document = bearers.metadata.clone();
        let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, METADATA_AGE)];
        router = router.route(place, get(async move || (headers, document).into_response()));
    }
    router
}

async fn admit(State(bearers): State<Arc<Bearers>>, mut request: Request, next: Next) -> Response {
    match bearers.admit(&mut request).await {
        Ok(()) => next.run(request).await,
        Err(refused) => refused,
    }
}

/// All scopes that tools, prompts and resources need.
fn scopes(engine: &Engine) -> Vec<String> {
    let entries = engine.catalogue.entries().iter();
    let of_tools = entries.flat_map(|entry| entry.declaration.scopes.iter().copied());
    let scopes: BTreeSet<&str> = of_tools.chain(engine.access.rules.scopes()).collect();
    scopes.into_iter().map(str::to_owned).collect()
}

/// Why there is no token to check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NoToken {
    Missing,
    Malformed,
    Several,
    InQuery,
}

impl NoToken {
    /// Its name in metrics.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "token_missing",
            Self::Malformed => "token_malformed",
            Self::Several => "token_twice",
            Self::InQuery => "token_in_query",
        }
    }
}

/// The one token of a request (RFC 6750, section 2.1).
fn token(request: &Request) -> Result<String, NoToken> {
    let query = request.uri().query().unwrap_or_default();
    if query.split('&').any(|pair| pair.split('=').next() == Some("access_token")) {
        return Err(NoToken::InQuery);
    }
    bearer(request.headers())
}

fn bearer(headers: &HeaderMap<HeaderValue>) -> Result<String, NoToken> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or(NoToken::Missing)?;
    if values.next().is_some() {
        return Err(NoToken::Several);
    }
    let text = value.to_str().map_err(|_| NoToken::Malformed)?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(NoToken::Missing);
    }
    let token = token.trim_start_matches(' ');
    if token.is_empty() { Err(NoToken::Malformed) } else { Ok(token.to_owned()) }
}
