//! One task in the store: each change is a compare and set of its record.
//!
//! Beside the record there is a mark for as long as the task has not ended, so that whoever looks for tasks without a
//! process does not read the results of those that ended. Invariants: there is no mark unless the record is known to be
//! there, so a task that its caller was refused, because nobody knows whether its record was written, is found by
//! nobody; what was answered to a caller is durable; what another release wrote is left as it is.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use super::{
    format::{self, Parsed},
    original::Kept,
    record::{At, Event, Record, Refused},
};
use crate::{
    clock::Clock,
    duration::millis,
    store::{Expect, Key, Kind, Put, Store, StoreError, Stored},
};

/// How often a change is tried while others change the same record.
const ATTEMPTS: u32 = 32;

/// What stands behind an id in the name of what is kept beside the record.
const BESIDE: &str = ":call";

/// See the module.
#[derive(Clone)]
pub(super) struct Slot {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Clock,
    /// The tenant of the server, where marks are: whoever looks for tasks does not know of whom.
    pub(super) server: Arc<str>,
    /// The tenant of the task's caller.
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

/// What there is of a task.
#[derive(Debug)]
pub(super) enum Read {
    Absent,
    /// Another release's; whose it is, if that much can be read.
    Foreign {
        principal: Option<String>,
    },
    Found(Found),
}

/// Why a task did not change.
#[derive(Debug)]
pub(super) enum Unchanged {
    /// There is none of this id.
    Absent,
    /// It is another release's.
    Foreign,
    Refused(Refused),
    /// Too many others change it at this moment.
    Contended,
    Store(StoreError),
}

impl Slot {
    /// Writes a new task, with what is kept of its call for `kept`; false where the id is another's. After an error
    /// nobody knows whether it was written; without its mark it is found by nobody.
    pub(super) async fn create(
        &self,
        record: &Record,
        call: Option<&Kept>,
        kept: Duration,
    ) -> Result<bool, StoreError> {
        if let Some(call) = call {
            self.store.put(&self.beside(), Expect::Anything, &format::write(call), Some(kept)).await?;
        }
        let written = format::write(record);
        let put = self.store.put(&self.key(), Expect::Absent, &written, self.left(record)).await?;
        Ok(matches!(put, Put::Done { .. }))
    }

    /// Lets the task be found if it loses its process.
    pub(super) async fn mark(&self) -> Result<(), StoreError> {
        self.store.put(&self.mark_key(), Expect::Anything, self.tenant.as_bytes(), None).await.map(drop)
    }

    /// The record.
    pub(super) async fn read(&self) -> Result<Read, StoreError> {
        Ok(read(self.store.get(&self.key()).await?.as_ref()))
    }

    /// The call of the task; none where it is gone, or another release's.
    pub(super) async fn call(&self) -> Result<Option<Kept>, StoreError> {
        Ok(self.store.get(&self.beside()).await?.and_then(|stored| format::read(&stored.value)))
    }

    /// Applies an event to the record as it is. An end takes away what is beside it.
    pub(super) async fn change(&self, event: &Event) -> Result<Found, Unchanged> {
        let key = self.key();
        let mut current = self.store.get(&key).await?;
        for _ in 0..ATTEMPTS {
            let before = read(current.as_ref()).found()?;
            let record = before.record.apply(event.clone(), self.at(before.age)).map_err(Unchanged::Refused)?;
            // An answer to nothing changes nothing; everything else at least renews a lease.
            if matches!(event, Event::Answer(_)) && record == before.record {
                return Ok(before);
            }
            let expect = Expect::Version(before.version);
            match self.store.put(&key, expect, &format::write(&record), self.left(&record)).await? {
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

    /// Takes away what is kept of the call, and then the mark. Where that fails, whoever looks for tasks without
    /// a process does it later.
    pub(super) async fn unmark(&self) {
        for key in [self.beside(), self.mark_key()] {
            if let Err(error) = self.store.remove(&key, Expect::Anything).await {
                tracing::debug!(%error, task = self.id, "what is beside a task that ended is still there");
                return;
            }
        }
    }

    /// Takes away a task that nobody was told of, although it may have been written. Where that fails until its lease
    /// has ended, it is left to its time to live.
    pub(super) async fn forget(self, every: Duration) {
        let until = self.clock.now() + self.lease;
        let keys = [self.key(), self.beside()];
        while self.clock.now() < until {
            sleep(every).await;
            let mut gone = true;
            for key in &keys {
                gone &= self.store.remove(key, Expect::Anything).await.is_ok();
            }
            if gone {
                return;
            }
        }
        tracing::debug!(task = self.id, "a task that nobody was told of may still be in the store");
    }

    fn key(&self) -> Key {
        Key { tenant: Arc::clone(&self.tenant), kind: Kind::Task, name: self.id.clone() }
    }

    /// The mark's own key; ids of all tenants differ.
    fn mark_key(&self) -> Key {
        Key { tenant: Arc::clone(&self.server), kind: Kind::Unfinished, name: self.id.clone() }
    }

    /// Where the call is kept: no id has such a name.
    fn beside(&self) -> Key {
        Key { tenant: Arc::clone(&self.tenant), kind: Kind::Task, name: format!("{}{BESIDE}", self.id) }
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

impl Read {
    /// What this release can read and change.
    pub(super) fn found(self) -> Result<Found, Unchanged> {
        match self {
            Self::Found(found) => Ok(found),
            Self::Absent => Err(Unchanged::Absent),
            Self::Foreign { .. } => Err(Unchanged::Foreign),
        }
    }
}

impl From<StoreError> for Unchanged {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn read(stored: Option<&Stored>) -> Read {
    let Some(Stored { value, version, age }) = stored else { return Read::Absent };
    match format::parse(value) {
        Parsed::Record(record) => Read::Found(Found { record: *record, version: *version, age: *age, written: false }),
        Parsed::Foreign { principal } => Read::Foreign { principal },
    }
}
