//! Any sequence of changes ends as it would with a map.

use std::collections::BTreeMap;

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use super::Subject;
use crate::store::{Expect, Put};

const SEQUENCES: usize = 10;
const NAMES: [&str; 3] = ["a", "b", "c"];

#[derive(Debug, Clone)]
struct Step {
    name: &'static str,
    expect: Expected,
    /// None removes.
    value: Option<u8>,
}

#[derive(Debug, Clone, Copy)]
enum Expected {
    Absent,
    Anything,
    /// The version that is there.
    Current,
    /// The one that was there before.
    Former,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let expect = prop::sample::select(vec![
        Expected::Absent,
        Expected::Anything,
        Expected::Current,
        Expected::Current,
        Expected::Former,
    ]);
    let step = (prop::sample::select(NAMES.to_vec()), expect, prop::option::weighted(0.7, any::<u8>()));
    prop::collection::vec(step.prop_map(|(name, expect, value)| Step { name, expect, value }), 1..30)
}

/// Runs the same sequences against every store.
pub(super) async fn run(subject: &Subject) {
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let strategy = steps();
    for _ in 0..SEQUENCES {
        for name in NAMES {
            subject.store.remove(&subject.key(name), Expect::Anything).await.unwrap();
        }
        let steps = strategy.new_tree(&mut runner).unwrap().current();
        let mut model = BTreeMap::<&str, (u8, u64)>::new();
        let mut former = BTreeMap::<&str, u64>::new();
        for step in &steps {
            let there = model.get(step.name).copied();
            let (expect, met) = match step.expect {
                Expected::Absent => (Expect::Absent, there.is_none()),
                Expected::Anything => (Expect::Anything, true),
                Expected::Current => (Expect::Version(there.map_or(0, |there| there.1)), there.is_some()),
                Expected::Former => (Expect::Version(former.get(step.name).copied().unwrap_or(0)), false),
            };
            let key = subject.key(step.name);
            match step.value {
                Some(value) => match subject.store.put(&key, expect, &[value], None).await.unwrap() {
                    Put::Done { version } => {
                        assert!(met, "{step:?} of {steps:?}");
                        if let Some((_, old)) = model.insert(step.name, (value, version)) {
                            former.insert(step.name, old);
                        }
                    }
                    Put::Conflict(found) => {
                        assert!(!met, "{step:?} of {steps:?}");
                        let found = found.map(|found| (found.value[0], found.version));
                        assert_eq!(found, there);
                    }
                },
                None => {
                    let removed = subject.store.remove(&key, expect).await.unwrap();
                    assert_eq!(removed, met && there.is_some(), "{step:?} of {steps:?}");
                    if removed && let Some((_, old)) = model.remove(step.name) {
                        former.insert(step.name, old);
                    }
                }
            }
        }
        let list = subject.store.list(&subject.tenant, subject.kind, None, 9).await.unwrap();
        let listed: BTreeMap<_, _> =
            list.iter().map(|(key, stored)| (key.name.as_str(), (stored.value[0], stored.version))).collect();
        assert_eq!(listed, model);
    }
}
