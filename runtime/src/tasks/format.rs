//! Records of tasks as bytes: JSON, with the number of the format before it.
//!
//! Several releases may share a store while one takes the other's place. Invariant: what another format wrote is never
//! rewritten, so nothing that only a newer release knows is lost; it is left to the release that can read it. Whose it
//! is every release can tell: a format that keeps the principal elsewhere would make tasks of its own seem absent here.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::record::Record;

/// What this release writes and reads.
const FORMAT: u32 = 1;

/// A record that was read.
#[derive(Debug, PartialEq)]
pub(super) enum Parsed {
    Record(Box<Record>),
    /// Of another release; whose it is, if that much can be read.
    Foreign {
        principal: Option<String>,
    },
}

#[derive(Serialize, Deserialize)]
struct Numbered<T> {
    format: u32,
    record: T,
}

/// What every format has.
#[derive(Deserialize)]
struct Owned {
    principal: String,
}

/// A record, or what is kept beside it, as bytes.
pub(super) fn write(record: &impl Serialize) -> Vec<u8> {
    // It is JSON all through: text keys and no other numbers than JSON has.
    serde_json::to_vec(&Numbered { format: FORMAT, record }).unwrap_or_default()
}

/// What is kept beside a record; none where another format wrote it.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let numbered: Numbered<T> = serde_json::from_slice(bytes).ok()?;
    (numbered.format == FORMAT).then_some(numbered.record)
}

/// A record.
pub(super) fn parse(bytes: &[u8]) -> Parsed {
    if let Some(record) = read(bytes) {
        return Parsed::Record(Box::new(record));
    }
    let owned = serde_json::from_slice::<Numbered<Owned>>(bytes);
    Parsed::Foreign { principal: owned.ok().map(|numbered| numbered.record.principal) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_release_wrote_is_not_read_and_still_has_an_owner() {
        let foreign = |principal: Option<&str>| Parsed::Foreign { principal: principal.map(str::to_owned) };
        for (bytes, read) in [
            (r#"{"format": 2, "record": {"principal": "alice", "stage": 7}}"#, foreign(Some("alice"))),
            (r#"{"format": 1, "record": {"principal": "alice", "phase": "paused"}}"#, foreign(Some("alice"))),
            (r#"{"format": 3, "owner": "alice"}"#, foreign(None)),
            ("\u{1}", foreign(None)),
        ] {
            assert_eq!(parse(bytes.as_bytes()), read, "{bytes}");
        }
    }
}
