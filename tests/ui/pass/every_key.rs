//! Each key of the attribute, and what it says in the declaration.

use std::time::Duration;

use steadfast::{Effect, Operation, Rate, Slo, TaskSupport, Translation, Upstream, prelude::*};

/// Find open issues by free text.
///
/// Closed issues are left out.
#[mcp_tool(
    version = "3.1.0-rc.1",
    effect = additive,
    owner = "team-search",
    scopes = ["issues:read", "issues:write"],
    egress = ["https://api.example.com", "https://*.example.org:8443"],
    timeout = "2s",
    attempt_timeout = "500ms",
    retry = 2,
    idempotent,
    open_world = true,
    upstream(
        name = "tracker",
        concurrency = 32,
        slow_call = "1s",
        failure_ratio = 50,
        minimum_calls = 20,
        window = "30s",
        open_for = "5s",
        half_open = 3,
        queue = 0,
        failures_in_a_row = 7,
        slow_ratio = 80.5,
        retry_ratio = 10,
        retry_floor = 0,
    ),
    rate_limit = "600/m",
    fallback = cached_issues,
    task(required, manual = true),
    slo(success = 99.5, p95 = "300ms", p99 = "800ms"),
    title = "Search issues",
    name = "issues.search",
    icons = ["https://example.com/icon.svg", "data:image/png;base64,aGk="],
    alias = ["search_issues", "find-issues"],
    deprecated = "2030-01-01",
    sunset = "2031-01-01",
    note = "use `issues.find`",
    crate = ::steadfast,
    history(
        "1" => v1::SearchIssues,
        "2" => {
            input = [
                rename(q => query),
                default(limit = 20),
                drop(verbose),
                set(order = "newest \"first\""),
                move(filter.state => state),
                wrap(label),
                unwrap("a-b".c),
                map_enum(state: open => active, "not planned" => closed),
            ],
            output = [default(type = [1, -2.5, null, true])],
            deprecated = "2028-02-29",
            sunset = "2029-02-28",
            note = "`q` is now `query`",
            lossy = "version 2 has no place for labels",
        },
        "0" => { shim = v1::SearchIssues, sunset = "2027-01-01", shape = false },
    ),
)]
async fn search_issues(query: String) -> String {
    query
}

async fn cached_issues(query: String) -> String {
    query
}

/// Count open issues.
#[mcp_tool(
    version = "1.0.0",
    effect = read_only,
    attempt_timeout = "1h",
    upstream = "tracker",
    rate_limit = "1/h",
    stale = "5m",
    task,
)]
async fn count_issues() -> u64 {
    0
}

mod v1 {
    use steadfast::{Shim, ShimError};

    pub struct SearchIssues;

    impl Shim for SearchIssues {
        fn up(arguments: Object) -> Result<Object, ShimError> {
            Ok(arguments)
        }

        fn down(result: Value) -> Result<Value, ShimError> {
            Ok(result)
        }
    }

    type Value = serde_json::Value;
    type Object = serde_json::Map<String, Value>;
}

fn main() {
    let tools: Vec<Tool<()>> = tools![search_issues, count_issues];
    let declaration = tools[0].declaration();
    assert_eq!(declaration.name, "issues.search");
    assert_eq!(declaration.version, "3.1.0-rc.1");
    assert_eq!(declaration.major(), "3");
    assert_eq!(declaration.title, Some("Search issues"));
    assert_eq!(declaration.description, "Find open issues by free text.\n\nClosed issues are left out.");
    assert_eq!(declaration.effect, Effect::Additive);
    assert!(declaration.idempotent && declaration.open_world);
    assert_eq!(declaration.owner, Some("team-search"));
    assert_eq!(declaration.scopes, ["issues:read", "issues:write"]);
    assert_eq!(declaration.egress, ["https://api.example.com", "https://*.example.org:8443"]);
    assert_eq!(declaration.timeout, Some(Duration::from_secs(2)));
    assert_eq!(declaration.attempt_timeout, Some(Duration::from_millis(500)));
    assert_eq!(declaration.retry, 2);
    let tracker = Upstream {
        concurrency: Some(32),
        slow_call: Some(Duration::from_secs(1)),
        failure_ratio: Some(50.0),
        minimum_calls: Some(20),
        window: Some(Duration::from_secs(30)),
        open_for: Some(Duration::from_secs(5)),
        half_open: Some(3),
        queue: Some(0),
        failures_in_a_row: Some(7),
        slow_ratio: Some(80.5),
        retry_ratio: Some(10.0),
        retry_floor: Some(0),
        ..Upstream::named("tracker")
    };
    assert_eq!(declaration.upstream, Some(tracker));
    assert_eq!(declaration.rate_limit, Some(Rate { count: 600, per: Duration::from_secs(60) }));
    assert_eq!(declaration.task, Some(TaskSupport { required: true, manual: true }));
    assert_eq!(declaration.stale, None);
    assert_eq!(declaration.fallback, Some("cached_issues"));
    let (p95, p99) = (Duration::from_millis(300), Duration::from_millis(800));
    assert_eq!(declaration.slo, Some(Slo { success: Some(99.5), p95: Some(p95), p99: Some(p99) }));
    assert_eq!(declaration.icons, ["https://example.com/icon.svg", "data:image/png;base64,aGk="]);
    assert_eq!(declaration.aliases, ["search_issues", "find-issues"]);
    assert_eq!((declaration.deprecated, declaration.sunset), (Some("2030-01-01"), Some("2031-01-01")));
    assert_eq!(declaration.note, Some("use `issues.find`"));

    let count = tools[1].declaration();
    assert_eq!(count.attempt_timeout, Some(Duration::from_secs(3600)));
    assert_eq!(count.upstream, Some(Upstream::named("tracker")));
    assert_eq!(count.rate_limit, Some(Rate { count: 1, per: Duration::from_secs(3600) }));
    assert_eq!((count.stale, count.task), (Some(Duration::from_secs(300)), Some(TaskSupport::default())));

    let [second, first, zeroth] = declaration.history else { panic!("three majors") };
    assert_eq!((second.major, first.major, zeroth.major), (2, 1, 0));
    assert_eq!(first.shim, Translation::typed::<v1::SearchIssues>("v1::SearchIssues"));
    assert!(second.lock.contains("\"version\": \"2.0.0\""));
    assert!(second.shape && first.shape && !zeroth.shape);
    assert_eq!(zeroth.sunset, Some("2027-01-01"));
    assert_eq!((second.deprecated, second.sunset), (Some("2028-02-29"), Some("2029-02-28")));
    assert_eq!(second.note, Some("`q` is now `query`"));
    assert_eq!(second.lossy, Some("version 2 has no place for labels"));
    assert_eq!(
        second.shim,
        Translation::Declared {
            input: &[
                Operation::Rename { from: "q", to: "query" },
                Operation::Default { path: "limit", value: "20" },
                Operation::Drop { path: "verbose" },
                Operation::Set { path: "order", value: r#""newest \"first\"""# },
                Operation::Move { from: "filter.state", to: "state" },
                Operation::Wrap { path: "label" },
                Operation::Unwrap { path: "a-b.c" },
                Operation::MapEnum { path: "state", values: &[("open", "active"), ("not planned", "closed")] },
            ],
            output: &[Operation::Default { path: "type", value: "[1,-2.5,null,true]" }],
        }
    );
}
