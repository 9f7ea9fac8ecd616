//! The schema, and what brings it from each version to the next.
//!
//! Invariant: replicas that start together apply each migration once: the whole runs in one transaction, under an
//! advisory lock. A schema of a newer release is refused and not touched.

use std::{sync::Arc, time::Duration};

use sqlx::{Connection, PgConnection};

use super::{error::refused, pool::Pool};
use crate::store::{StoreError, within};

/// Applied in their order; one that was released never changes. Several statements each.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/1.sql")];

/// How long replicas wait for the one that migrates.
const LIMIT: Duration = Duration::from_secs(30);

/// Any number, the same in every release.
const LOCK: &str = "SELECT pg_advisory_xact_lock(8317987319222330741)";

/// Brings the schema to the version of this release.
pub(super) async fn run(store: &Arc<str>, pool: &Pool) -> Result<(), StoreError> {
    within(LIMIT, store, async {
        let mut lent = pool.lend().await.map_err(|error| refused(store, error))?;
        let found = migrate(&mut lent).await;
        let found = lent.back(found).map_err(|error| refused(store, error))?;
        if found > known() {
            let what = format!("its schema is of version {found}, and this release knows up to {}", known());
            return Err(StoreError::broken(store, what, "run the newer release, or another database"));
        }
        Ok(())
    })
    .await
}

/// Gives the version that the schema has then.
async fn migrate(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    sqlx::query("SET LOCAL statement_timeout = '30s'").execute(&mut *transaction).await?;
    sqlx::query(LOCK).execute(&mut *transaction).await?;
    let table = "CREATE TABLE steadfast_migrations \
                 (version integer PRIMARY KEY, applied timestamptz NOT NULL DEFAULT clock_timestamp())";
    // Not `IF NOT EXISTS`, which a user must be allowed to create tables for also when there is nothing to create.
    let exists: (bool,) =
        sqlx::query_as("SELECT to_regclass('steadfast_migrations') IS NOT NULL").fetch_one(&mut *transaction).await?;
    if !exists.0 {
        sqlx::query(table).execute(&mut *transaction).await?;
    }
    let found: (i32,) = sqlx::query_as("SELECT COALESCE(max(version), 0) FROM steadfast_migrations")
        .fetch_one(&mut *transaction)
        .await?;
    let mut version = found.0;
    for migration in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or(0)) {
        version += 1;
        sqlx::raw_sql(*migration).execute(&mut *transaction).await?;
        let applied = sqlx::query("INSERT INTO steadfast_migrations (version) VALUES ($1)").bind(version);
        applied.execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(version)
}

fn known() -> i32 {
    i32::try_from(MIGRATIONS.len()).unwrap_or(i32::MAX)
}
