//! The random numbers that spread retries over time.
//!
//! Invariant: one seed, one sequence; a test that seeds it decides every delay. Not for secrets: keys and nonces take
//! their bytes from `clock::random`.

use super::sync::{Mutex, lock};

/// A generator that threads share.
#[derive(Debug)]
pub(crate) struct Random(Mutex<fastrand::Rng>);

impl Random {
    /// Seeded by the operating system.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub(crate) fn system() -> Result<Self, getrandom::Error> {
        crate::clock::random().map(u64::from_le_bytes).map(Self::seeded)
    }

    /// The sequence of this seed.
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(Mutex::new(fastrand::Rng::with_seed(seed)))
    }

    /// A number from zero to `most`, each as likely.
    pub(crate) fn up_to(&self, most: u64) -> u64 {
        lock(&self.0).u64(0..=most)
    }
}
