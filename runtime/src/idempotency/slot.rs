//! The record of one key in the store.

use std::{sync::Arc, time::Duration};

use super::protocol::{Found, Record, Records, State, Written};
use crate::store::{Expect, Key, Put, Store, StoreError, Stored};

/// See the module.
#[derive(Clone)]
pub(super) struct Slot {
    pub(super) store: Arc<dyn Store>,
    pub(super) key: Key,
    /// How long the end of a call is remembered.
    pub(super) ttl: Duration,
    /// How long it is remembered that it runs: longer than it can run, whether its lease is renewed or not.
    pub(super) running: Duration,
}

impl Slot {
    /// What can't be read was written by another release; nobody knows how it ended.
    fn found(stored: &Stored, fingerprint: &str) -> Found {
        let unknown = || Record { fingerprint: fingerprint.to_owned(), state: State::Unknown };
        let record = serde_json::from_slice(&stored.value).unwrap_or_else(|_| unknown());
        Found { record, version: stored.version, age: stored.age }
    }
}

impl Records for Slot {
    type Error = StoreError;

    async fn write(&self, expect: Option<u64>, record: &Record) -> Result<Written, StoreError> {
        let value = serde_json::to_vec(record).unwrap_or_default();
        let expect = expect.map_or(Expect::Absent, Expect::Version);
        let ttl = match record.state {
            State::InFlight { .. } => self.running,
            State::Done { .. } | State::Unknown => self.ttl,
        };
        Ok(match self.store.put(&self.key, expect, &value, Some(ttl)).await? {
            Put::Done { version } => Written::Done(version),
            Put::Conflict(found) => Written::Conflict(found.map(|stored| Self::found(&stored, &record.fingerprint))),
        })
    }

    async fn read(&self) -> Result<Option<Found>, StoreError> {
        Ok(self.store.get(&self.key).await?.map(|stored| Self::found(&stored, "")))
    }

    async fn remove(&self, version: u64) -> Result<bool, StoreError> {
        self.store.remove(&self.key, Expect::Version(version)).await
    }
}
