//! What the configuration says of single tools and upstreams, over what their attributes declare.
//!
//! Whether a server has such a tool or upstream is not known here; it is checked when the engine is put together.

use std::time::Duration;

use super::reader::Reader;
use crate::{confirm::ConfirmBy, reliability::Quota};

/// The settings of `[tools.<name>]`.
pub(super) const TOOL_KEYS: [&str; 8] =
    ["timeout", "attempt_timeout", "retry", "rate_limit", "stale", "fallback", "confirmation", "egress"];

/// The settings of `[upstreams.<name>]`.
pub(super) const UPSTREAM_KEYS: [&str; 12] = [
    "concurrency",
    "queue",
    "failure_ratio",
    "failures_in_a_row",
    "slow_call",
    "slow_ratio",
    "minimum_calls",
    "window",
    "open_for",
    "half_open",
    "retry_ratio",
    "retry_floor",
];

/// What is set for one tool.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ToolSettings {
    pub(crate) timeout: Option<Duration>,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) retry: Option<u32>,
    /// `Some(None)` takes a declared limit away.
    pub(crate) rate_limit: Option<Option<Quota>>,
    pub(crate) stale: Option<Duration>,
    /// `false` switches a declared fallback off.
    pub(crate) fallback: Option<bool>,
    /// Of a destructive tool.
    pub(crate) confirmation: Option<ConfirmBy>,
    /// The servers that it may reach, in the place of those that it declares.
    pub(crate) egress: Option<Vec<String>>,
}

/// What is set for one upstream. Ratios are parts of 1.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct UpstreamSettings {
    pub(crate) concurrency: Option<u32>,
    pub(crate) queue: Option<u32>,
    pub(crate) failure_ratio: Option<f64>,
    pub(crate) failures_in_a_row: Option<u32>,
    pub(crate) slow_call: Option<Duration>,
    pub(crate) slow_ratio: Option<f64>,
    pub(crate) minimum_calls: Option<u32>,
    pub(crate) window: Option<Duration>,
    pub(crate) open_for: Option<Duration>,
    pub(crate) half_open: Option<u32>,
    pub(crate) retry_ratio: Option<f64>,
    pub(crate) retry_floor: Option<u32>,
}

pub(super) fn tools(reader: &mut Reader) -> Vec<(String, ToolSettings)> {
    let names = reader.names("tools").into_iter();
    names
        .map(|name| {
            let key = |setting| format!("tools.{name}.{setting}");
            let settings = ToolSettings {
                timeout: reader.duration_of(&key("timeout")),
                attempt_timeout: reader.duration_of(&key("attempt_timeout")),
                retry: reader.number_of(&key("retry"), 0..=10, "such as 2"),
                rate_limit: reader.rate_of(&key("rate_limit")),
                stale: reader.duration_of(&key("stale")),
                fallback: reader.flag_of(&key("fallback")),
                confirmation: reader.choice_of(&key("confirmation"), &ConfirmBy::NAMES),
                egress: reader.list_of(&key("egress")),
            };
            (name, settings)
        })
        .collect()
}

pub(super) fn upstreams(reader: &mut Reader) -> Vec<(String, UpstreamSettings)> {
    let names = reader.names("upstreams").into_iter();
    names
        .map(|name| {
            let key = |setting| format!("upstreams.{name}.{setting}");
            let mut count = |setting| reader.number_of(&key(setting), 1..=u32::MAX, "such as 20");
            let (concurrency, minimum_calls) = (count("concurrency"), count("minimum_calls"));
            let failures_in_a_row = count("failures_in_a_row");
            let settings = UpstreamSettings {
                concurrency,
                minimum_calls,
                half_open: reader.number_of(&key("half_open"), 1..=100, "such as 3"),
                failures_in_a_row,
                queue: reader.number_of(&key("queue"), 0..=u32::MAX, "such as 20"),
                failure_ratio: reader.percentage_of(&key("failure_ratio")).map(part),
                slow_call: reader.duration_of(&key("slow_call")),
                slow_ratio: reader.percentage_of(&key("slow_ratio")).map(part),
                window: reader.duration_of(&key("window")),
                open_for: reader.duration_of(&key("open_for")),
                retry_ratio: reader.percentage_of(&key("retry_ratio")).map(part),
                retry_floor: reader.number_of(&key("retry_floor"), 0..=u32::MAX, "such as 2"),
            };
            (name, settings)
        })
        .collect()
}

fn part(percentage: f64) -> f64 {
    percentage / 100.0
}
