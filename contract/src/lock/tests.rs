//! The rules of the lock; what the tests of all of them share.

mod blessing;
mod edits;
mod ends;

use serde_json::json;

use crate::{Finding, Impact, Lifecycle, LockSet, Older, Policy, Promises, Published, PublishedTool, Rule, bless};

/// A day on which nothing is due.
const TODAY: &str = "2026-11-22";

fn tool(name: &str, version: &str) -> PublishedTool {
    PublishedTool {
        name: name.into(),
        version: version.into(),
        definition: json!({
            "name": name,
            "description": "Finds notes.",
            "inputSchema": {
                "type": "object",
                "properties": { "query": { "type": "string" }, "state": { "enum": ["open", "closed"] } },
                "required": ["query"],
            },
        }),
        promises: Promises {
            effect: "read_only".into(),
            idempotent: true,
            open_world: false,
            scopes: Vec::new(),
            timeout_ms: None,
        },
        aliases: Vec::new(),
        owner: None,
        lifecycle: Lifecycle::default(),
        history: Vec::new(),
    }
}

fn server(tools: impl IntoIterator<Item = PublishedTool>) -> Published {
    Published { server: "notes".into(), release: "0.1.0".into(), tools: tools.into_iter().collect() }
}

fn dates(deprecated: &str, sunset: &str) -> Lifecycle {
    let day = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Lifecycle { deprecated: day(deprecated), sunset: day(sunset), note: Some("`q` is now `query`".into()) }
}

fn older(major: u64, lifecycle: Lifecycle) -> Older {
    Older { major, lifecycle, lossy: None, shape: true, shim: "declared".into() }
}

fn on(day: &str) -> Policy {
    Policy::on(day.parse().unwrap())
}

/// The lock after `bless`, read back from its files.
fn blessed(published: &Published, lock: &LockSet, policy: &Policy) -> LockSet {
    let mut files = lock.files();
    for change in bless(published, lock, None, policy).unwrap() {
        files.insert(change.path, change.text);
    }
    let lock = LockSet::read(files);
    assert_eq!(lock.unreadable, []);
    lock
}

/// A server that released `search` 1.2.0.
fn released() -> LockSet {
    blessed(&server([tool("search", "1.2.0")]), &LockSet::default(), &on(TODAY))
}

/// A server that released `search` 1.2.0 and then 2.0.0, with the dates of major 1.
fn succeeded(lifecycle: Lifecycle) -> (Published, LockSet) {
    let published = server([second(lifecycle)]);
    let lock = blessed(&published, &released(), &on(TODAY));
    (published, lock)
}

/// `search` 2.0.0, without `state`, with `lang`, and with major 1 in its history.
fn second(lifecycle: Lifecycle) -> PublishedTool {
    let mut tool = tool("search", "2.0.0");
    tool.definition["inputSchema"]["properties"] =
        json!({ "query": { "type": "string" }, "lang": { "type": "string" } });
    tool.history.push(older(1, lifecycle));
    tool
}

fn rules(findings: &[Finding]) -> Vec<(Rule, Impact)> {
    findings.iter().map(|finding| (finding.rule, finding.impact)).collect()
}

fn gating(findings: &[Finding]) -> Vec<Rule> {
    findings.iter().filter(|finding| finding.impact >= Impact::Unknown).map(|finding| finding.rule).collect()
}
