use proptest::prelude::*;
use tokio::time::advance;

use super::{
    super::{limit::Limits, quota::Quota},
    *,
};

fn quota(text: &str) -> Quota {
    Quota::parse(text).unwrap()
}

fn paused<T>(test: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(true).build().unwrap().block_on(test)
}

#[tokio::test(start_paused = true)]
async fn keys_and_quotas_are_counted_apart() {
    let limits = Limits::new(Clock::system());
    let two = quota("2/s");
    for name in ["ada", "bob"] {
        assert!(limits.take(&key(name), two).is_ok());
        assert!(limits.take(&key(name), two).is_ok());
        assert_eq!(limits.take(&key(name), two).unwrap_err().retry_after, ms(500));
        assert!(limits.take(&key(name), quota("1/h")).is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn keys_that_are_idle_are_forgotten() {
    let limits = Limits::new(Clock::system());
    for number in 0..200_000 {
        advance(ms(1)).await;
        limits.take(&key(&number.to_string()), quota("10/s")).unwrap();
    }
    // Each key is whole again after 100 ms.
    assert!(limits.keys() <= 2 * 1024, "{}", limits.keys());
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_not_idle_is_remembered() {
    let limits = Limits::new(Clock::system());
    limits.take(&key("ada"), quota("1/h")).unwrap();
    for number in 0..5000 {
        advance(ms(1)).await;
        limits.take(&key(&number.to_string()), quota("1/m")).unwrap();
    }
    assert_eq!(limits.take(&key("ada"), quota("1/h")).unwrap_err().retry_after, ms(3_600_000 - 5000));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Against the algorithm as the standard's figure has it, and against what it promises.
    #[test]
    fn what_passes_conforms_and_what_conforms_passes(
        count in 1_u32..20, per in 1_u64..5000, burst in 1_u32..10,
        steps in proptest::collection::vec(0_u64..1_000_000_000, 1..150),
    ) {
        let quota = quota(&format!("{count}/{per}ms burst {burst}"));
        let interval = u128::from(quota.interval());
        let tolerance = interval * u128::from(burst - 1);
        paused(async {
            let limits = Limits::new(Clock::system());
            let (mut now, mut due, mut passed) = (0_u128, 0_u128, Vec::new());
            for step in steps {
                let step = Duration::from_nanos(step * per / 2000 / u64::from(count));
                advance(step).await;
                now += step.as_nanos();
                let taken = limits.take(&key("ada"), quota);
                let early = due.saturating_sub(now + tolerance);
                prop_assert_eq!(taken.map_err(|limited| limited.retry_after.as_nanos()).err(), (early > 0).then_some(early));
                if early == 0 {
                    due = due.max(now) + interval;
                    passed.push(now);
                }
            }
            for (number, from) in passed.iter().enumerate() {
                for (more, to) in passed[number..].iter().enumerate() {
                    prop_assert!(more as u128 <= u128::from(burst - 1) + (to - from) / interval);
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn who_waits_as_long_as_it_was_told_to_passes(count in 1_u32..1000, per in 1_u64..100_000, burst in 1_u32..50) {
        let quota = quota(&format!("{count}/{per}ms burst {burst}"));
        paused(async {
            let limits = Limits::new(Clock::system());
            for _ in 0..2 * burst {
                if let Err(limited) = limits.take(&key("ada"), quota) {
                    prop_assert!(!limited.retry_after.is_zero());
                    advance(limited.retry_after).await;
                    prop_assert_eq!(limits.take(&key("ada"), quota), Ok(()));
                }
            }
            Ok(())
        })?;
    }
}
