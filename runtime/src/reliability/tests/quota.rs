use std::num::NonZeroU32;

use proptest::prelude::*;

use super::super::quota::Quota;

#[test]
fn a_quota_reads_as_people_write_it() {
    // Calls in a burst, and the nanoseconds that pay for one.
    let cases = [
        ("100/s", 100, 10_000_000),
        ("3/s", 3, 333_333_334),
        ("600/m", 600, 100_000_000),
        ("5000/h", 5000, 720_000_000),
        ("5/10s", 5, 2_000_000_000),
        ("2/24h", 2, 43_200_000_000_000),
        ("600/m burst 50", 50, 100_000_000),
        ("4294967295/ms", u32::MAX, 1),
    ];
    for (text, burst, interval) in cases {
        let quota = Quota::parse(text).expect(text);
        assert_eq!((quota.burst().get(), quota.interval()), (burst, interval), "{text}");
        assert_eq!(quota.to_string(), text);
    }
    assert_eq!(Quota::parse("10/1s burst 10").unwrap().to_string(), "10/s");
}

#[test]
fn anything_else_is_refused() {
    let cases = [
        "",
        "/",
        "100",
        "100/",
        "/s",
        "0/s",
        "-1/s",
        "+1/s",
        "1.5/s",
        "100 / s",
        "100/d",
        "100/0s",
        "100/s burst",
        "100/s burst 0",
        "100/s burst -1",
        "100/s burst 1 ",
        "100/s burst 1 burst 1",
        "4294967296/s",
        "1/h burst 4294967295",
        "1/8785h",
        "1/99999999999999h",
    ];
    for text in cases {
        assert_eq!(Quota::parse(text), None, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_back(count in 1_u32.., per in 1_u64..100_000, burst in 1_u32..1000) {
        let Some(quota) = Quota::parse(&format!("{count}/{per}ms burst {burst}")) else {
            return Err(TestCaseError::reject("too long"));
        };
        prop_assert_eq!(quota.burst(), NonZeroU32::new(burst).unwrap());
        prop_assert_eq!(Quota::parse(&quota.to_string()), Some(quota));
    }
}
