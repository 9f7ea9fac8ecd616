//! From settings to a store.

use std::{fmt, path::Path, sync::Arc, time::Duration};

#[cfg(any(feature = "postgres", feature = "redis"))]
use super::url::Scheme;
use super::{Store, StoreError, embedded::Embedded, fleet::Fleet, url::StoreUrl};
use crate::clock::Clock;

/// Which store is used, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoreSettings {
    /// None is the file in the data directory.
    pub(crate) url: Option<StoreUrl>,
    /// A Redis for limits alone.
    pub(crate) limits_url: Option<StoreUrl>,
    /// For each operation, with everything that belongs to it.
    pub(crate) timeout: Duration,
    /// Connections at most. Redis takes one for all.
    pub(crate) pool: usize,
}

/// What a person is shown: `PostgreSQL at host/database, limits in Redis at host`.
impl fmt::Display for StoreSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.url {
            Some(url) => url.fmt(f)?,
            None => f.write_str("a file in the data directory, for one process")?,
        }
        self.limits_url.as_ref().map_or(Ok(()), |url| write!(f, ", limits in {url}"))
    }
}

/// Makes a store, within a tokio runtime. Nothing is opened or connected to before it is used, so a server starts
/// while its store is away.
///
/// # Errors
/// When a URL is one that its driver can't read.
pub(crate) fn open(settings: &StoreSettings, data: &Path, clock: Clock) -> Result<Arc<dyn Store>, StoreError> {
    let records = match &settings.url {
        Some(url) => connect(url, settings, clock)?,
        None => Arc::new(Embedded::new(data, clock, settings.timeout)),
    };
    Ok(match &settings.limits_url {
        Some(url) => Arc::new(Fleet { records, limits: connect(url, settings, clock)? }),
        None => records,
    })
}

fn connect(url: &StoreUrl, settings: &StoreSettings, clock: Clock) -> Result<Arc<dyn Store>, StoreError> {
    match url.scheme() {
        #[cfg(feature = "postgres")]
        Scheme::Postgres => Ok(Arc::new(super::postgres::Postgres::new(url, settings, clock)?)),
        #[cfg(feature = "redis")]
        Scheme::Redis => Ok(Arc::new(super::redis::Redis::new(url, settings.timeout, clock)?)),
        #[cfg(not(all(feature = "postgres", feature = "redis")))]
        _ => {
            let _ = (settings, clock);
            let help = "build the program with the feature of this store";
            Err(StoreError::broken(&url.to_string().into(), "it is not compiled in", help))
        }
    }
}
