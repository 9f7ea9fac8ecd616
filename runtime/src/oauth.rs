//! An OAuth 2.1 resource server, as MCP 2026-07-28 asks of one: which tokens are taken, and what whoever has none is told.
//!
//! Invariant: nothing of a token is believed before its signature was checked by a key that its issuer published, for
//! the one algorithm that the key and the issuer's settings agree on. No address in a token is ever followed, and
//! nothing of it is logged. Followed are RFC 9068 (access tokens), RFC 8725 (what goes wrong with tokens), RFC 8414 and
//! OpenID Connect Discovery (where keys are), RFC 9728 (what clients are told) and RFC 6750 (how).
//!
//! It deliberately asks no issuer about single tokens (RFC 7662) and takes no token that is bound to a key of the client
//! (RFC 8705, RFC 9449), since it would have to check that.

#[cfg_attr(not(feature = "oauth"), allow(dead_code, reason = "settings are read to say what is wrong with them"))]
mod address;
mod algorithm;
#[cfg(feature = "oauth")]
mod challenge;
#[cfg(feature = "oauth")]
mod claims;
#[cfg(feature = "oauth")]
mod discovery;
#[cfg(feature = "oauth")]
mod error;
#[cfg(feature = "oauth")]
mod fetch;
#[cfg(feature = "oauth")]
mod json;
#[cfg(feature = "oauth")]
mod jwk;
#[cfg(feature = "oauth")]
mod keys;
#[cfg(feature = "oauth")]
mod metadata;
#[cfg_attr(not(feature = "oauth"), allow(dead_code, reason = "settings are read to say what is wrong with them"))]
mod settings;
#[cfg(feature = "oauth")]
#[cfg(test)]
pub(crate) mod tests;
#[cfg(feature = "oauth")]
mod token;
#[cfg(feature = "oauth")]
mod verifier;

#[cfg(feature = "fuzzing")]
pub(crate) use self::fetch::FetchError;
pub(crate) use self::{
    address::Address,
    algorithm::Algorithm,
    settings::{AuthSettings, IssuerSettings, KeySettings},
};
#[cfg(feature = "oauth")]
pub(crate) use self::{
    challenge::{Challenge, challenge},
    error::TokenError,
    fetch::{Fetch, Https},
    metadata::ProtectedResource,
    verifier::Verifier,
};
