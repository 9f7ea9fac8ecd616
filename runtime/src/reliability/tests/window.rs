use proptest::prelude::*;

use super::{super::window::Window, *};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_window_counts_what_is_younger_and_forgets_what_is_older(
        steps in proptest::collection::vec(prop_oneof![4 => 0_u64..300, 1 => 0_u64..3000], 1..200),
    ) {
        let start = start();
        let mut window = Window::<2>::new(ms(1000));
        let mut added = Vec::new();
        let mut now = 0;
        for step in steps {
            now += step;
            window.add(start + ms(now), (now % 2) as usize);
            added.push(now);
            for counter in 0..2 {
                let within = |length: u64| {
                    let of = added.iter().filter(|at| **at % 2 == counter && now - **at < length);
                    u32::try_from(of.count()).unwrap()
                };
                let total = window.totals(start + ms(now))[counter as usize];
                prop_assert!((within(900)..=within(1000)).contains(&total), "{total} at {now} of {added:?}");
            }
        }
    }
}

#[test]
fn a_thread_with_an_older_time_counts_as_the_latest() {
    let start = start();
    let mut window = Window::<1>::new(ms(1000));
    window.add(start + ms(2000), 0);
    window.add(start, 0);
    assert_eq!(window.totals(start + ms(2000)), [2]);
    window.clear();
    assert_eq!(window.totals(start), [0]);
}
