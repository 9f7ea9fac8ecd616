//! Writing in groups: what came in while the disk was busy is one transaction, and waits for the disk once.
//!
//! Invariant: one thread writes at a time, in the order in which changes came in, and a change is answered when it is
//! on the disk. A change nobody waits for any more is not begun.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::oneshot, time::Instant};

use super::file::{Fault, Opened, damaged_record};
use crate::store::{Expect, Put, StoreError};

/// How many changes, and how many bytes of values, are one transaction at most.
const TOGETHER: usize = 256;
const TOGETHER_BYTES: usize = 16 * 1024 * 1024;
/// How often what is over is swept, while there are changes.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// A change of one record.
#[derive(Debug)]
pub(super) enum Change {
    Put {
        place: Vec<u8>,
        /// The name, when the place does not hold it.
        long: Option<String>,
        expect: Expect,
        value: Vec<u8>,
        /// In milliseconds since 1970.
        expires: Option<u64>,
    },
    Remove {
        place: Vec<u8>,
        expect: Expect,
    },
}

/// What became of a change.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Changed {
    Put(Put),
    Removed(bool),
}

/// Changes that wait.
#[derive(Debug, Default)]
pub(super) struct Queue(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    changes: VecDeque<Asked>,
    /// There is a thread that writes.
    writing: bool,
    /// When it was swept last.
    swept: Option<Instant>,
}

#[derive(Debug)]
struct Asked {
    change: Change,
    answer: oneshot::Sender<Result<Changed, Fault>>,
}

/// Makes a change, together with others.
pub(super) async fn submit(opened: &Arc<Opened>, change: Change) -> Result<Changed, Fault> {
    let (answer, answered) = oneshot::channel();
    if !opened.queue.push(Asked { change, answer }) {
        let opened = Arc::clone(opened);
        tokio::task::spawn_blocking(move || write(&opened));
    }
    let panicked = |_| StoreError::broken(&opened.store, "writing it failed", "see the log for a panic");
    answered.await.map_err(panicked).map_err(Fault::File).flatten()
}

/// Writes until nothing waits.
fn write(opened: &Opened) {
    let _writing = Writing(opened);
    while let Some((group, sweep)) = opened.queue.group(opened) {
        let result = opened.commit(group.iter().map(|asked| &asked.change), sweep);
        if sweep && !matches!(result, Ok((_, true))) {
            opened.queue.lock().swept = Some(opened.clock.now());
        }
        match result {
            Ok((made, _)) => {
                for (asked, changed) in group.into_iter().zip(made) {
                    let _ = asked.answer.send(changed.ok_or_else(|| damaged_record(&opened.store)));
                }
            }
            Err(error) => {
                for asked in group {
                    let _ = asked.answer.send(Err(Fault::File(error.clone())));
                }
            }
        }
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True when there is a thread that will write it; else the caller starts one.
    fn push(&self, asked: Asked) -> bool {
        let mut waiting = self.lock();
        waiting.changes.push_back(asked);
        std::mem::replace(&mut waiting.writing, true)
    }

    /// The changes of the next transaction, and whether to sweep with it; none when nothing waits, and then the thread
    /// has ended as far as others are concerned.
    fn group(&self, opened: &Opened) -> Option<(Vec<Asked>, bool)> {
        let mut waiting = self.lock();
        let (mut group, mut bytes) = (Vec::new(), 0);
        while group.len() < TOGETHER
            && bytes < TOGETHER_BYTES
            && let Some(asked) = waiting.changes.pop_front()
        {
            if !asked.answer.is_closed() {
                bytes += asked.change.bytes();
                group.push(asked);
            }
        }
        if group.is_empty() {
            waiting.writing = false;
            return None;
        }
        let now = opened.clock.now();
        let sweep = waiting.swept.is_none_or(|swept| now.saturating_duration_since(swept) >= SWEEP_EVERY);
        Some((group, sweep))
    }
}

impl Change {
    fn bytes(&self) -> usize {
        match self {
            Self::Put { value, .. } => value.len(),
            Self::Remove { .. } => 0,
        }
    }
}

/// A thread writes. When it ends by a panic, whoever waits is told and the next change starts another.
struct Writing<'a>(&'a Opened);

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut waiting = self.0.queue.lock();
            waiting.writing = false;
            waiting.changes.clear();
        }
    }
}
