//! Of all calls with one key that meet in one process, one asks the store.
//!
//! Whoever comes first asks, and keeps the flight until the end of its call is written. Those who come meanwhile wait
//! for what it learns and go by that, so that a thousand of them cost the store nothing. Invariant: what is passed on
//! is what the store holds, never the right to run. Who goes away without a word is followed by one who waits.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use super::protocol::Found;
use crate::store::{Key, StoreError};

/// What the first one learned: the record that is there now, or that the store is away.
pub(super) type Learned = Result<Found, StoreError>;

/// See the module.
#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<Key, watch::Receiver<Option<Learned>>>>);

/// A key that is asked for or held by a call of this process, until this is dropped.
pub(super) struct Flight {
    flights: Arc<Flights>,
    key: Key,
    tell: watch::Sender<Option<Learned>>,
}

/// Who else is there with a key.
pub(super) enum Entered {
    /// Nobody; the store is to be asked.
    First(Flight),
    /// Somebody, who learned this.
    Later(Learned),
}

impl Flights {
    /// Comes with a key, and waits for whoever came with it before.
    pub(super) async fn enter(self: &Arc<Self>, key: &Key) -> Entered {
        loop {
            let mut first = match self.first(key) {
                Ok(flight) => return Entered::First(flight),
                Err(first) => first,
            };
            if let Ok(learned) = first.wait_for(Option::is_some).await
                && let Some(learned) = &*learned
            {
                return Entered::Later(learned.clone());
            }
        }
    }

    fn first(self: &Arc<Self>, key: &Key) -> Result<Flight, watch::Receiver<Option<Learned>>> {
        let mut all = self.all();
        if let Some(first) = all.get(key) {
            return Err(first.clone());
        }
        let (tell, told) = watch::channel(None);
        all.insert(key.clone(), told);
        Ok(Flight { flights: Arc::clone(self), key: key.clone(), tell })
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Key, watch::Receiver<Option<Learned>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flight {
    /// Tells those who wait, and those who come.
    pub(super) fn tell(&self, learned: Learned) {
        self.tell.send_replace(Some(learned));
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.flights.all().remove(&self.key);
    }
}
