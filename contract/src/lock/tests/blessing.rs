//! What is written, and what can't be smuggled past the baseline.

use serde_json::json;

use super::{TODAY, blessed, dates, gating, on, released, rules, second, server, succeeded, tool};
use crate::{Finding, Impact, Lifecycle, LockSet, Policy, Published, Rule, Waiver, Waivers, bless, check, fingerprint};

#[test]
fn what_was_blessed_holds_and_blessing_it_again_writes_nothing() {
    let (published, lock) = succeeded(dates("2026-12-01", "2027-12-01"));
    assert_eq!(check(&published, &lock, None, &on(TODAY)), []);
    assert_eq!(bless(&published, &lock, None, &on(TODAY)), Ok(Vec::new()));
    let paths: Vec<_> = lock.files().into_keys().collect();
    assert_eq!(paths, ["contracts/search/1.json", "contracts/search/2.json", "contracts/surfaces/0.1.0.json"]);
}

#[test]
fn the_same_source_gives_the_same_bytes_on_every_day() {
    let (published, lock) = succeeded(dates("2026-12-01", "2027-12-01"));
    let again = blessed(&published, &released(), &on("2026-12-20"));
    assert_eq!(again.files(), lock.files());
    let file = &lock.files()["contracts/search/2.json"];
    assert!(file.starts_with("{\n  \"definition\": {\n") && file.ends_with("\n}\n"), "{file}");
}

#[test]
fn what_is_only_blessed_on_a_branch_is_free_again_once_its_file_is_deleted() {
    let baseline = released();
    let mut fresh = second(Lifecycle::default());
    let mut lock = blessed(&server([fresh.clone()]), &baseline, &on(TODAY));
    fresh.definition["inputSchema"]["required"] = json!(["query", "lang"]);
    let found = check(&server([fresh.clone()]), &lock, Some(&baseline), &on(TODAY));
    let finding = found.iter().find(|finding| finding.rule == Rule::BumpTooSmall).unwrap();
    assert!(finding.fix.as_ref().unwrap().contains("delete `contracts/search/2.json`"), "{finding:?}");
    let released = check(&server([fresh.clone()]), &lock, Some(&lock), &on(TODAY));
    assert!(!released.iter().any(|finding| finding.fix.as_ref().is_some_and(|fix| fix.contains("delete"))));
    lock.tools.get_mut("search").unwrap().remove(&2);
    let found = check(&server([fresh.clone()]), &lock, Some(&baseline), &on(TODAY));
    assert_eq!(gating(&found), [Rule::NotBlessed], "{found:#?}");
    let changes = bless(&server([fresh]), &lock, Some(&baseline), &on(TODAY)).unwrap();
    assert_eq!(changes.iter().map(|change| &*change.path).collect::<Vec<_>>(), ["contracts/search/2.json"]);
}

#[test]
fn a_branch_may_bless_a_released_major_again_and_again() {
    let baseline = released();
    let mut tool = tool("search", "1.3.0");
    tool.definition["description"] = json!("Lists notes.");
    let lock = blessed(&server([tool.clone()]), &baseline, &on(TODAY));
    tool.definition["description"] = json!("Lists all notes.");
    let found = check(&server([tool.clone()]), &lock, Some(&baseline), &on(TODAY));
    assert_eq!(gating(&found), [Rule::NotBlessed], "{found:#?}");
    // Without the baseline nobody knows that 1.3.0 was not released.
    assert_eq!(gating(&check(&server([tool]), &lock, None, &on(TODAY))), [Rule::BumpTooSmall]);
}

#[test]
fn editing_the_lock_by_hand_launders_nothing() {
    type Edit = fn(&mut LockSet, &mut Published);
    let table: [(&str, Edit, Rule); 7] = [
        (
            "the digests stay",
            |lock, _| {
                let file = lock.tools.get_mut("search").unwrap().get_mut(&2).unwrap();
                file.definition["description"] = json!("x");
            },
            Rule::BlessedChanged,
        ),
        (
            "both sides get a required argument",
            |lock, published| {
                let tool = &mut published.tools[0];
                tool.definition["inputSchema"]["required"] = json!(["query", "lang"]);
                tool.version = "2.0.1".into();
                lock.tools.get_mut("search").unwrap().insert(2, crate::Lock::of(tool));
            },
            Rule::BlessedChanged,
        ),
        (
            "an older major gets another description",
            |lock, _| {
                let mut tool = tool("search", "1.3.0");
                tool.definition["description"] = json!("x");
                let lifecycle = dates("2026-12-01", "2027-12-01");
                let file = crate::Lock { lifecycle, ..crate::Lock::of(&tool) };
                lock.tools.get_mut("search").unwrap().insert(1, file);
            },
            Rule::BlessedChanged,
        ),
        (
            "a file goes",
            |lock, published| {
                lock.tools.get_mut("search").unwrap().remove(&1);
                published.tools[0].history.clear();
            },
            Rule::BlessedChanged,
        ),
        (
            "a sunset moves",
            |lock, published| {
                let moved = dates("2026-11-01", "2027-11-30");
                lock.tools.get_mut("search").unwrap().get_mut(&1).unwrap().lifecycle = moved.clone();
                published.tools[0].history[0].lifecycle = moved;
            },
            Rule::SunsetEarlier,
        ),
        ("an old surface goes", |lock, _| drop(lock.surfaces.remove("0.0.9")), Rule::SurfaceChanged),
        (
            "an old surface changes",
            |lock, _| *lock.surfaces.get_mut("0.0.9").unwrap().tools.get_mut("search").unwrap() = 2,
            Rule::SurfaceChanged,
        ),
    ];
    for (name, edit, rule) in table {
        let (mut published, mut baseline) = succeeded(dates("2026-12-01", "2027-12-01"));
        let mut old = crate::Surface::new("0.0.9");
        old.tools.insert("search".into(), 1);
        baseline.surfaces.insert("0.0.9".into(), old);
        let mut lock = baseline.clone();
        assert_eq!(check(&published, &lock, Some(&baseline), &on(TODAY)), []);
        edit(&mut lock, &mut published);
        let found = check(&published, &lock, Some(&baseline), &on(TODAY));
        assert!(gating(&found).contains(&rule), "{name}: {found:#?}");
        assert!(bless(&published, &lock, Some(&baseline), &on(TODAY)).is_err(), "{name}");
    }
}

#[test]
fn surfaces_follow_the_source_until_the_release_is_raised() {
    let (mut published, lock) = succeeded(Lifecycle::default());
    published.release = "0.2.0".into();
    let found = check(&published, &lock, Some(&lock), &on(TODAY));
    assert_eq!(rules(&found), [(Rule::NotBlessed, Impact::Error)]);
    let lock = blessed(&published, &lock, &on(TODAY));
    assert_eq!(lock.surfaces.keys().collect::<Vec<_>>(), ["0.1.0", "0.2.0"]);
    published.release = "0.1.0".into();
    let found = check(&published, &lock, Some(&lock), &on(TODAY));
    assert_eq!(gating(&found), [Rule::VersionDecreased]);
}

#[test]
fn a_waived_finding_can_be_blessed_and_an_error_cannot_be_waived() {
    let mut scoped = tool("search", "1.3.0");
    scoped.promises.scopes.push("notes:read".into());
    let published = server([scoped]);
    let found = check(&published, &released(), None, &on(TODAY));
    assert!(bless(&published, &released(), None, &on(TODAY)).is_err());
    let waiver = |finding: &Finding| Waiver {
        rule: finding.rule,
        fingerprint: fingerprint(finding),
        reason: "agreed".into(),
        expires: "2027-01-01".into(),
    };
    let waivers = Waivers { waivers: found.iter().map(waiver).collect() };
    let policy = Policy { waivers, ..on(TODAY) };
    let lock = blessed(&published, &released(), &policy);
    assert_eq!(lock.lock("search", 1).unwrap().version, "1.3.0");
    let expired = Policy { today: "2027-01-02".parse().unwrap(), ..policy.clone() };
    assert!(bless(&published, &released(), None, &expired).is_err());

    let lower = server([tool("search", "1.0.0")]);
    let found = check(&lower, &released(), None, &on(TODAY));
    let policy = Policy { waivers: Waivers { waivers: found.iter().map(waiver).collect() }, ..on(TODAY) };
    assert!(bless(&lower, &released(), None, &policy).is_err());
}

#[test]
fn an_unreadable_file_stops_bless_and_is_not_overwritten() {
    let mut files = released().files();
    files.insert("contracts/search/1.json".into(), "<<<<<<< HEAD".into());
    let lock = LockSet::read(files);
    let published = server([tool("search", "1.2.0")]);
    let found = bless(&published, &lock, None, &on(TODAY)).unwrap_err();
    assert!(gating(&found).contains(&Rule::LockUnreadable), "{found:#?}");
}
