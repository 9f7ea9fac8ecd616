//! Keys that an issuer publishes (RFC 7517, RFC 7518, RFC 8037).
//!
//! Invariant: a key checks signatures of its own kind only, of the one algorithm that it names if it names one, and none
//! when it is for something else. Keys that can't be used here are left out, as RFC 7517 has it (section 5): symmetric
//! ones, short ones, ones for encryption, and ones of which the issuer published the private part.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::signature::{self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm};
use serde_json::{Map, Value};

use super::{Algorithm, error::TokenError, json};

/// How many keys an issuer may publish.
const MOST_KEYS: usize = 64;

/// What a modulus may have, in bits (RFC 7518, section 3.3).
const MODULUS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// The keys of one issuer that can be used.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct KeySet {
    keys: Vec<Arc<Key>>,
    /// How many were left out.
    pub(super) left_out: usize,
}

/// One of them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Key {
    id: Option<String>,
    /// The only algorithm that it is for, where it names one.
    pinned: Option<Algorithm>,
    material: Material,
}

#[derive(Debug, PartialEq, Eq)]
enum Material {
    /// Modulus and exponent, without leading zeros.
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// An uncompressed point.
    P256(Vec<u8>),
    /// An uncompressed point.
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl KeySet {
    /// Reads a key set.
    ///
    /// # Errors
    /// Why it is none that can be used, as the end of a sentence.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        let document = json::object(bytes).map_err(|_| "is not a JSON object in which every member stands once")?;
        let Some(Value::Array(keys)) = document.get("keys") else { return Err("has no list `keys`") };
        if keys.len() > MOST_KEYS {
            return Err("has more than 64 keys");
        }
        let usable: Vec<_> = keys.iter().filter_map(|key| Key::parse(key.as_object()?)).map(Arc::new).collect();
        if usable.is_empty() {
            return Err("has no key that can be used");
        }
        Ok(Self { left_out: keys.len() - usable.len(), keys: usable })
    }

    /// The one key that a token's header means.
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<&Arc<Key>, TokenError> {
        let Some(id) = id else {
            let [key] = self.keys.as_slice() else { return Err(TokenError::NoKeyId) };
            return if key.takes(algorithm) { Ok(key) } else { Err(TokenError::KeyMismatch) };
        };
        let mut named = self.keys.iter().filter(|key| key.id.as_deref() == Some(id)).peekable();
        named.peek().ok_or(TokenError::UnknownKey)?;
        // An id may stand for keys of different kinds; two of one kind are none, since one of them would be a guess.
        let mut fitting = named.filter(|key| key.takes(algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            _ => Err(TokenError::KeyMismatch),
        }
    }
}

impl Key {
    fn parse(jwk: &Map<String, Value>) -> Option<Self> {
        // A member that is there must be text; `kid: 7` is not the same as no `kid`.
        let text = |name: &str| jwk.get(name).map(|value| value.as_str().ok_or(())).transpose().ok();
        if ["d", "k"].iter().any(|private| jwk.contains_key(*private)) || text("use")?.is_some_and(|for_| for_ != "sig")
        {
            return None;
        }
        if let Some(operations) = jwk.get("key_ops")
            && !operations.as_array()?.iter().any(|operation| operation == "verify")
        {
            return None;
        }
        let material = match (text("kty")??, text("crv")?) {
            ("RSA", _) => Material::rsa(&bytes(text("n")??)?, &bytes(text("e")??)?)?,
            ("EC", Some("P-256")) => Material::P256(point(&bytes(text("x")??)?, &bytes(text("y")??)?, 32)?),
            ("EC", Some("P-384")) => Material::P384(point(&bytes(text("x")??)?, &bytes(text("y")??)?, 48)?),
            ("OKP", Some("Ed25519")) => Material::Ed25519(bytes(text("x")??).filter(|x| x.len() == 32)?),
            _ => return None,
        };
        let pinned = match text("alg")? {
            Some(name) => Some(Algorithm::named(name).filter(|algorithm| material.fits(*algorithm))?),
            None => None,
        };
        Some(Self { id: text("kid")?.map(str::to_owned), pinned, material })
    }

    fn takes(&self, algorithm: Algorithm) -> bool {
        self.pinned.is_none_or(|pinned| pinned == algorithm) && self.material.fits(algorithm)
    }

    /// Whether a signature is this key's.
    pub(super) fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let rsa = |parameters: &'static RsaParameters| match &self.material {
            Material::Rsa { n, e } => RsaPublicKeyComponents { n, e }.verify(parameters, message, signature).is_ok(),
            _ => false,
        };
        let curve = |verification: &'static dyn VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(verification, key).verify(message, signature).is_ok()
        };
        match (algorithm, &self.material) {
            (Algorithm::Rs256, _) => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
            (Algorithm::Rs384, _) => rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
            (Algorithm::Rs512, _) => rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
            (Algorithm::Ps256, _) => rsa(&signature::RSA_PSS_2048_8192_SHA256),
            (Algorithm::Ps384, _) => rsa(&signature::RSA_PSS_2048_8192_SHA384),
            (Algorithm::Ps512, _) => rsa(&signature::RSA_PSS_2048_8192_SHA512),
            (Algorithm::Es256, Material::P256(key)) => curve(&signature::ECDSA_P256_SHA256_FIXED, key),
            (Algorithm::Es384, Material::P384(key)) => curve(&signature::ECDSA_P384_SHA384_FIXED, key),
            (Algorithm::EdDsa, Material::Ed25519(key)) => curve(&signature::ED25519, key),
            _ => false,
        }
    }
}

impl Material {
    fn rsa(n: &[u8], e: &[u8]) -> Option<Self> {
        let (n, e) = (trimmed(n), trimmed(e));
        let first = n.first()?;
        let bits = 8 * n.len() - first.leading_zeros() as usize;
        // Above 2^16 and odd, as FIPS 186-5 wants it, and no longer than the library takes.
        let exponent = (3..=4).contains(&e.len()) && e.last()? % 2 == 1;
        (MODULUS.contains(&bits) && exponent).then(|| Self::Rsa { n: n.to_vec(), e: e.to_vec() })
    }

    const fn fits(&self, algorithm: Algorithm) -> bool {
        use Algorithm::{EdDsa, Es256, Es384, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
        match self {
            Self::Rsa { .. } => matches!(algorithm, Rs256 | Rs384 | Rs512 | Ps256 | Ps384 | Ps512),
            Self::P256(_) => matches!(algorithm, Es256),
            Self::P384(_) => matches!(algorithm, Es384),
            Self::Ed25519(_) => matches!(algorithm, EdDsa),
        }
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}

fn trimmed(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

/// An uncompressed point; its coordinates have exactly so many bytes (RFC 7518, section 6.2.1.2).
fn point(x: &[u8], y: &[u8], length: usize) -> Option<Vec<u8>> {
    (x.len() == length && y.len() == length).then(|| [&[4], x, y].concat())
}
