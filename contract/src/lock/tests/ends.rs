//! Dates, and what comes after them.

use serde_json::{Value, json};

use super::{TODAY, blessed, dates, gating, older, on, released, rules, second, server, succeeded, tool};
use crate::{Impact, Lifecycle, LockSet, Older, Policy, PublishedTool, Rule, check};

#[test]
fn a_major_that_left_the_source_is_missed_until_its_sunset() {
    let gone = |lifecycle: Lifecycle, day: &str| {
        let (mut published, lock) = succeeded(lifecycle);
        published.tools[0].history.clear();
        rules(&check(&published, &lock, None, &on(day)))
    };
    let removed = |impact| (Rule::ToolRemoved, impact);
    assert_eq!(gone(Lifecycle::default(), TODAY), [removed(Impact::Major)]);
    assert_eq!(gone(dates("2026-12-01", "2027-12-01"), "2027-11-30"), [removed(Impact::Major)]);
    let over = gone(dates("2026-12-01", "2027-12-01"), "2027-12-01");
    assert!(over.contains(&removed(Impact::Minor)) && over.contains(&(Rule::NotBlessed, Impact::Error)), "{over:?}");
}

#[test]
fn dates_are_held_to_the_policy() {
    let (none, announced) = (Lifecycle::default(), dates("2026-12-01", "2027-12-01"));
    for (name, before, now, day, expected) in [
        ("announced in time", &none, dates("2026-12-01", "2027-12-01"), TODAY, vec![]),
        ("a year from today", &none, dates(TODAY, "2027-11-22"), TODAY, vec![]),
        ("a branch that took a while", &none, dates("2026-10-22", "2027-10-22"), TODAY, vec![]),
        ("backdated", &none, dates("2026-01-01", "2027-01-01"), TODAY, vec![Rule::SunsetTooSoon]),
        ("too short", &none, dates("2026-12-01", "2027-11-30"), TODAY, vec![Rule::SunsetTooSoon]),
        ("without a warning", &none, dates("", "2028-01-01"), TODAY, vec![Rule::SunsetTooSoon]),
        ("no date", &none, dates("2026-12-01", "2027-02-30"), TODAY, vec![Rule::SunsetTooSoon]),
        ("unchanged", &announced, announced.clone(), "2027-11-30", vec![]),
        ("later", &announced, dates("2026-12-01", "2028-06-01"), TODAY, vec![]),
        (
            "earlier",
            &announced,
            dates("2026-11-01", "2027-11-30"),
            TODAY,
            vec![Rule::SunsetEarlier, Rule::SunsetTooSoon],
        ),
        ("taken back", &announced, Lifecycle::default(), TODAY, vec![]),
        ("over", &announced, announced.clone(), "2027-12-01", vec![Rule::SunsetPassed]),
        ("long over", &announced, announced.clone(), "2029-01-01", vec![Rule::SunsetPassed]),
    ] {
        let (_, lock) = succeeded(before.clone());
        let found = check(&server([second(now)]), &lock, None, &on(day));
        let mut gates = gating(&found);
        gates.retain(|rule| *rule != Rule::NotBlessed);
        assert_eq!(gates, expected, "{name}: {found:#?}");
    }
    let (_, lock) = succeeded(none);
    let short = Policy { floor_months: 1, ..on(TODAY) };
    let found = check(&server([second(dates("2026-12-01", "2027-01-01"))]), &lock, None, &short);
    assert_eq!(rules(&found), [(Rule::NotBlessed, Impact::Error), (Rule::DeprecatedMarked, Impact::Minor)]);
}

#[test]
fn a_tool_that_is_to_go_needs_a_minor_bump_and_then_a_tombstone() {
    let mut going = tool("search", "1.2.0");
    going.lifecycle = dates("2026-12-01", "2027-12-01");
    let found = check(&server([going.clone()]), &released(), None, &on(TODAY));
    assert_eq!(gating(&found), [Rule::BumpTooSmall]);
    going.version = "1.3.0".into();
    let lock = blessed(&server([going.clone()]), &released(), &on(TODAY));

    let early = check(&server([]), &lock, None, &on("2027-11-30"));
    assert_eq!(rules(&early), [(Rule::ToolRemoved, Impact::Major)], "{early:#?}");
    let late = check(&server([going]), &lock, None, &on("2027-12-01"));
    assert_eq!(gating(&late), [Rule::SunsetPassed]);

    let after = blessed(&server([]), &lock, &on("2027-12-01"));
    let stone = &after.tombstones.tools["search"];
    assert_eq!((stone.sunset.as_deref(), stone.note.as_deref()), (Some("2027-12-01"), Some("`q` is now `query`")));
    assert_eq!(check(&server([]), &after, None, &on("2028-01-01")), []);

    let back = check(&server([tool("search", "2.0.0")]), &after, None, &on("2028-01-01"));
    assert!(gating(&back).contains(&Rule::TombstoneReused), "{back:#?}");
    let alias = PublishedTool { aliases: vec!["search".into()], ..tool("find", "1.0.0") };
    let back = check(&server([alias]), &after, None, &on("2028-01-01"));
    assert!(gating(&back).contains(&Rule::TombstoneReused), "{back:#?}");
}

#[test]
fn retired_names_may_come_back_only_with_their_meaning() {
    let (mut published, lock) = succeeded(dates("2026-12-01", "2027-12-01"));
    published.tools[0].history.clear();
    let day = on("2027-12-01");
    let lock = blessed(&published, &lock, &day);
    let stone = &lock.tombstones.tools["search"];
    assert_eq!(stone.majors.keys().collect::<Vec<_>>(), [&1]);
    assert_eq!(stone.fields.iter().map(|field| &*field.name).collect::<Vec<_>>(), ["state"]);
    assert_eq!(stone.values.iter().map(|value| &value.name).collect::<Vec<_>>(), ["closed", "open"]);
    assert_eq!(check(&published, &lock, None, &day), []);

    let with = |state: Value, history: Vec<Older>| {
        let mut published = published.clone();
        published.tools[0].version = "2.1.0".into();
        published.tools[0].definition["inputSchema"]["properties"]["state"] = state;
        published.tools[0].history = history;
        let found = check(&published, &lock, None, &day);
        found
            .iter()
            .filter(|finding| finding.rule == Rule::TombstoneReused)
            .map(|finding| finding.why.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(with(json!({ "type": "string" }), vec![]).len(), 1);
    assert_eq!(with(json!({ "enum": ["open", "draft"] }), vec![]).len(), 2);
    let described = json!({ "oneOf": [{ "const": "open", "description": "Being written." }] });
    assert_eq!(with(described, vec![]).len(), 2);
    // The field as it was; its bare values never say what they mean.
    assert_eq!(with(json!({ "enum": ["open", "closed"] }), vec![]).len(), 2);
    assert_eq!(with(json!({ "type": "string" }), vec![older(1, Lifecycle::default())]).len(), 2);
}

#[test]
fn a_lost_tombstone_is_missed() {
    let (mut published, lock) = succeeded(dates("2026-12-01", "2027-12-01"));
    published.tools[0].history.clear();
    let day = on("2027-12-01");
    let baseline = blessed(&published, &lock, &day);
    let lock = LockSet { tombstones: crate::Tombstones::default(), ..baseline.clone() };
    let found = check(&published, &lock, Some(&baseline), &day);
    assert_eq!(gating(&found).first(), Some(&Rule::BlessedChanged), "{found:#?}");
}
