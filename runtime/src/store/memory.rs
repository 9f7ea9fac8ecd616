//! The store of a test and of a drill: in memory, gone with the process.
//!
//! A test can put it away, to see what a server does without its store.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::{Expect, Key, Kind, Put, Quota, Store, StoreError, Stored, Taken, quota};
use crate::{clock::Clock, context::BoxFuture, reliability};

/// See the module.
pub(crate) struct Memory {
    clock: Clock,
    records: Mutex<Records>,
    limits: reliability::Limits,
    away: AtomicBool,
}

#[derive(Default)]
struct Records {
    /// By tenant, kind and name.
    map: BTreeMap<(Arc<str>, &'static str, String), Record>,
    last_version: u64,
}

struct Record {
    value: Vec<u8>,
    version: u64,
    written: Instant,
    expires: Option<Instant>,
}

impl Memory {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, records: Mutex::default(), limits: reliability::Limits::new(clock), away: AtomicBool::new(false) }
    }

    /// Puts the store away, or back.
    #[cfg(feature = "testing")]
    pub(crate) fn put_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    fn records(&self) -> Result<MutexGuard<'_, Records>, StoreError> {
        if self.away.load(Ordering::SeqCst) {
            return Err(StoreError::away(&"in memory".into(), "the test put it away", "put it back"));
        }
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        records.map.retain(|_, record| record.expires.is_none_or(|expires| expires > now));
        Ok(records)
    }

    fn put_now(&self, key: &Key, expect: Expect, value: &[u8], ttl: Option<Duration>) -> Result<Put, StoreError> {
        let mut records = self.records()?;
        let now = self.clock.now();
        let found = records.map.get(&place(key));
        if !expect.allows(found.map(|found| found.version)) {
            return Ok(Put::Conflict(found.map(|found| found.stored(now))));
        }
        records.last_version += 1;
        let version = records.last_version;
        let record = Record { value: value.to_vec(), version, written: now, expires: ttl.map(|ttl| now + ttl) };
        records.map.insert(place(key), record);
        Ok(Put::Done { version })
    }
}

impl Record {
    fn stored(&self, now: Instant) -> Stored {
        let age = now.saturating_duration_since(self.written);
        Stored { value: self.value.clone(), version: self.version, age }
    }
}

impl Store for Memory {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        let now = self.clock.now();
        let found = self.records().map(|records| records.map.get(&place(key)).map(|found| found.stored(now)));
        Box::pin(std::future::ready(found))
    }

    fn put<'a>(
        &'a self,
        key: &'a Key,
        expect: Expect,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Result<Put, StoreError>> {
        Box::pin(std::future::ready(self.put_now(key, expect, value, ttl)))
    }

    fn remove<'a>(&'a self, key: &'a Key, expect: Expect) -> BoxFuture<'a, Result<bool, StoreError>> {
        let removed = self.records().map(|mut records| {
            let version = records.map.get(&place(key)).map(|found| found.version);
            version.is_some() && expect.allows(version) && records.map.remove(&place(key)).is_some()
        });
        Box::pin(std::future::ready(removed))
    }

    fn list<'a>(
        &'a self,
        tenant: &'a str,
        kind: Kind,
        after: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<(Key, Stored)>, StoreError>> {
        let now = self.clock.now();
        let listed = self.records().map(|records| {
            let of = |known: &&(Arc<str>, &'static str, String)| {
                *known.0 == *tenant && known.1 == kind.as_str() && after.is_none_or(|after| known.2.as_str() > after)
            };
            let found = records.map.iter().filter(|(known, _)| of(known)).take(limit);
            let key = |(tenant, _, name): &(Arc<str>, &'static str, String)| Key {
                tenant: Arc::clone(tenant),
                kind,
                name: name.clone(),
            };
            found.map(|(known, record)| (key(known), record.stored(now))).collect()
        });
        Box::pin(std::future::ready(listed))
    }

    fn take<'a>(&'a self, key: &'a Key, quota: Quota) -> BoxFuture<'a, Result<Taken, StoreError>> {
        let taken = self.records().map(|_| quota::take_here(&self.limits, key, quota));
        Box::pin(std::future::ready(taken))
    }
}

fn place(key: &Key) -> (Arc<str>, &'static str, String) {
    (Arc::clone(&key.tenant), key.kind.as_str(), key.name.clone())
}
