//! Calendar dates of the proleptic Gregorian calendar, in UTC: what is deprecated or gone "from this day on".
//!
//! The arithmetic is Howard Hinnant's (`days_from_civil`, `civil_from_days`). Times of day are only written.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use crate::clock::Clock;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A day, counted from 1970-01-01, which is the first one there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Date {
    days: u32,
}

impl Date {
    /// `YYYY-MM-DD` (ISO 8601); none when there is no such day, or it is before 1970.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-');
        let mut part = |length: usize| {
            let part = parts.next().filter(|part| part.len() == length)?;
            part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<u32>().ok())?
        };
        let (year, month, day) = (part(4)?, part(2)?, part(2)?);
        if year < 1970 || !(1..=12).contains(&month) || day == 0 {
            return None;
        }
        let date = Self { days: days(year, month, day) };
        // The day after the last of a month is the first of the next.
        (date.civil() == (year, month, day)).then_some(date)
    }

    /// The day it is.
    pub(crate) fn today(clock: &Clock) -> Self {
        let days = clock.unix_millis() / u64::try_from(DAY.as_millis()).unwrap_or(u64::MAX);
        Self { days: u32::try_from(days).unwrap_or(u32::MAX) }
    }

    /// When it begins.
    pub(crate) fn start(self) -> SystemTime {
        SystemTime::UNIX_EPOCH + DAY * self.days
    }

    /// When it begins, in seconds since 1970-01-01T00:00:00Z.
    pub(crate) fn unix_seconds(self) -> u64 {
        DAY.as_secs() * u64::from(self.days)
    }

    fn civil(self) -> (u32, u32, u32) {
        let shifted = self.days + 719_468;
        let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        (year_of_era + era * 400 + u32::from(month <= 2), month, day)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// A moment in milliseconds since 1970-01-01T00:00:00Z, as RFC 3339 writes it.
pub(crate) fn timestamp(unix_ms: u64) -> String {
    let day_ms = u64::try_from(DAY.as_millis()).unwrap_or(u64::MAX);
    let date = Date { days: u32::try_from(unix_ms / day_ms).unwrap_or(u32::MAX) };
    let (ms, seconds) = (unix_ms % 1000, unix_ms % day_ms / 1000);
    format!("{date}T{:02}:{:02}:{:02}.{ms:03}Z", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Days from 1970-01-01; the year counts from March, so that a leap day is its last.
fn days(year: u32, month: u32, day: u32) -> u32 {
    let year = year - u32::from(month <= 2);
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * (month + if month > 2 { 0 } else { 12 } - 3) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_the_calendar_is_read_as_it_is_written() {
        for (text, seconds) in [
            ("1970-01-01", 0),
            ("2000-02-29", 951_782_400),
            ("2026-01-01", 1_767_225_600),
            ("2028-02-29", 1_835_395_200),
            ("9999-12-31", 253_402_214_400),
        ] {
            let date = Date::parse(text).expect(text);
            assert_eq!(date.unix_seconds(), seconds, "{text}");
            assert_eq!(date.to_string(), text);
        }
        let mut date = Date { days: 0 };
        while date.days < 150_000 {
            assert_eq!(Date::parse(&date.to_string()), Some(date));
            date.days += 1;
        }
    }

    #[test]
    fn a_moment_is_written_to_the_millisecond() {
        assert_eq!(timestamp(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(timestamp(1_767_225_600_000 + 86_399_999), "2026-01-01T23:59:59.999Z");
    }

    #[test]
    fn what_is_no_day_is_none() {
        for text in ["2026-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "1969-12-31", "26-01-01", "2026-1-1", ""] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }
}
