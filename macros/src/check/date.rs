//! Calendar dates: `YYYY-MM-DD` (ISO 8601), in the order of their text.

/// Whether the text is a date that exists, from 1970 on: headers count from there (RFC 9745).
pub(super) fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else {
        return false;
    };
    let digits = |text: &str, count: usize| {
        (text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse::<u16>().ok())?
    };
    match (digits(year, 4), digits(month, 2), digits(day, 2)) {
        (Some(year), Some(month), Some(day)) => year >= 1970 && (1..=days(year, month)).contains(&day),
        _ => false,
    }
}

/// How many days a month has; none when there is no such month.
fn days(year: u16, month: u16) -> u16 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::is_date;

    #[test]
    fn only_days_of_the_calendar_are_dates() {
        for date in ["2026-12-01", "2028-02-29", "2000-02-29", "2026-01-31", "1970-01-01"] {
            assert!(is_date(date), "{date}");
        }
        for other in [
            "2027-02-29",
            "1900-02-29",
            "1969-12-31",
            "2026-13-01",
            "2026-00-01",
            "2026-04-31",
            "2026-01-00",
            "2026-1-1",
            "26-01-01",
            "+026-01-01",
            "2026-01-01T00:00",
            "",
        ] {
            assert!(!is_date(other), "{other}");
        }
    }
}
