//! A record as bytes: version, times, the name where the key is too short for it, the value.
//!
//! Invariant: bytes that were not written by [`Record::encode`] are an error or another record, never a panic.

use std::time::Duration;

use crate::store::Stored;

/// Stands for a record that is kept until it is removed.
const NEVER: u64 = u64::MAX;

/// See the module. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record<'a> {
    pub(super) version: u64,
    pub(super) written: u64,
    pub(super) expires: Option<u64>,
    pub(super) long: Option<&'a str>,
    pub(super) value: &'a [u8],
}

impl<'a> Record<'a> {
    /// As bytes: three numbers, the length of the name and the name, the value.
    pub(super) fn encode(&self) -> Vec<u8> {
        let long = self.long.unwrap_or_default().as_bytes();
        let mut bytes = Vec::with_capacity(32 + long.len() + self.value.len());
        for number in [self.version, self.written, self.expires.unwrap_or(NEVER), long.len() as u64] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        bytes.extend_from_slice(long);
        bytes.extend_from_slice(self.value);
        bytes
    }

    /// None when the bytes are no record.
    pub(super) fn decode(bytes: &'a [u8]) -> Option<Self> {
        let (version, rest) = number(bytes)?;
        let (written, rest) = number(rest)?;
        let (expires, rest) = number(rest)?;
        let (length, rest) = number(rest)?;
        let (long, value) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        let long = std::str::from_utf8(long).ok()?;
        let expires = Some(expires).filter(|expires| *expires != NEVER);
        Some(Self { version, written, expires, long: Some(long).filter(|long| !long.is_empty()), value })
    }

    /// Whether it is past its time.
    pub(super) fn is_over(&self, now: u64) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// As others see it.
    pub(super) fn stored(&self, now: u64) -> Stored {
        let age = Duration::from_millis(now.saturating_sub(self.written));
        Stored { value: self.value.to_vec(), version: self.version, age }
    }
}

fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*number), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            version: u64, written: u64, expires in prop::option::of(0..NEVER), long in prop::option::of(".+"), value: Vec<u8>
        ) {
            let record = Record { version, written, expires, long: long.as_deref(), value: &value };
            let bytes = record.encode();
            prop_assert_eq!(Record::decode(&bytes), Some(record));
        }

        #[test]
        fn anything_else_is_no_panic(bytes: Vec<u8>) {
            let _ = Record::decode(&bytes);
        }
    }
}
