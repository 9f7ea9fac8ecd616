//! What is PostgreSQL's own: the schema, what is over, and a thread apart.

use std::time::Duration;

use futures_util::future::join_all;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::{
    servers::{PATIENT, store, url},
    tenant,
};
use crate::{
    clock::Clock,
    store::{Expect, Key, Kind, Store},
};

/// An empty schema, and the URL of a store in it.
async fn schema() -> Option<(PgConnection, String)> {
    let url = url("postgres")?;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let name = tenant().replace('-', "_");
    sqlx::query(AssertSqlSafe(format!("CREATE SCHEMA {name}"))).execute(&mut connection).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("SET search_path = {name}"))).execute(&mut connection).await.unwrap();
    Some((connection, format!("{url}?options[search_path]={name}")))
}

fn key(name: &str) -> Key {
    Key { tenant: "t".into(), kind: Kind::Claim, name: name.into() }
}

async fn number(connection: &mut PgConnection, statement: &'static str) -> i64 {
    sqlx::query_scalar(statement).fetch_one(connection).await.unwrap()
}

#[tokio::test]
async fn replicas_that_start_together_make_the_schema_once() {
    let Some((mut connection, url)) = schema().await else { return };
    let replicas: Vec<_> = (0..8).map(|_| store(&url, PATIENT)).collect();
    let key = key("name");
    for found in join_all(replicas.iter().map(|replica| replica.get(&key))).await {
        assert_eq!(found.unwrap(), None);
    }
    assert_eq!(number(&mut connection, "SELECT count(*) FROM steadfast_migrations").await, 1);
}

#[tokio::test]
async fn a_schema_of_a_newer_release_is_refused() {
    let Some((mut connection, url)) = schema().await else { return };
    store(&url, PATIENT).get(&key("name")).await.unwrap();
    sqlx::query("INSERT INTO steadfast_migrations (version) VALUES (99)").execute(&mut connection).await.unwrap();
    let error = store(&url, PATIENT).get(&key("name")).await.unwrap_err();
    assert!(!error.is_away() && error.to_string().contains("version 99"), "{error}");
}

#[tokio::test]
async fn what_is_over_is_swept_with_a_later_change() {
    let Some((mut connection, url)) = schema().await else { return };
    let (first, second) = (store(&url, PATIENT), store(&url, PATIENT));
    for name in ["a", "b"] {
        first.put(&key(name), Expect::Absent, b"x", Some(PATIENT)).await.unwrap();
    }
    sqlx::query("UPDATE steadfast_store SET expires = clock_timestamp() WHERE name = 'a'")
        .execute(&mut connection)
        .await
        .unwrap();
    second.put(&key("c"), Expect::Absent, b"x", None).await.unwrap();
    for _ in 0..10_000 {
        if number(&mut connection, "SELECT count(*) FROM steadfast_store").await == 2 {
            return;
        }
    }
    panic!("it is not swept");
}

#[tokio::test]
async fn however_much_is_over_it_is_swept_at_once() {
    let Some((mut connection, url)) = schema().await else { return };
    let store = store(&url, PATIENT);
    store.get(&key("name")).await.unwrap();
    let over = "INSERT INTO steadfast_store (tenant, kind, name, value, version, written, expires)
        SELECT 't', 'claim', n::text::bytea, '', n, clock_timestamp(), clock_timestamp()
        FROM generate_series(1, 5500) n";
    sqlx::query(over).execute(&mut connection).await.unwrap();
    store.put(&key("name"), Expect::Absent, b"x", None).await.unwrap();
    for _ in 0..10_000 {
        if number(&mut connection, "SELECT count(*) FROM steadfast_store").await == 1 {
            return;
        }
    }
    panic!("it is not swept");
}

/// Large records are slow to remove; here each of them is slow.
#[tokio::test]
async fn what_can_not_be_removed_all_at_once_in_time_is_removed_by_and_by() {
    let Some((mut connection, url)) = schema().await else { return };
    let store = store(&url, Duration::from_millis(500));
    until_there(&*store).await;
    for statement in [
        "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN PERFORM pg_sleep(0.05); RETURN OLD; END'",
        "CREATE TRIGGER slowly BEFORE DELETE ON steadfast_store FOR EACH ROW EXECUTE FUNCTION slowly()",
        "INSERT INTO steadfast_store (tenant, kind, name, value, version, written, expires)
            SELECT 't', 'claim', n::text::bytea, '', n, clock_timestamp(), clock_timestamp()
            FROM generate_series(1, 20) n",
    ] {
        sqlx::query(statement).execute(&mut connection).await.unwrap();
    }
    store.put(&key("name"), Expect::Absent, b"x", None).await.unwrap();
    let clock = Clock::system();
    let until = clock.now() + PATIENT;
    while number(&mut connection, "SELECT count(*) FROM steadfast_store").await > 1 {
        assert!(clock.now() < until, "it is not swept");
    }
}

/// A thread that serves many calls at once, each of which takes its time.
#[tokio::test]
async fn a_server_that_is_swamped_does_not_take_its_store_for_away() {
    let Some((_connection, url)) = schema().await else { return };
    let store = store(&url, Duration::from_millis(250));
    until_there(&*store).await;
    let clock = Clock::system();
    let until = clock.now() + Duration::from_secs(2);
    for _ in 0..50 {
        tokio::spawn(async move {
            while clock.now() < until {
                let busy = clock.now() + Duration::from_millis(10);
                while clock.now() < busy {
                    std::hint::spin_loop();
                }
                tokio::task::yield_now().await;
            }
        });
    }
    tokio::task::yield_now().await;
    let put = store.put(&key("name"), Expect::Absent, b"x", None).await;
    assert!(put.is_ok() && clock.now() < until, "{put:?}");
}

async fn until_there(store: &dyn Store) {
    for _ in 0..1000 {
        if store.get(&key("name")).await.is_ok() {
            return;
        }
    }
}

#[tokio::test]
async fn a_wrong_password_is_broken_and_not_shown() {
    let Some(url) = url("postgres") else { return };
    let place = url.split_once('@').unwrap().1;
    let error = store(&format!("postgres://nobody:hunter2@{place}"), PATIENT).get(&key("name")).await.unwrap_err();
    assert!(!error.is_away(), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
}
