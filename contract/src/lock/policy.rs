//! What a check is held to beside the rules: the day, the shortest notice, the waivers.

use crate::{Date, Waivers};

/// How strict a check is, and on which day.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The day of the check, in UTC.
    pub today: Date,
    /// The shortest time between `deprecated` and `sunset`, in months.
    pub floor_months: u32,
    /// What was accepted by a person. A check reports waived findings too; see [`Waivers::apply`].
    pub waivers: Waivers,
}

impl Policy {
    /// The notice that is asked for when nothing else is configured: a year.
    pub const FLOOR_MONTHS: u32 = 12;
    /// A deprecation that is announced for the first time may date back by so much: branches take time to be merged.
    pub const BACKDATED_MONTHS: u32 = 1;

    /// The default policy on a day.
    pub fn on(today: Date) -> Self {
        Self { today, floor_months: Self::FLOOR_MONTHS, waivers: Waivers::default() }
    }
}
