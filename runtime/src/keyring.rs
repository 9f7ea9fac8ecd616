//! The keys under which a server seals what clients bring back (states of repeated calls, and confirmations), and what it
//! keeps of calls that may hold secrets.
//!
//! They are the configuration's, which a fleet shares, or those of a file in the data directory. Invariant: there is a
//! key or nothing is sealed. What a key is used for is said with each use: see [`seal`].

mod file;
mod seal;
mod settings;

use std::{
    path::Path,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use self::file::KeyFile;
pub(crate) use self::{
    file::KeyProblem,
    seal::{KEY_BYTES, Keys, Nonce},
    settings::{KeySettings, KeySource},
};
use crate::clock::{self, Clock};

/// How often the file is looked at: another process may have put a new key there, or it may be time to.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// See the module.
#[derive(Debug)]
pub(crate) struct Keyring {
    /// None where the keys stay as they are.
    file: Option<Arc<KeyFile>>,
    keys: RwLock<Option<Arc<Keys>>>,
}

impl Keyring {
    /// The keys that are configured, or those in the data directory, which are read when they are needed first.
    /// `longest` is how long what they seal may live.
    pub(crate) fn open(
        settings: &KeySettings,
        data: &Path,
        longest: Duration,
        clock: Clock,
    ) -> Result<Self, Vec<KeyProblem>> {
        if settings.keys.is_empty() {
            let path = data.join("state-keys.json");
            // What a process seals before it looks again is sealed with the key before.
            let longest = longest + 2 * LOOK_AGAIN;
            let file = KeyFile { path, clock, rotate_after: settings.rotate_after, longest };
            return Ok(Self { file: Some(Arc::new(file)), keys: RwLock::default() });
        }
        let (mut keys, mut problems) = (Vec::new(), Vec::new());
        for source in &settings.keys {
            source.read().map_or_else(|problem| problems.push(problem), |key| keys.push(key));
        }
        if problems.is_empty() { Ok(Self::fixed(Keys::new(keys.iter().map(|key| &**key)))) } else { Err(problems) }
    }

    /// A key of this process's own, gone with it.
    pub(crate) fn fresh() -> Result<Self, getrandom::Error> {
        Ok(Self::fixed(Keys::new([&clock::random::<KEY_BYTES>()?])))
    }

    pub(crate) fn fixed(keys: Keys) -> Self {
        Self { file: None, keys: RwLock::new(Some(Arc::new(keys))) }
    }

    /// The keys, as they were read last.
    pub(crate) async fn keys(&self) -> Result<Arc<Keys>, KeyProblem> {
        let known = self.keys.read().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some(keys) => Ok(keys),
            None => self.read().await,
        }
    }

    /// Looks at the file again and again, for as long as the server runs.
    pub(crate) async fn watch(&self) {
        if self.file.is_none() {
            return;
        }
        let mut told = None;
        loop {
            let read = self.read().await.err();
            if let Some(problem) = read.as_ref().filter(|problem| told.as_ref() != Some(*problem)) {
                tracing::warn!(%problem, "the keys of states can't be looked at");
            }
            told = read;
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn read(&self) -> Result<Arc<Keys>, KeyProblem> {
        let Some(file) = self.file.clone() else { return Ok(Arc::new(Keys::new([]))) };
        let place = file.path.display().to_string();
        let read = tokio::task::spawn_blocking(move || file.keys()).await;
        let keys =
            read.unwrap_or_else(|_| Err(KeyProblem::new(place, "reading it failed", "see the log for a panic")))?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&keys));
        Ok(keys)
    }
}
