//! Each way in which an upstream can misbehave, and what its callers see.

use std::time::Duration;

use serde_json::json;

use super::{
    client::{call, in_time},
    fleet::Fleet,
    upstream::{Upstream, Way},
};

/// So short that a table of slow upstreams is walked fast. The breaker is out of the way.
const SETTINGS: &str = "
[tools.fetch]
timeout = '600ms'
attempt_timeout = '250ms'
[tools.recall]
timeout = '600ms'
attempt_timeout = '250ms'
[upstreams.origin]
minimum_calls = 1000000
failures_in_a_row = 1000000
";

const TIME: Duration = Duration::from_millis(600);

const WAYS: [(Way, Option<&str>); 14] = [
    (Way::Answers, None),
    (Way::Late, None),
    (Way::Fails, Some("unavailable")),
    (Way::Resets, Some("unavailable")),
    (Way::ResetsWithin, Some("unavailable")),
    (Way::Silent, Some("timeout")),
    (Way::HalfOpen, Some("unavailable")),
    (Way::Garbage, Some("unavailable")),
    (Way::Short, Some("unavailable")),
    (Way::Nonsense, Some("unavailable")),
    (Way::EndlessHead, Some("unavailable")),
    (Way::Endless, Some("unavailable")),
    (Way::Drips, Some("timeout")),
    (Way::Answers, None),
];

#[tokio::test]
async fn a_misbehaving_upstream_is_an_error_of_a_kind_in_time_or_its_stand_in() {
    let upstream = Upstream::that(Way::Answers);
    let fleet = Fleet::new(SETTINGS).leaning_on(upstream.address);
    let server = fleet.start();
    for (way, failure) in WAYS {
        upstream.becomes(way);
        let fetched = in_time(server.mcp, "fetch", json!({}), TIME).await;
        let recalled = in_time(server.mcp, "recall", json!({"path": "/it"}), TIME).await;
        match failure {
            None => {
                assert_eq!((fetched.text(), recalled.text()), ("answer", "answer"), "{way:?}");
                assert!(recalled.meta("degraded").is_null(), "{way:?}");
            }
            Some(kind) => {
                assert_eq!(fetched.refused(), kind, "{way:?}: {}", fetched.message);
                assert_eq!(recalled.text(), "/it, as far as is known", "{way:?}: {}", recalled.message);
                assert_eq!(*recalled.meta("degraded"), json!({"mode": "fallback", "reason": kind}), "{way:?}");
            }
        }
        assert_eq!(call(server.mcp, "ping", json!({})).await.text(), "pong", "{way:?}: the server lives");
    }
}

#[tokio::test]
async fn an_upstream_that_nobody_runs_is_away_until_somebody_does() {
    let mut upstream = Upstream::dead();
    let fleet = Fleet::new(SETTINGS).leaning_on(upstream.address);
    let server = fleet.start();
    let away = in_time(server.mcp, "fetch", json!({}), TIME).await;
    assert_eq!((away.refused(), away.meta("attempts")), ("unavailable", &json!(2)), "{}", away.message);
    assert_eq!(call(server.mcp, "recall", json!({})).await.meta("degraded")["mode"], "fallback");
    upstream.rises(Way::Answers);
    assert_eq!(call(server.mcp, "fetch", json!({})).await.text(), "answer");
    assert!(call(server.mcp, "recall", json!({})).await.meta("degraded").is_null());
}
