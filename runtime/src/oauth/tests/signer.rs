//! Keys of an issuer that can also sign.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{
    hmac,
    rand::SystemRandom,
    rsa,
    signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair},
};
use serde_json::{Value, json};

/// A key pair with its `kid`.
pub(crate) struct Signer {
    pub(crate) id: &'static str,
    key: Key,
}

enum Key {
    Rsa(Box<RsaKeyPair>),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Signer {
    /// RSA with 2048 bits.
    pub(crate) fn rsa(id: &'static str) -> Self {
        Self::of_rsa(id, include_bytes!("rsa.pk8"))
    }

    /// Another one.
    pub(crate) fn other_rsa(id: &'static str) -> Self {
        Self::of_rsa(id, include_bytes!("other-rsa.pk8"))
    }

    fn of_rsa(id: &'static str, pair: &[u8]) -> Self {
        Self { id, key: Key::Rsa(Box::new(RsaKeyPair::from_pkcs8(pair).unwrap())) }
    }

    pub(crate) fn p256(id: &'static str) -> Self {
        let (kind, random) = (&signature::ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let pair = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        Self { id, key: Key::P256(EcdsaKeyPair::from_pkcs8(kind, pair.as_ref(), &random).unwrap()) }
    }

    pub(crate) fn p384(id: &'static str) -> Self {
        let (kind, random) = (&signature::ECDSA_P384_SHA384_FIXED_SIGNING, SystemRandom::new());
        let pair = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        Self { id, key: Key::P384(EcdsaKeyPair::from_pkcs8(kind, pair.as_ref(), &random).unwrap()) }
    }

    pub(crate) fn ed25519(id: &'static str) -> Self {
        let pair = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self { id, key: Key::Ed25519(Ed25519KeyPair::from_pkcs8(pair.as_ref()).unwrap()) }
    }

    /// The public half, as an issuer publishes it.
    pub(crate) fn jwk(&self) -> Value {
        match &self.key {
            Key::Rsa(pair) => {
                let public: rsa::PublicKeyComponents<Vec<u8>> = pair.public().into();
                json!({"kty": "RSA", "kid": self.id, "use": "sig", "n": encode(&public.n), "e": encode(&public.e)})
            }
            Key::P256(pair) => self.point("P-256", pair.public_key().as_ref()),
            Key::P384(pair) => self.point("P-384", pair.public_key().as_ref()),
            Key::Ed25519(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "kid": self.id, "x": encode(pair.public_key().as_ref())})
            }
        }
    }

    fn point(&self, curve: &str, point: &[u8]) -> Value {
        let (x, y) = point[1..].split_at(point.len() / 2);
        json!({"kty": "EC", "crv": curve, "kid": self.id, "x": encode(x), "y": encode(y)})
    }

    /// A signature as the algorithm has it.
    pub(crate) fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let rsa = |pair: &RsaKeyPair, padding: &'static dyn signature::RsaEncoding| {
            let mut signature = vec![0; pair.public().modulus_len()];
            pair.sign(padding, &random, message, &mut signature).unwrap();
            signature
        };
        match (&self.key, algorithm) {
            (Key::Rsa(pair), "RS384") => rsa(pair, &signature::RSA_PKCS1_SHA384),
            (Key::Rsa(pair), "RS512") => rsa(pair, &signature::RSA_PKCS1_SHA512),
            (Key::Rsa(pair), "PS256") => rsa(pair, &signature::RSA_PSS_SHA256),
            (Key::Rsa(pair), "PS384") => rsa(pair, &signature::RSA_PSS_SHA384),
            (Key::Rsa(pair), "PS512") => rsa(pair, &signature::RSA_PSS_SHA512),
            (Key::Rsa(pair), _) => rsa(pair, &signature::RSA_PKCS1_SHA256),
            (Key::P256(pair) | Key::P384(pair), _) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            (Key::Ed25519(pair), _) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// A token of this header and these claims.
    pub(crate) fn token(&self, header: &Value, claims: &Value) -> String {
        self.token_of(&header.to_string(), &claims.to_string())
    }

    /// The same from texts that need not be JSON.
    pub(crate) fn token_of(&self, header: &str, claims: &str) -> String {
        let algorithm =
            serde_json::from_str::<Value>(header).ok().and_then(|header| Some(header["alg"].as_str()?.to_owned()));
        let signed = format!("{}.{}", encode(header.as_bytes()), encode(claims.as_bytes()));
        let signature = self.sign(algorithm.as_deref().unwrap_or_default(), signed.as_bytes());
        format!("{signed}.{}", encode(&signature))
    }
}

/// HMAC with SHA-256, which no token may have.
pub(crate) fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn decode(text: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
}
