//! The two-person rule.

use futures_util::future::join_all;

use super::*;

const BY_APPROVER: &str = "[tools.throw_away]\nconfirmation = \"approver\"";

/// The id of the request that a call waits for.
fn request(answer: &Answer) -> String {
    assert_eq!(error(answer)["kind"], "approval_required", "{answer:?}");
    error(answer)["approval"].as_str().unwrap().to_owned()
}

fn with_approval(id: &str) -> Value {
    json!({ "dev.steadfast/approval": id })
}

#[tokio::test]
async fn a_call_is_done_once_somebody_else_approved_it() {
    let shed = Shed::with(&["milk jug"]);
    let client = shed.client(BY_APPROVER).as_caller("alice");
    let first = client.call(TOOL, milk()).await;
    let id = request(&first);
    assert!(first.text().contains("milk jug: thrown away") && first.text().contains(&id), "{}", first.text());
    assert_eq!(request(&client.call(TOOL, milk()).await), id, "the same call is the same request");
    let early = client.call_with_meta(TOOL, milk(), with_approval(&id)).await;
    assert_eq!((request(&early), &error(&early)["state"], shed.acted()), (id.clone(), &json!("pending"), 0));

    assert!(!client.approve(&id, "alice").await, "nobody approves their own");
    assert!(client.approve(&id, "bob").await);
    assert!(!client.approve(&id, "carol").await, "it is decided");
    let unsaid = client.call(TOOL, milk()).await;
    assert_eq!((&error(&unsaid)["state"], shed.acted()), (&json!("granted"), 0));

    let done = client.call_with_meta(TOOL, milk(), with_approval(&id)).await;
    assert_eq!((done.is_error(), shed.acted()), (false, 1), "{done:?}");
    shed.put("milk jug");
    let again = client.call_with_meta(TOOL, milk(), with_approval(&id)).await;
    assert_eq!((&error(&again)["state"], shed.acted()), (&json!("pending"), 1), "it is used up");
}

#[tokio::test]
async fn an_approval_is_for_no_other_call() {
    let shed = Shed::with(&["milk jug"]);
    let server = shed.client(BY_APPROVER);
    let alice = server.as_caller("alice");
    let id = request(&alice.call(TOOL, milk()).await);
    assert!(alice.approve(&id, "bob").await);
    for (what, client, arguments) in [
        ("the caller", server.as_caller("bob"), milk()),
        ("the tenant", alice.of_tenant("elsewhere"), milk()),
        ("an argument", server.as_caller("alice"), json!({ "name": "mil" })),
        ("a default that is said", server.as_caller("alice"), json!({ "name": "milk", "limit": 10 })),
    ] {
        let answer = client.call_with_meta(TOOL, arguments, with_approval(&id)).await;
        assert_ne!(request(&answer), id, "{what}");
        assert_eq!((&error(&answer)["reason"], shed.acted()), (&json!("not_this_plan"), 0), "{what}");
    }
    shed.put("milk crate");
    let changed = alice.call_with_meta(TOOL, milk(), with_approval(&id)).await;
    assert_ne!(request(&changed), id, "what it would do has changed");
    assert_eq!(shed.acted(), 0);
    // A yes of the caller's own user is none.
    let own = asking(server.as_caller("alice")).call(TOOL, milk()).await;
    assert!(!is_question(&own) && !own.message().to_string().contains("confirmation_required"));
}

#[tokio::test]
async fn what_an_approver_denied_is_denied() {
    let shed = Shed::with(&["milk jug"]);
    let client = shed.client(BY_APPROVER).as_caller("alice");
    let id = request(&client.call(TOOL, milk()).await);
    assert!(client.deny(&id, "bob").await && !client.approve(&id, "carol").await);
    for meta in [Value::Null, with_approval(&id)] {
        assert!(denied(&client.call_with_meta(TOOL, milk(), meta).await));
    }
    assert_eq!(shed.acted(), 0);
}

#[tokio::test]
async fn a_grant_is_taken_back_until_it_is_used() {
    let shed = Shed::with(&["milk jug"]);
    let client = shed.client(BY_APPROVER).as_caller("alice");
    let id = request(&client.call(TOOL, milk()).await);
    assert!(client.approve(&id, "bob").await && client.deny(&id, "carol").await);
    assert!(denied(&client.call_with_meta(TOOL, milk(), with_approval(&id)).await));
    assert_eq!(shed.acted(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_approval_ends() {
    let shed = Shed::with(&["milk jug"]);
    let client = shed.client(&format!("{BY_APPROVER}\n[confirmation]\napproval_ttl = \"1h\"")).as_caller("alice");
    let id = request(&client.call(TOOL, milk()).await);
    assert!(client.approve(&id, "bob").await);
    advance(Duration::from_secs(3600)).await;
    let late = client.call_with_meta(TOOL, milk(), with_approval(&id)).await;
    assert_eq!((&error(&late)["state"], shed.acted()), (&json!("pending"), 0));
    advance(Duration::from_secs(3600)).await;
    assert!(!client.approve(&id, "bob").await, "nor can it be granted too late");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_all_replicas_that_use_one_approval_at_once_one_acts() {
    let shed = Shed::with(&["milk jug"]);
    let mode = "[confirmation]\nmode = \"approver\"";
    let first = shed.client(mode).as_caller("alice");
    let second = first.replica(shed.server(), mode).unwrap();
    for round in 1..20 {
        let id = request(&first.call("burn_down", json!({})).await);
        assert!(second.approve(&id, "bob").await);
        let all = [&first, &second, &first, &second, &first, &second];
        join_all(all.map(|client| client.call_with_meta("burn_down", json!({}), with_approval(&id)))).await;
        assert_eq!(shed.acted(), round);
    }
}

#[tokio::test]
async fn the_requests_of_one_caller_are_bounded_and_those_of_others_are_not_touched() {
    let shed = Shed::with(&["milk jug"]);
    let server = shed.client(BY_APPROVER);
    let alice = server.as_caller("alice");
    for limit in 0..20 {
        request(&alice.call(TOOL, json!({ "name": "milk", "limit": limit })).await);
    }
    let refused = alice.call(TOOL, json!({ "name": "milk", "limit": 20 })).await;
    assert_eq!(error(&refused)["reason"], "too_many_approvals");
    assert!(error(&refused)["retryAfterMs"].as_u64().is_some_and(|wait| wait > 0), "{refused:?}");
    assert!(refused.text().contains("ends in"), "{}", refused.text());
    request(&alice.call(TOOL, json!({ "name": "milk", "limit": 0 })).await);
    request(&server.as_caller("bob").call(TOOL, milk()).await);
}

#[tokio::test]
async fn while_the_store_is_away_nothing_is_approved() {
    let shed = Shed::with(&["milk jug"]);
    let client = shed.client(BY_APPROVER).as_caller("alice");
    let id = request(&client.call(TOOL, milk()).await);
    assert!(client.approve(&id, "bob").await);
    client.put_store_away(true);
    let refused = client.call_with_meta(TOOL, milk(), with_approval(&id)).await;
    assert_eq!((&error(&refused)["reason"], shed.acted()), (&json!("store_away"), 0));
}
