//! The keys of one issuer, kept and renewed.
//!
//! Invariant: however many tokens come, an issuer is asked by one request at a time, and for tokens that no key is for no
//! more often than `auth.jwks_refresh` says. Keys that are in use are renewed before they are old, and kept for a while
//! when the issuer is away. A request that goes away does not take the renewal with it, on which others wait.

use std::{
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

use super::{
    Algorithm, IssuerSettings, KeySettings, discovery,
    error::TokenError,
    fetch::Fetch,
    jwk::{Key, KeySet},
};
use crate::clock::Clock;

/// How long a renewal may take, with discovery.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Between two attempts while the issuer is away, at least.
const RETRY: Duration = Duration::from_secs(5);

/// See the module.
pub(super) struct Keys {
    issuer: Arc<IssuerSettings>,
    settings: KeySettings,
    fetch: Arc<dyn Fetch>,
    clock: Clock,
    current: RwLock<Arc<Current>>,
    attempts: Mutex<Attempts>,
}

/// The keys that were had last.
#[derive(Default)]
pub(super) struct Current {
    keys: KeySet,
    /// None before the first.
    at: Option<Instant>,
    /// Another whenever the keys are others.
    pub(super) generation: u64,
}

#[derive(Default)]
struct Attempts {
    last: Option<Instant>,
    failed: bool,
    /// Its sender goes away when the attempt has ended, however it did.
    running: Option<watch::Receiver<()>>,
}

impl Keys {
    pub(super) fn new(
        issuer: Arc<IssuerSettings>,
        settings: KeySettings,
        fetch: Arc<dyn Fetch>,
        clock: Clock,
    ) -> Arc<Self> {
        let (current, attempts) = (RwLock::default(), Mutex::default());
        Arc::new(Self { issuer, settings, fetch, clock, current, attempts })
    }

    /// Checks a token by the key that its header means, and tells the generation of that key.
    ///
    /// A key may be new under its own name or without one, so whatever is wrong, the issuer is asked for its keys, as
    /// often as it may be; and where it has others, the token is checked again.
    pub(super) async fn check(
        self: &Arc<Self>,
        id: Option<&str>,
        algorithm: Algorithm,
        verifies: impl Fn(&Key) -> bool,
    ) -> Result<u64, TokenError> {
        let had = self.current().await?;
        let checked = had.check(id, algorithm, &verifies);
        if checked.is_ok() {
            return checked;
        }
        let Some(attempt) = self.renew(self.settings.refresh) else { return checked };
        ended(attempt).await;
        let renewed = self.current().await?;
        if renewed.generation == had.generation { checked } else { renewed.check(id, algorithm, &verifies) }
    }

    /// The keys, no older than they may be.
    pub(super) async fn current(self: &Arc<Self>) -> Result<Arc<Current>, TokenError> {
        let KeySettings { max_age, max_stale, .. } = self.settings;
        let current = self.kept();
        match current.age(&self.clock) {
            Some(age) if age < max_age / 4 * 3 => return Ok(current),
            Some(age) if age < max_age => drop(self.renew(RETRY)),
            // Nobody waits for an issuer that was away a moment ago, while there are keys.
            Some(age) if age < max_age + max_stale && self.attempts().failed => drop(self.renew(RETRY)),
            _ => {
                if let Some(attempt) = self.renew(RETRY) {
                    ended(attempt).await;
                }
            }
        }
        let current = self.kept();
        let usable = current.age(&self.clock).is_some_and(|age| age < max_age + max_stale);
        if usable { Ok(current) } else { Err(TokenError::KeysAway) }
    }

    /// The attempt to renew that runs, or a new one unless the last began less than `pause` ago.
    fn renew(self: &Arc<Self>, pause: Duration) -> Option<watch::Receiver<()>> {
        let mut attempts = self.attempts();
        if let Some(running) = &attempts.running
            && running.has_changed().is_ok()
        {
            return Some(running.clone());
        }
        let now = self.clock.now();
        if attempts.last.is_some_and(|last| now.saturating_duration_since(last) < pause) {
            return None;
        }
        let (running, seen) = watch::channel(());
        attempts.last = Some(now);
        attempts.running = Some(seen.clone());
        let keys = Arc::clone(self);
        tokio::spawn(async move {
            let _running = running;
            keys.attempt().await;
        });
        Some(seen)
    }

    async fn attempt(&self) {
        let had = timeout(TIMEOUT, discovery::keys(&*self.fetch, &self.issuer)).await;
        let issuer = &*self.issuer.name;
        let failed = match had {
            Ok(Ok(keys)) => {
                self.keep(keys);
                false
            }
            Ok(Err(error)) => {
                tracing::warn!(issuer, %error, "the issuer's keys could not be renewed");
                true
            }
            Err(_elapsed) => {
                tracing::warn!(issuer, "the issuer's keys could not be renewed in time");
                true
            }
        };
        self.attempts().failed = failed;
    }

    fn keep(&self, keys: KeySet) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let changed = current.at.is_none() || current.keys != keys;
        if changed {
            tracing::info!(issuer = &*self.issuer.name, left_out = keys.left_out, "the issuer has new keys");
        }
        let generation = current.generation + u64::from(changed);
        *current = Arc::new(Current { keys, at: Some(self.clock.now()), generation });
    }

    fn kept(&self) -> Arc<Current> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn attempts(&self) -> std::sync::MutexGuard<'_, Attempts> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Current {
    fn age(&self, clock: &Clock) -> Option<Duration> {
        self.at.map(|at| clock.now().saturating_duration_since(at))
    }

    fn check(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
        verifies: impl Fn(&Key) -> bool,
    ) -> Result<u64, TokenError> {
        if verifies(self.keys.find(id, algorithm)?) { Ok(self.generation) } else { Err(TokenError::Signature) }
    }
}

/// Waits until an attempt has ended.
async fn ended(mut attempt: watch::Receiver<()>) {
    while attempt.changed().await.is_ok() {}
}
