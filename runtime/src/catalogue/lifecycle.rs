//! The states of a major: preview → active → deprecated → sunset, by its dates.

use semver::Version;

use crate::{clock::Clock, date::Date};

/// When a major goes away.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lifecycle {
    /// From this day on it is deprecated.
    pub(crate) deprecated: Option<Date>,
    /// From this day on it is no longer served.
    pub(crate) sunset: Option<Date>,
    /// What a caller should do instead.
    pub(crate) note: Option<&'static str>,
}

/// Where a major is in its life, on some day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing is promised yet (SemVer 2.0.0, sections 4 and 9).
    Preview,
    Active,
    Deprecated,
    /// No longer served.
    Sunset,
}

impl State {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Preview => "preview",
            Self::Active => "active",
            Self::Deprecated => "deprecated",
            Self::Sunset => "sunset",
        }
    }
}

impl Lifecycle {
    /// From the dates of an attribute, which the macro has checked.
    pub(super) fn new(
        deprecated: Option<&'static str>,
        sunset: Option<&'static str>,
        note: Option<&'static str>,
    ) -> Self {
        Self { deprecated: deprecated.and_then(Date::parse), sunset: sunset.and_then(Date::parse), note }
    }

    /// Of a major of a tool that goes away as a whole: whichever comes first.
    pub(super) fn within(self, tool: &Self) -> Self {
        let earlier = |own: Option<Date>, tool: Option<Date>| own.into_iter().chain(tool).min();
        Self {
            deprecated: earlier(self.deprecated, tool.deprecated),
            sunset: earlier(self.sunset, tool.sunset),
            note: self.note.or(tool.note),
        }
    }

    /// Whether it is no longer served. A major without a sunset date costs no look at the clock.
    pub(crate) fn has_ended(&self, clock: &Clock) -> bool {
        self.sunset.is_some_and(|sunset| sunset <= Date::today(clock))
    }

    /// Whether its callers should be moving. A major without such a date costs no look at the clock.
    pub(crate) fn is_deprecated(&self, clock: &Clock) -> bool {
        self.deprecated.is_some_and(|deprecated| deprecated <= Date::today(clock))
    }

    /// The state of a major of this version.
    pub(crate) fn state(&self, version: &Version, today: Date) -> State {
        let reached = |date: Option<Date>| date.is_some_and(|date| date <= today);
        if reached(self.sunset) {
            State::Sunset
        } else if reached(self.deprecated) {
            State::Deprecated
        } else if version.major == 0 || !version.pre.is_empty() {
            State::Preview
        } else {
            State::Active
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_begins_on_its_day() {
        let announced = Lifecycle::new(Some("2026-02-01"), Some("2027-02-01"), None);
        let open = Lifecycle::default();
        for (lifecycle, version, today, state) in [
            (&open, "1.0.0", "2026-01-01", State::Active),
            (&open, "0.9.0", "2026-01-01", State::Preview),
            (&open, "2.0.0-rc.1", "2026-01-01", State::Preview),
            (&announced, "1.0.0", "2026-01-31", State::Active),
            (&announced, "1.0.0", "2026-02-01", State::Deprecated),
            (&announced, "0.1.0", "2027-01-31", State::Deprecated),
            (&announced, "1.0.0", "2027-02-01", State::Sunset),
        ] {
            let (version, today) = (Version::parse(version).unwrap(), Date::parse(today).unwrap());
            assert_eq!(lifecycle.state(&version, today), state, "{version} on {today}");
        }
    }

    #[test]
    fn a_major_ends_with_its_tool_at_the_latest() {
        let tool = Lifecycle::new(Some("2026-01-01"), Some("2027-01-01"), Some("use another tool"));
        let own = Lifecycle::new(None, Some("2028-01-01"), None).within(&tool);
        assert_eq!(own.sunset, tool.sunset);
        assert_eq!(own.note, tool.note);
        let own = Lifecycle::new(None, Some("2026-06-01"), Some("use 2")).within(&tool);
        assert_eq!(own.sunset, Date::parse("2026-06-01"));
        assert_eq!(own.note, Some("use 2"));
    }
}
