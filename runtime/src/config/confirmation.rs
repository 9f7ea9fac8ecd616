//! How destructive calls are confirmed, and that nobody switches it off where it matters.

use std::time::Duration;

use super::{Profile, Settings, reader::Reader};
use crate::confirm::{ConfirmBy, ConfirmationSettings};

/// The settings of `[confirmation]`.
pub(super) fn settings(reader: &mut Reader) -> ConfirmationSettings {
    ConfirmationSettings {
        mode: reader.choice("confirmation.mode", &ConfirmBy::NAMES, ConfirmBy::Client),
        by_token: reader.flag("confirmation.by_token", true),
        ttl: reader.duration("confirmation.ttl", Duration::from_secs(5 * 60)),
        approval_ttl: reader.duration("confirmation.approval_ttl", Duration::from_secs(24 * 3600)),
    }
}

/// Reports every place that switches confirmation off outside the profile `dev`.
pub(super) fn check(reader: &mut Reader, settings: &Settings) {
    let tools = settings.tools.iter();
    let tools = tools.map(|(name, tool)| (format!("tools.{name}.confirmation"), tool.confirmation));
    let all = [("confirmation.mode".to_owned(), Some(settings.confirmation.mode))];
    for (key, mode) in all.into_iter().chain(tools) {
        reader.check(
            &key,
            mode != Some(ConfirmBy::Off) || settings.profile == Profile::Dev,
            "destructive calls are confirmed in every profile but `dev`",
            "write \"client\" or \"approver\", or leave the key out",
        );
    }
}
