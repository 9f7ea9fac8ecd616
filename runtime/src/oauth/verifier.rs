//! From the text of a token to what it proves.
//!
//! Invariant: in this order, each step on what the one before found: form, issuer, type, algorithm, key, signature,
//! claims. What was proved is remembered for as long as the token and the key that checked it are valid, and no longer: it
//! is found again in 1 µs, where a signature takes some 100.

use std::sync::Arc;

use quick_cache::{Weighter, sync::Cache};
use sha2::{Digest as _, Sha256};

use super::{
    Algorithm, AuthSettings, IssuerSettings, TokenError,
    claims::{self, Times},
    fetch::Fetch,
    jwk::Key,
    keys::Keys,
    token::{LONGEST, Token},
};
use crate::{caller::Caller, clock::Clock};

/// What remembered tokens may take, in bytes.
const REMEMBERED: u64 = 8 * 1024 * 1024;

/// What a remembered token takes beside its claims, roughly.
const OVERHEAD: u64 = 512;

/// See the module.
pub(crate) struct Verifier {
    issuers: Vec<Issuer>,
    settings: AuthSettings,
    /// Of callers whose issuer names none.
    tenant: Arc<str>,
    clock: Clock,
    remembered: Cache<[u8; 32], Remembered, ByBytes>,
}

struct Issuer {
    settings: Arc<IssuerSettings>,
    keys: Arc<Keys>,
}

/// A token that was found in order.
#[derive(Clone)]
struct Remembered {
    caller: Caller,
    /// In [`Verifier::issuers`].
    issuer: usize,
    /// Of the key that checked it.
    generation: u64,
    bytes: u64,
}

impl Verifier {
    /// Nothing is asked of an issuer before there is a token of it, so a server starts while an issuer is away.
    pub(crate) fn new(settings: AuthSettings, tenant: Arc<str>, fetch: Arc<dyn Fetch>, clock: Clock) -> Self {
        let issuers = settings.issuers.iter().map(|issuer| {
            let issuer = Arc::new(issuer.clone());
            let keys = Keys::new(Arc::clone(&issuer), settings.keys, Arc::clone(&fetch), clock);
            Issuer { settings: issuer, keys }
        });
        let typical = usize::try_from(REMEMBERED / (4 * OVERHEAD)).unwrap_or(usize::MAX);
        let remembered = Cache::with_weighter(typical, REMEMBERED, ByBytes);
        Self { issuers: issuers.collect(), settings, tenant, clock, remembered }
    }

    /// Who a token proves the caller to be.
    ///
    /// # Errors
    /// Why it proves nothing: for the log, not for who sent it.
    pub(crate) async fn verify(&self, token: &str) -> Result<Caller, TokenError> {
        if token.len() > LONGEST {
            return Err(TokenError::TooLong);
        }
        let key: [u8; 32] = Sha256::digest(token).into();
        if let Some(caller) = self.remembered(&key).await? {
            return Ok(caller);
        }
        let mut parsed = Token::parse(token)?;
        let (index, issuer) = self.issuer(&parsed)?;
        let algorithm = issuer.settings.judge(&parsed)?;
        let verifies = |key: &Key| key.verify(algorithm, parsed.signed, &parsed.signature);
        let generation = issuer.keys.check(parsed.key.as_deref(), algorithm, verifies).await?;
        let caller = claims::check(&mut parsed.claims, &issuer.settings, &self.tenant, &self.times())?;
        if self.settings.one_tenant && *caller.tenant() != self.tenant {
            return Err(TokenError::OtherTenant);
        }
        // The claims take more in memory than as text, and less than all of the token does.
        let bytes = OVERHEAD + 2 * u64::try_from(token.len()).unwrap_or(u64::MAX);
        self.remembered.insert(key, Remembered { caller: caller.clone(), issuer: index, generation, bytes });
        Ok(caller)
    }

    /// What a token proved before, if that still holds.
    async fn remembered(&self, key: &[u8; 32]) -> Result<Option<Caller>, TokenError> {
        let Some(Remembered { caller, issuer, generation, .. }) = self.remembered.get(key) else { return Ok(None) };
        let holds = self.issuers[issuer].keys.current().await?.generation == generation;
        if holds && !caller.proved().expires.is_none_or(|expires| self.times().expired(expires)) {
            return Ok(Some(caller));
        }
        self.remembered.remove(key);
        Ok(None)
    }

    /// By what the token says of itself, which its keys then prove or not.
    fn issuer(&self, token: &Token<'_>) -> Result<(usize, &Issuer), TokenError> {
        let claim = token.claims.get("iss").ok_or_else(|| TokenError::Missing("iss".into()))?;
        let said = claim.as_str().ok_or_else(|| TokenError::Wrong("iss".into()))?;
        let mut issuers = self.issuers.iter().enumerate();
        issuers.find(|(_, issuer)| issuer.settings.url.as_str() == said).ok_or(TokenError::UnknownIssuer)
    }

    fn times(&self) -> Times {
        let AuthSettings { leeway, max_token_lifetime, .. } = self.settings;
        Times { now: self.clock.unix_millis(), leeway, max_lifetime: max_token_lifetime }
    }
}

impl IssuerSettings {
    /// The algorithm of a token, if it is of a kind that the issuer's may be.
    fn judge(&self, token: &Token<'_>) -> Result<Algorithm, TokenError> {
        // RFC 7515, section 4.1.9: `application/` may be left out, and case does not matter.
        let kind = token.kind.to_ascii_lowercase();
        let kind = kind.strip_prefix("application/").unwrap_or(&kind);
        if !self.token_types.iter().any(|known| known.eq_ignore_ascii_case(kind)) {
            return Err(TokenError::Type);
        }
        let algorithm = Algorithm::named(&token.algorithm).filter(|algorithm| self.algorithms.contains(algorithm));
        algorithm.ok_or(TokenError::Algorithm)
    }
}

/// Tokens count by their size.
#[derive(Clone)]
struct ByBytes;

impl Weighter<[u8; 32], Remembered> for ByBytes {
    fn weight(&self, _key: &[u8; 32], remembered: &Remembered) -> u64 {
        remembered.bytes
    }
}
