//! Tokens, good and bad, against a verifier whose issuer is in the process.

mod bad;
mod good;
mod issuer;
mod keys;
mod properties;
mod signer;
