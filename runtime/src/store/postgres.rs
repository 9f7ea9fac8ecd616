//! The store of a fleet: PostgreSQL, for what must not be lost.
//!
//! One table holds all records. A change is one statement that compares and sets, so replicas need no locks of their
//! own; only when something else is there, a second one reads it. The schema is made when the store is first reached,
//! by whichever replica comes first.
//!
//! Invariants: no time but the server's is compared; no statement runs longer on the server than its time-out here;
//! the server need not be there when this one starts, and is found again when it comes back.

mod aside;
mod error;
mod migrations;
mod pool;
mod sql;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sqlx::{
    ConnectOptions, FromRow, PgConnection,
    postgres::{PgArguments, PgConnectOptions, PgRow},
    query::QueryAs,
};
use tokio::time::Instant;

use self::{
    aside::Aside,
    error::{is_late, refused},
    pool::{Lent, Pool},
};
use super::{
    Expect, Key, Kind, Put, Quota, Store, StoreError, StoreSettings, Stored, Taken, attempt::Attempt, key, quota::Rate,
    url::StoreUrl, within,
};
use crate::{clock::Clock, context::BoxFuture};

/// How long a failed attempt to reach the server holds off the next one.
const PAUSE: Duration = Duration::from_millis(100);
/// How often each replica removes some of what is over, while it changes something.
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// How long it is at that, at most.
const SWEEP_FOR: Duration = Duration::from_secs(20);
/// How many records it removes at once, where that takes less than the time-out of a statement.
const SWEPT_AT_ONCE: u64 = 1000;

/// A row of a list: name, long name, value, version, age.
type Named = (Vec<u8>, Option<Vec<u8>>, Vec<u8>, i64, i64);

/// See the module.
pub(super) struct Postgres {
    reached: Arc<Reached>,
    aside: Aside,
    swept: Mutex<Option<Instant>>,
}

/// What an operation needs.
struct Reached {
    store: Arc<str>,
    pool: Pool,
    migrated: Attempt<()>,
    timeout: Duration,
    clock: Clock,
}

impl Postgres {
    /// The store at a URL; connects when it is used.
    pub(super) fn new(url: &StoreUrl, settings: &StoreSettings, clock: Clock) -> Result<Self, StoreError> {
        let store: Arc<str> = url.to_string().into();
        let options: PgConnectOptions = url.secret().parse().map_err(|_| {
            // The driver's own words may repeat the URL.
            let help = "write \"postgres://user:password@host:5432/database\", with special characters percent-encoded";
            StoreError::broken(&store, "its URL can't be read", help)
        })?;
        let statement = settings.timeout.as_millis().max(1).to_string();
        let options = options.options([("statement_timeout", statement)]).disable_statement_logging();
        let aside = Aside::new().map_err(|error| {
            StoreError::broken(&store, "no thread can be started for it", "give the process more threads")
                .because(error)
        })?;
        let pool = {
            let _aside = aside.enter();
            Pool::new(options, settings.pool, settings.timeout)
        };
        let migrated = Attempt::new(&store, clock, PAUSE);
        let reached = Reached { store, pool, migrated, timeout: settings.timeout, clock };
        Ok(Self { reached: Arc::new(reached), aside, swept: Mutex::default() })
    }

    /// An operation once the schema is there, on a connection of its own.
    async fn run<T, F>(&self, operation: impl FnOnce(Lent) -> F + Send + 'static) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, sqlx::Error>> + Send + 'static,
    {
        let reached = Arc::clone(&self.reached);
        let ended = match self.aside.spawn(async move { reached.run(operation).await }) {
            Some(running) => running.await.ok(),
            None => None,
        };
        ended.unwrap_or_else(|| {
            let help = "see the log for a panic, and start the server again";
            Err(StoreError::away(&self.reached.store, "its thread is gone", help))
        })
    }

    /// Removes what is over, once in a while and beside the operation that noticed that it is time.
    fn sweep(&self) {
        let Reached { pool, clock, .. } = &*self.reached;
        let now = clock.now();
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        if swept.is_some_and(|swept| now.saturating_duration_since(swept) < SWEEP_EVERY) {
            return;
        }
        *swept = Some(now);
        let (pool, clock) = (pool.clone(), *clock);
        self.aside.spawn(async move {
            if let Err(error) = sweep(&pool, clock, now + SWEEP_FOR).await {
                tracing::warn!(%error, "records past their time to live could not be swept; they are tried again later");
            }
        });
    }
}

impl Reached {
    async fn run<T, F: Future<Output = Result<T, sqlx::Error>>>(
        &self,
        operation: impl FnOnce(Lent) -> F,
    ) -> Result<T, StoreError> {
        within(self.timeout, &self.store, async {
            self.migrated
                .get(|| {
                    let (store, pool) = (Arc::clone(&self.store), self.pool.clone());
                    async move { migrations::run(&store, &pool).await }
                })
                .await?;
            let done = async { operation(self.pool.lend().await?).await };
            done.await.map_err(|error| refused(&self.store, error))
        })
        .await
    }
}

impl Store for Postgres {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        let key = key.clone();
        Box::pin(self.run(move |mut lent| async move {
            let found = read(&mut lent, &key).await;
            lent.back(found)
        }))
    }

    fn put<'a>(
        &'a self,
        key: &'a Key,
        expect: Expect,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Result<Put, StoreError>> {
        let (key, value) = (key.clone(), value.to_vec());
        Box::pin(async move {
            let put = self.run(move |mut lent| async move {
                let put = write(&mut lent, &key, expect, value, ttl).await;
                lent.back(put)
            });
            let put = put.await?;
            self.sweep();
            Ok(put)
        })
    }

    fn remove<'a>(&'a self, key: &'a Key, expect: Expect) -> BoxFuture<'a, Result<bool, StoreError>> {
        let key = key.clone();
        Box::pin(self.run(move |mut lent| async move {
            let removed = delete(&mut lent, &key, expect).await;
            lent.back(removed)
        }))
    }

    fn list<'a>(
        &'a self,
        tenant: &'a str,
        kind: Kind,
        after: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<(Key, Stored)>, StoreError>> {
        let (tenant, after) = (Arc::<str>::from(tenant), after.map(str::to_owned));
        Box::pin(self.run(move |mut lent| async move {
            let listed = page(&mut lent, &tenant, kind, after.as_deref(), limit).await;
            lent.back(listed)
        }))
    }

    fn take<'a>(&'a self, key: &'a Key, quota: Quota) -> BoxFuture<'a, Result<Taken, StoreError>> {
        let key = key.clone();
        Box::pin(self.run(move |mut lent| async move {
            let taken = count(&mut lent, &key, quota).await;
            lent.back(taken)
        }))
    }
}

async fn read(connection: &mut PgConnection, key: &Key) -> Result<Option<Stored>, sqlx::Error> {
    Ok(of(sql::GET, key).fetch_optional(connection).await?.map(stored))
}

async fn write(
    connection: &mut PgConnection,
    key: &Key,
    expect: Expect,
    value: Vec<u8>,
    ttl: Option<Duration>,
) -> Result<Put, sqlx::Error> {
    let (statement, version) = match expect {
        Expect::Absent => (sql::PUT_ABSENT, None),
        Expect::Version(version) => (sql::PUT_VERSION, Some(signed(version))),
        Expect::Anything => (sql::PUT_ANYTHING, None),
    };
    let statement = of::<(i64,)>(statement, key).bind(value).bind(ttl.map(milliseconds));
    // Of the two, a statement names only the one it needs.
    let statement = match version {
        Some(version) => statement.bind(version),
        None => statement.bind(key::is_long(&key.name).then(|| key.name.clone().into_bytes())),
    };
    match statement.fetch_optional(&mut *connection).await? {
        Some((version,)) => Ok(Put::Done { version: unsigned(version) }),
        None => Ok(Put::Conflict(read(connection, key).await?)),
    }
}

async fn delete(connection: &mut PgConnection, key: &Key, expect: Expect) -> Result<bool, sqlx::Error> {
    let version = match expect {
        Expect::Absent => return Ok(false),
        Expect::Version(version) => Some(signed(version)),
        Expect::Anything => None,
    };
    let removed = of::<(i64,)>(sql::REMOVE, key).bind(version).fetch_optional(connection).await?;
    Ok(removed.is_some())
}

async fn page(
    connection: &mut PgConnection,
    tenant: &Arc<str>,
    kind: Kind,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<(Key, Stored)>, sqlx::Error> {
    let rows: Vec<Named> = sqlx::query_as(sql::LIST)
        .bind(key::part(tenant))
        .bind(kind.as_str())
        .bind(key::after(after))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(connection)
        .await?;
    let record = |(part, long, value, version, age): Named| {
        let name = String::from_utf8(long.unwrap_or(part)).map_err(|error| sqlx::Error::Decode(error.into()))?;
        Ok((Key { tenant: Arc::clone(tenant), kind, name }, stored((value, version, age))))
    };
    rows.into_iter().map(record).collect()
}

async fn count(connection: &mut PgConnection, key: &Key, quota: Quota) -> Result<Taken, sqlx::Error> {
    let rate = Rate::from(quota);
    let of = |statement| of::<(i64,)>(statement, key).bind(signed(rate.interval)).bind(signed(rate.span));
    if of(sql::TAKE).fetch_optional(&mut *connection).await?.is_some() {
        return Ok(Taken::Granted);
    }
    let wait = of(sql::WAIT).fetch_optional(connection).await?;
    Ok(Taken::Limited { retry_after: Duration::from_micros(wait.map_or(0, |(wait,)| unsigned(wait))) })
}

/// Removes what is over, some at a time, until there is no more or it takes too long. Large records take longer, so
/// fewer of them are removed at once.
async fn sweep(pool: &Pool, clock: Clock, until: Instant) -> Result<(), sqlx::Error> {
    let mut most = SWEPT_AT_ONCE;
    let mut lent = pool.lend().await?;
    loop {
        let swept = sqlx::query(sql::SWEEP).bind(signed(most)).execute(&mut *lent).await;
        match swept {
            // On the same connection: another one may come before the server has unlocked the rows, and find none.
            Err(error) if most > 1 && clock.now() < until && is_late(&error) => most = most.div_ceil(4),
            swept => {
                if lent.back(swept)?.rows_affected() < most || clock.now() >= until {
                    return Ok(());
                }
                lent = pool.lend().await?;
            }
        }
    }
}

/// A statement about one record: its first three parameters.
fn of<R: for<'r> FromRow<'r, PgRow>>(
    statement: &'static str,
    key: &Key,
) -> QueryAs<'static, sqlx::Postgres, R, PgArguments> {
    sqlx::query_as(statement)
        .bind(key::part(&key.tenant).into_owned())
        .bind(key.kind.as_str())
        .bind(key::part(&key.name).into_owned())
}

fn stored((value, version, age): (Vec<u8>, i64, i64)) -> Stored {
    Stored { value, version: unsigned(version), age: Duration::from_millis(unsigned(age)) }
}

/// PostgreSQL has no unsigned numbers; sequences stay below the largest signed one.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// No time to live is longer than a hundred years, which every server can add to its time.
fn milliseconds(ttl: Duration) -> i64 {
    const LONGEST: i64 = 100 * 365 * 86_400 * 1_000;
    i64::try_from(ttl.as_millis()).unwrap_or(LONGEST).min(LONGEST)
}
