//! Redis: for limits of a fleet, or for everything where what Redis keeps is enough.
//!
//! Each operation is one script, so it is atomic, and all times are the server's. How durable a record is, is decided
//! by the server's configuration (`appendfsync always` for what an answer promises); a fleet keeps claims and tasks in
//! PostgreSQL.
//!
//! Keys are `steadfast:{tenant}:kind:name`, with the tenant percent-encoded in braces: everything of a tenant is in one
//! slot of a cluster. Beside the records of a tenant and kind are two sorted sets: their names, in the order of their
//! bytes, by which they are listed; and the names of those with an end, by which names of what is over are forgotten,
//! a few with each change. `steadfast:{tenant}:versions` is the version that was given last.
//!
//! Invariant: a version is never given twice, also when the server lost what it had: versions begin at its time.

mod connection;
mod reply;

use std::{fmt::Write, sync::Arc, time::Duration};

use ::redis::{Script, ScriptInvocation};

use self::connection::Connection;
use super::{Expect, Key, Kind, Put, Quota, Store, StoreError, Stored, Taken, key, quota::Rate, url::StoreUrl};
use crate::{clock::Clock, context::BoxFuture};

/// How many names a script looks at, so that it holds nobody else up for long.
const AT_ONCE: usize = 100;

/// See the module.
pub(super) struct Redis {
    connection: Connection,
    get: Script,
    put: Script,
    remove: Script,
    list: Script,
    take: Script,
}

impl Redis {
    /// The store at a URL; connects when it is used.
    pub(super) fn new(url: &StoreUrl, timeout: Duration, clock: Clock) -> Result<Self, StoreError> {
        Ok(Self {
            connection: Connection::new(url, timeout, clock)?,
            get: Script::new(include_str!("redis/get.lua")),
            put: Script::new(include_str!("redis/put.lua")),
            remove: Script::new(include_str!("redis/remove.lua")),
            list: Script::new(include_str!("redis/list.lua")),
            take: Script::new(include_str!("redis/take.lua")),
        })
    }

    async fn read(&self, key: &Key) -> Result<Option<Stored>, StoreError> {
        let mut get = self.get.prepare_invoke();
        get.key(record(key));
        self.connection.run(&get).await?.stored()
    }

    async fn write(&self, key: &Key, expect: Expect, value: &[u8], ttl: Option<Duration>) -> Result<Put, StoreError> {
        let long = if key::is_long(&key.name) { key.name.as_str() } else { "" };
        let ttl = ttl.map(|ttl| milliseconds(ttl).to_string()).unwrap_or_default();
        let mut put = self.put.prepare_invoke();
        put.key(record(key));
        sets(&mut put, &key.tenant, key.kind);
        put.key(format!("{}:versions", tenant(&key.tenant)));
        put.arg(expected(expect)).arg(&*key::part(&key.name)).arg(value).arg(ttl).arg(long);
        self.connection.run(&put).await?.put()
    }

    async fn delete(&self, key: &Key, expect: Expect) -> Result<bool, StoreError> {
        let mut remove = self.remove.prepare_invoke();
        remove.key(record(key));
        sets(&mut remove, &key.tenant, key.kind);
        remove.arg(expected(expect)).arg(&*key::part(&key.name));
        Ok(self.connection.run(&remove).await?.number()? > 0)
    }

    /// Asks until there are enough or no more, since names of records that are over may be among those looked at.
    async fn page(
        &self,
        tenant: &str,
        kind: Kind,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(Key, Stored)>, StoreError> {
        let mut behind = after.map(|after| key::part(after).into_owned());
        let (mut found, tenant) = (Vec::new(), Arc::<str>::from(tenant));
        while found.len() < limit {
            let mut list = self.list.prepare_invoke();
            sets(&mut list, &tenant, kind);
            let first = behind.as_ref().map_or_else(|| b"-".to_vec(), |behind| [b"(", behind.as_slice()].concat());
            list.arg(records(&tenant, kind)).arg(first).arg(AT_ONCE.min(limit - found.len()));
            let (last, records) = self.connection.run(&list).await?.page()?;
            for (name, stored) in records {
                found.push((Key { tenant: Arc::clone(&tenant), kind, name }, stored));
            }
            let Some(last) = last else { break };
            behind = Some(last);
        }
        Ok(found)
    }

    async fn count(&self, key: &Key, quota: Quota) -> Result<Taken, StoreError> {
        let rate = Rate::from(quota);
        let mut take = self.take.prepare_invoke();
        take.key(record(key)).arg(rate.interval).arg(rate.span);
        Ok(match self.connection.run(&take).await?.number()? {
            0 => Taken::Granted,
            wait => Taken::Limited { retry_after: Duration::from_micros(wait) },
        })
    }
}

impl Store for Redis {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        Box::pin(self.connection.within(self.read(key)))
    }

    fn put<'a>(
        &'a self,
        key: &'a Key,
        expect: Expect,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Result<Put, StoreError>> {
        Box::pin(self.connection.within(self.write(key, expect, value, ttl)))
    }

    fn remove<'a>(&'a self, key: &'a Key, expect: Expect) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(self.connection.within(self.delete(key, expect)))
    }

    fn list<'a>(
        &'a self,
        tenant: &'a str,
        kind: Kind,
        after: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<(Key, Stored)>, StoreError>> {
        Box::pin(self.connection.within(self.page(tenant, kind, after, limit)))
    }

    fn take<'a>(&'a self, key: &'a Key, quota: Quota) -> BoxFuture<'a, Result<Taken, StoreError>> {
        Box::pin(self.connection.within(self.count(key, quota)))
    }
}

/// Adds the keys of the two sets of a tenant and kind.
fn sets(script: &mut ScriptInvocation<'_>, tenant_name: &str, kind: Kind) {
    let (tenant, kind) = (tenant(tenant_name), kind.as_str());
    script.key(format!("{tenant}:{kind}-names")).key(format!("{tenant}:{kind}-ends"));
}

fn record(key: &Key) -> Vec<u8> {
    [records(&key.tenant, key.kind).as_bytes(), &key::part(&key.name)].concat()
}

/// How the keys of all records of a tenant and kind begin.
fn records(tenant_name: &str, kind: Kind) -> String {
    format!("{}:{}:", tenant(tenant_name), kind.as_str())
}

/// How all keys of a tenant begin. What is not a letter, a digit or one of `-_.` is percent-encoded.
fn tenant(name: &str) -> String {
    let mut tenant = String::from("steadfast:{");
    for &byte in &*key::part(name) {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            tenant.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(tenant, "%{byte:02X}");
        }
    }
    tenant.push('}');
    tenant
}

fn expected(expect: Expect) -> String {
    match expect {
        Expect::Absent => "absent".into(),
        Expect::Anything => "anything".into(),
        Expect::Version(version) => version.to_string(),
    }
}

/// No time to live is longer than a hundred years, which every server can add to its time.
fn milliseconds(ttl: Duration) -> u64 {
    const LONGEST: u64 = 100 * 365 * 86_400 * 1_000;
    u64::try_from(ttl.as_millis()).unwrap_or(LONGEST).min(LONGEST)
}
