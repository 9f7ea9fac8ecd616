use proptest::prelude::*;

use super::{
    super::{backoff::BackoffPolicy, random::Random},
    *,
};

#[test]
fn the_longest_delay_doubles_up_to_the_cap() {
    let ceilings = [0, 1, 2, 3, 4, 5, 6, 31, 32, u32::MAX].map(|retry| BackoffPolicy::default().ceiling(retry));
    assert_eq!(ceilings, [50, 100, 200, 400, 800, 1600, 2000, 2000, 2000, 2000].map(ms));
}

#[test]
fn delays_are_spread_over_the_whole_range_and_a_seed_decides_them() {
    let delays = |seed| {
        let random = Random::seeded(seed);
        (0..1000).map(|_| BackoffPolicy::default().delay(2, &random)).collect::<Vec<_>>()
    };
    let first = delays(1);
    for tenth in 0..10 {
        let range = ms(20 * tenth)..ms(20 * (tenth + 1));
        let found = first.iter().filter(|delay| range.contains(*delay)).count();
        assert!((50..150).contains(&found), "{found} of 1000 in {range:?}");
    }
    assert_eq!(first, delays(1));
    assert_ne!(first, delays(2));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_delay_is_never_above_its_ceiling(base: Duration, cap: Duration, retry: u32, seed: u64) {
        let policy = BackoffPolicy { base, cap };
        let delay = policy.delay(retry, &Random::seeded(seed));
        prop_assert!(delay <= policy.ceiling(retry) && policy.ceiling(retry) <= cap);
    }
}
