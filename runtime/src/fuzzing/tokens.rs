//! Access tokens, up to whose they are.

use std::{cell::RefCell, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::future::BoxFuture;
use ring::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use serde_json::{Map, Value, json};

use super::{input, server::Made, watch::without_panics};
use crate::{
    clock::Clock,
    oauth::{Address, Algorithm, AuthSettings, Fetch, FetchError, IssuerSettings, KeySettings, Verifier},
};

const RESOURCE: &str = "https://mcp.example/mcp";
const ISSUER: &str = "https://issuer.example";
const HEADER: &str = r#"{"alg":"EdDSA","typ":"at+jwt","kid":"k"}"#;
const LEEWAY: u64 = 30;

/// What a good token must say, and the forms of it that are good, too; other claims may be anything of their kind.
const CLAIMS: [&str; 8] = ["iss", "aud", "exp", "nbf", "iat", "sub", "cnf", "scope"];

struct World {
    verifier: Verifier,
    key: Ed25519KeyPair,
    /// Another's, which has the same id.
    foreign: Ed25519KeyPair,
    now: u64,
    claims: Map<String, Value>,
    good: String,
}

thread_local! {
    static WORLD: RefCell<Option<Made<World>>> = const { RefCell::new(None) };
}

/// Text as a token: any, a good one altered, other words under a good one's signature, words that another signed, and
/// what an issuer signed that is not in order. None proves anything but the good one.
pub fn tokens(data: &[u8]) {
    let (how, rest) = input::choice(data);
    without_panics(|| {
        Made::with(&WORLD, make, async |world| {
            let (header, claims) = input::halves(rest);
            let signed = format!("{}.{}", encode(header), encode(claims));
            let token = match how % 6 {
                0 => String::from_utf8_lossy(rest).into_owned(),
                1 => input::altered(&world.good, rest),
                2 => format!("{signed}.{}", world.good.rsplit('.').next().unwrap_or_default()),
                3 => format!("{signed}.{}", encode(world.foreign.sign(signed.as_bytes()).as_ref())),
                // The public key as if it were a shared one (RFC 8725, section 2.1).
                4 => {
                    let key = hmac::Key::new(hmac::HMAC_SHA256, world.key.public_key().as_ref());
                    format!("{signed}.{}", encode(hmac::sign(&key, signed.as_bytes()).as_ref()))
                }
                _ => return world.says(rest).await,
            };
            let taken = world.verifier.verify(&token).await.is_ok();
            assert_eq!(taken, token == world.good, "{token}");
        });
    });
}

impl World {
    /// A token that the issuer signed, with one claim changed.
    async fn says(&self, data: &[u8]) {
        let (which, rest) = input::choice(data);
        let name = CLAIMS[usize::from(which) % CLAIMS.len()];
        let mut claims = self.claims.clone();
        match rest {
            [] => drop(claims.remove(name)),
            said => drop(claims.insert(name.to_owned(), input::value(said))),
        }
        let token = token(&self.key, HEADER, &json!(claims).to_string());
        let taken = self.verifier.verify(&token).await.is_ok();
        assert!(!taken || self.is_in_order(&claims), "{} was taken", json!(claims));
    }

    /// What has to hold of a token that is taken, read from the RFCs and not from the code.
    fn is_in_order(&self, claims: &Map<String, Value>) -> bool {
        let number = |name: &str| claims.get(name).and_then(Value::as_f64);
        #[allow(clippy::cast_precision_loss, reason = "times are small")]
        let (now, leeway) = (self.now as f64, LEEWAY as f64);
        let audience = match claims.get("aud") {
            Some(Value::Array(several)) => several.iter().any(|one| one == RESOURCE),
            Some(one) => one == RESOURCE,
            None => false,
        };
        audience
            && claims.get("iss").is_some_and(|issuer| issuer == ISSUER)
            && claims.get("sub").is_some_and(|who| who.as_str().is_some_and(|who| !who.is_empty()))
            && number("exp").is_some_and(|end| end + leeway > now)
            && ["nbf", "iat"].iter().all(|name| !claims.contains_key(*name) || number(name).is_some())
            && ["nbf", "iat"].iter().filter_map(|name| number(name)).all(|begins| begins <= now + leeway)
            && !claims.contains_key("cnf")
    }
}

fn make(clock: Clock) -> World {
    let [key, foreign] = [[7; 32], [9; 32]].map(|seed| Ed25519KeyPair::from_seed_unchecked(&seed).unwrap());
    let now = clock.unix_millis() / 1000;
    let claims = json!({
        "iss": ISSUER, "aud": RESOURCE, "sub": "alice", "client_id": "app", "scope": "notes:read",
        "iat": now - 10, "nbf": now - 10, "exp": now + 300,
    });
    let good = token(&key, HEADER, &claims.to_string());
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": encode(key.public_key().as_ref())});
    let keys = Published(json!({ "keys": [jwk] }).to_string());
    let verifier = Verifier::new(settings(), "default".into(), Arc::new(keys), clock);
    World { verifier, key, foreign, now, claims: claims.as_object().unwrap().clone(), good }
}

fn settings() -> AuthSettings {
    let address = |text: &str| Address::parse(text).unwrap();
    let issuer = IssuerSettings {
        name: "main".into(),
        url: address(ISSUER),
        jwks_url: Some(address("https://issuer.example/jwks")),
        audience: RESOURCE.into(),
        algorithms: ["RS256", "ES256", "EdDSA", "PS256"].map(|name| Algorithm::named(name).unwrap()).into(),
        token_types: vec!["at+jwt".into()],
        tenant: None,
        tenant_claim: None,
        principal_claim: "sub".into(),
        scope_claim: None,
        claims: Vec::new(),
    };
    let (minute, hour) = (Duration::from_secs(60), Duration::from_secs(3600));
    AuthSettings {
        resource: address(RESOURCE),
        documentation: None,
        scopes: None,
        issuers: vec![issuer],
        leeway: Duration::from_secs(LEEWAY),
        max_token_lifetime: None,
        one_tenant: false,
        keys: KeySettings { refresh: minute, max_age: hour, max_stale: 24 * hour },
    }
}

fn token(key: &Ed25519KeyPair, header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", encode(header.as_bytes()), encode(claims.as_bytes()));
    let signature = encode(key.sign(signed.as_bytes()).as_ref());
    format!("{signed}.{signature}")
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The issuer's key set.
struct Published(String);

impl Fetch for Published {
    fn get(&self, _: Address) -> BoxFuture<'_, Result<Vec<u8>, FetchError>> {
        Box::pin(std::future::ready(Ok(self.0.clone().into_bytes())))
    }
}
