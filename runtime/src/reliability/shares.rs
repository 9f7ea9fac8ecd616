//! Places of which one caller, or one tenant, gets only a part, and nobody waits for.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Counts the places that are taken, of all and of each.
#[derive(Debug)]
pub(crate) struct Shares {
    all: usize,
    of_one: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    of: HashMap<Arc<str>, usize>,
}

/// One place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    shares: Arc<Shares>,
    of: Arc<str>,
}

impl Shares {
    /// So many places, and so many of them for one.
    pub(crate) fn new(all: usize, of_one: usize) -> Arc<Self> {
        Arc::new(Self { all, of_one, taken: Mutex::default() })
    }

    /// A place; none where all are taken, or all that one gets.
    pub(crate) fn take(self: &Arc<Self>, of: &Arc<str>) -> Option<Share> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.of.get(of).copied().unwrap_or_default();
        if taken.all >= self.all || own >= self.of_one {
            return None;
        }
        taken.all += 1;
        taken.of.insert(Arc::clone(of), own + 1);
        Some(Share { shares: Arc::clone(self), of: Arc::clone(of) })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.shares.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(own) = taken.of.get_mut(&self.of) {
            *own -= 1;
            if *own == 0 {
                taken.of.remove(&self.of);
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
        assert!(shares.taken.lock().unwrap().of.is_empty(), "nobody is remembered");
    }
}
