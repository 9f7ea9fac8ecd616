//! Who may run a call with an idempotency key, decided by one compare and set on one record.
//!
//! Invariant: of all that claim one key, in whatever order and process, at most one is told to run, until it says
//! itself that it did nothing. A claim whose owner is gone is never run again: its effect is unknown, and that is what
//! a repeat is told. (Compare the Idempotency-Key header, draft-ietf-httpapi-idempotency-key-header, section 2.6.)
//!
//! The records are behind a trait, and nothing of this crate is used here: the same source runs under a model checker.

use std::{future::Future, time::Duration};

use serde::{Deserialize, Serialize};

/// What is kept for a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// What the key is bound to: the contract's major and the arguments.
    pub(crate) fingerprint: String,
    pub(crate) state: State,
}

/// How far the call is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// Somebody runs it, and is done or gone after so many milliseconds.
    InFlight { lease_ms: u64 },
    /// It was answered; the answer as it was stored.
    Done { answer: String },
    /// It was begun, and nobody knows whether it had its effect.
    Unknown,
}

/// A record as it was read.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) record: Record,
    pub(crate) age: Duration,
}

/// How a compare and set ended.
#[derive(Debug, Clone)]
pub(crate) enum Written {
    /// With the new version.
    Done(u64),
    /// Something else is there, or nothing any more.
    Conflict(Option<Found>),
}

/// The one record of a key.
pub(crate) trait Records: Sync {
    /// Why the record can't be reached.
    type Error: Send;

    /// Writes where there is no record (`None`) or one of that version.
    fn write(&self, expect: Option<u64>, record: &Record) -> impl Future<Output = Result<Written, Self::Error>> + Send;
}

/// What a claim came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Claimed {
    /// Run it; the record is yours in this version.
    New { version: u64 },
    /// It runs elsewhere, for so long at most.
    InFlight { left: Duration },
    /// It was answered before.
    Replay { answer: String },
    /// It was begun before and nobody knows how it ended.
    Unknown,
    /// The key belongs to another call.
    Mismatch,
}

/// How often a claim tries again when the record goes away between two steps, because somebody released it.
const ATTEMPTS: u32 = 8;

/// Claims the key for a call.
///
/// The record is written before it is read, so that the common case takes one round trip.
pub(crate) async fn claim<R: Records>(records: &R, fingerprint: &str, lease: Duration) -> Result<Claimed, R::Error> {
    let lease_ms = u64::try_from(lease.as_millis()).unwrap_or(u64::MAX);
    let mine = Record { fingerprint: fingerprint.to_owned(), state: State::InFlight { lease_ms } };
    for _ in 0..ATTEMPTS {
        match records.write(None, &mine).await? {
            Written::Done(version) => return Ok(Claimed::New { version }),
            Written::Conflict(Some(found)) => return Ok(judge(found, fingerprint)),
            Written::Conflict(None) => {}
        }
    }
    // Whoever claims and releases that often is at it right now.
    Ok(Claimed::InFlight { left: lease })
}

fn judge(found: Found, fingerprint: &str) -> Claimed {
    if found.record.fingerprint != fingerprint {
        return Claimed::Mismatch;
    }
    match found.record.state {
        State::Done { answer } => Claimed::Replay { answer },
        State::Unknown => Claimed::Unknown,
        State::InFlight { lease_ms } => match Duration::from_millis(lease_ms).checked_sub(found.age) {
            Some(left) if !left.is_zero() => Claimed::InFlight { left },
            _ => Claimed::Unknown,
        },
    }
}

/// Says how a claimed call ended. False when the record is no longer the claim's.
pub(crate) async fn settle<R: Records>(
    records: &R,
    version: u64,
    fingerprint: &str,
    state: State,
) -> Result<bool, R::Error> {
    let record = Record { fingerprint: fingerprint.to_owned(), state };
    Ok(matches!(records.write(Some(version), &record).await?, Written::Done(_)))
}
