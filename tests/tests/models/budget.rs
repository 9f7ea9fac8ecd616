//! The budget: threads that withdraw together never get more than was paid for, nor less.

use std::sync::Arc;

use super::{
    check,
    subjects::{
        Clock,
        budget::{Budget, BudgetPolicy},
    },
    together,
};

#[test]
fn retries_are_never_above_the_ratio_and_all_that_is_paid_for_is_given() {
    check(|| {
        let now = Clock::system().now();
        let budget = Arc::new(Budget::new(BudgetPolicy::default()));
        let threads = (0..3).map(|_| {
            let budget = Arc::clone(&budget);
            move || {
                let call = |retries| {
                    budget.offered(now);
                    (0..retries).filter(|_| budget.withdraw(now)).count()
                };
                (0..6).map(|_| call(1)).sum::<usize>() + (0..2).filter(|_| budget.withdraw(now)).count()
            }
        });
        // A fifth of eighteen; the last to come withdraws when all was offered.
        let retried: usize = together(threads).into_iter().sum();
        assert_eq!(retried, 3);
        assert!(!budget.withdraw(now));
    });
}

#[test]
fn nothing_offered_gives_the_floor_and_no_more() {
    check(|| {
        let now = Clock::system().now();
        let budget = Arc::new(Budget::new(BudgetPolicy::default()));
        let threads = (0..4).map(|_| {
            let budget = Arc::clone(&budget);
            move || usize::from(budget.withdraw(now))
        });
        assert_eq!(together(threads).into_iter().sum::<usize>(), 2);
    });
}
