//! Durations as people write them: `800ms`, `2s`, `5m`, `1h`.

use std::time::Duration;

/// Reads a duration: a whole number and a unit of `ms`, `s`, `m` or `h`.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let unit = text.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = text.split_at(unit);
    let count: u64 = count.parse().ok()?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    count.checked_mul(millis).map(Duration::from_millis)
}

/// Writes a duration in the largest unit that loses nothing.
pub(crate) fn text(duration: Duration) -> String {
    let millis = duration.as_millis();
    for (size, unit) in [(3_600_000, "h"), (60_000, "m"), (1_000, "s")] {
        if millis > 0 && millis.is_multiple_of(size) {
            return format!("{}{unit}", millis / size);
        }
    }
    format!("{millis}ms")
}

/// Whole milliseconds, as JSON and stores take them.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Writes roughly how long it is, for people: `45s`, `12m`, `3h`, `40d`.
pub(crate) fn rough(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for written in ["0ms", "800ms", "2s", "5m", "1h", "90s", "36h"] {
            assert_eq!(parse(written).map(text).as_deref(), Some(written));
        }
    }

    #[test]
    fn a_rough_duration_keeps_two_digits_or_so() {
        for (seconds, written) in
            [(0, "0s"), (119, "119s"), (120, "2m"), (7_199, "119m"), (86_400, "24h"), (172_800, "2d")]
        {
            assert_eq!(rough(Duration::from_secs(seconds)), written);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for wrong in
            ["", "2", "s", "2 s", "2.5s", "-1s", "2d", "2sec", "99999999999999999999s", "18446744073709551615h"]
        {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
