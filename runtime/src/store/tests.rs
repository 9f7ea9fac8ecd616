//! One suite of behaviours (`suite.rs`), run against every store there is; and what is particular to each.
//!
//! Real servers come by the environment, which `cargo xtask test` sets: `STEADFAST_TEST_POSTGRES` and
//! `STEADFAST_TEST_REDIS`. Without them their tests say `SKIPPED` and do nothing.

mod embedded;
mod model;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod proxy;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod servers;
mod suite;

use std::{sync::Arc, time::Duration};

use proptest::prelude::*;

use super::{Key, Kind, Store};
use crate::clock;

/// A store, and a tenant of its own in it.
struct Subject {
    store: Arc<dyn Store>,
    tenant: Arc<str>,
    kind: Kind,
    /// Lets time pass where it stands still; a server's passes by itself while it is asked.
    pass: fn(Duration) -> crate::context::BoxFuture<'static, ()>,
    /// Goes away with the subject.
    _folder: Option<tempfile::TempDir>,
}

impl Subject {
    fn key(&self, name: impl Into<String>) -> Key {
        Key { tenant: Arc::clone(&self.tenant), kind: self.kind, name: name.into() }
    }
}

/// Names and tenants that a store could mistake for something else.
const HOSTILE: [&str; 15] = [
    "",
    " ",
    "\0",
    "a\0b",
    "%",
    "%00",
    ":",
    "a:claim:b",
    "{a}:claim:b",
    "}:claim:",
    "'; DROP TABLE steadfast_store; --",
    "*?[a-z]",
    "../../etc/passwd",
    "ß→🦀\u{202e}",
    "\u{10ffff}",
];

/// The same, and anything else, and texts beyond what a key may be long.
pub(super) fn hostile() -> impl Strategy<Value = String> {
    let long = ("[a-b]{0,2}", prop::sample::select(vec!["n", "ß"])).prop_map(|(end, unit)| unit.repeat(400) + &end);
    prop_oneof![prop::sample::select(HOSTILE.to_vec()).prop_map(str::to_owned), any::<String>(), long]
}

/// A tenant that no other test has.
fn tenant() -> Arc<str> {
    format!("test-{}", super::key::hex(&clock::random::<16>().unwrap())).into()
}

/// Every behaviour of the suite as a test of a store.
macro_rules! contract {
    ($subject:path, $options:tt) => {
        contract!(@ $subject, $options;
            one_of_many_that_expect_nothing_wins,
            one_of_many_that_expect_a_version_wins,
            a_version_is_never_used_twice,
            a_conflict_carries_what_is_there,
            only_what_is_expected_is_removed,
            a_record_ends_with_its_time_to_live,
            a_new_time_to_live_replaces_the_old_one,
            lists_come_in_pages_in_the_order_of_names,
            lists_leave_out_what_is_over,
            tenants_and_kinds_are_apart,
            any_name_and_any_tenant_is_kept,
            any_value_is_kept,
            changes_end_as_in_a_model,
        );
    };
    (@ $subject:path, $options:tt; $($behaviour:ident,)*) => {
        $(
            #[tokio::test $options]
            async fn $behaviour() {
                if let Some(subject) = $subject().await {
                    crate::store::tests::suite::$behaviour(&subject).await;
                }
            }
        )*
    };
}
use contract;

/// The same for limits.
macro_rules! limits {
    ($subject:path, $options:tt) => {
        contract!(@ $subject, $options;
            a_quota_is_granted_once_however_many_ask,
            a_quota_comes_back_and_says_when,
            quotas_of_others_are_not_touched,
        );
    };
}
use limits;
