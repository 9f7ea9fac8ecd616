//! An issuer in the process: documents by address, and a count of who asked for them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::signer::Signer;
use crate::{
    clock::Clock,
    oauth::{
        Address, Algorithm, AuthSettings, IssuerSettings, KeySettings, TokenError, Verifier,
        fetch::{Fetch, FetchError},
    },
};

pub(crate) const RESOURCE: &str = "https://mcp.example/mcp";
pub(crate) const ISSUER: &str = "https://issuer.example";
pub(crate) const OTHER: &str = "https://other.example/realm";
pub(crate) const JWKS: &str = "https://issuer.example/jwks";
pub(crate) const OTHER_JWKS: &str = "https://other.example/realm/jwks";

/// When tests begin, in seconds since 1970.
pub(crate) const NOW: u64 = 1_800_000_000;

/// See the module.
#[derive(Default)]
pub(crate) struct Documents {
    by_address: Mutex<HashMap<String, Result<Vec<u8>, FetchError>>>,
    asked: Mutex<Vec<String>>,
    /// How long each takes.
    delay: Mutex<Duration>,
}

impl Documents {
    /// Publishes a document.
    pub(crate) fn put(&self, address: &str, document: &Value) {
        self.answer(address, Ok(document.to_string().into_bytes()));
    }

    /// Publishes a key set.
    pub(crate) fn keys<'a>(&self, address: &str, keys: impl IntoIterator<Item = &'a Signer>) {
        let keys: Vec<Value> = keys.into_iter().map(Signer::jwk).collect();
        self.put(address, &json!({ "keys": keys }));
    }

    pub(crate) fn answer(&self, address: &str, answer: Result<Vec<u8>, FetchError>) {
        self.by_address.lock().unwrap().insert(address.to_owned(), answer);
    }

    /// The issuer goes away.
    pub(crate) fn away(&self, address: &str) {
        self.answer(address, Err(FetchError::Away("connection refused".into())));
    }

    pub(crate) fn delay(&self, delay: Duration) {
        *self.delay.lock().unwrap() = delay;
    }

    /// What was asked for since this was called last.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl Fetch for Documents {
    fn get(&self, address: Address) -> BoxFuture<'_, Result<Vec<u8>, FetchError>> {
        self.asked.lock().unwrap().push(address.to_string());
        let (delay, known) =
            (*self.delay.lock().unwrap(), self.by_address.lock().unwrap().get(address.as_str()).cloned());
        Box::pin(async move {
            tokio::time::sleep(delay).await;
            known.unwrap_or(Err(FetchError::Status(404)))
        })
    }
}

/// An issuer of the name `main`, whose keys are at [`JWKS`].
pub(crate) fn issuer() -> IssuerSettings {
    IssuerSettings {
        name: "main".into(),
        url: address(ISSUER),
        jwks_url: Some(address(JWKS)),
        audience: RESOURCE.into(),
        algorithms: ["RS256", "ES256", "EdDSA", "PS256"].map(|name| Algorithm::named(name).unwrap()).into(),
        token_types: vec!["at+jwt".into()],
        tenant: None,
        tenant_claim: None,
        principal_claim: "sub".into(),
        scope_claim: None,
        claims: Vec::new(),
    }
}

/// One of the name `other`, whose keys are at [`OTHER_JWKS`].
pub(crate) fn other() -> IssuerSettings {
    IssuerSettings { name: "other".into(), url: address(OTHER), jwks_url: Some(address(OTHER_JWKS)), ..issuer() }
}

pub(crate) fn settings(issuers: impl Into<Vec<IssuerSettings>>) -> AuthSettings {
    AuthSettings {
        resource: address(RESOURCE),
        documentation: None,
        scopes: None,
        issuers: issuers.into(),
        leeway: Duration::from_secs(30),
        max_token_lifetime: None,
        one_tenant: false,
        keys: KeySettings {
            refresh: Duration::from_secs(60),
            max_age: Duration::from_secs(3600),
            max_stale: Duration::from_secs(24 * 3600),
        },
    }
}

/// A verifier on tokio's time, which the test must have paused.
pub(crate) fn verifier(settings: AuthSettings, documents: &Arc<Documents>) -> Verifier {
    let clock = Clock::starting_at(SystemTime::UNIX_EPOCH + Duration::from_secs(NOW));
    Verifier::new(settings, "default".into(), Arc::clone(documents) as Arc<dyn Fetch>, clock)
}

/// Why a token is refused.
pub(crate) async fn refused(verifier: &Verifier, token: &str) -> Option<TokenError> {
    verifier.verify(token).await.err()
}

/// The claims of a good token.
pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": RESOURCE, "sub": "alice", "client_id": "app", "jti": "1",
        "iat": NOW - 10, "nbf": NOW - 10, "exp": NOW + 300, "scope": "notes:read notes:write",
    })
}

/// The header of a good token.
pub(crate) fn header(algorithm: &str, key: &Signer) -> Value {
    json!({"alg": algorithm, "typ": "at+jwt", "kid": key.id})
}

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}
