//! Places that last as long as something stays open, of which one caller gets only a part.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Counts what is open, of all callers and of each.
#[derive(Debug)]
pub(super) struct Shares {
    all: usize,
    of_one: usize,
    open: Mutex<HashMap<Arc<str>, usize>>,
}

/// One place, until it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    shares: Arc<Shares>,
    of: Arc<str>,
}

impl Shares {
    /// So many places, and so many of them for one caller.
    pub(super) fn new(all: usize, of_one: usize) -> Arc<Self> {
        Arc::new(Self { all, of_one, open: Mutex::default() })
    }

    /// A place for a caller; none where all are taken, or all that it gets.
    pub(super) fn take(self: &Arc<Self>, caller: &Arc<str>) -> Option<Share> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let taken: usize = open.values().sum();
        let own = open.get(caller).copied().unwrap_or_default();
        if taken >= self.all || own >= self.of_one {
            return None;
        }
        open.insert(Arc::clone(caller), own + 1);
        Some(Share { shares: Arc::clone(self), of: Arc::clone(caller) })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut open = self.shares.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = open.get_mut(&self.of) {
            *own -= 1;
            if *own == 0 {
                open.remove(&self.of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_caller_gets_its_part_and_all_together_get_no_more_than_there_is() {
        let shares = Shares::new(3, 2);
        let [alice, bob]: [Arc<str>; 2] = ["alice".into(), "bob".into()];
        let held = [shares.take(&alice), shares.take(&alice)];
        assert!(held.iter().all(Option::is_some) && shares.take(&alice).is_none());
        let bobs = shares.take(&bob);
        assert!(bobs.is_some() && shares.take(&bob).is_none(), "all are taken");
        drop(held);
        assert!(shares.take(&bob).is_some() && shares.take(&alice).is_some());
        drop(bobs);
        assert!(shares.open.lock().unwrap().is_empty(), "nobody is remembered");
    }
}
