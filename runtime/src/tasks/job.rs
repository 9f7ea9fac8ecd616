//! A call that is a task, or may become one: what its function, its request and its runner share.
//!
//! Invariant: there is at most one task of a call, and it is in the store before anybody is told of it.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{OnceCell, watch},
    task::AbortHandle,
    time::Instant,
};

use super::{
    Place,
    original::{Kept, Original, Owner},
    record::Record,
    slot::{Found, Slot},
};
use crate::{call::Stop, caller::Caller, clock, engine::Engine, hash, idempotency::Claim, store::Kind};

/// See the module.
pub(super) struct Job {
    pub(super) engine: Arc<Engine>,
    task: OnceCell<Task>,
    /// The task's first record, and the claim of its idempotency key.
    draft: Mutex<Option<Draft>>,
    /// The record as it was seen last; none while there is no task.
    seen: watch::Sender<Option<Arc<Record>>>,
    /// What the function said of itself, to be written with the next look.
    said: Mutex<Option<String>>,
    /// How often something was asked under each key, in one attempt at the call.
    asked: Mutex<(u32, HashMap<String, u32>)>,
    /// Ends what runs it.
    pub(super) abort: Arc<OnceLock<AbortHandle>>,
}

/// What a call needs to become a task.
pub(super) struct Draft {
    /// Whose call it is.
    pub(super) caller: Caller,
    pub(super) record: Record,
    /// What it takes to run it again, where that may be.
    pub(super) original: Option<Original>,
    /// That may hold secrets.
    pub(super) secret: bool,
    /// How long it is kept.
    pub(super) kept: Duration,
    pub(super) claim: Option<Claim>,
}

/// The task of a job.
pub(super) struct Task {
    pub(super) slot: Slot,
    pub(super) place: Place,
    /// When its lease was taken.
    pub(super) held_since: Instant,
    /// Its record at that time.
    pub(super) record: Arc<Record>,
    /// It is found if it loses its process.
    marked: AtomicBool,
}

impl Task {
    /// One that is found if it loses its process.
    pub(super) fn marked(slot: Slot, place: Place, held_since: Instant, record: Arc<Record>) -> Self {
        Self { slot, place, held_since, record, marked: AtomicBool::new(true) }
    }

    /// Lets it be found if it loses its process, unless that was done. Without this it is still there for its caller,
    /// so that it can wait.
    pub(super) async fn mark(&self, engine: &Engine) {
        if self.marked.load(Ordering::Relaxed) {
            return;
        }
        match self.slot.mark().await {
            Ok(()) => self.marked.store(true, Ordering::Relaxed),
            Err(error) => engine.metrics.store_failed(Kind::Unfinished, &error),
        }
    }
}

impl Job {
    /// A call that is no task yet.
    pub(super) fn draft(engine: &Arc<Engine>, draft: Draft) -> Self {
        Self::with(engine, OnceCell::new(), Some(draft), None, Arc::default())
    }

    /// A task that was taken over.
    pub(super) fn adopted(engine: &Arc<Engine>, task: Task) -> Self {
        let (record, abort) = (Arc::clone(&task.record), Arc::clone(&task.place.running.abort));
        Self::with(engine, OnceCell::new_with(Some(task)), None, Some(record), abort)
    }

    fn with(
        engine: &Arc<Engine>,
        task: OnceCell<Task>,
        draft: Option<Draft>,
        seen: Option<Arc<Record>>,
        abort: Arc<OnceLock<AbortHandle>>,
    ) -> Self {
        Self {
            engine: Arc::clone(engine),
            task,
            draft: Mutex::new(draft),
            seen: watch::Sender::new(seen),
            said: Mutex::default(),
            asked: Mutex::default(),
            abort,
        }
    }

    /// Its task, if it is one.
    pub(super) fn task(&self) -> Option<&Task> {
        self.task.get()
    }

    /// Makes it a task, if it is none.
    pub(super) async fn become_task(&self) -> Result<&Task, Stop> {
        let task = self.task.get_or_try_init(|| self.create()).await?;
        // Whoever waits for the task finds it in its cell.
        self.seen.send_if_modified(|seen| {
            let first = seen.is_none();
            seen.get_or_insert_with(|| Arc::clone(&task.record));
            first
        });
        Ok(task)
    }

    async fn create(&self) -> Result<Task, Stop> {
        let engine = &self.engine;
        let random = clock::random::<16>().map_err(|_| Stop::from(crate::request_state::StateError::NoRandomness))?;
        let id = hash::hex(&random);
        let (caller, record, original, secret, kept) = match &*self.drafted() {
            Some(draft) => {
                (draft.caller.clone(), draft.record.clone(), draft.original.clone(), draft.secret, draft.kept)
            }
            None => return Err(Stop::Cancelled),
        };
        let place = Place::take(engine, &id, (caller.tenant(), caller.key()), Arc::clone(&self.abort))?;
        let owner = Owner { tenant: caller.tenant(), principal: &record.principal, task: &id };
        let call = match original {
            Some(original) if secret => Some(Kept::sealed(&original, owner, &engine.keyring).await?),
            plain => plain.map(|original| Kept::Plain(Box::new(original))),
        };
        let slot = super::slot(engine, caller.tenant(), &id);
        let held_since = engine.clock.now();
        let now_ms = engine.clock.unix_millis();
        let record = Record { created_ms: now_ms, updated_ms: now_ms, ..record };
        match slot.create(&record, call.as_ref(), kept).await {
            Ok(true) => {}
            Ok(false) => return Err(crate::request_state::StateError::NoRandomness.into()),
            Err(error) => {
                engine.store_failed(Kind::Task, &error);
                // Its caller is told that there is none, so there must not be one later.
                tokio::spawn(slot.forget(engine.tasks.settings.poll));
                return Err(Stop::StoreAway(error));
            }
        }
        let task = Task { slot, place, held_since, record: Arc::new(record), marked: AtomicBool::new(false) };
        task.mark(engine).await;
        let claim = self.drafted().take().and_then(|draft| draft.claim);
        // A repeat of the call gets the task. If this can't be written, it is told that nobody knows.
        if let Some(claim) = claim
            && let Err(error) = claim.became_task(&id).await
        {
            engine.metrics.store_failed(Kind::Claim, &error);
            tracing::error!(%error, task = id, "the task could not be kept for its idempotency key");
        }
        Ok(task)
    }

    /// The claim of a call that ended and was no task.
    pub(super) fn claim(&self) -> Option<Claim> {
        self.drafted().take().and_then(|draft| draft.claim)
    }

    fn drafted(&self) -> std::sync::MutexGuard<'_, Option<Draft>> {
        self.draft.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is a task.
    pub(super) async fn became_task(&self) -> &Task {
        let mut seen = self.seen.subscribe();
        loop {
            // The sender is this job's own, so it is still there.
            let _ = seen.wait_for(Option::is_some).await;
            if let Some(task) = self.task.get() {
                return task;
            }
        }
    }

    /// The record as it was seen last.
    pub(super) fn record(&self) -> Option<Arc<Record>> {
        self.seen.borrow().clone()
    }

    pub(super) fn saw(&self, found: Found) {
        self.seen.send_replace(Some(Arc::new(found.record)));
    }

    pub(super) fn watch(&self) -> watch::Receiver<Option<Arc<Record>>> {
        self.seen.subscribe()
    }

    /// Keeps what the function said of itself. Only the last is of interest.
    pub(super) fn say(&self, message: String) {
        *self.said.lock().unwrap_or_else(PoisonError::into_inner) = Some(message);
    }

    /// What was said since the last time.
    pub(super) fn said(&self) -> Option<String> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The key under which a question is asked: the function's own the first time, and one of its own each further
    /// time. A function that is run again asks the same under the same keys, and finds what was answered.
    pub(super) fn key(&self, attempt: u32, key: &str) -> String {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.0 != attempt {
            *asked = (attempt, HashMap::new());
        }
        let count = asked.1.entry(key.to_owned()).or_default();
        *count += 1;
        if *count == 1 && !key.contains('#') { key.to_owned() } else { format!("{key}#{count}") }
    }
}
