//! A way to records in memory that fails as a real one does.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::{
    context::BoxFuture,
    reliability::Quota,
    store::{Expect, Key, Kind, Memory, Put, Store, StoreError, Stored, Taken, Trouble},
};

/// How it fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Fault {
    #[default]
    None,
    /// Tasks are written and nobody hears of it; nothing is read or removed.
    Unanswered,
    /// Tasks are written and nobody hears of it; everything else is done.
    Unheard,
    /// Nothing is written that has more bytes than this.
    Longer(usize),
    /// Nothing of this kind is written.
    Unwritten(Kind),
    /// It refuses everything.
    Broken,
    /// It never answers.
    Hangs,
}

/// See the module.
pub(super) struct Faulty {
    pub(super) memory: Arc<Memory>,
    fault: Mutex<Fault>,
    /// What it was asked to write, and how many bytes.
    pub(super) asked: Mutex<Vec<(Kind, usize)>>,
}

impl Faulty {
    pub(super) fn new(memory: Arc<Memory>) -> Self {
        Self { memory, fault: Mutex::default(), asked: Mutex::default() }
    }

    pub(super) fn fail(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    /// How often a record of a kind was to be written that is so long, or longer.
    pub(super) fn puts(&self, kind: Kind, bytes: usize) -> usize {
        self.asked.lock().unwrap().iter().filter(|(of, size)| *of == kind && *size >= bytes).count()
    }

    fn fault(&self) -> Fault {
        *self.fault.lock().unwrap()
    }

    async fn unless<T, F>(&self, operation: impl FnOnce() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        match self.fault() {
            Fault::None | Fault::Unheard | Fault::Longer(_) | Fault::Unwritten(_) => operation().await,
            Fault::Unanswered => Err(away()),
            Fault::Broken => Err(StoreError::Broken(trouble())),
            Fault::Hangs => std::future::pending().await,
        }
    }
}

fn trouble() -> Trouble {
    Trouble { store: "faulty".into(), what: "the test wants it".into(), help: "look at the test".into(), source: None }
}

fn away() -> StoreError {
    StoreError::Away(trouble())
}

impl Store for Faulty {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        Box::pin(async move { self.unless(|| self.memory.get(key)).await })
    }

    fn put<'a>(
        &'a self,
        key: &'a Key,
        expect: Expect,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Result<Put, StoreError>> {
        self.asked.lock().unwrap().push((key.kind, value.len()));
        Box::pin(async move {
            match self.fault() {
                Fault::Unanswered | Fault::Unheard => {
                    let put = self.memory.put(key, expect, value, ttl).await?;
                    if key.kind == Kind::Task && !key.name.contains(':') { Err(away()) } else { Ok(put) }
                }
                Fault::Unwritten(kind) if kind == key.kind => Err(away()),
                Fault::Longer(most) if value.len() > most => Err(away()),
                _ => self.unless(|| self.memory.put(key, expect, value, ttl)).await,
            }
        })
    }

    fn remove<'a>(&'a self, key: &'a Key, expect: Expect) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move { self.unless(|| self.memory.remove(key, expect)).await })
    }

    fn list<'a>(
        &'a self,
        tenant: &'a str,
        kind: Kind,
        after: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<(Key, Stored)>, StoreError>> {
        Box::pin(async move { self.unless(|| self.memory.list(tenant, kind, after, limit)).await })
    }

    fn take<'a>(&'a self, key: &'a Key, quota: Quota) -> BoxFuture<'a, Result<Taken, StoreError>> {
        Box::pin(async move { self.unless(|| self.memory.take(key, quota)).await })
    }
}
