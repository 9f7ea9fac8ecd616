//! The store of a single process.

use std::{fs, path::Path, sync::Arc, time::Duration};

use futures_util::future::join_all;
use redb::{Database, DatabaseError, ReadableDatabase, ReadableTableMetadata, TableDefinition};
use tempfile::TempDir;

use super::{Subject, contract, limits, tenant};
use crate::{
    clock::Clock,
    store::{Expect, Key, Kind, Put, Store, StoreError, embedded::Embedded},
};

const SECOND: Duration = Duration::from_secs(1);

fn embedded(folder: &Path) -> Embedded {
    let start = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    Embedded::new(folder, Clock::starting_at(start), Duration::from_secs(10))
}

fn subject(kind: Kind) -> Subject {
    let folder = tempfile::tempdir().unwrap();
    Subject {
        store: Arc::new(embedded(&folder.path().join("data"))),
        tenant: tenant(),
        kind,
        pass: |time| Box::pin(tokio::time::advance(time)),
        _folder: Some(folder),
    }
}

mod records {
    use super::*;

    async fn claims() -> Option<Subject> {
        Some(subject(Kind::Claim))
    }

    contract!(claims, (start_paused = true));
    limits!(claims, (start_paused = true));
}

mod switches {
    use super::*;

    async fn switches() -> Option<Subject> {
        Some(subject(Kind::Switch))
    }

    contract!(switches, (start_paused = true));
}

fn key(kind: Kind) -> Key {
    Key { tenant: "t".into(), kind, name: "name".into() }
}

async fn set(store: &Embedded, key: &Key, value: &[u8]) -> Result<Put, StoreError> {
    store.put(key, Expect::Anything, value, Some(60 * SECOND)).await
}

async fn value(store: &Embedded, key: &Key) -> Option<Vec<u8>> {
    store.get(key).await.unwrap().map(|stored| stored.value)
}

/// Ends a store as the end of its process does: the thread that wrote last may have it for a moment longer.
fn end(store: Embedded, folder: &Path) -> Database {
    drop(store);
    for _ in 0..1_000_000 {
        match Database::open(folder.join("store.redb")) {
            Err(DatabaseError::DatabaseAlreadyOpen) => std::thread::yield_now(),
            opened => return opened.unwrap(),
        }
    }
    panic!("the file stays open");
}

#[tokio::test(start_paused = true)]
async fn what_was_answered_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    for kind in [Kind::Claim, Kind::Task, Kind::Switch] {
        let first = embedded(folder.path());
        set(&first, &key(kind), b"kept").await.unwrap();
        let version = first.get(&key(kind)).await.unwrap().unwrap().version;
        drop(end(first, folder.path()));
        let second = embedded(folder.path());
        assert_eq!(value(&second, &key(kind)).await.as_deref(), Some(b"kept".as_slice()));
        let Put::Done { version: next } = set(&second, &key(kind), b"new").await.unwrap() else { panic!() };
        assert!(next > version);
        drop(end(second, folder.path()));
    }
}

#[tokio::test(start_paused = true)]
async fn records_that_are_written_at_once_wait_for_the_disk_together() {
    let folder = tempfile::tempdir().unwrap();
    let store = embedded(folder.path());
    let keys: Vec<_> = (0..2_000).map(|n| Key { name: n.to_string(), ..key(Kind::Task) }).collect();
    let puts = join_all(keys.iter().map(|key| set(&store, key, b"x"))).await;
    assert!(puts.iter().all(Result::is_ok));
    assert_eq!(store.list("t", Kind::Task, None, 5_000).await.unwrap().len(), keys.len());
}

#[tokio::test(start_paused = true)]
async fn a_directory_in_use_is_away_until_the_other_one_ends() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (embedded(folder.path()), embedded(folder.path()));
    set(&first, &key(Kind::Claim), b"first").await.unwrap();
    let error = second.get(&key(Kind::Claim)).await.unwrap_err();
    assert!(error.is_away());
    let shown = error.to_string();
    assert!(shown.contains("is in use by another process") && shown.contains(&*folder.path().to_string_lossy()));
    drop(end(first, folder.path()));
    assert!(second.get(&key(Kind::Claim)).await.is_err(), "it is looked at most once a second");
    tokio::time::advance(SECOND).await;
    assert_eq!(value(&second, &key(Kind::Claim)).await.as_deref(), Some(b"first".as_slice()));
}

#[tokio::test(start_paused = true)]
async fn a_switch_is_thrown_and_a_call_approved_while_another_process_has_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let (server, command) = (embedded(folder.path()), embedded(folder.path()));
    set(&server, &key(Kind::Claim), b"x").await.unwrap();
    set(&command, &key(Kind::Switch), b"{\"off\":true}").await.unwrap();
    assert_eq!(value(&server, &key(Kind::Switch)).await.as_deref(), Some(b"{\"off\":true}".as_slice()));
    let written = fs::read_to_string(folder.path().join("switches.json")).unwrap();
    assert!(written.contains(r#""text": "{\"off\":true}""#), "{written}");
    set(&command, &key(Kind::Approval), b"granted").await.unwrap();
    assert_eq!(value(&server, &key(Kind::Approval)).await.as_deref(), Some(b"granted".as_slice()));
    assert!(folder.path().join("approvals.json").exists());
}

#[tokio::test(start_paused = true)]
async fn what_is_over_is_swept_with_later_changes() {
    let folder = tempfile::tempdir().unwrap();
    let store = embedded(folder.path());
    let puts = (0..3_000).map(|n| Key { name: n.to_string(), ..key(Kind::Claim) }).collect::<Vec<_>>();
    let large = vec![7; 1_000];
    for _ in 0..5 {
        assert!(join_all(puts.iter().map(|key| set(&store, key, &large))).await.iter().all(Result::is_ok));
        tokio::time::advance(61 * SECOND).await;
        for _ in 0..4 {
            set(&store, &key(Kind::Task), b"x").await.unwrap();
        }
    }
    let database = end(store, folder.path());
    let read = database.begin_read().unwrap();
    let records = read.open_table(TableDefinition::<&[u8], &[u8]>::new("records")).unwrap();
    assert_eq!(records.len().unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_damaged_is_reported_and_left_as_it_is() {
    for (name, kind) in
        [("store.redb", Kind::Claim), ("switches.json", Kind::Switch), ("approvals.json", Kind::Approval)]
    {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let garbage = b"this is no database, but something that somebody may still need".repeat(200);
        fs::write(&path, &garbage).unwrap();
        let store = embedded(folder.path());
        for _ in 0..2 {
            let error = store.get(&key(kind)).await.unwrap_err();
            assert!(!error.is_away() && error.to_string().contains(name), "{error}");
            assert!(error.to_string().contains("help: "));
            assert!(set(&store, &key(kind), b"x").await.is_err());
            tokio::time::advance(SECOND).await;
        }
        assert_eq!(fs::read(&path).unwrap(), garbage);
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_damaged_is_an_error_of_its_own_and_of_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = embedded(folder.path());
    let keys: Vec<_> = (0..20).map(|n| Key { name: n.to_string(), ..key(Kind::Task) }).collect();
    assert!(join_all(keys.iter().map(|key| set(&store, key, b"x"))).await.iter().all(Result::is_ok));
    let database = end(store, folder.path());
    let write = database.begin_write().unwrap();
    let damaged = &keys[7];
    let place = crate::store::key::bytes(damaged);
    let records = TableDefinition::<&[u8], &[u8]>::new("records");
    write.open_table(records).unwrap().insert(place.as_slice(), b"garbage".as_slice()).unwrap();
    write.commit().unwrap();
    drop(database);

    let store = embedded(folder.path());
    let gets = async |key| store.get(key).await;
    let (got, put) = (
        join_all(keys.iter().map(gets)).await,
        // The first writes alone, and the others together.
        join_all(keys.iter().map(|key| set(&store, key, b"y"))).await,
    );
    for (at, key) in keys.iter().enumerate() {
        assert_eq!((got[at].is_err(), put[at].is_err()), (key == damaged, key == damaged), "{at}");
    }
    let error = put[7].as_ref().unwrap_err();
    assert!(!error.is_away() && error.to_string().contains("a record in it is damaged"), "{error}");
    assert!(store.remove(damaged, Expect::Anything).await.is_err());
    let listed = store.list("t", Kind::Task, None, 100).await.unwrap();
    assert_eq!(listed.len(), keys.len() - 1);
    assert!(listed.iter().all(|(key, stored)| key != damaged && stored.value == b"y"));
    tokio::time::advance(61 * SECOND).await;
    set(&store, &key(Kind::Claim), b"x").await.unwrap();
    assert_eq!(value(&store, damaged).await, None, "its time is over");
}

#[tokio::test(start_paused = true)]
async fn a_file_of_a_newer_release_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = embedded(folder.path());
    set(&store, &key(Kind::Claim), b"x").await.unwrap();
    let database = end(store, folder.path());
    let write = database.begin_write().unwrap();
    write.open_table(TableDefinition::<&str, u64>::new("meta")).unwrap().insert("format", 99).unwrap();
    write.commit().unwrap();
    drop(database);
    let error = embedded(folder.path()).get(&key(Kind::Claim)).await.unwrap_err();
    assert!(!error.is_away() && error.to_string().contains("format 99"), "{error}");
    fs::write(folder.path().join("switches.json"), r#"{"format": 99, "version": 0, "switches": {}}"#).unwrap();
    let error = embedded(folder.path()).get(&key(Kind::Switch)).await.unwrap_err();
    assert!(!error.is_away() && error.to_string().contains("format 99"), "{error}");
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn nobody_else_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;

    let folder = TempDir::new().unwrap();
    let data = folder.path().join("some/data");
    let store = embedded(&data);
    set(&store, &key(Kind::Claim), b"x").await.unwrap();
    set(&store, &key(Kind::Switch), b"x").await.unwrap();
    set(&store, &key(Kind::Approval), b"x").await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for name in ["store.redb", "switches.json", "switches.lock", "approvals.json", "approvals.lock"] {
        assert_eq!(mode(&data.join(name)), 0o600, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_directory_that_can_not_be_made_is_away() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let store = embedded(&folder.path().join("file/data"));
    for kind in [Kind::Claim, Kind::Switch] {
        let error = set(&store, &key(kind), b"x").await.unwrap_err();
        assert!(error.is_away(), "{error}");
    }
}
