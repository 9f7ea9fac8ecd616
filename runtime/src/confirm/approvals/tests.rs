use std::time::SystemTime;

use super::*;
use crate::store::Memory;

const CALLER: &str = "0badcafe-";
const HOUR: Duration = Duration::from_secs(3600);

fn store() -> (Arc<Memory>, Clock) {
    let clock = Clock::starting_at(SystemTime::UNIX_EPOCH);
    (Arc::new(Memory::new(clock)), clock)
}

fn tenant() -> Arc<str> {
    "default".into()
}

fn key(id: &str) -> Key {
    Key { tenant: tenant(), kind: Kind::Approval, name: id.to_owned() }
}

/// A request of a caller, which ends after an hour and some milliseconds.
async fn asked(store: &Memory, id: &str, principal: &str, state: Standing, more_ms: u64) {
    let approval = Approval {
        principal: principal.to_owned(),
        user: None,
        tool: "wipe".into(),
        version: "1.0.0".into(),
        call: Digest::of(json!([])),
        arguments: "{}".into(),
        plan: json!({}),
        asked_ms: 0,
        expires_ms: millis(HOUR) + more_ms,
        state,
    };
    store.put(&key(id), Expect::Absent, &approval.written(), Some(HOUR)).await.unwrap();
}

fn granted() -> Standing {
    Standing::Granted { by: "corp:b0b".into() }
}

#[tokio::test(start_paused = true)]
async fn about_a_call_with_a_token_only_a_name_of_a_token_decides() {
    for (principal, by, decided) in [
        ("corp:8f3c", "alice", false),
        ("corp:8f3c", ":alice", false),
        ("corp:8f3c", "alice:", false),
        ("corp:8f3c", "corp:8f3c", false),
        ("corp:8f3c", "corp:b0b", true),
        ("alice", "bob", true),
        ("local", "bob", true),
        ("anonymous", "bob", true),
    ] {
        for decision in [Decision::Grant, Decision::Deny] {
            let (store, _) = store();
            asked(&store, "a", principal, Standing::Pending, 0).await;
            let found = decide(&*store, &tenant(), "a", decision, by, 0).await;
            assert_eq!(found.is_ok(), decided, "{principal} {by}: {found:?}");
            if let Err(refused @ Refused::NoToken { .. }) = found {
                assert!(refused.to_string().contains("--as ISSUER:SUBJECT"), "{refused}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_was_not_used_is_taken_back_and_nothing_else_is_decided_twice() {
    let denied = || Standing::Denied { by: "corp:b0b".into() };
    for (state, decision, decided) in [
        (granted(), Decision::Deny, true),
        (granted(), Decision::Grant, false),
        (denied(), Decision::Deny, false),
        (denied(), Decision::Grant, false),
    ] {
        let (store, _) = store();
        asked(&store, "a", "corp:8f3c", state.clone(), 0).await;
        let found = decide(&*store, &tenant(), "a", decision, "corp:ca1", 0).await;
        assert_eq!(found.is_ok(), decided, "{state:?} {decision:?}: {found:?}");
        let kept = Approval::read(&store.get(&key("a")).await.unwrap().unwrap()).unwrap();
        assert_eq!(kept.state, if decided { Standing::Denied { by: "corp:ca1".into() } } else { state });
    }
}

#[tokio::test(start_paused = true)]
async fn only_what_waits_counts_and_only_of_its_caller() {
    let (store, clock) = store();
    let approvals = Approvals::new(Arc::clone(&store) as Arc<dyn Store>, clock, HOUR);
    for at in 0..PAGE + 20 {
        asked(&store, &format!("{CALLER}{at:03}"), "a", granted(), 0).await;
    }
    for at in 0..3 {
        asked(&store, &format!("{CALLER}9{at:02}"), "a", Standing::Pending, at).await;
        asked(&store, &format!("0badcaff-{at}"), "b", Standing::Pending, at).await;
    }
    let found = approvals.waiting(&key(&format!("{CALLER}new")), 0).await.unwrap();
    assert_eq!(found, [0, 1, 2].map(|more_ms| millis(HOUR) + more_ms));
}
