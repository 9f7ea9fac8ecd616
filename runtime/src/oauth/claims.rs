//! What a token says, once its signature was found in order (RFC 7519, section 4.1; RFC 9068, section 2.2).
//!
//! Invariant: issuer, audience, expiry, the beginning (`nbf`, or else `iat`) and the caller must all be there and be of
//! the right kind. A claim that is there and can't be read is never taken for one that is not there.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use serde_json::{Map, Value};

use super::{IssuerSettings, error::TokenError};
use crate::{
    caller::{Caller, Proved, Scopes},
    principal::Principal,
};

/// The latest time that a token may name: the end of the year 9999, in seconds.
const LATEST: u64 = 253_402_300_799;

/// The longest name of a caller, tenant or client, in bytes.
const LONGEST_NAME: usize = 255;

/// How times are judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// In milliseconds since 1970-01-01T00:00:00Z.
    pub(super) now: u64,
    pub(super) leeway: Duration,
    pub(super) max_lifetime: Option<Duration>,
}

/// Checks every claim but `iss`, by which the issuer was found. `tenant` is that of callers whose issuer names none.
pub(super) fn check(
    claims: &mut Map<String, Value>,
    issuer: &IssuerSettings,
    tenant: &Arc<str>,
    times: &Times,
) -> Result<Caller, TokenError> {
    audience(claims, &issuer.audience)?;
    let expires = times.check(claims)?;
    if claims.contains_key("cnf") {
        return Err(TokenError::SenderConstrained);
    }
    let subject = required(name(claims, &issuer.principal_claim)?, &issuer.principal_claim)?;
    let tenant = match (&issuer.tenant, &issuer.tenant_claim) {
        (Some(tenant), _) => Arc::clone(tenant),
        (None, Some(claim)) => required(name(claims, claim)?, claim)?.into(),
        (None, None) => Arc::clone(tenant),
    };
    let scopes = match &issuer.scope_claim {
        Some(claim) => scopes(claims, claim)?,
        None if claims.contains_key("scope") => scopes(claims, "scope")?,
        None => scopes(claims, "scp")?,
    };
    let client = match name(claims, "client_id")? {
        Some(client) => Some(client),
        None => name(claims, "azp")?,
    };
    let kept = issuer.claims.iter().filter_map(|name| claims.remove_entry(name)).collect();
    let proved = Proved { scopes: Scopes::Granted(scopes), client, claims: kept, expires: Some(expires) };
    // The name of an issuer has no colon, so no two callers of two issuers share a name.
    let principal = Principal::Named(format!("{}:{subject}", issuer.name).into());
    Ok(Caller::new(principal, tenant, proved))
}

impl Times {
    /// Returns the expiry.
    fn check(&self, claims: &Map<String, Value>) -> Result<u64, TokenError> {
        let expires = required(seconds(claims, "exp")?, "exp")?;
        let (not_before, issued) = (seconds(claims, "nbf")?, seconds(claims, "iat")?);
        let begins = required(not_before.or(issued), "nbf")?;
        let latest = begins.max(issued.unwrap_or(begins));
        if self.expired(expires) {
            return Err(TokenError::Expired);
        }
        if latest.saturating_mul(1000) > self.now.saturating_add(millis(self.leeway)) {
            return Err(TokenError::NotYet);
        }
        let lifetime = expires.saturating_sub(issued.unwrap_or(begins).min(begins));
        match self.max_lifetime {
            Some(most) if lifetime.saturating_mul(1000) > millis(most) => Err(TokenError::TooLongLived),
            _ => Ok(expires),
        }
    }

    /// Whether something that expires then has.
    pub(super) fn expired(&self, expires: u64) -> bool {
        self.now >= expires.saturating_mul(1000).saturating_add(millis(self.leeway))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn required<T>(claim: Option<T>, name: &str) -> Result<T, TokenError> {
    claim.ok_or_else(|| TokenError::Missing(name.into()))
}

fn wrong(name: &str) -> TokenError {
    TokenError::Wrong(name.into())
}

/// One audience or several, of which this server must be one.
fn audience(claims: &Map<String, Value>, expected: &str) -> Result<(), TokenError> {
    let holds = match claims.get("aud") {
        None => return Err(TokenError::Missing("aud".into())),
        Some(Value::String(audience)) => audience == expected,
        Some(Value::Array(audiences)) => {
            let mut holds = false;
            for audience in audiences {
                holds |= audience.as_str().ok_or_else(|| wrong("aud"))? == expected;
            }
            holds
        }
        Some(_) => return Err(wrong("aud")),
    };
    if holds { Ok(()) } else { Err(TokenError::Audience) }
}

/// A time in whole seconds.
fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<u64>, TokenError> {
    let Some(claim) = claims.get(name) else { return Ok(None) };
    claim.as_u64().filter(|time| *time <= LATEST).map(Some).ok_or_else(|| wrong(name))
}

/// A name that can stand in a key and in a line of a log.
fn name(claims: &Map<String, Value>, claim: &str) -> Result<Option<String>, TokenError> {
    let Some(value) = claims.get(claim) else { return Ok(None) };
    let fits = |text: &&str| !text.is_empty() && text.len() <= LONGEST_NAME && !text.chars().any(char::is_control);
    value.as_str().filter(fits).map(|text| Some(text.to_owned())).ok_or_else(|| wrong(claim))
}

/// A text with spaces between scopes (RFC 8693, section 4.2), or a list of them.
fn scopes(claims: &Map<String, Value>, claim: &str) -> Result<BTreeSet<String>, TokenError> {
    let scope = |text: &str| is_scope(text).then(|| text.to_owned()).ok_or_else(|| wrong(claim));
    match claims.get(claim) {
        None => Ok(BTreeSet::new()),
        Some(Value::String(text)) => text.split(' ').filter(|scope| !scope.is_empty()).map(scope).collect(),
        Some(Value::Array(items)) => items.iter().map(|item| scope(item.as_str().unwrap_or_default())).collect(),
        Some(_) => Err(wrong(claim)),
    }
}

/// Whether a text is a scope (RFC 6749, section 3.3): visible ASCII without `"` and `\`.
pub(super) fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}
