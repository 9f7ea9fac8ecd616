//! Digests of JSON values, to tell calls apart.
//!
//! Not the digests of contracts: those write numbers as RFC 8785 has them, and two integers beyond 2^53 could be one.

use std::fmt;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The SHA-256 of a value with its members in the order of their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    /// The digest of a value.
    pub(crate) fn of(value: &Value) -> Self {
        let sorted = steadfast_contract::sorted(value.clone());
        Self(Sha256::digest(sorted.to_string().as_bytes()).into())
    }
}

/// In hexadecimal.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
