//! Who may run a call with an idempotency key, decided by one compare and set on one record.
//!
//! Invariant: of all that claim one key, in whatever order and process, at most one is told to run, until it says
//! itself that it did nothing. A claim whose owner is gone is never run again: its effect is unknown, and that is what
//! a repeat is told. (Compare the Idempotency-Key header, draft-ietf-httpapi-idempotency-key-header, section 2.6.)
//!
//! A store that did not answer in time may have done what it was asked. So a claim carries a nonce, by which its owner
//! knows it again, in whatever version.
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
    /// Somebody runs it, and says so again within so many milliseconds, or is gone.
    InFlight { lease_ms: u64, nonce: String },
    /// It was answered; the answer as it was stored.
    Done { answer: String },
    /// It was begun, and nobody knows whether it had its effect.
    Unknown,
}

/// A record as it was read.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) record: Record,
    pub(crate) version: u64,
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

/// The one record of a key. After an error, what was asked for may be done, or may be done later.
pub(crate) trait Records: Sync {
    /// Why the record can't be reached.
    type Error: Send;

    /// Writes where there is no record (`None`) or one of that version.
    fn write(&self, expect: Option<u64>, record: &Record) -> impl Future<Output = Result<Written, Self::Error>> + Send;

    /// What is there.
    fn read(&self) -> impl Future<Output = Result<Option<Found>, Self::Error>> + Send;

    /// Removes the record of that version; true when it was there.
    fn remove(&self, version: u64) -> impl Future<Output = Result<bool, Self::Error>> + Send;
}

/// One claim: what is claimed, and what tells it from every other.
#[derive(Debug, Clone)]
pub(crate) struct Mine {
    pub(crate) fingerprint: String,
    pub(crate) nonce: String,
    pub(crate) lease: Duration,
}

/// What a claim met.
#[derive(Debug, Clone)]
pub(crate) enum Met {
    /// Nobody: it is to be run, and the record is the claim's own, in this version.
    Nobody { version: u64 },
    /// Whoever was there before.
    Somebody(Found),
    /// Others who come and go.
    Many,
}

/// What a repeat is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It runs elsewhere, and whoever runs it says so again within this time.
    InFlight { left: Duration },
    /// It was answered before.
    Replay { answer: String },
    /// It was begun before and nobody knows how it ended.
    Unknown,
    /// The key belongs to another call.
    Mismatch,
}

/// How a claim was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Released {
    Removed,
    /// There was nothing.
    Absent,
    /// What is there is not the claim's.
    Anothers,
}

/// How often a step is tried again because the record changed between two others.
const ATTEMPTS: u32 = 8;

impl Mine {
    /// The record while the call runs.
    pub(crate) fn in_flight(&self) -> Record {
        let lease_ms = u64::try_from(self.lease.as_millis()).unwrap_or(u64::MAX);
        self.record(State::InFlight { lease_ms, nonce: self.nonce.clone() })
    }

    fn record(&self, state: State) -> Record {
        Record { fingerprint: self.fingerprint.clone(), state }
    }

    fn is(&self, found: &Found) -> bool {
        matches!(&found.record.state, State::InFlight { nonce, .. } if *nonce == self.nonce)
    }
}

/// Claims the key for a call.
///
/// The record is written before it is read, so that the common case takes one round trip.
pub(crate) async fn claim<R: Records>(records: &R, mine: &Mine) -> Result<Met, R::Error> {
    let record = mine.in_flight();
    for _ in 0..ATTEMPTS {
        match records.write(None, &record).await? {
            Written::Done(version) => return Ok(Met::Nobody { version }),
            Written::Conflict(Some(found)) => return Ok(Met::Somebody(found)),
            Written::Conflict(None) => {}
        }
    }
    Ok(Met::Many)
}

/// What a call is told that came with a key of which there is a record.
pub(crate) fn judge(found: &Found, fingerprint: &str) -> Repeat {
    if found.record.fingerprint != fingerprint {
        return Repeat::Mismatch;
    }
    match &found.record.state {
        State::Done { answer } => Repeat::Replay { answer: answer.clone() },
        State::Unknown => Repeat::Unknown,
        State::InFlight { lease_ms, .. } => match Duration::from_millis(*lease_ms).checked_sub(found.age) {
            Some(left) if !left.is_zero() => Repeat::InFlight { left },
            _ => Repeat::Unknown,
        },
    }
}

/// Says that the call still runs. None when the record is no longer the claim's.
pub(crate) async fn renew<R: Records>(records: &R, mine: &Mine, version: u64) -> Result<Option<u64>, R::Error> {
    change(records, mine, version, &mine.in_flight()).await
}

/// Says how a claimed call ended. False when the record is no longer the claim's, or it was said before.
pub(crate) async fn settle<R: Records>(records: &R, mine: &Mine, version: u64, state: State) -> Result<bool, R::Error> {
    Ok(change(records, mine, version, &mine.record(state)).await?.is_some())
}

/// Changes the claim's record, which may be of a later version than is known: a renewal that was given up may have been
/// made.
async fn change<R: Records>(
    records: &R,
    mine: &Mine,
    mut version: u64,
    record: &Record,
) -> Result<Option<u64>, R::Error> {
    for _ in 0..ATTEMPTS {
        match records.write(Some(version), record).await? {
            Written::Done(version) => return Ok(Some(version)),
            Written::Conflict(Some(found)) if mine.is(&found) => version = found.version,
            Written::Conflict(_) => break,
        }
    }
    Ok(None)
}

/// Removes the claim, whether or not it is known to be there; only for a call that did nothing.
pub(crate) async fn release<R: Records>(records: &R, mine: &Mine) -> Result<Released, R::Error> {
    for _ in 0..ATTEMPTS {
        match records.read().await? {
            None => return Ok(Released::Absent),
            Some(found) if !mine.is(&found) => return Ok(Released::Anothers),
            Some(found) => {
                if records.remove(found.version).await? {
                    return Ok(Released::Removed);
                }
            }
        }
    }
    Ok(Released::Anothers)
}
