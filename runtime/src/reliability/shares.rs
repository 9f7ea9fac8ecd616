//! Places, or bytes, of which one caller and one tenant get only a part, and nobody waits for.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How many there are, and how many of them for one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) all: usize,
    /// Of all callers of one tenant.
    pub(crate) of_tenant: usize,
    /// Of one caller.
    pub(crate) of_one: usize,
}

impl Part {
    /// Whether those of tenants and of callers are counted: one that is no less than all is not, since all end first.
    const fn counted(self) -> (bool, bool) {
        (self.of_tenant < self.all, self.of_one < self.all)
    }
}

/// Counts what is taken, of all and of each.
#[derive(Debug)]
pub(crate) struct Shares {
    part: Part,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    of_tenants: Counts,
    of_callers: Counts,
}

/// What each has; who has nothing is not remembered.
#[derive(Debug, Default)]
struct Counts(HashMap<Arc<str>, usize>);

/// What one took, or owes, until it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    shares: Arc<Shares>,
    tenant: Arc<str>,
    caller: Arc<str>,
    count: usize,
}

/// Whose part is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UsedUp {
    /// The caller's own.
    Own,
    /// The one of its tenant.
    Tenant,
    /// All there is.
    All,
}

impl Shares {
    /// Nobody has anything yet.
    pub(crate) fn new(part: Part) -> Arc<Self> {
        Arc::new(Self { part, taken: Mutex::default() })
    }

    /// One, for a caller that is one over all tenants.
    pub(crate) fn take(self: &Arc<Self>, tenant: &Arc<str>, caller: &Arc<str>) -> Result<Share, UsedUp> {
        let mut share = self.none(tenant, caller);
        share.grow(1)?;
        Ok(share)
    }

    /// A share in which nothing is yet.
    pub(crate) fn none(self: &Arc<Self>, tenant: &Arc<str>, caller: &Arc<str>) -> Share {
        Share { shares: Arc::clone(self), tenant: Arc::clone(tenant), caller: Arc::clone(caller), count: 0 }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    /// Takes so many more, or none.
    pub(crate) fn grow(&mut self, by: usize) -> Result<(), UsedUp> {
        let shares = Arc::clone(&self.shares);
        let Part { all, of_tenant, of_one } = shares.part;
        let (tenants, callers) = shares.part.counted();
        let mut taken = shares.taken();
        if by > all.saturating_sub(taken.all) {
            return Err(UsedUp::All);
        }
        if callers && by > of_one.saturating_sub(taken.of_callers.of(&self.caller)) {
            return Err(UsedUp::Own);
        }
        if tenants && by > of_tenant.saturating_sub(taken.of_tenants.of(&self.tenant)) {
            return Err(UsedUp::Tenant);
        }
        self.add(&mut taken, by);
        Ok(())
    }

    /// Takes so many more whether they are there or not: what is above the parts, others wait for.
    pub(crate) fn owe(&mut self, by: usize) {
        let shares = Arc::clone(&self.shares);
        self.add(&mut shares.taken(), by);
    }

    fn add(&mut self, taken: &mut Taken, by: usize) {
        let (tenants, callers) = self.shares.part.counted();
        if callers {
            taken.of_callers.add(&self.caller, by);
        }
        if tenants {
            taken.of_tenants.add(&self.tenant, by);
        }
        taken.all += by;
        self.count += by;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.shares.taken();
        taken.all -= self.count;
        taken.of_tenants.give_back(&self.tenant, self.count);
        taken.of_callers.give_back(&self.caller, self.count);
    }
}

impl Counts {
    fn of(&self, who: &str) -> usize {
        self.0.get(who).copied().unwrap_or_default()
    }

    fn add(&mut self, who: &Arc<str>, count: usize) {
        if count > 0 {
            *self.0.entry(Arc::clone(who)).or_default() += count;
        }
    }

    /// Nothing, where they are not counted.
    fn give_back(&mut self, who: &str, count: usize) {
        if let Some(own) = self.0.get_mut(who) {
            *own -= count;
            if *own == 0 {
                self.0.remove(who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_owed_keeps_others_out_until_it_is_given_back() {
        let shares = Shares::new(Part { all: 4, of_tenant: 4, of_one: 2 });
        let none = |caller: &str| shares.none(&"acme".into(), &caller.into());
        let [mut alice, mut bob] = ["alice", "bob"].map(none);
        alice.owe(3);
        assert_eq!(none("alice").grow(1), Err(UsedUp::Own));
        assert_eq!(bob.grow(2), Err(UsedUp::All));
        assert_eq!(bob.grow(1), Ok(()));
        bob.owe(9);
        assert_eq!(none("carol").grow(1), Err(UsedUp::All));
        drop((alice, bob));
        assert_eq!(none("alice").grow(2), Ok(()));
    }

    #[test]
    fn one_caller_and_one_tenant_get_their_parts_and_all_together_no_more_than_there_is() {
        let shares = Shares::new(Part { all: 4, of_tenant: 3, of_one: 2 });
        let take = |tenant: &str, caller: &str| shares.take(&tenant.into(), &format!("{tenant}:{caller}").into());
        let held = [take("acme", "alice"), take("acme", "alice")];
        assert!(held.iter().all(Result::is_ok));
        assert_eq!(take("acme", "alice").unwrap_err(), UsedUp::Own);
        let bobs = take("acme", "bob").unwrap();
        assert_eq!(take("acme", "carol").unwrap_err(), UsedUp::Tenant);
        let other = take("bolt", "alice").unwrap();
        assert_eq!(take("bolt", "bob").unwrap_err(), UsedUp::All);
        drop(held);
        assert!(take("acme", "carol").is_ok() && take("acme", "alice").is_ok());
        drop((bobs, other));
        let taken = shares.taken();
        assert!(taken.of_tenants.0.is_empty() && taken.of_callers.0.is_empty(), "nobody is remembered");
    }

    proptest! {
        /// What is counted is what is held, whatever was refused between.
        #[test]
        fn shares_grow_within_their_parts_and_give_back_what_they_took(
            all in 0usize..8, of_tenant in 0usize..8, of_one in 0usize..8,
            steps in proptest::collection::vec((0usize..4, 0usize..6), 0..40),
        ) {
            let shares = Shares::new(Part { all, of_tenant, of_one });
            // Two callers of each of two tenants.
            let none = |who: usize| shares.none(&(who / 2).to_string().into(), &who.to_string().into());
            let mut held: Vec<Share> = (0..4).map(none).collect();
            for (who, by) in steps {
                let sum = |who: std::ops::Range<usize>| held[who].iter().map(|share| share.count).sum::<usize>();
                let tenant = who / 2 * 2;
                let expected = match () {
                    () if sum(0..4) + by > all => Err(UsedUp::All),
                    () if sum(who..who + 1) + by > of_one => Err(UsedUp::Own),
                    () if sum(tenant..tenant + 2) + by > of_tenant => Err(UsedUp::Tenant),
                    () => Ok(()),
                };
                prop_assert_eq!(held[who].grow(by), expected);
                if by == 0 {
                    held[who] = none(who);
                }
            }
            drop(held);
            let taken = shares.taken();
            prop_assert!(taken.all == 0 && taken.of_tenants.0.is_empty() && taken.of_callers.0.is_empty());
        }
    }
}
