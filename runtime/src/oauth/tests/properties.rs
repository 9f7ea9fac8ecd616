use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use tokio::runtime::Runtime;

use super::{
    issuer::{Documents, JWKS, claims, header, issuer, refused, settings, verifier},
    signer::Signer,
};
use crate::oauth::Verifier;

/// A verifier with good tokens of three algorithms, and time that stands still.
static GOOD: LazyLock<(Runtime, Verifier, [String; 3])> = LazyLock::new(|| {
    let keys = [Signer::rsa("r"), Signer::p256("e"), Signer::ed25519("d")];
    let documents = Arc::<Documents>::default();
    documents.keys(JWKS, &keys);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let verifier = runtime.block_on(async { verifier(settings([issuer()]), &documents) });
    let [rsa, p256, ed25519] = &keys;
    let token = |key: &Signer, algorithm| key.token(&header(algorithm, key), &claims());
    let tokens = [token(rsa, "RS256"), token(p256, "ES256"), token(ed25519, "EdDSA")];
    for token in &tokens {
        assert_eq!(runtime.block_on(refused(&verifier, token)), None);
    }
    (runtime, verifier, tokens)
});

fn taken(text: &[u8]) -> bool {
    let (runtime, verifier, _) = &*GOOD;
    // A header's value is bytes; what is not text gets no further.
    std::str::from_utf8(text).is_ok_and(|text| runtime.block_on(refused(verifier, text)).is_none())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn a_token_with_another_byte_is_refused(which in 0..3_usize, at: prop::sample::Index, byte: u8) {
        let mut token = GOOD.2[which].clone().into_bytes();
        let at = at.index(token.len());
        prop_assume!(token[at] != byte);
        token[at] = byte;
        prop_assert!(!taken(&token), "byte {} of token {}", at, which);
    }

    #[test]
    fn a_token_with_a_byte_more_or_less_is_refused(which in 0..3_usize, at: prop::sample::Index, byte in prop::option::of(any::<u8>())) {
        let mut token = GOOD.2[which].clone().into_bytes();
        let at = at.index(token.len());
        match byte {
            Some(byte) => token.insert(at, byte),
            None => drop(token.remove(at)),
        }
        prop_assert!(!taken(&token), "byte {} of token {}", at, which);
    }

    #[test]
    fn a_token_with_parts_of_others_is_refused(parts in prop::array::uniform3(0..3_usize)) {
        prop_assume!(parts[0] != parts[1] || parts[1] != parts[2]);
        let part = |at: usize| GOOD.2[parts[at]].split('.').nth(at).unwrap();
        let token = [part(0), part(1), part(2)].join(".");
        // All have the same claims, so header and signature of one with the claims of another is that one.
        prop_assert_eq!(taken(token.as_bytes()), GOOD.2.contains(&token));
    }

    #[test]
    fn whatever_is_sent_is_refused_without_a_panic(text in "[A-Za-z0-9_.=-]{0,200}|\\PC{0,80}") {
        prop_assert!(!taken(text.as_bytes()));
    }
}
