//! Whose tokens are taken, and for what. Read from `auth.*`.

use std::{sync::Arc, time::Duration};

use super::{Address, Algorithm};

/// Everything that is set under `auth`.
#[derive(Debug, Clone)]
pub(crate) struct AuthSettings {
    /// The canonical address of this server, by which clients and issuers know it (RFC 8707, RFC 9728).
    pub(crate) resource: Address,
    /// Where people read about it.
    pub(crate) documentation: Option<Address>,
    /// What a client without a token is told to ask for; where it is not set, all that tools need.
    pub(crate) scopes: Option<Vec<String>>,
    /// At least one; their addresses differ.
    pub(crate) issuers: Vec<IssuerSettings>,
    /// How far the clocks of this machine and an issuer may be apart.
    pub(crate) leeway: Duration,
    /// The longest time for which a token may be made.
    pub(crate) max_token_lifetime: Option<Duration>,
    pub(crate) keys: KeySettings,
    /// Only callers of the server's own tenant are let in.
    pub(crate) one_tenant: bool,
}

/// How keys of issuers are kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeySettings {
    /// Between two looks for a key that is not known, at least.
    pub(crate) refresh: Duration,
    /// After which they are asked for again; a part of it earlier, without anybody waiting.
    pub(crate) max_age: Duration,
    /// How much older they may get while the issuer is away.
    pub(crate) max_stale: Duration,
}

/// What is set under `auth.issuers.<name>`.
#[derive(Debug, Clone)]
pub(crate) struct IssuerSettings {
    /// The user's own, which distinguishes the callers of two issuers.
    pub(crate) name: Arc<str>,
    /// The issuer identifier, as it is in `iss`.
    pub(crate) url: Address,
    /// Where its keys are; found by discovery where it is not set.
    pub(crate) jwks_url: Option<Address>,
    /// What `aud` must hold.
    pub(crate) audience: String,
    pub(crate) algorithms: Vec<Algorithm>,
    /// What `typ` may be, without `application/`.
    pub(crate) token_types: Vec<String>,
    /// Whose data its callers work on, whatever their tokens say.
    pub(crate) tenant: Option<Arc<str>>,
    /// The claim that says whose data a caller works on; where neither is set, that of the server.
    pub(crate) tenant_claim: Option<String>,
    /// The claim that says who a caller is.
    pub(crate) principal_claim: String,
    /// The claim with the scopes; where it is not set, `scope`, or else `scp`.
    pub(crate) scope_claim: Option<String>,
    /// Claims that are kept for policies.
    pub(crate) claims: Vec<String>,
}
