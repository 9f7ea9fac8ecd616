//! The stores that are servers: the suite, and what happens while they are away.

use std::{io::Write, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use futures_util::{FutureExt as _, future::join_all};

use super::{
    Subject, contract, limits,
    proxy::{Proxy, Way},
    tenant,
};
use crate::{
    clock::Clock,
    store::{Expect, Key, Kind, Quota, Store, StoreError, StoreSettings, StoreUrl, open},
};

/// Long enough for a server that is busy with other tests.
pub(super) const PATIENT: Duration = Duration::from_secs(30);
const POOL: usize = 8;
const IMPATIENT: Duration = Duration::from_millis(300);

/// The URL of a server; says so when there is none.
pub(super) fn url(server: &str) -> Option<String> {
    let variable = format!("STEADFAST_TEST_{}", server.to_uppercase());
    let url = std::env::var(&variable).ok();
    if url.is_none() {
        // Not by `println!`, which is captured while a test passes.
        let _ = writeln!(std::io::stdout(), "\nSKIPPED {server}: {variable} is not set");
    }
    url
}

pub(super) fn store(url: &str, timeout: Duration) -> Arc<dyn Store> {
    let settings = StoreSettings { url: Some(StoreUrl::parse(url).unwrap()), limits_url: None, timeout, pool: POOL };
    open(&settings, Path::new("unused"), Clock::system()).unwrap()
}

fn subject(server: &str) -> Option<Subject> {
    let store = store(&url(server)?, PATIENT);
    Some(Subject { store, tenant: tenant(), kind: Kind::Claim, pass: |_| Box::pin(async {}), _folder: None })
}

/// The same URL with another address.
fn at(url: &str, address: SocketAddr) -> (String, SocketAddr) {
    let start = url.find('@').or(url.find("//").map(|at| at + 1)).unwrap() + 1;
    let end = url[start..].find('/').map_or(url.len(), |length| start + length);
    (format!("{}{address}{}", &url[..start], &url[end..]), url[start..end].parse().unwrap())
}

async fn works(store: &dyn Store, key: &Key) -> Result<(), StoreError> {
    store.get(key).await?;
    store.put(key, Expect::Anything, b"x", None).await?;
    store.list(&key.tenant, key.kind, None, 9).await?;
    store.remove(key, Expect::Absent).await?;
    store.take(&Key { kind: Kind::Limit, ..key.clone() }, quota()).await?;
    Ok(())
}

fn quota() -> Quota {
    Quota::parse("1/s").unwrap()
}

async fn works_again(store: &dyn Store, key: &Key) {
    let clock = Clock::system();
    let deadline = clock.now() + PATIENT;
    while let Err(error) = works(store, key).await {
        assert!(clock.now() < deadline, "{error}");
        tokio::task::yield_now().await;
    }
}

async fn is_away(store: &dyn Store, key: &Key) {
    let limit = Key { kind: Kind::Limit, ..key.clone() };
    let started = Clock::system().now();
    let errors = tokio::join!(
        async { store.get(key).await.err() },
        async { store.put(key, Expect::Absent, b"y", None).await.err() },
        async { store.remove(key, Expect::Anything).await.err() },
        async { store.list(&key.tenant, key.kind, None, 9).await.err() },
        async { store.take(&limit, quota()).await.err() },
    );
    let took = Clock::system().now() - started;
    for error in <[_; 5]>::from(errors) {
        let error = error.unwrap();
        assert!(error.is_away(), "{error}");
    }
    assert!(took < IMPATIENT + Duration::from_secs(2), "{took:?}");
}

/// Away when it starts, there, away in two ways, and there again.
async fn comes_and_goes(url: &str) {
    let key = Key { tenant: tenant(), kind: Kind::Task, name: "name".into() };
    let (_, server) = at(url, SocketAddr::from(([127, 0, 0, 1], 1)));
    let proxy = Proxy::new(server, Way::Closed).await;
    let (url, _) = at(url, proxy.address);
    let store = store(&url, IMPATIENT);
    is_away(&*store, &key).await;
    for way in [Way::Silent, Way::Closed, Way::Silent] {
        proxy.set(Way::Open);
        works_again(&*store, &key).await;
        proxy.set(way);
        is_away(&*store, &key).await;
    }
    proxy.set(Way::Open);
    works_again(&*store, &key).await;
    assert_eq!(store.get(&key).await.unwrap().unwrap().value, b"x");
}

/// More operations than there are connections wait on those that fell silent, and go away or are given up.
async fn connections_without_answers_keep_nobody_out(url: &str, timeout: Duration) {
    let key = Key { tenant: tenant(), kind: Kind::Claim, name: "name".into() };
    let (_, server) = at(url, SocketAddr::from(([127, 0, 0, 1], 1)));
    let proxy = Proxy::new(server, Way::Open).await;
    let (url, _) = at(url, proxy.address);
    let store = store(&url, timeout);
    works_again(&*store, &key).await;
    let all = async || join_all((0..20).map(|_| store.get(&key))).await;
    all().await;
    proxy.set(Way::Forgetful);
    let _ = tokio::time::timeout(IMPATIENT, all()).await;
    assert!(tokio::time::timeout(PATIENT / 3, works_again(&*store, &key)).await.is_ok(), "{timeout:?}");
}

async fn callers_that_go_away_cost_no_connection(url: &str, connections: usize) {
    let key = Key { tenant: tenant(), kind: Kind::Claim, name: "name".into() };
    let (_, server) = at(url, SocketAddr::from(([127, 0, 0, 1], 1)));
    let proxy = Proxy::new(server, Way::Open).await;
    let store = store(&at(url, proxy.address).0, PATIENT);
    works_again(&*store, &key).await;
    for _ in 0..50 {
        assert!(store.get(&key).now_or_never().is_none());
        works(&*store, &key).await.unwrap();
    }
    assert!(proxy.taken() <= connections, "{}", proxy.taken());
}

async fn is_away_where_nobody_listens(url: &str) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (url, _) = at(url, listener.local_addr().unwrap());
    drop(listener);
    is_away(&*store(&url, IMPATIENT), &Key { tenant: tenant(), kind: Kind::Claim, name: "name".into() }).await;
}

#[cfg(feature = "postgres")]
mod postgres {
    use super::*;

    async fn postgres() -> Option<Subject> {
        subject("postgres")
    }

    contract!(postgres, (flavor = "current_thread"));
    limits!(postgres, (flavor = "current_thread"));

    #[tokio::test]
    async fn it_is_away_and_comes_back() {
        if let Some(url) = url("postgres") {
            comes_and_goes(&url).await;
            is_away_where_nobody_listens(&url).await;
        }
    }

    #[tokio::test]
    async fn callers_that_go_away_cost_no_connection() {
        if let Some(url) = url("postgres") {
            super::callers_that_go_away_cost_no_connection(&url, POOL).await;
        }
    }

    #[tokio::test]
    async fn connections_without_answers_keep_nobody_out() {
        if let Some(url) = url("postgres") {
            for timeout in [IMPATIENT / 2, 10 * IMPATIENT] {
                super::connections_without_answers_keep_nobody_out(&url, timeout).await;
            }
        }
    }
}

#[cfg(feature = "redis")]
mod redis {
    use super::*;

    async fn redis() -> Option<Subject> {
        subject("redis")
    }

    contract!(redis, (flavor = "current_thread"));
    limits!(redis, (flavor = "current_thread"));

    #[tokio::test]
    async fn callers_that_go_away_cost_no_connection() {
        if let Some(url) = url("redis") {
            super::callers_that_go_away_cost_no_connection(&url, 1).await;
        }
    }

    #[tokio::test]
    async fn connections_without_answers_keep_nobody_out() {
        if let Some(url) = url("redis") {
            for timeout in [IMPATIENT / 2, 10 * IMPATIENT] {
                super::connections_without_answers_keep_nobody_out(&url, timeout).await;
            }
        }
    }

    #[tokio::test]
    async fn it_is_away_and_comes_back() {
        if let Some(url) = url("redis") {
            comes_and_goes(&url).await;
            is_away_where_nobody_listens(&url).await;
        }
    }
}

#[cfg(all(feature = "postgres", feature = "redis"))]
#[tokio::test]
async fn a_fleet_counts_in_redis_and_keeps_in_postgres() {
    let (Some(records), Some(limits)) = (url("postgres"), url("redis")) else { return };
    let settings = StoreSettings {
        url: Some(StoreUrl::parse(&records).unwrap()),
        limits_url: Some(StoreUrl::parse(&limits).unwrap()),
        timeout: PATIENT,
        pool: 2,
    };
    let fleet = open(&settings, Path::new("unused"), Clock::system()).unwrap();
    let key = Key { tenant: tenant(), kind: Kind::Claim, name: "name".into() };
    let limit = Key { kind: Kind::Limit, ..key.clone() };
    let hour = Quota::parse("1/h").unwrap();
    assert!(matches!(fleet.put(&key, Expect::Absent, b"x", None).await.unwrap(), crate::store::Put::Done { .. }));
    fleet.take(&limit, hour).await.unwrap();

    let (records, limits) = (store(&records, PATIENT), store(&limits, PATIENT));
    assert!(records.get(&key).await.unwrap().is_some() && limits.get(&key).await.unwrap().is_none());
    assert_eq!(records.take(&limit, hour).await.unwrap(), crate::store::Taken::Granted);
    assert_ne!(limits.take(&limit, hour).await.unwrap(), crate::store::Taken::Granted);
}
