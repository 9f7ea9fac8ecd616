//! Places, or bytes, of which one caller gets only a part, and nobody waits for.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Counts what is taken, of all and of each.
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

/// What one took, until it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    shares: Arc<Shares>,
    of: Arc<str>,
    count: usize,
}

/// Whose part is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UsedUp {
    /// The part of who asks; others may find some.
    Own,
    /// All there is.
    All,
}

impl Shares {
    /// So many, and so many of them for one.
    pub(crate) fn new(all: usize, of_one: usize) -> Arc<Self> {
        Arc::new(Self { all, of_one, taken: Mutex::default() })
    }

    /// One.
    pub(crate) fn take(self: &Arc<Self>, of: &Arc<str>) -> Result<Share, UsedUp> {
        let mut share = self.none(of);
        share.grow(1)?;
        Ok(share)
    }

    /// A share in which nothing is yet.
    pub(crate) fn none(self: &Arc<Self>, of: &Arc<str>) -> Share {
        Share { shares: Arc::clone(self), of: Arc::clone(of), count: 0 }
    }

    /// What one gets is counted only where it is less than all.
    fn counts_each(&self) -> bool {
        self.of_one < self.all
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    /// Takes so many more, or none.
    pub(crate) fn grow(&mut self, by: usize) -> Result<(), UsedUp> {
        let mut taken = self.shares.taken();
        if by > self.shares.all - taken.all {
            return Err(UsedUp::All);
        }
        if self.shares.counts_each() && by > 0 {
            let own = taken.of.get(&self.of).copied().unwrap_or_default();
            if by > self.shares.of_one - own {
                return Err(UsedUp::Own);
            }
            taken.of.insert(Arc::clone(&self.of), own + by);
        }
        taken.all += by;
        self.count += by;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.shares.taken();
        taken.all -= self.count;
        if let Some(own) = taken.of.get_mut(&self.of) {
            *own -= self.count;
            if *own == 0 {
                taken.of.remove(&self.of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_caller_gets_its_part_and_all_together_get_no_more_than_there_is() {
        let shares = Shares::new(3, 2);
        let [alice, bob]: [Arc<str>; 2] = ["alice".into(), "bob".into()];
        let held = [shares.take(&alice), shares.take(&alice)];
        assert!(held.iter().all(Result::is_ok));
        assert_eq!(shares.take(&alice).unwrap_err(), UsedUp::Own);
        let bobs = shares.take(&bob).unwrap();
        assert_eq!(shares.take(&bob).unwrap_err(), UsedUp::All);
        drop(held);
        assert!(shares.take(&bob).is_ok() && shares.take(&alice).is_ok());
        drop(bobs);
        assert!(shares.taken().of.is_empty(), "nobody is remembered");
    }

    proptest! {
        /// What is counted is what is held, whatever was refused between.
        #[test]
        fn shares_grow_within_their_parts_and_give_back_what_they_took(
            all in 0usize..8, of_one in 0usize..8, steps in proptest::collection::vec((0usize..3, 0usize..6), 0..40),
        ) {
            let shares = Shares::new(all, of_one);
            let mut held: Vec<Share> = (0..3).map(|who| shares.none(&who.to_string().into())).collect();
            for (who, by) in steps {
                let (own, sum) = (held[who].count, held.iter().map(|share| share.count).sum::<usize>());
                let expected = match () {
                    () if sum + by > all => Err(UsedUp::All),
                    () if own + by > of_one && by > 0 => Err(UsedUp::Own),
                    () => Ok(()),
                };
                prop_assert_eq!(held[who].grow(by), expected);
                if by == 0 {
                    held[who] = shares.none(&who.to_string().into());
                }
            }
            drop(held);
            let taken = shares.taken();
            prop_assert!(taken.all == 0 && taken.of.is_empty());
        }
    }
}
