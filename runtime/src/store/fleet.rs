//! Two stores as one: limits in the one that is fast, everything else in the one that loses nothing.

use std::{sync::Arc, time::Duration};

use super::{Expect, Key, Kind, Put, Quota, Store, StoreError, Stored, Taken};
use crate::context::BoxFuture;

/// See the module.
pub(super) struct Fleet {
    pub(super) records: Arc<dyn Store>,
    pub(super) limits: Arc<dyn Store>,
}

impl Store for Fleet {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        self.records.get(key)
    }

    fn put<'a>(
        &'a self,
        key: &'a Key,
        expect: Expect,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Result<Put, StoreError>> {
        self.records.put(key, expect, value, ttl)
    }

    fn remove<'a>(&'a self, key: &'a Key, expect: Expect) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.records.remove(key, expect)
    }

    fn list<'a>(
        &'a self,
        tenant: &'a str,
        kind: Kind,
        after: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<(Key, Stored)>, StoreError>> {
        self.records.list(tenant, kind, after, limit)
    }

    fn take<'a>(&'a self, key: &'a Key, quota: Quota) -> BoxFuture<'a, Result<Taken, StoreError>> {
        self.limits.take(key, quota)
    }
}
