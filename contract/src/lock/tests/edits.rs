//! What a server's author does to a tool, and what is found.

use serde_json::json;

use super::{TODAY, blessed, dates, gating, older, on, released, rules, second, server, succeeded, tool};
use crate::{Impact, Lifecycle, LockSet, PublishedTool, Rule, check, notes, previews};

#[test]
fn each_edit_of_the_current_major_is_judged() {
    type Edit = fn(&mut PublishedTool);
    let table: [(&str, Edit, &[Rule]); 11] = [
        ("nothing", |_| {}, &[]),
        ("an owner", |tool| tool.owner = Some("team".into()), &[]),
        ("a description", |tool| tool.definition["description"] = json!("Lists notes."), &[Rule::BumpTooSmall]),
        (
            "a description, with a minor bump",
            |tool| {
                tool.definition["description"] = json!("Lists notes.");
                tool.version = "1.3.0".into();
            },
            &[Rule::NotBlessed],
        ),
        (
            "a description, with a patch bump",
            |tool| {
                tool.definition["description"] = json!("Lists notes.");
                tool.version = "1.2.1".into();
            },
            &[Rule::BumpTooSmall],
        ),
        ("a title", |tool| tool.definition["title"] = json!("Search"), &[Rule::BumpTooSmall]),
        (
            "a title, with a patch bump",
            |tool| {
                tool.definition["title"] = json!("Search");
                tool.version = "1.2.1".into();
            },
            &[Rule::NotBlessed],
        ),
        ("a lower version", |tool| tool.version = "1.1.9".into(), &[Rule::VersionDecreased]),
        ("a lower major", |tool| tool.version = "0.9.0".into(), &[Rule::VersionDecreased]),
        ("a pre-release of what was released", |tool| tool.version = "1.2.0-rc.1".into(), &[Rule::VersionDecreased]),
        (
            "a scope, with a minor bump",
            |tool| {
                tool.promises.scopes.push("notes:read".into());
                tool.version = "1.3.0".into();
            },
            &[Rule::ScopeAdded, Rule::BumpTooSmall],
        ),
    ];
    for (name, edit, expected) in table {
        let mut tool = tool("search", "1.2.0");
        edit(&mut tool);
        let findings = check(&server([tool]), &released(), None, &on(TODAY));
        assert_eq!(gating(&findings), expected, "{name}: {findings:#?}");
        let unexplained = findings.iter().find(|finding| finding.impact == Impact::Error && finding.fix.is_none());
        assert_eq!(unexplained, None, "{name}");
    }
}

#[test]
fn a_bump_that_is_too_small_says_which_one_is_needed() {
    let mut changed = tool("search", "1.2.0");
    changed.promises.scopes.push("notes:read".into());
    for (version, fix) in [("1.2.0", "2.0.0"), ("1.9.9", "2.0.0")] {
        changed.version = version.into();
        let findings = check(&server([changed.clone()]), &released(), None, &on(TODAY));
        let finding = findings.iter().find(|finding| finding.rule == Rule::BumpTooSmall).unwrap();
        assert!(finding.fix.as_ref().unwrap().contains(&format!("`version = \"{fix}\", history(\"1\"")), "{finding:?}");
    }
}

#[test]
fn a_breaking_change_is_free_in_a_new_major_that_keeps_the_old_one() {
    let found = check(&server([second(Lifecycle::default())]), &released(), None, &on(TODAY));
    assert_eq!(gating(&found), [Rule::NotBlessed, Rule::NotBlessed], "{found:#?}");
}

#[test]
fn renaming_needs_an_alias_and_old_majors() {
    let renamed = |aliases: &[&str]| {
        let aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
        let found = check(&server([PublishedTool { aliases, ..tool("find", "1.2.0") }]), &released(), None, &on(TODAY));
        rules(&found).into_iter().filter(|(rule, _)| *rule != Rule::NotBlessed).collect::<Vec<_>>()
    };
    assert_eq!(renamed(&["search"]), [(Rule::ToolRenamed, Impact::Minor)]);
    assert_eq!(renamed(&[]), [(Rule::ToolAdded, Impact::Minor), (Rule::ToolRenamed, Impact::Major)]);
    let other = PublishedTool { definition: json!({ "name": "x", "inputSchema": {} }), ..tool("x", "1.0.0") };
    let found = check(&server([other]), &released(), None, &on(TODAY));
    assert!(rules(&found).contains(&(Rule::ToolRemoved, Impact::Major)), "{found:#?}");
}

#[test]
fn a_tool_is_renamed_together_with_its_older_majors() {
    let (published, lock) = succeeded(Lifecycle::default());
    let mut renamed = published.tools[0].clone();
    renamed.aliases = vec![std::mem::replace(&mut renamed.name, "find".into())];
    renamed.definition["name"] = "find".into();
    renamed.version = "2.1.0".into();
    let found = check(&server([renamed]), &lock, None, &on(TODAY));
    let breaking = found.iter().filter(|finding| finding.impact >= Impact::Unknown);
    let rules: Vec<Rule> = breaking.map(|finding| finding.rule).filter(|rule| *rule != Rule::NotBlessed).collect();
    assert_eq!(rules, [], "{found:#?}");
}

#[test]
fn a_history_that_the_lock_does_not_know_is_refused() {
    let mut tool = second(Lifecycle::default());
    tool.history.push(older(3, Lifecycle::default()));
    let found = check(&server([tool.clone()]), &released(), None, &on(TODAY));
    assert!(gating(&found).contains(&Rule::HistoryUnknown), "{found:#?}");
    tool.history.pop();
    let found = check(&server([tool]), &LockSet::default(), None, &on(TODAY));
    assert!(gating(&found).contains(&Rule::HistoryUnknown), "{found:#?}");
}

#[test]
fn promises_that_no_shim_keeps_are_held_against_every_served_major() {
    let (mut published, lock) = succeeded(Lifecycle::default());
    published.tools[0].version = "3.0.0".into();
    published.tools[0].history.push(older(2, Lifecycle::default()));
    published.tools[0].promises.effect = "destructive".into();
    let found = check(&published, &lock, None, &on(TODAY));
    let why: Vec<_> = found
        .iter()
        .filter(|finding| finding.rule == Rule::EffectMoreDangerous)
        .map(|finding| finding.why.as_str())
        .collect();
    assert_eq!(why.len(), 1, "{found:#?}");
    assert!(why[0].starts_with("calls of major"), "{why:?}");
}

#[test]
fn previews_are_not_locked_and_not_held_to_anything() {
    for version in ["0.3.0", "1.0.0-rc.1"] {
        let published = server([tool("search", version)]);
        let lock = blessed(&published, &LockSet::default(), &on(TODAY));
        assert_eq!(lock.tools.len(), 0);
        assert_eq!(lock.surfaces["0.1.0"].tools.len(), 0);
        assert_eq!(previews(&published, &lock).len(), 1);
        let mut other = published.clone();
        other.tools[0].definition["inputSchema"] = json!({ "type": "object" });
        assert_eq!(check(&other, &lock, None, &on(TODAY)), []);
    }
    let rc = server([tool("search", "1.3.0-rc.1")]);
    assert_eq!(previews(&rc, &released()).len(), 0);
}

#[test]
fn notes_say_what_clients_should_do() {
    let (published, lock) = succeeded(dates("2026-12-01", "2027-12-01"));
    let text = notes(&published, &lock);
    for line in [
        "# Migration notes: notes 0.1.0",
        "| 2.0.0 | current |  |  |",
        "| 1.2.0 | served | 2026-12-01 | 2027-12-01 |",
        "### From 1 to 2",
        "Major 1 is served until 2027-12-01; from that day on calls of it are refused.",
        "`q` is now `query`",
        "Stop sending it.",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
}
