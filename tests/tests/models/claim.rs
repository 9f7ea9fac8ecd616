//! The claim of an idempotency key: of all who come with it, in several replicas, one acts, whoever dies meanwhile.

use std::time::Duration;

use shuttle::{
    future::block_on,
    rand::{Rng as _, thread_rng},
    sync::{Arc, Mutex},
};

use super::{
    check,
    subjects::claim::{Claimed, Found, Record, Records, State, Written, claim, settle},
    together,
};

const LEASE: Duration = Duration::from_secs(1);

/// The store that all replicas share: each operation by itself is atomic, and time passes as it likes.
#[derive(Default)]
struct Store {
    slot: Mutex<(u64, Option<(u64, Record)>)>,
}

impl Records for Store {
    type Error = ();

    async fn write(&self, expect: Option<u64>, record: &Record) -> Result<Written, ()> {
        let mut slot = self.slot.lock().unwrap();
        let (last, found) = &mut *slot;
        if found.as_ref().map(|(version, _)| *version) == expect {
            *last += 1;
            *found = Some((*last, record.clone()));
            return Ok(Written::Done(*last));
        }
        let age = if thread_rng().r#gen() { LEASE * 2 } else { Duration::ZERO };
        Ok(Written::Conflict(found.clone().map(|(_, record)| Found { record, age })))
    }
}

impl Store {
    fn release(&self, version: u64) {
        let mut slot = self.slot.lock().unwrap();
        if slot.1.as_ref().is_some_and(|(now, _)| *now == version) {
            slot.1 = None;
        }
    }
}

/// How whoever got the claim goes on.
#[derive(Clone, Copy)]
enum Fate {
    Answers,
    TimesOut,
    /// It is killed in the middle, or just before it says how it ended.
    Dies,
    /// It finds, before it did anything, that it can't.
    Releases,
}

/// What one caller did, and what it was told.
struct Told {
    acted: bool,
    claimed: Claimed,
}

fn call(store: &Store, fate: Fate) -> Told {
    let claimed = block_on(claim(store, "tea", LEASE)).unwrap();
    let Claimed::New { version } = claimed else { return Told { acted: false, claimed } };
    let end = |state| block_on(settle(store, version, "tea", state)).unwrap();
    let acted = match fate {
        Fate::Answers => end(State::Done { answer: "served".into() }),
        Fate::TimesOut => end(State::Unknown),
        Fate::Dies => true,
        Fate::Releases => {
            store.release(version);
            false
        }
    };
    Told { acted, claimed }
}

fn run(fates: &[Fate]) -> Vec<Told> {
    let store = Arc::new(Store::default());
    let callers = fates.iter().map(|fate| {
        let (store, fate) = (Arc::clone(&store), *fate);
        move || call(&store, fate)
    });
    let mut told = together(callers);
    // Whoever comes last, when nobody is left.
    told.push(call(&store, Fate::Answers));
    told
}

#[test]
fn at_most_one_acts_and_who_is_told_an_answer_is_told_the_one_that_there_was() {
    for fates in [
        [Fate::Answers, Fate::Answers, Fate::Answers],
        [Fate::Releases, Fate::Answers, Fate::Dies],
        [Fate::TimesOut, Fate::Releases, Fate::Answers],
        [Fate::Dies, Fate::Dies, Fate::Releases],
    ] {
        check(move || {
            let told = run(&fates);
            assert!(told.iter().filter(|told| told.acted).count() <= 1);
            for Told { claimed, .. } in &told {
                match claimed {
                    Claimed::Replay { answer } => assert_eq!(answer, "served"),
                    Claimed::Mismatch => panic!("there was only one call"),
                    Claimed::New { .. } | Claimed::InFlight { .. } | Claimed::Unknown => {}
                }
            }
        });
    }
}

#[test]
fn when_everybody_released_the_last_one_may_act() {
    check(|| {
        let told = run(&[Fate::Releases, Fate::Releases]);
        assert!(told.last().is_some_and(|told| told.acted));
    });
}

#[test]
fn another_call_with_the_key_never_acts() {
    check(|| {
        let store = Arc::new(Store::default());
        let other = Arc::clone(&store);
        let callers: [Box<dyn FnOnce() -> bool + Send>; 2] = [
            Box::new(move || call(&store, Fate::Answers).acted),
            Box::new(move || matches!(block_on(claim(&*other, "milk", LEASE)), Ok(Claimed::New { .. }))),
        ];
        let acted = together(callers);
        assert_eq!(acted.iter().filter(|acted| **acted).count(), 1);
    });
}
