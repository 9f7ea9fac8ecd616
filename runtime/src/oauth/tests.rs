//! Tokens, good and bad, against a verifier whose issuer is in the process.

mod bad;
mod good;
pub(crate) mod issuer;
mod keys;
mod properties;
pub(crate) mod signer;
