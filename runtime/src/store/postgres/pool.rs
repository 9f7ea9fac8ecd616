//! Connections, lent to one operation each.
//!
//! Invariant: only a connection whose operation came to its end is lent again. One that did not answer in time is closed
//! at once: a server that vanished without a word must not hold what others need. What the server still does with the
//! operation is bounded by its own time-out.

use std::{
    ops::{Deref, DerefMut},
    time::Duration,
};

use sqlx::{
    Connection as _, PgConnection, PgPool, Postgres,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::timeout;

/// From here on a connection that nobody used is asked whether it is still there; one that is busy shows it anyway.
const IDLE: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Clone)]
pub(super) struct Pool {
    pool: PgPool,
    timeout: Duration,
}

/// A connection, until it is given back or dropped.
pub(super) struct Lent {
    /// None once it is given back.
    connection: Option<PoolConnection<Postgres>>,
    timeout: Duration,
}

impl Pool {
    /// Connects when it is used.
    pub(super) fn new(options: PgConnectOptions, size: usize, timeout: Duration) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(u32::try_from(size).unwrap_or(u32::MAX))
            .acquire_timeout(timeout)
            .test_before_acquire(false)
            .before_acquire(|connection, used| {
                Box::pin(async move {
                    if used.idle_for >= IDLE {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(options);
        Self { pool, timeout }
    }

    /// A connection, in turn.
    pub(super) async fn lend(&self) -> Result<Lent, sqlx::Error> {
        Ok(Lent { connection: Some(self.pool.acquire().await?), timeout: self.timeout })
    }
}

impl Lent {
    /// Gives the connection back after its operation, if it may be used again.
    pub(super) fn back<T>(mut self, ended: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        // A refusal is an answer.
        let answered = matches!(ended, Ok(_) | Err(sqlx::Error::Database(_) | sqlx::Error::RowNotFound));
        if answered && let Some(mut connection) = self.connection.take() {
            // The driver asks whether it is still there, and would wait for an answer for ever.
            tokio::spawn(timeout(self.timeout, async move { connection.return_to_pool().await }));
        }
        ended
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(connection.detach());
        }
    }
}

impl Deref for Lent {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.connection.as_deref().unwrap_or_else(|| unreachable!("it is given back by value"))
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.connection.as_deref_mut().unwrap_or_else(|| unreachable!("it is given back by value"))
    }
}
