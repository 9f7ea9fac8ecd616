//! What a server hands out and wants back unaltered and unread: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) under a
//! ring of keys.
//!
//! Invariants: the first key seals and all open, so that keys can be exchanged one after the other; what opens was
//! sealed here, for the same context, byte for byte. Nonces are random and 192 bits long, so replicas may share keys
//! without a word to each other. Expiry and single use are the business of whoever seals.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305,
    aead::{Aead as _, Payload},
};
use sha2::{Digest as _, Sha256};

/// How many bytes a key has.
pub(crate) const KEY_BYTES: usize = 32;
/// How many bytes a nonce has.
const NONCE_BYTES: usize = 24;
/// How much of a key's digest says which one it is.
const ID_BYTES: usize = 8;

/// What everything sealed begins with: the format.
const PREFIX: &str = "s1.";
/// What is mixed into every tag, so that nothing else made with the same key is taken for a seal.
const DOMAIN: &[u8] = b"dev.steadfast/seal/1";

/// Unique to each thing that was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Nonce(pub(crate) [u8; NONCE_BYTES]);

/// Keys, the one that seals first.
pub(crate) struct Keys(Vec<Key>);

struct Key {
    id: [u8; ID_BYTES],
    cipher: XChaCha20Poly1305,
}

impl Keys {
    /// The first of `keys` seals.
    pub(crate) fn new<'a>(keys: impl IntoIterator<Item = &'a [u8; KEY_BYTES]>) -> Self {
        Self(keys.into_iter().map(Key::new).collect())
    }

    /// Seals a text for a context, with a nonce that was never used before; none without a key.
    pub(crate) fn seal(&self, Nonce(nonce): Nonce, text: &[u8], context: &[u8]) -> Option<String> {
        let key = self.0.first()?;
        let aad = aad(&key.id, context);
        let sealed = key.cipher.encrypt((&nonce).into(), Payload { msg: text, aad: &aad }).ok()?;
        Some(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([&key.id, &nonce[..], &sealed].concat())))
    }

    /// Opens what was sealed for a context.
    pub(crate) fn open(&self, sealed: &str, context: &[u8]) -> Option<(Nonce, Vec<u8>)> {
        // One text for each sealed value: the decoder refuses padding and stray bits at the end.
        let bytes = URL_SAFE_NO_PAD.decode(sealed.strip_prefix(PREFIX)?).ok()?;
        let (id, rest) = bytes.split_first_chunk::<ID_BYTES>()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>()?;
        let key = self.0.iter().find(|key| key.id == *id)?;
        let aad = aad(id, context);
        let text = key.cipher.decrypt(nonce.into(), Payload { msg: sealed, aad: &aad }).ok()?;
        Some((Nonce(*nonce), text))
    }
}

impl Key {
    fn new(key: &[u8; KEY_BYTES]) -> Self {
        let digest = Sha256::new().chain_update(b"dev.steadfast/key-id/1").chain_update(key).finalize();
        let mut id = [0; ID_BYTES];
        id.copy_from_slice(&digest[..ID_BYTES]);
        Self { id, cipher: XChaCha20Poly1305::new(key.into()) }
    }
}

/// No key is ever printed.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({})", self.0.len())
    }
}

fn aad(id: &[u8; ID_BYTES], context: &[u8]) -> Vec<u8> {
    [DOMAIN, id, context].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: [u8; KEY_BYTES] = [1; KEY_BYTES];
    const NEW: [u8; KEY_BYTES] = [2; KEY_BYTES];
    const NONCE: Nonce = Nonce([7; NONCE_BYTES]);

    #[test]
    fn the_first_key_seals_and_all_open() {
        let (before, after) = (Keys::new([&OLD]), Keys::new([&NEW, &OLD]));
        let old = before.seal(NONCE, b"text", b"context").unwrap();
        assert_eq!(after.open(&old, b"context"), Some((NONCE, b"text".to_vec())));
        let new = after.seal(NONCE, b"text", b"context").unwrap();
        assert_eq!(before.open(&new, b"context"), None, "a key that is not there");
        assert_eq!(Keys::new([&NEW]).open(&old, b"context"), None, "a key that was taken away");
    }

    #[test]
    fn nothing_of_a_text_can_be_read_from_its_seal() {
        let keys = Keys::new([&OLD]);
        let [one, two] = [7, 8].map(|nonce| keys.seal(Nonce([nonce; NONCE_BYTES]), b"hunter2", b"").unwrap());
        let decoded = URL_SAFE_NO_PAD.decode(one.strip_prefix(PREFIX).unwrap()).unwrap();
        assert!(!decoded.windows(7).any(|window| window == b"hunter2"));
        assert_ne!(one, two);
    }

    #[test]
    fn a_context_is_no_part_of_another() {
        let keys = Keys::new([&OLD]);
        let sealed = keys.seal(NONCE, b"text", b"context").unwrap();
        for other in [&b""[..], b"contex", b"context ", b"Context"] {
            assert_eq!(keys.open(&sealed, other), None);
        }
    }

    #[test]
    fn without_a_key_nothing_is_sealed() {
        assert!(Keys::new([]).seal(NONCE, b"text", b"").is_none());
    }
}
