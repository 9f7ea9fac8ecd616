//! How names are resolved: as the machine does it, on threads that nothing can take from it.
//!
//! Invariant: whatever the servers of names do, lookups take a bounded part of the threads that the store needs, too. A
//! thread counts until its lookup ends, however long after its request was given up that is.

use std::{
    io,
    net::{IpAddr, ToSocketAddrs as _},
    sync::Arc,
    time::Duration,
};

use tokio::sync::Semaphore;

use crate::context::BoxFuture;

/// Where the addresses of a name come from.
pub(super) trait Lookup: Send + Sync + 'static {
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// How many names are looked up at once.
const LOOKUPS: usize = 32;

/// How long a request waits until it is its turn. Lookups that do end take less.
const WAIT: Duration = Duration::from_secs(1);

/// All lookups take longer than anybody waits.
#[derive(Debug, thiserror::Error)]
#[error("other lookups of names that do not end take all the threads that there are for them")]
pub(super) struct NoLookup;

/// As the machine resolves names.
pub(super) struct System {
    threads: Arc<Semaphore>,
    wait: Duration,
    resolve: Arc<Resolve>,
}

/// A function that blocks.
type Resolve = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

impl System {
    pub(super) fn new() -> Self {
        Self::with(LOOKUPS, WAIT, |name| Ok((name, 0).to_socket_addrs()?.map(|address| address.ip()).collect()))
    }

    pub(super) fn with(
        most: usize,
        wait: Duration,
        resolve: impl Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync + 'static,
    ) -> Self {
        Self { threads: Arc::new(Semaphore::new(most)), wait, resolve: Arc::new(resolve) }
    }
}

impl Lookup for System {
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let (threads, wait, resolve) = (Arc::clone(&self.threads), self.wait, Arc::clone(&self.resolve));
        Box::pin(async move {
            let Ok(Ok(thread)) = tokio::time::timeout(wait, threads.acquire_owned()).await else {
                return Err(io::Error::other(NoLookup));
            };
            let looking_up = move || {
                let _given_back_when_it_ends = thread;
                resolve(&name)
            };
            tokio::task::spawn_blocking(looking_up).await?
        })
    }
}
