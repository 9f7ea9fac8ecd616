//! Calendar dates (ISO 8601, `YYYY-MM-DD`), in UTC. There is no clock here: today comes from the caller.

use std::{fmt, str::FromStr};

/// A day of the Gregorian calendar, in the years 0 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// A text that is no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no date; write it as 2026-12-31")]
pub struct NoDate(pub String);

impl Date {
    /// A day, where there is one with these numbers.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let there = year <= 9999 && (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
        there.then_some(Self { year, month, day })
    }

    /// The day, in UTC, of a moment in seconds since 1970-01-01T00:00:00Z; none after the year 9999.
    pub fn at(seconds: u64) -> Option<Self> {
        // Days are counted from 0000-03-01, so that a leap day is the last of its year.
        let days = seconds / 86_400 + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = era * 400 + year + u64::from(month <= 2);
        Self::new(u16::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
    }

    /// The day that lies so many months later, or the last one of that month where it has fewer days.
    #[must_use]
    pub fn plus_months(self, months: u32) -> Self {
        self.at_month(self.months().saturating_add(i64::from(months)))
    }

    /// The day that lies so many months earlier, or the last one of that month where it has fewer days.
    #[must_use]
    pub fn minus_months(self, months: u32) -> Self {
        self.at_month(self.months().saturating_sub(i64::from(months)))
    }

    fn months(self) -> i64 {
        i64::from(self.year) * 12 + i64::from(self.month) - 1
    }

    fn at_month(self, months: i64) -> Self {
        let months = months.clamp(0, 9999 * 12 + 11);
        let year = u16::try_from(months / 12).unwrap_or(9999);
        let month = u8::try_from(months % 12).map_or(12, |month| month + 1);
        Self { year, month, day: self.day.min(days_in(year, month)) }
    }
}

fn days_in(year: u16, month: u8) -> u8 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl FromStr for Date {
    type Err = NoDate;

    fn from_str(text: &str) -> Result<Self, NoDate> {
        let digits = text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
        let number = |from: usize, to: usize| text.get(from..to)?.parse().ok();
        let date = || {
            let (month, day) = (u8::try_from(number(5, 7)?).ok()?, u8::try_from(number(8, 10)?).ok()?);
            Self::new(number(0, 4)?, month, day)
        };
        if digits && text.len() == 10 { date() } else { None }.ok_or_else(|| NoDate(text.to_owned()))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_as_it_is_read() {
        for text in ["0000-01-01", "2024-02-29", "2026-12-31", "9999-12-31"] {
            assert_eq!(text.parse::<Date>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in ["", "2026-1-1", "2026-02-29", "2100-02-29", "2026-13-01", "2026-00-10", "2026-01-00", "+026-01-01"]
        {
            assert_eq!(text.parse::<Date>(), Err(NoDate(text.into())), "{text}");
        }
        assert!("2026-01-01T00:00:00Z".parse::<Date>().is_err());
    }

    #[test]
    fn moments_are_on_the_day_that_the_calendar_says() {
        for (seconds, day) in [
            (0, "1970-01-01"),
            (86_399, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_704_067_199, "2023-12-31"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(Date::at(seconds).unwrap().to_string(), day);
        }
        assert_eq!(Date::at(u64::MAX), None);
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        for (from, months, to) in
            [("2026-11-22", 12, "2027-11-22"), ("2024-02-29", 12, "2025-02-28"), ("2026-08-31", 1, "2026-09-30")]
        {
            assert_eq!(from.parse::<Date>().unwrap().plus_months(months).to_string(), to);
        }
        assert_eq!("2026-01-31".parse::<Date>().unwrap().minus_months(2).to_string(), "2025-11-30");
    }
}
