//! The store of a single process: redb in the data directory, and nothing to install.
//!
//! Records are in `store.redb`, which one process has open at a time. Another one that is started on the same directory
//! (a second sidecar, a command while a server runs) finds the store away, looks again when it is used, and takes over
//! when the first one ends. Limits are counted in memory: a process that restarts begins with full quotas.
//!
//! Switches and approvals are not in that file but in `switches.json` and `approvals.json`, since an operator changes them
//! from another process while the server holds the lock of the database: see [`aside`].
//!
//! Invariants: what was answered is on the disk; a file that can't be read is reported and left as it is; nobody but
//! the user whose process it is can read the files. The time is that of the machine.

mod aside;
mod codec;
mod file;
mod records;
mod writer;

use std::{path::Path, sync::Arc, time::Duration};

use self::{
    aside::{APPROVALS, Aside, SWITCHES},
    file::{Fault, File, Opened},
    writer::{Change, Changed},
};
use super::{Expect, Key, Kind, Put, Quota, Store, StoreError, Stored, Taken, attempt::Attempt, key, quota, within};
use crate::{clock::Clock, context::BoxFuture, reliability};

/// How often it is looked whether another process has ended.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// See the module.
pub(super) struct Embedded {
    file: Arc<File>,
    opened: Attempt<Opened>,
    switches: Arc<Aside>,
    approvals: Arc<Aside>,
    limits: reliability::Limits,
    clock: Clock,
    timeout: Duration,
}

impl Embedded {
    /// The store in a directory, which is made when it is used.
    pub(super) fn new(data: &Path, clock: Clock, timeout: Duration) -> Self {
        let file = Arc::new(File::new(data, clock));
        Self {
            opened: Attempt::new(file.store(), clock, LOOK_AGAIN),
            file,
            switches: Arc::new(Aside::new(SWITCHES, data, clock)),
            approvals: Arc::new(Aside::new(APPROVALS, data, clock)),
            limits: reliability::Limits::new(clock),
            clock,
            timeout,
        }
    }

    /// Reads, on a thread that may wait for the disk.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Opened) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let opened = self.opened().await?;
        let reading = Arc::clone(&opened);
        let result = blocking(self.file.store(), move || Ok(read(&reading))).await;
        self.checked(&opened, result.map_err(Fault::File).flatten())
    }

    async fn change(&self, change: Change) -> Result<Changed, StoreError> {
        let opened = self.opened().await?;
        let result = writer::submit(&opened, change).await;
        self.checked(&opened, result)
    }

    async fn opened(&self) -> Result<Arc<Opened>, StoreError> {
        self.opened
            .get(|| {
                let file = Arc::clone(&self.file);
                async move { blocking(&Arc::clone(file.store()), move || file.open()).await }
            })
            .await
    }

    /// After an error of the file it is opened anew, as the database asks for: it refuses everything after one of the
    /// disk.
    fn checked<T>(&self, opened: &Arc<Opened>, result: Result<T, Fault>) -> Result<T, StoreError> {
        result.map_err(|fault| match fault {
            Fault::File(error) => {
                self.opened.forget(opened);
                error
            }
            Fault::Record(error) => error,
        })
    }

    /// The file of a kind that is not in the database.
    fn aside(&self, kind: Kind) -> Option<&Arc<Aside>> {
        match kind {
            Kind::Switch => Some(&self.switches),
            Kind::Approval => Some(&self.approvals),
            _ => None,
        }
    }

    async fn in_file<T: Send + 'static>(
        &self,
        file: &Arc<Aside>,
        work: impl FnOnce(&Aside) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let working = Arc::clone(file);
        let work = blocking(file.store(), move || work(&working));
        within(self.timeout, file.store(), work).await
    }

    async fn within<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        within(self.timeout, self.file.store(), work).await
    }

    /// The moment at which a record ends that is written now.
    fn expires(&self, ttl: Option<Duration>) -> Option<u64> {
        let ttl = u64::try_from(ttl?.as_millis()).unwrap_or(u64::MAX);
        Some(self.clock.unix_millis().saturating_add(ttl))
    }
}

impl Store for Embedded {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        let owned = key.clone();
        if let Some(file) = self.aside(key.kind) {
            return Box::pin(self.in_file(file, move |file| file.get(&owned)));
        }
        let place = key::bytes(key);
        Box::pin(self.within(self.read(move |opened| opened.get(&place))))
    }

    fn put<'a>(
        &'a self,
        key: &'a Key,
        expect: Expect,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Result<Put, StoreError>> {
        let (expires, value) = (self.expires(ttl), value.to_vec());
        if let Some(file) = self.aside(key.kind) {
            let key = key.clone();
            return Box::pin(self.in_file(file, move |file| file.put(&key, expect, &value, expires)));
        }
        let long = key::is_long(&key.name).then(|| key.name.clone());
        let change = Change::Put { place: key::bytes(key), long, expect, value, expires };
        Box::pin(self.within(async {
            match self.change(change).await? {
                Changed::Put(put) => Ok(put),
                Changed::Removed(_) => Ok(Put::Conflict(None)),
            }
        }))
    }

    fn remove<'a>(&'a self, key: &'a Key, expect: Expect) -> BoxFuture<'a, Result<bool, StoreError>> {
        if let Some(file) = self.aside(key.kind) {
            let key = key.clone();
            return Box::pin(self.in_file(file, move |file| file.remove(&key, expect)));
        }
        let change = Change::Remove { place: key::bytes(key), expect };
        Box::pin(self.within(async { Ok(self.change(change).await? == Changed::Removed(true)) }))
    }

    fn list<'a>(
        &'a self,
        tenant: &'a str,
        kind: Kind,
        after: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<(Key, Stored)>, StoreError>> {
        let (tenant, after) = (Arc::<str>::from(tenant), after.map(str::to_owned));
        if let Some(file) = self.aside(kind) {
            return Box::pin(self.in_file(file, move |file| file.list(&tenant, after.as_deref(), limit)));
        }
        Box::pin(self.within(self.read(move |opened| opened.list(&tenant, kind, after.as_deref(), limit))))
    }

    fn take<'a>(&'a self, key: &'a Key, quota: Quota) -> BoxFuture<'a, Result<Taken, StoreError>> {
        Box::pin(std::future::ready(Ok(quota::take_here(&self.limits, key, quota))))
    }
}

/// Runs what may wait for the disk on a thread of its own.
async fn blocking<T: Send + 'static>(
    store: &Arc<str>,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(StoreError::broken(store, "reading or writing it failed", "see the log for a panic").because(error))
    })
}
