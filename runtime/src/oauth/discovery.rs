//! Where an issuer's keys are, and the keys.
//!
//! Invariant: a metadata document counts only if it says of itself exactly the issuer that it was asked for, so that one
//! issuer can't speak for another (RFC 8414, section 3.3). Keys come from another machine by https alone.

use std::fmt;

use super::{
    Address, IssuerSettings,
    fetch::{Fetch, FetchError, LARGEST},
    json,
    jwk::KeySet,
};

/// Why there are no keys: an address, and what is wrong with what is there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoKeys {
    address: String,
    what: String,
    /// Another document may do better.
    answered: bool,
}

impl fmt::Display for NoKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.address, self.what)
    }
}

/// The keys of an issuer, as it publishes them now.
pub(super) async fn keys(fetch: &dyn Fetch, issuer: &IssuerSettings) -> Result<KeySet, NoKeys> {
    let address = match &issuer.jwks_url {
        Some(address) => address.clone(),
        None => discover(fetch, &issuer.url).await?,
    };
    let document = get(fetch, &address).await?;
    KeySet::parse(&document).map_err(|what| NoKeys::at(&address, what))
}

/// The address of the keys, from the first document that has one (the order is that of MCP's specification).
async fn discover(fetch: &dyn Fetch, issuer: &Address) -> Result<Address, NoKeys> {
    let path = issuer.path().trim_end_matches('/');
    let mut places = vec![
        format!("/.well-known/oauth-authorization-server{path}"),
        format!("/.well-known/openid-configuration{path}"),
    ];
    if !path.is_empty() {
        places.push(format!("{path}/.well-known/openid-configuration"));
    }
    let mut first = None;
    for place in places {
        match in_document(fetch, issuer, &issuer.with_path(&place)).await {
            Err(problem) if problem.answered => first = first.or(Some(problem)),
            decided => return decided,
        }
    }
    Err(first.unwrap_or_else(|| NoKeys::at(issuer, "has no metadata")))
}

async fn in_document(fetch: &dyn Fetch, issuer: &Address, place: &str) -> Result<Address, NoKeys> {
    let place = Address::parse(place).map_err(|what| NoKeys::at(issuer, what))?;
    let document = get(fetch, &place).await?;
    let problem = |what: &str| NoKeys::at(&place, what);
    let document =
        json::object(&document).map_err(|_| problem("is no JSON object in which every member stands once"))?;
    if document.get("issuer").and_then(|said| said.as_str()) != Some(issuer.as_str()) {
        return Err(problem("is about another issuer than the one that it was asked for"));
    }
    let keys = document.get("jwks_uri").and_then(|keys| keys.as_str()).ok_or_else(|| problem("has no `jwks_uri`"))?;
    let keys = Address::parse(keys).map_err(|what| problem(&format!("has a `jwks_uri` that {what}")))?;
    if keys.is_loopback() && !issuer.is_loopback() {
        return Err(problem("has a `jwks_uri` on this machine"));
    }
    Ok(keys)
}

async fn get(fetch: &dyn Fetch, address: &Address) -> Result<Vec<u8>, NoKeys> {
    let document = fetch.get(address.clone()).await.map_err(|error| NoKeys {
        answered: !matches!(error, FetchError::Away(_)),
        ..NoKeys::at(address, &error.to_string())
    })?;
    if document.len() > LARGEST {
        return Err(NoKeys::at(address, &FetchError::TooLarge.to_string()));
    }
    Ok(document)
}

impl NoKeys {
    fn at(address: &Address, what: &str) -> Self {
        Self { address: address.to_string(), what: what.to_owned(), answered: true }
    }
}
