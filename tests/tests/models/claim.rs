//! The claim of an idempotency key: of all who come with it, in several replicas, one acts, whoever dies meanwhile, and
//! although the store does not always say what it did.

use std::time::Duration;

use shuttle::{
    future::block_on,
    rand::{Rng as _, thread_rng},
    sync::{Arc, Mutex},
};

use super::{
    check,
    subjects::claim::{
        Found, Met, Mine, Record, Records, Released, Repeat, State, Written, claim, judge, release, renew, settle,
    },
    together,
};

const LEASE: Duration = Duration::from_secs(1);

/// How far the store can be relied on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Sure,
    /// What is asked for is done or not, and nobody is told.
    Cut,
    /// The same, or it is done when somebody else asks for something.
    Slow,
}

/// The store that all replicas share: each operation by itself is atomic, and time passes as it likes.
struct Store {
    way: Way,
    slot: Mutex<Slot>,
}

#[derive(Default)]
struct Slot {
    last: u64,
    found: Option<(u64, Record)>,
    /// Writes that are still on their way.
    late: Vec<(Option<u64>, Record)>,
}

impl Slot {
    fn write(&mut self, expect: Option<u64>, record: &Record) -> Option<u64> {
        (self.found.as_ref().map(|(version, _)| *version) == expect).then(|| {
            self.last += 1;
            self.found = Some((self.last, record.clone()));
            self.last
        })
    }

    /// Whatever arrives before the next operation.
    fn arrive(&mut self) {
        if !self.late.is_empty() && thread_rng().r#gen() {
            let (expect, record) = self.late.remove(0);
            self.write(expect, &record);
        }
    }

    fn found(&self) -> Option<Found> {
        let age = if thread_rng().r#gen() { LEASE * 2 } else { Duration::ZERO };
        self.found.clone().map(|(version, record)| Found { record, version, age })
    }
}

impl Records for Store {
    type Error = ();

    async fn write(&self, expect: Option<u64>, record: &Record) -> Result<Written, ()> {
        let mut slot = self.slot.lock().unwrap();
        slot.arrive();
        if self.way != Way::Sure && thread_rng().gen_range(0..3) == 0 {
            match thread_rng().gen_range(0..3) {
                0 => drop(slot.write(expect, record)),
                1 if self.way == Way::Slow => slot.late.push((expect, record.clone())),
                _ => {}
            }
            return Err(());
        }
        Ok(slot.write(expect, record).map_or_else(|| Written::Conflict(slot.found()), Written::Done))
    }

    async fn read(&self) -> Result<Option<Found>, ()> {
        let mut slot = self.slot.lock().unwrap();
        slot.arrive();
        Ok(slot.found())
    }

    async fn remove(&self, version: u64) -> Result<bool, ()> {
        let mut slot = self.slot.lock().unwrap();
        slot.arrive();
        let there = slot.found.as_ref().is_some_and(|(found, _)| *found == version);
        if there {
            slot.found = None;
        }
        if self.way != Way::Sure && thread_rng().gen_range(0..3) == 0 { Err(()) } else { Ok(there) }
    }
}

/// How whoever got the claim goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Answers,
    /// After it said a few times that it is still at it.
    AnswersLate,
    TimesOut,
    /// It is killed in the middle, or just before it says how it ended.
    Dies,
    /// It finds, before it did anything, that it can't.
    Releases,
}

/// What one caller did, and what it was told: nothing where it acted, or where the store did not say.
struct Told {
    acted: bool,
    repeat: Option<Repeat>,
}

/// Tries until the store says what it did.
fn surely<T>(mut attempt: impl FnMut() -> Result<T, ()>) -> T {
    loop {
        if let Ok(done) = attempt() {
            return done;
        }
    }
}

fn call(store: &Store, nonce: usize, fate: Fate) -> Told {
    let mine = Mine { fingerprint: "tea".into(), nonce: nonce.to_string(), lease: LEASE };
    let mut version = match block_on(claim(store, &mine)) {
        Ok(Met::Nobody { version }) => version,
        Ok(Met::Somebody(found)) => return Told { acted: false, repeat: Some(judge(&found, "tea")) },
        Ok(Met::Many) => return Told { acted: false, repeat: None },
        Err(()) => {
            surely(|| block_on(release(store, &mine)));
            return Told { acted: false, repeat: None };
        }
    };
    let end = |version, state: State| surely(|| block_on(settle(store, &mine, version, state.clone())));
    let answer = || State::Done { answer: "served".into() };
    let acted = match fate {
        Fate::Answers => {
            end(version, answer());
            true
        }
        Fate::AnswersLate => {
            for _ in 0..2 {
                version = block_on(renew(store, &mine, version)).ok().flatten().unwrap_or(version);
            }
            end(version, answer());
            true
        }
        Fate::TimesOut => {
            end(version, State::Unknown);
            true
        }
        Fate::Dies => true,
        Fate::Releases => {
            assert!(surely(|| block_on(release(store, &mine))) != Released::Anothers || store.way != Way::Sure);
            false
        }
    };
    Told { acted, repeat: None }
}

fn run(way: Way, fates: &[Fate]) -> Vec<Told> {
    let store = Arc::new(Store { way, slot: Mutex::default() });
    let callers = fates.iter().enumerate().map(|(nonce, fate)| {
        let (store, fate) = (Arc::clone(&store), *fate);
        move || call(&store, nonce, fate)
    });
    let mut told = together(callers);
    // Whoever comes last, when nobody is left, until the store says something.
    for nonce in fates.len().. {
        let last = call(&store, nonce, Fate::Answers);
        let heard = last.acted || last.repeat.is_some();
        told.push(last);
        if heard {
            break;
        }
    }
    told
}

const WAYS: [Way; 3] = [Way::Sure, Way::Cut, Way::Slow];

#[test]
fn at_most_one_acts_and_who_is_told_an_answer_is_told_the_one_that_there_was() {
    for (way, fates) in [
        (Way::Sure, [Fate::Answers, Fate::Answers, Fate::AnswersLate]),
        (Way::Sure, [Fate::Releases, Fate::Answers, Fate::Dies]),
        (Way::Sure, [Fate::TimesOut, Fate::Releases, Fate::Answers]),
        (Way::Sure, [Fate::Dies, Fate::Dies, Fate::Releases]),
        (Way::Cut, [Fate::Answers, Fate::AnswersLate, Fate::Releases]),
        (Way::Slow, [Fate::Answers, Fate::AnswersLate, Fate::Releases]),
        (Way::Slow, [Fate::TimesOut, Fate::Releases, Fate::Dies]),
    ] {
        check(move || {
            let told = run(way, &fates);
            assert!(told.iter().filter(|told| told.acted).count() <= 1);
            for Told { repeat, .. } in &told {
                match repeat {
                    Some(Repeat::Replay { answer }) => assert_eq!(answer, "served"),
                    Some(Repeat::Mismatch) => panic!("there was only one call"),
                    None | Some(Repeat::InFlight { .. } | Repeat::Unknown) => {}
                }
            }
        });
    }
}

#[test]
fn when_everybody_released_the_last_one_may_act() {
    for way in [Way::Sure, Way::Cut] {
        check(move || {
            let told = run(way, &[Fate::Releases, Fate::Releases]);
            assert!(told.last().is_some_and(|told| told.acted));
        });
    }
}

#[test]
fn what_was_answered_is_given_again_whatever_the_store_left_unsaid() {
    for way in WAYS {
        check(move || {
            let told = run(way, &[Fate::AnswersLate, Fate::Releases]);
            // Else a claim arrived after its caller had looked for it, and is left to its lease.
            if told[0].acted {
                assert_eq!(told.last().unwrap().repeat, Some(Repeat::Replay { answer: "served".into() }));
            }
        });
    }
}

#[test]
fn another_call_with_the_key_never_acts() {
    check(|| {
        let store = Arc::new(Store { way: Way::Sure, slot: Mutex::default() });
        let other = Arc::clone(&store);
        let milk = Mine { fingerprint: "milk".into(), nonce: "other".into(), lease: LEASE };
        let callers: [Box<dyn FnOnce() -> bool + Send>; 2] = [
            Box::new(move || call(&store, 0, Fate::Answers).acted),
            Box::new(move || matches!(block_on(claim(&*other, &milk)), Ok(Met::Nobody { .. }))),
        ];
        let acted = together(callers);
        assert_eq!(acted.iter().filter(|acted| **acted).count(), 1);
    });
}
