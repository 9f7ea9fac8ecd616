//! What every store does.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures_util::future::join_all;
use proptest::{strategy::ValueTree, test_runner::TestRunner};

use super::{HOSTILE, Subject, hostile, model};
use crate::store::{Expect, Key, Kind, Put, Quota, Taken};

const SHORT: Duration = Duration::from_millis(40);
const LONG: Duration = Duration::from_secs(3_600);

impl Subject {
    /// The version that was written.
    async fn set(&self, key: &Key, value: &[u8], ttl: Option<Duration>) -> u64 {
        match self.store.put(key, Expect::Anything, value, ttl).await.unwrap() {
            Put::Done { version } => version,
            conflict @ Put::Conflict(_) => panic!("{conflict:?}"),
        }
    }

    async fn value(&self, key: &Key) -> Option<Vec<u8>> {
        self.store.get(key).await.unwrap().map(|stored| stored.value)
    }

    /// Waits until a record is over, at least for the time given.
    async fn wait_for_the_end(&self, key: &Key) {
        for _ in 0..100_000 {
            if self.value(key).await.is_none() {
                return;
            }
            (self.pass)(Duration::from_millis(1)).await;
        }
        panic!("{key:?} does not end");
    }

    async fn names(&self, tenant: &str, after: Option<&str>, limit: usize) -> Vec<String> {
        let list = self.store.list(tenant, self.kind, after, limit).await.unwrap();
        assert!(list.iter().all(|(key, _)| &*key.tenant == tenant && key.kind == self.kind));
        list.into_iter().map(|(key, _)| key.name).collect()
    }
}

pub(super) async fn one_of_many_that_expect_nothing_wins(subject: &Subject) {
    let key = subject.key("race");
    let values: Vec<_> = (0..100).map(|n: u32| n.to_string().into_bytes()).collect();
    let puts = values.iter().map(|value| subject.store.put(&key, Expect::Absent, value, None));
    let mut winner = None;
    let results = join_all(puts).await;
    for (put, value) in results.iter().zip(&values) {
        if let Put::Done { .. } = put.as_ref().unwrap() {
            assert_eq!(winner.replace(value.clone()), None, "two won");
        }
    }
    assert!(winner.is_some());
    for put in results {
        let Put::Conflict(there) = put.unwrap() else { continue };
        assert_eq!(there.map(|there| there.value), winner);
    }
    assert_eq!(subject.value(&key).await, winner);
}

pub(super) async fn one_of_many_that_expect_a_version_wins(subject: &Subject) {
    let key = subject.key("race");
    let version = subject.set(&key, b"begin", None).await;
    let puts = (0..50).map(|_| subject.store.put(&key, Expect::Version(version), b"end", None));
    let done = join_all(puts).await.into_iter().filter(|put| matches!(put, Ok(Put::Done { .. }))).count();
    assert_eq!(done, 1);
    let now = subject.store.get(&key).await.unwrap().unwrap().version;
    let removals = (0..50).map(|_| subject.store.remove(&key, Expect::Version(now)));
    assert_eq!(join_all(removals).await.into_iter().filter(|removed| matches!(removed, Ok(true))).count(), 1);
}

pub(super) async fn a_version_is_never_used_twice(subject: &Subject) {
    let key = subject.key("again");
    let mut versions = HashSet::new();
    for _ in 0..10 {
        assert!(versions.insert(subject.set(&key, b"1", None).await));
        let last = subject.set(&key, b"2", Some(LONG)).await;
        assert!(versions.insert(last));
        assert_eq!(subject.store.get(&key).await.unwrap().unwrap().version, last);
        assert!(subject.store.remove(&key, Expect::Anything).await.unwrap());
    }
}

pub(super) async fn a_conflict_carries_what_is_there(subject: &Subject) {
    let key = subject.key("conflict");
    assert_eq!(subject.store.put(&key, Expect::Version(1), b"x", None).await.unwrap(), Put::Conflict(None));
    let version = subject.set(&key, b"there", Some(LONG)).await;
    for expect in [Expect::Absent, Expect::Version(version + 1), Expect::Version(0), Expect::Version(u64::MAX)] {
        let Put::Conflict(Some(there)) = subject.store.put(&key, expect, b"x", None).await.unwrap() else {
            panic!("{expect:?} is met");
        };
        assert_eq!((there.value.as_slice(), there.version), (b"there".as_slice(), version));
        assert!(there.age < LONG);
    }
}

pub(super) async fn only_what_is_expected_is_removed(subject: &Subject) {
    let key = subject.key("remove");
    assert!(!subject.store.remove(&key, Expect::Anything).await.unwrap());
    let version = subject.set(&key, b"x", None).await;
    for (expect, removed) in
        [(Expect::Absent, false), (Expect::Version(version + 1), false), (Expect::Version(version), true)]
    {
        assert_eq!(subject.store.remove(&key, expect).await.unwrap(), removed, "{expect:?}");
        assert_eq!(subject.value(&key).await.is_none(), removed);
    }
    assert!(subject.names(&subject.tenant, None, 9).await.is_empty());
}

pub(super) async fn a_record_ends_with_its_time_to_live(subject: &Subject) {
    let key = subject.key("short");
    let version = subject.set(&key, b"x", Some(SHORT)).await;
    subject.wait_for_the_end(&key).await;
    assert!(subject.names(&subject.tenant, None, 9).await.is_empty());
    assert!(!subject.store.remove(&key, Expect::Version(version)).await.unwrap());
    let put = subject.store.put(&key, Expect::Version(version), b"y", None).await.unwrap();
    assert_eq!(put, Put::Conflict(None));
    let put = subject.store.put(&key, Expect::Absent, b"z", None).await.unwrap();
    assert!(matches!(put, Put::Done { version: new } if new != version));
    assert_eq!(subject.value(&key).await.as_deref(), Some(b"z".as_slice()));
}

pub(super) async fn a_new_time_to_live_replaces_the_old_one(subject: &Subject) {
    let (kept, shortened, measure) = (subject.key("kept"), subject.key("shortened"), subject.key("measure"));
    subject.set(&kept, b"x", Some(SHORT)).await;
    subject.set(&kept, b"y", None).await;
    subject.set(&shortened, b"x", Some(Duration::MAX)).await;
    subject.set(&shortened, b"y", Some(SHORT)).await;
    subject.set(&measure, b"x", Some(2 * SHORT)).await;
    subject.wait_for_the_end(&shortened).await;
    subject.wait_for_the_end(&measure).await;
    // The record that ended must not take the one in its place with it when it is swept.
    subject.set(&measure, b"y", None).await;
    assert_eq!(subject.value(&kept).await.as_deref(), Some(b"y".as_slice()));
    assert_eq!(subject.names(&subject.tenant, None, 9).await, ["kept", "measure"]);
}

pub(super) async fn lists_come_in_pages_in_the_order_of_names(subject: &Subject) {
    let mut names: Vec<String> = (0..23).map(|n| format!("{}", n * 37 % 100)).collect();
    names.extend(["", "Z", "a", "ä", "a\0", "a b"].map(str::to_owned));
    for name in &names {
        subject.set(&subject.key(name.as_str()), name.as_bytes(), Some(LONG)).await;
    }
    names.sort();
    for limit in [1, 7, 29, 1_000] {
        let mut listed = Vec::new();
        loop {
            let page = subject.names(&subject.tenant, listed.last().map(String::as_str), limit).await;
            assert!(page.len() <= limit);
            if page.is_empty() {
                break;
            }
            assert!(page.len() == limit || listed.len() + page.len() == names.len(), "a page is short");
            listed.extend(page);
        }
        assert_eq!(listed, names);
    }
    assert!(subject.names(&subject.tenant, None, 0).await.is_empty());
    assert_eq!(subject.names(&subject.tenant, Some("a\0\0"), 1).await, ["a b"], "after a name that is not there");
}

pub(super) async fn lists_leave_out_what_is_over(subject: &Subject) {
    for n in 0..250 {
        let ttl = if n % 100 == 98 { LONG } else { SHORT };
        subject.set(&subject.key(format!("{n:03}")), b"x", Some(ttl)).await;
    }
    subject.wait_for_the_end(&subject.key("249")).await;
    assert_eq!(subject.names(&subject.tenant, None, 1).await, ["098"]);
    assert_eq!(subject.names(&subject.tenant, None, 9).await, ["098", "198"]);
    assert_eq!(subject.names(&subject.tenant, Some("098"), 9).await, ["198"]);
}

pub(super) async fn tenants_and_kinds_are_apart(subject: &Subject) {
    let base = &subject.tenant;
    let tenants = [base.to_string(), format!("{base}:"), format!("{base}}}"), format!("{base}\0"), format!("{base}%")];
    let mut keys = Vec::new();
    for tenant in &tenants {
        for kind in [Kind::Claim, Kind::Task, Kind::Switch] {
            keys.push(Key { tenant: tenant.as_str().into(), kind, name: "same".into() });
        }
    }
    // The same text, cut at different places.
    for (n, separator) in [":claim:", "}:claim:", "\0claim\0"].into_iter().enumerate() {
        for (end, name) in [("", format!("b{separator}c")), (&*format!("{separator}b"), "c".into())] {
            keys.push(Key { tenant: format!("{base}-{n}{end}").into(), kind: Kind::Claim, name });
        }
    }
    for (n, key) in keys.iter().enumerate() {
        let put = subject.store.put(key, Expect::Absent, &[u8::try_from(n).unwrap()], None).await.unwrap();
        assert!(matches!(put, Put::Done { .. }), "{key:?}");
    }
    for (n, key) in keys.iter().enumerate() {
        assert_eq!(subject.value(key).await, Some(vec![u8::try_from(n).unwrap()]));
        let list = subject.store.list(&key.tenant, key.kind, None, 9).await.unwrap();
        assert!(list.len() == 1 && list[0].0 == *key, "{list:?}");
        assert!(subject.store.remove(key, Expect::Anything).await.unwrap());
    }
}

pub(super) async fn any_name_and_any_tenant_is_kept(subject: &Subject) {
    let mut runner = TestRunner::deterministic();
    let mut texts: Vec<String> = HOSTILE.map(str::to_owned).into();
    let strategy = hostile();
    texts.extend((0..60).map(|_| proptest::strategy::Strategy::new_tree(&strategy, &mut runner).unwrap().current()));
    texts.extend(["n".repeat(400), "n".repeat(401), "n".repeat(100_000), "n".repeat(100_001)]);
    texts.sort();
    texts.dedup();
    for text in &texts {
        // A tenant is any text, too; with a beginning of its own, since the server is not this test's alone.
        let key = Key { tenant: format!("{}{text}", subject.tenant).into(), ..subject.key(text.as_str()) };
        subject.set(&key, text.as_bytes(), None).await;
        subject.set(&subject.key(text.as_str()), text.as_bytes(), Some(LONG)).await;
    }
    for text in &texts {
        let key = Key { tenant: format!("{}{text}", subject.tenant).into(), ..subject.key(text.as_str()) };
        assert_eq!(subject.value(&key).await.as_deref(), Some(text.as_bytes()), "{text:?}");
        assert_eq!(subject.value(&subject.key(text.as_str())).await.as_deref(), Some(text.as_bytes()), "{text:?}");
    }
    let listed: HashSet<_> = subject.names(&subject.tenant, None, texts.len() + 1).await.into_iter().collect();
    assert_eq!(listed, texts.iter().cloned().collect());
    let mut paged = Vec::<String>::new();
    for _ in 0..texts.len() {
        paged.extend(subject.names(&subject.tenant, paged.last().map(String::as_str), 1).await);
    }
    assert_eq!(paged.into_iter().collect::<HashSet<_>>(), listed);
}

pub(super) async fn any_value_is_kept(subject: &Subject) {
    let every: Vec<u8> = (0..=255).collect();
    for (n, value) in [every.repeat(4_096), every, Vec::new(), vec![0], b"\"text\"".to_vec()].iter().enumerate() {
        let key = subject.key(format!("{n}"));
        subject.set(&key, value, Some(LONG)).await;
        assert!(subject.value(&key).await.as_ref() == Some(value), "value {n} of {} bytes", value.len());
    }
}

pub(super) async fn changes_end_as_in_a_model(subject: &Subject) {
    model::run(subject).await;
}

fn quota(count: u32, per: Duration) -> Quota {
    Quota::parse(&format!("{count}/{}", crate::duration::text(per))).unwrap()
}

fn limit(subject: &Subject, name: &str) -> Key {
    Key { tenant: Arc::clone(&subject.tenant), kind: Kind::Limit, name: name.into() }
}

pub(super) async fn a_quota_is_granted_once_however_many_ask(subject: &Subject) {
    for count in [1, 7, 30] {
        let key = limit(subject, &format!("{count}"));
        let takes = join_all((0..60).map(|_| subject.store.take(&key, quota(count, LONG)))).await;
        let mut granted = 0;
        for taken in takes {
            match taken.unwrap() {
                Taken::Granted => granted += 1,
                Taken::Limited { retry_after } => {
                    // Intervals are rounded up.
                    assert!(retry_after > Duration::ZERO && retry_after <= LONG / count + Duration::from_micros(1));
                }
            }
        }
        assert_eq!(granted, count);
    }
}

pub(super) async fn a_quota_comes_back_and_says_when(subject: &Subject) {
    let key = limit(subject, "comes back");
    let quota = quota(3, 3 * SHORT);
    let mut granted = 0;
    for _ in 0..100_000 {
        match subject.store.take(&key, quota).await.unwrap() {
            Taken::Granted => granted += 1,
            Taken::Limited { retry_after } => {
                assert!(retry_after <= SHORT + Duration::from_millis(1), "{retry_after:?}");
                if granted >= 5 {
                    return;
                }
            }
        }
        (subject.pass)(Duration::from_millis(1)).await;
    }
    panic!("{granted} were granted, and no more came back");
}

pub(super) async fn quotas_of_others_are_not_touched(subject: &Subject) {
    let tenants = [Arc::clone(&subject.tenant), format!("{}-other", subject.tenant).into()];
    for tenant in tenants {
        for name in HOSTILE.iter().map(|name| (*name).to_owned()).chain([1, 2].map(|n| "n".repeat(500 + n))) {
            let key = Key { tenant: Arc::clone(&tenant), kind: Kind::Limit, name };
            assert_eq!(subject.store.take(&key, quota(1, LONG)).await.unwrap(), Taken::Granted, "{key:?}");
        }
    }
}
