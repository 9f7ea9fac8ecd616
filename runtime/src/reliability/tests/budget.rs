use proptest::prelude::*;

use super::{
    super::budget::{Budget, BudgetPolicy},
    *,
};

#[test]
fn a_dead_upstream_costs_a_fifth_more_and_no_less() {
    let start = start();
    let budget = Budget::new(BudgetPolicy::default());
    let (mut offered, mut retried) = (0, 0);
    for millis in 0..60_000 {
        let now = start + ms(millis);
        budget.offered(now);
        offered += 1;
        retried += (0..3).filter(|_| budget.withdraw(now)).count();
    }
    // The most that is paid for and was not used is what one step of the window may take.
    assert!((offered / 5 - offered / 100..=offered / 5 + 2).contains(&retried), "{retried} of {offered}");
}

#[test]
fn a_quiet_upstream_has_the_floor() {
    let start = start();
    let budget = Budget::new(BudgetPolicy::default());
    for window in 0..3 {
        let now = start + ms(window * 10_000);
        budget.offered(now);
        assert_eq!([(); 4].map(|()| budget.withdraw(now)), [true, true, false, false]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn retries_never_exceed_what_the_attempts_of_their_window_pay_for(
        steps in proptest::collection::vec((0_u64..400, proptest::bool::weighted(0.7)), 1..300),
        ratio in 0.0..1.0,
        floor in 0_u32..4,
    ) {
        let start = start();
        let budget = Budget::new(BudgetPolicy { window: ms(10_000), ratio, floor });
        let (mut offered, mut retried) = (Vec::new(), Vec::new());
        let mut now = 0_u64;
        let count = |of: &[u64], now: u64, within: u64| of.iter().filter(|at| now - **at < within).count() as f64;
        for (step, first) in steps {
            now += step;
            if first {
                budget.offered(start + ms(now));
                offered.push(now);
            } else if budget.withdraw(start + ms(now)) {
                retried.push(now);
                let paid = (ratio * count(&offered, now, 10_000)).max(floor.into());
                prop_assert!(count(&retried, now, 9_000) <= paid);
            } else {
                let paid = (ratio * count(&offered, now, 9_000)).max(floor.into());
                prop_assert!(count(&retried, now, 10_000) + 1.0 > paid, "refused what was paid for");
            }
        }
        prop_assert!(retried.len() as f64 <= ratio * offered.len() as f64 + f64::from(floor) * (2.0 + now as f64 / 9e3));
    }
}
