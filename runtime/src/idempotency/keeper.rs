//! Looks after a claim apart from its call: renews its lease while the call runs, and writes how it ended.
//!
//! Invariants: a claim that is known to be there has one keeper, and only the keeper writes its record; one of which
//! nobody knows whether it is there has none, and is taken back as soon as it is found; a write that may or may not
//! have been made is made sure of; a call whose caller is gone, or whose store is away for a moment, is settled all the same. A keeper
//! that can't write for a lease's time gives up: the lease is over then, which says `unknown` by itself.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::sleep,
};
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};

use super::{
    flights::Flight,
    protocol::{self, Mine, Released, State},
    slot::Slot,
};
use crate::{
    clock::Clock,
    metrics::Metrics,
    store::{Kind, StoreError},
};

/// Before the second attempt at a write; each further pause is twice as long.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How many claims of which nobody knows whether they were written are looked for at the same time: each is a task with
/// a timer and a key. Of the others, if they were written, the lease says later that nobody knows how they ended.
const UNSURE: usize = 4096;

/// What keepers have in common.
#[derive(Clone)]
pub(super) struct Keepers {
    pub(super) clock: Clock,
    pub(super) lease: Duration,
    metrics: Arc<Metrics>,
    tasks: TaskTracker,
    unsure: Arc<Semaphore>,
    /// That there were more was logged, and not all that were looked for are settled since.
    overflowed: Arc<AtomicBool>,
}

/// How a call ended, for its key.
#[derive(Debug, Clone)]
pub(super) enum Ending {
    /// The function did not run, or what it did may be done again.
    Nothing,
    /// As it is kept.
    Answered(String),
    Unknown,
}

/// The last word of a call.
pub(super) struct Told {
    pub(super) ending: Ending,
    /// Whether it was written at the first attempt.
    pub(super) first: oneshot::Sender<Result<(), StoreError>>,
}

/// A claim that may be written or not. Dropped, it is looked for and taken back: its call was never run.
pub(super) struct Unsure {
    keepers: Keepers,
    /// None once it is known.
    claim: Option<(Slot, Mine)>,
}

struct Keeper {
    clock: Clock,
    lease: Duration,
    metrics: Arc<Metrics>,
    slot: Slot,
    mine: Mine,
    version: u64,
}

impl Keepers {
    pub(super) fn new(clock: Clock, lease: Duration, metrics: Arc<Metrics>) -> Self {
        let unsure = Arc::new(Semaphore::new(UNSURE));
        Self { clock, lease, metrics, tasks: TaskTracker::new(), unsure, overflowed: Arc::default() }
    }

    /// Looks after a claim until its call ends. A call that ends without a word may have had its effect.
    pub(super) fn keep(&self, flight: Flight, slot: Slot, mine: Mine, version: u64) -> oneshot::Sender<Told> {
        let (tell, told) = oneshot::channel();
        let metrics = Arc::clone(&self.metrics);
        let keeper = Keeper { clock: self.clock, lease: self.lease, metrics, slot, mine, version };
        self.tasks.spawn(keeper.run(flight, told));
        tell
    }

    /// Watches a claim that is about to be made.
    pub(super) fn unsure(&self, slot: &Slot, mine: &Mine) -> Unsure {
        Unsure { keepers: self.clone(), claim: Some((slot.clone(), mine.clone())) }
    }

    /// Waits until everything is written of calls that ended.
    pub(super) async fn idle(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Keeper {
    async fn run(mut self, flight: Flight, mut told: oneshot::Receiver<Told>) {
        let mut pause = self.lease / 3;
        let told = loop {
            tokio::select! {
                biased;
                told = &mut told => break told.ok(),
                () = sleep(pause) => pause = self.renew().await,
            }
        };
        let (ending, mut first) = told.map_or((Ending::Unknown, None), |told| (told.ending, Some(told.first)));
        let until = self.clock.now() + self.lease;
        let mut pause = PAUSE;
        loop {
            let written = self.write(&ending).await;
            let Err(error) = written else {
                // The caller may come again as soon as it is told.
                drop(flight);
                first.map(|first| first.send(Ok(())));
                return;
            };
            // Whoever still waits for the first attempt counts it.
            let heard = first.take().is_some_and(|first| first.send(Err(error.clone())).is_ok());
            if !heard {
                self.metrics.store_failed(Kind::Claim, &error);
            }
            if self.clock.now() + pause >= until {
                tracing::error!(%error, "how a call ended could not be kept for its idempotency key");
                return;
            }
            sleep(pause).await;
            pause = (2 * pause).min(LONGEST_PAUSE);
        }
    }

    /// Gives the time until the next renewal.
    async fn renew(&mut self) -> Duration {
        match protocol::renew(&self.slot, &self.mine, self.version).await {
            Ok(Some(version)) => {
                self.version = version;
                self.lease / 3
            }
            // Nothing to renew; what the call ends with finds the same.
            Ok(None) => self.lease,
            Err(error) => {
                self.metrics.store_failed(Kind::Claim, &error);
                tracing::warn!(%error, "the lease of an idempotency key could not be renewed");
                self.lease / 12
            }
        }
    }

    async fn write(&self, ending: &Ending) -> Result<(), StoreError> {
        let state = match ending {
            Ending::Nothing => return protocol::release(&self.slot, &self.mine).await.map(drop),
            Ending::Answered(answer) => State::Done { answer: answer.clone() },
            Ending::Unknown => State::Unknown,
        };
        protocol::settle(&self.slot, &self.mine, self.version, state).await.map(drop)
    }
}

impl Unsure {
    /// The claim is there, or somebody else's is.
    pub(super) fn known(mut self) {
        self.claim = None;
    }
}

impl Drop for Unsure {
    fn drop(&mut self) {
        let Some((slot, mine)) = self.claim.take() else { return };
        let Keepers { tasks, unsure, overflowed, .. } = &self.keepers;
        let Ok(permit) = Arc::clone(unsure).try_acquire_owned() else {
            // Once for all that come while there is no room.
            if !overflowed.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    "too many idempotency keys are uncertain to be looked for; calls that were refused may be `unknown`"
                );
            }
            return;
        };
        if unsure.available_permits() + 1 == UNSURE {
            overflowed.store(false, Ordering::Relaxed);
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(take_back(self.keepers.clone(), slot, mine, tasks.token(), permit));
    }
}

/// Removes the claim if it is there. It may still be on its way when it is looked for first, so it is looked for until
/// its lease would be over; but nobody waits for that any more who waits for keepers.
async fn take_back(
    Keepers { clock, lease, metrics, .. }: Keepers,
    slot: Slot,
    mine: Mine,
    waited_for: TaskTrackerToken,
    _permit: OwnedSemaphorePermit,
) {
    let until = clock.now() + lease;
    let (mut pause, mut waited_for) = (PAUSE, Some(waited_for));
    loop {
        match protocol::release(&slot, &mine).await {
            Ok(Released::Removed | Released::Anothers) => return,
            Ok(Released::Absent) => drop(waited_for.take()),
            Err(error) => metrics.store_failed(Kind::Claim, &error),
        }
        if clock.now() + pause >= until {
            return;
        }
        sleep(pause).await;
        pause *= 2;
    }
}
