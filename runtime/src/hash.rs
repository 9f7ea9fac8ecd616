//! Digests of JSON values, to tell calls apart; and bytes as text.
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
    pub(crate) fn of(value: Value) -> Self {
        let sorted = steadfast_contract::sorted(value);
        Self(Sha256::digest(sorted.to_string().as_bytes()).into())
    }
}

/// In hexadecimal.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a `String` does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
