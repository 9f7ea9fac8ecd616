//! One task in the store: each change is a compare and set of its record.
//!
//! Beside the record there is a mark for as long as the task has not ended, so that whoever looks for tasks without a
//! process does not read the results of those that ended. Invariants: the mark is there before the record is; what was
//! answered to a caller is durable.

use std::{sync::Arc, time::Duration};

use super::record::{At, Event, Record, Refused};
use crate::{
    clock::Clock,
    duration::millis,
    store::{Expect, Key, Kind, Put, Store, StoreError, Stored},
};

/// How often a change is tried while others change the same record.
const ATTEMPTS: u32 = 32;

/// See the module.
#[derive(Clone)]
pub(super) struct Slot {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Clock,
    pub(super) tenant: Arc<str>,
    pub(super) id: String,
    /// Of this process.
    pub(super) process: Arc<str>,
    pub(super) lease: Duration,
    pub(super) ttl: Duration,
}

/// A record as it was read or written.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) record: Record,
    version: u64,
    /// Since it was written, when it was read.
    pub(super) age: Duration,
    /// It was written just now, and not read.
    pub(super) written: bool,
}

/// Why a task did not change.
#[derive(Debug)]
pub(super) enum Unchanged {
    /// There is none of this id.
    Absent,
    Refused(Refused),
    /// Too many others change it at this moment.
    Contended,
    Store(StoreError),
}

impl Slot {
    /// Writes the record of a new task; false where the id is another's.
    pub(super) async fn create(&self, record: &Record) -> Result<bool, StoreError> {
        let mark = self.key(Kind::Unfinished);
        self.store.put(&mark, Expect::Anything, b"", None).await?;
        let put = self.store.put(&self.key(Kind::Task), Expect::Absent, &bytes(record), self.left(record)).await?;
        Ok(matches!(put, Put::Done { .. }))
    }

    /// The record.
    pub(super) async fn read(&self) -> Result<Option<Found>, StoreError> {
        Ok(self.store.get(&self.key(Kind::Task)).await?.as_ref().and_then(found))
    }

    /// Applies an event to the record as it is. An end takes the mark away.
    pub(super) async fn change(&self, event: &Event) -> Result<Found, Unchanged> {
        let key = self.key(Kind::Task);
        let mut current = self.store.get(&key).await?;
        for _ in 0..ATTEMPTS {
            let before = current.as_ref().and_then(found).ok_or(Unchanged::Absent)?;
            let record = before.record.apply(event.clone(), self.at(before.age)).map_err(Unchanged::Refused)?;
            // An answer to nothing changes nothing; everything else at least renews a lease.
            if matches!(event, Event::Answer(_)) && record == before.record {
                return Ok(before);
            }
            let expect = Expect::Version(before.version);
            match self.store.put(&key, expect, &bytes(&record), self.left(&record)).await? {
                Put::Done { version } => {
                    if record.has_ended() {
                        self.unmark().await;
                    }
                    return Ok(Found { record, version, age: Duration::ZERO, written: true });
                }
                Put::Conflict(stored) => current = stored,
            }
        }
        Err(Unchanged::Contended)
    }

    /// Takes the mark away. Where that fails, whoever looks for tasks without a process does it later.
    pub(super) async fn unmark(&self) {
        if let Err(error) = self.store.remove(&self.key(Kind::Unfinished), Expect::Anything).await {
            tracing::debug!(%error, task = self.id, "the mark of a task that ended is still there");
        }
    }

    fn key(&self, kind: Kind) -> Key {
        Key { tenant: Arc::clone(&self.tenant), kind, name: self.id.clone() }
    }

    fn at(&self, age: Duration) -> At<'_> {
        At { process: &self.process, age, now_ms: self.clock.unix_millis(), lease: self.lease, ttl: self.ttl }
    }

    /// How long the record is still kept.
    fn left(&self, record: &Record) -> Option<Duration> {
        let ends = record.created_ms.saturating_add(record.ttl_ms);
        Some(Duration::from_millis(ends.saturating_sub(self.clock.unix_millis()).max(millis(self.lease))))
    }
}

impl From<StoreError> for Unchanged {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn bytes(record: &Record) -> Vec<u8> {
    // A record is JSON all through: text keys and no other numbers than JSON has.
    serde_json::to_vec(record).unwrap_or_default()
}

/// What can't be read was written by another release, and is left to it.
fn found(stored: &Stored) -> Option<Found> {
    let record = serde_json::from_slice(&stored.value).ok()?;
    Some(Found { record, version: stored.version, age: stored.age, written: false })
}
