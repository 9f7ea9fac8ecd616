//! The bulkhead: no bound is passed, and whoever waits and stays is served. A wake-up that is lost would leave a task
//! asleep for good, which shuttle reports.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use shuttle::{
    future::{block_on, spawn, yield_now},
    rand::{Rng as _, thread_rng},
};

use super::{
    check,
    subjects::{Clock, bulkhead::Bulkhead, queue::BulkheadPolicy},
};

/// A bulkhead, and who is inside by the models' own count.
struct Watched {
    policy: BulkheadPolicy,
    bulkhead: Bulkhead,
    callers: [Arc<str>; 3],
    inside: [AtomicUsize; 3],
}

impl Watched {
    fn new(policy: BulkheadPolicy) -> Arc<Self> {
        let bulkhead = Bulkhead::new(policy, Clock::system());
        let callers = ["ada", "bob", "eve"].map(Arc::from);
        Arc::new(Self { policy, bulkhead, callers, inside: Default::default() })
    }

    /// One call: whether it was served.
    async fn call(self: Arc<Self>, caller: usize) -> bool {
        let Ok(entering) = self.bulkhead.enter(&self.callers[caller]) else { return false };
        let Ok(slot) = entering.await else { return false };
        let inside = Inside::new(&self, caller);
        yield_now().await;
        drop(inside);
        drop(slot);
        true
    }

    /// Nothing may be left behind.
    fn is_empty(&self) -> bool {
        (self.bulkhead.running(), self.bulkhead.waiting()) == (0, 0)
    }
}

struct Inside<'a>(&'a AtomicUsize);

impl<'a> Inside<'a> {
    fn new(watched: &'a Watched, caller: usize) -> Self {
        let mine = watched.inside[caller].fetch_add(1, SeqCst) + 1;
        let all: usize = watched.inside.iter().map(|inside| inside.load(SeqCst)).sum();
        assert!(mine <= watched.policy.per_caller, "{mine} of one caller");
        assert!(all <= watched.policy.concurrency, "{all} at once");
        Self(&watched.inside[caller])
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

const ROOMY: BulkheadPolicy = BulkheadPolicy { concurrency: 2, per_caller: 1, queue: 100, queue_per_caller: 100 };

#[test]
fn whoever_waits_is_served() {
    check(|| {
        let watched = Watched::new(ROOMY);
        let calls: Vec<_> = [0, 0, 0, 1, 1, 2].map(|caller| spawn(Arc::clone(&watched).call(caller))).into();
        for call in calls {
            assert!(block_on(call).unwrap());
        }
        assert!(watched.is_empty());
    });
}

#[test]
fn whoever_waits_is_served_although_others_give_up_at_any_time() {
    check(|| {
        let watched = Watched::new(BulkheadPolicy { concurrency: 1, ..ROOMY });
        let calls = [0, 0, 1, 1, 2].map(|caller| spawn(Arc::clone(&watched).call(caller)));
        let [impatient, patient, other, another, last] = calls;
        for call in [&impatient, &other] {
            call.abort();
        }
        for call in [patient, another, last] {
            assert!(block_on(call).unwrap());
        }
        for call in [impatient, other] {
            let _ = block_on(call);
        }
        assert!(watched.is_empty());
    });
}

#[test]
fn no_bound_is_passed_when_places_are_few_and_calls_are_refused_evicted_and_cancelled() {
    check(|| {
        let policy = BulkheadPolicy { concurrency: 2, per_caller: 2, queue: 2, queue_per_caller: 2 };
        let watched = Watched::new(policy);
        let calls = [0, 0, 0, 0, 1, 1, 2].map(|caller| spawn(Arc::clone(&watched).call(caller)));
        for call in &calls {
            assert!(watched.bulkhead.waiting() <= policy.queue);
            if thread_rng().gen_bool(0.2) {
                call.abort();
            }
        }
        let served = calls.map(|call| block_on(call).unwrap_or(false));
        assert!(watched.is_empty());
        let again = spawn(Arc::clone(&watched).call(0));
        assert!(block_on(again).unwrap(), "no place was lost, {served:?}");
    });
}

#[test]
fn a_caller_waits_for_at_most_one_call_of_each_other_caller() {
    check(|| {
        let watched = Watched::new(BulkheadPolicy { concurrency: 1, ..ROOMY });
        let running = block_on(watched.bulkhead.enter(&watched.callers[2]).unwrap()).unwrap();
        let ran = Arc::new(std::sync::Mutex::new(Vec::new()));
        let calls = [0, 0, 0, 0, 1, 1].map(|caller| {
            let (watched, ran) = (Arc::clone(&watched), Arc::clone(&ran));
            spawn(async move {
                let slot = watched.bulkhead.enter(&watched.callers[caller]).unwrap().await.unwrap();
                ran.lock().unwrap().push(caller);
                yield_now().await;
                drop(slot);
            })
        });
        while watched.bulkhead.waiting() < 6 {
            shuttle::thread::yield_now();
        }
        drop(running);
        for call in calls {
            block_on(call).unwrap();
        }
        let ran = ran.lock().unwrap().clone();
        let turns = ran.iter().position(|caller| *caller == 1).unwrap();
        assert!(turns <= 1 && ran[turns..].iter().take(4).filter(|caller| **caller == 1).count() == 2, "{ran:?}");
    });
}
