//! A token taken apart (RFC 7515, compact serialisation). Nothing of it is believed yet.
//!
//! Of the header only `alg`, `typ` and `kid` are read. `jwk`, `jku`, `x5u` and `x5c` name keys or say where to find them,
//! and who made the token up would choose them (RFC 8725, section 3.10): they are not looked at.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::{
    error::{Part, TokenError},
    json::{self, NotAnObject},
};

/// How long a token may be, in bytes.
pub(super) const LONGEST: usize = 8 * 1024;

/// See the module.
pub(super) struct Token<'a> {
    pub(super) algorithm: String,
    /// `typ`.
    pub(super) kind: String,
    /// `kid`.
    pub(super) key: Option<String>,
    pub(super) claims: Map<String, Value>,
    /// What the signature is of.
    pub(super) signed: &'a [u8],
    pub(super) signature: Vec<u8>,
}

impl<'a> Token<'a> {
    /// Takes a token apart.
    pub(super) fn parse(text: &'a str) -> Result<Self, TokenError> {
        if text.len() > LONGEST {
            return Err(TokenError::TooLong);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(TokenError::Parts)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::Parts)?;
        if claims.contains('.') {
            return Err(TokenError::Parts);
        }
        let mut header = object(header, Part::Header)?;
        let claims = object(claims, Part::Claims)?;
        let signature = decode(signature)?;
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(TokenError::Extension);
        }
        let mut text = |name: &str| match header.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(TokenError::Wrong(name.into())),
        };
        let algorithm = text("alg")?.ok_or_else(|| TokenError::Missing("alg".into()))?;
        let kind = text("typ")?.ok_or_else(|| TokenError::Missing("typ".into()))?;
        Ok(Self { algorithm, kind, key: text("kid")?, claims, signed: signed.as_bytes(), signature })
    }
}

fn object(part: &str, which: Part) -> Result<Map<String, Value>, TokenError> {
    json::object(&decode(part)?).map_err(|error| match error {
        NotAnObject::Other => TokenError::NotAnObject(which),
        NotAnObject::Twice => TokenError::Twice(which),
    })
}

/// Bits that are left over must be zero, so that no two texts are one token.
fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Encoding)
}
