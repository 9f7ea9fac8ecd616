//! Tasks: calls that go on after their first answer (MCP tasks extension, SEP-2663).
//!
//! A tool that declares `task` is answered with a task at once, where the client knows what that is, and runs on in the
//! background, through the same stages as any other call. What must outlive the process is a [`record`] in the store,
//! there before the caller hears of the task. Whoever runs a task holds a lease on it; a task whose lease ran out is
//! taken over by whoever finds it first: run again from its beginning where that can do no harm, and ended as unknown
//! where it could.
//!
//! Invariants: for anybody but its caller a task does not exist; a task never runs in two places at once; its end is
//! durable before anybody is shown it. What this does not do: tell clients of changes (they ask), order tasks, or keep
//! them beyond their time to live.

mod adopt;
mod again;
mod begin;
mod channel;
mod finish;
mod format;
mod job;
mod lease;
mod original;
mod record;
mod requests;
mod run;
mod slot;
#[cfg(test)]
mod tests;
mod threads;
mod wire;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rmcp::model::ClientCapabilities;
use tokio::{sync::Notify, task::AbortHandle};
use tokio_util::sync::CancellationToken;

#[cfg(any(test, feature = "testing"))]
pub(crate) use self::adopt::sweep;
use self::slot::Slot;
pub(crate) use self::{
    adopt::watch,
    begin::{Start, begin},
    requests::{TaskError, cancel, get, replay, update},
    threads::thread,
};
use crate::{
    call::Stop,
    catalogue::Entry,
    clock,
    context::{Channel, Interaction},
    engine::Engine,
    hash,
    tool::TaskSupport,
};

/// When a caller should try again who found too many tasks running.
const AGAIN: Duration = Duration::from_secs(1);

/// How long the last writes of tasks may take that are ended because their process does.
const LAST_WRITES: Duration = Duration::from_secs(2);

/// What tasks are held to.
#[derive(Debug, Clone)]
pub(crate) struct TaskSettings {
    /// Tasks that run in this process at the same time.
    pub(crate) concurrency: usize,
    /// Of all callers of one tenant.
    pub(crate) per_tenant: usize,
    /// Of one caller.
    pub(crate) per_caller: usize,
    /// The longest that one may run, whatever progress it makes.
    pub(crate) deadline: Duration,
    /// How long one is kept, from its creation. One that runs longer is given more.
    pub(crate) ttl: Duration,
    /// How often a task that runs looks for what its caller did in another process.
    pub(crate) poll: Duration,
    /// How often clients are advised to ask.
    pub(crate) poll_interval: Duration,
    /// How long a process that is gone keeps others from its tasks.
    pub(crate) lease: Duration,
}

impl TaskSettings {
    /// How long what is kept of a call may have to be read.
    pub(crate) fn longest_kept(&self) -> Duration {
        self.ttl.saturating_add(self.deadline)
    }
}

/// The tasks of this process.
pub(crate) struct Tasks {
    settings: TaskSettings,
    /// The process, in leases.
    process: Arc<str>,
    running: Mutex<HashMap<String, Arc<Running>>>,
    closed: AtomicBool,
    changed: Notify,
    /// That calls of tasks were sealed by other keys was said.
    told_locked: AtomicBool,
}

/// A task that runs in this process.
struct Running {
    tenant: Arc<str>,
    /// Whose it is ([`Caller::key`]).
    caller: Arc<str>,
    /// Its record was changed here.
    wake: Notify,
    /// The process ends.
    stop: CancellationToken,
    /// Ends what runs it; a call that becomes a task late has it before.
    abort: Arc<OnceLock<AbortHandle>>,
}

/// A task's place among those that run in this process, until this is dropped.
struct Place {
    engine: Arc<Engine>,
    id: String,
    running: Arc<Running>,
}

/// How a call of a tool is answered, by a client's side of it.
pub(crate) fn support(tool: &Entry, channel: &dyn Channel) -> Result<Option<TaskSupport>, Stop> {
    let Some(support) = tool.declaration.task else { return Ok(None) };
    if knows(channel) {
        return Ok(Some(support));
    }
    if support.required { Err(Stop::MissingCapability(Box::new(needed()))) } else { Ok(None) }
}

/// Whether a client can be answered with a task.
pub(crate) fn knows(channel: &dyn Channel) -> bool {
    channel.interaction() == Interaction::Rounds && channel.capabilities().supports_tasks()
}

/// What a client declares that knows tasks.
pub(crate) fn needed() -> ClientCapabilities {
    ClientCapabilities::builder().enable_tasks().build()
}

impl Tasks {
    /// No task runs yet.
    pub(crate) fn new(settings: TaskSettings) -> Result<Self, getrandom::Error> {
        Ok(Self {
            settings,
            process: hash::hex(&clock::random::<16>()?).into(),
            running: Mutex::default(),
            closed: AtomicBool::new(false),
            changed: Notify::new(),
            told_locked: AtomicBool::new(false),
        })
    }

    /// How many run in this process.
    pub(crate) fn running(&self) -> usize {
        self.all().len()
    }

    /// Ends what runs: those that come to their own end within the grace period; then those that can be run again are
    /// given up, so that another process goes on with them, and nobody knows of the others how they ended.
    pub(crate) async fn drain(&self, grace: Duration) {
        self.closed.store(true, Ordering::SeqCst);
        if tokio::time::timeout(grace, self.idle()).await.is_ok() {
            return;
        }
        let running: Vec<_> = self.all().values().cloned().collect();
        tracing::warn!(tasks = running.len(), "the grace period is over; tasks are given up");
        for task in running {
            task.stop.cancel();
        }
        if tokio::time::timeout(LAST_WRITES, self.idle()).await.is_err() {
            tracing::error!(tasks = self.running(), "tasks could not be given up; others wait for their leases to end");
        }
    }

    /// Ends what runs without a word, as the end of the process would.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn crash(&self) {
        self.closed.store(true, Ordering::SeqCst);
        for task in self.all().values() {
            if let Some(abort) = task.abort.get() {
                abort.abort();
            }
        }
    }

    /// Tells the operator once of what is looked at again and again.
    fn tell_locked(&self, id: &str) {
        if !self.told_locked.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                task = id,
                "a task can't be run again here: its call was sealed by a key that this process does not have; see `state.keys`"
            );
        }
    }

    async fn idle(&self) {
        loop {
            let changed = self.changed.notified();
            if self.running() == 0 {
                return;
            }
            changed.await;
        }
    }

    /// Tells a task that its record was changed in this process.
    fn wake(&self, id: &str) {
        if let Some(running) = self.all().get(id) {
            running.wake.notify_one();
        }
    }

    fn is_running(&self, id: &str) -> bool {
        self.all().contains_key(id)
    }

    fn poll_interval_ms(&self) -> u64 {
        crate::duration::millis(self.settings.poll_interval).max(1)
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Arc<Running>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// A place for a task that this process is about to run, unless its caller, its tenant, or all together, have as many
    /// as may run at once.
    fn take(
        engine: &Arc<Engine>,
        id: &str,
        (tenant, caller): (&Arc<str>, &Arc<str>),
        abort: Arc<OnceLock<AbortHandle>>,
    ) -> Result<Self, Stop> {
        let Tasks { settings, closed, .. } = &engine.tasks;
        let mut all = engine.tasks.all();
        if closed.load(Ordering::SeqCst) {
            return Err(Stop::Draining);
        }
        let of_caller = all.values().filter(|running| running.caller == *caller).count();
        let of_tenant = all.values().filter(|running| running.tenant == *tenant).count();
        let full =
            all.len() >= settings.concurrency || of_tenant >= settings.per_tenant || of_caller >= settings.per_caller;
        if full || all.contains_key(id) {
            return Err(Stop::Overloaded { retry_after: AGAIN });
        }
        let (wake, stop) = (Notify::new(), CancellationToken::new());
        let running = Arc::new(Running { tenant: Arc::clone(tenant), caller: Arc::clone(caller), wake, stop, abort });
        all.insert(id.to_owned(), Arc::clone(&running));
        Ok(Self { engine: Arc::clone(engine), id: id.to_owned(), running })
    }

    /// Frees the place, although somebody may still hold a part of the task.
    fn leave(&self) {
        let tasks = &self.engine.tasks;
        let mut all = tasks.all();
        // The task may have been taken over anew.
        if all.get(&self.id).is_some_and(|running| Arc::ptr_eq(running, &self.running)) {
            all.remove(&self.id);
        }
        drop(all);
        tasks.changed.notify_waiters();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}

/// The task of an id in the store.
fn slot(engine: &Engine, tenant: &Arc<str>, id: &str) -> Slot {
    let Tasks { settings, process, .. } = &engine.tasks;
    Slot {
        store: Arc::clone(&engine.store),
        clock: engine.clock,
        server: Arc::clone(&engine.tenant),
        tenant: Arc::clone(tenant),
        id: id.to_owned(),
        process: Arc::clone(process),
        lease: settings.lease,
        ttl: settings.ttl,
    }
}
