//! The signatures that tokens may have (RFC 7518, RFC 8037).
//!
//! It deliberately has no `none` and nothing symmetric: there is no setting that could let them in.

/// An asymmetric signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    EdDsa,
}

impl Algorithm {
    /// Every algorithm by its registered names. `EdDSA` is Ed25519 alone, which RFC 9864 gave a name of its own.
    const NAMES: [(&'static str, Self); 10] = [
        ("RS256", Self::Rs256),
        ("ES256", Self::Es256),
        ("EdDSA", Self::EdDsa),
        ("PS256", Self::Ps256),
        ("RS384", Self::Rs384),
        ("RS512", Self::Rs512),
        ("PS384", Self::Ps384),
        ("PS512", Self::Ps512),
        ("ES384", Self::Es384),
        ("Ed25519", Self::EdDsa),
    ];

    /// The algorithm of a name, which is compared exactly.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, algorithm)| *algorithm)
    }

    /// All names, for messages.
    pub(crate) fn names() -> String {
        Self::NAMES.map(|(name, _)| name).join(", ")
    }
}
