//! A confirmation is for one call: whatever is altered of either, nothing is done.

use futures_util::future::join_all;
use proptest::prelude::*;
use steadfast::testing::Client;

use super::*;

/// A call that is not the one that was confirmed, and what is altered about it.
struct Altered {
    what: &'static str,
    client: Client,
    tool: &'static str,
    arguments: Value,
}

fn altered(client: &Client, capabilities: &ClientCapabilities) -> Vec<Altered> {
    let of = |what, client: Client, tool, arguments| {
        let client = client.with_capabilities(capabilities.clone());
        Altered { what, client, tool, arguments }
    };
    let mine = || client.as_caller("alice");
    vec![
        of("the caller", client.as_caller("bob"), TOOL, milk()),
        of("the tenant", mine().of_tenant("elsewhere"), TOOL, milk()),
        of("the tool", mine(), "burn_down", json!({})),
        of("an argument", mine(), TOOL, json!({ "name": "mil" })),
        of("its case", mine(), TOOL, json!({ "name": "Milk" })),
        of("an argument that had its default", mine(), TOOL, json!({ "name": "milk", "limit": 11 })),
        of("a default that is said", mine(), TOOL, json!({ "name": "milk", "limit": 10 })),
        of("a secret argument", mine(), TOOL, json!({ "name": "milk", "pin": "1" })),
    ]
}

#[tokio::test]
async fn a_token_is_for_no_other_call() {
    let shed = Shed::with(&["milk jug", "Milk jug"]);
    let server = shed.client("");
    let alice = server.as_caller("alice");
    let given = token(&alice.call(TOOL, milk()).await);
    for Altered { what, client, tool, arguments } in altered(&server, &ClientCapabilities::default()) {
        let answer = client.call_with_meta(tool, arguments, with_token(&given)).await;
        assert!(denied(&answer), "{what}: {answer:?}");
        assert_eq!(shed.acted(), 0, "{what}");
    }
    let other = shed.client("").as_caller("alice").call_with_meta(TOOL, milk(), with_token(&given)).await;
    assert!(denied(&other), "a server with other keys: {other:?}");
    // The alias is a name of the same tool.
    assert!(!alice.call_with_meta("discard", milk(), with_token(&given)).await.is_error());
    assert_eq!(shed.acted(), 1);
}

#[tokio::test]
async fn a_state_is_for_no_other_call() {
    let shed = Shed::with(&["milk jug", "Milk jug"]);
    let able = ClientCapabilities::builder().enable_elicitation().build();
    let server = asking(shed.client(""));
    let alice = server.as_caller("alice");
    let asked = alice.call(TOOL, milk()).await;
    for Altered { what, client, tool, arguments } in altered(&server, &able) {
        let answer = client.answer(tool, arguments, says("accept", json!(true)), &asked).await;
        assert_eq!(answer.code(), Some(-32602), "{what}: {answer:?}");
        assert_eq!(shed.acted(), 0, "{what}");
    }
    assert!(!alice.answer(TOOL, milk(), says("accept", json!(true)), &asked).await.is_error());
    assert_eq!(shed.acted(), 1);
}

#[tokio::test]
async fn a_state_is_no_token_and_a_token_is_no_state() {
    let shed = Shed::with(&["milk jug"]);
    let client = asking(shed.client(""));
    let asked = client.call(TOOL, milk()).await;
    let state = asked.message()["requestState"].as_str().unwrap();
    assert!(denied(&client.call_with_meta(TOOL, milk(), with_token(state)).await));
    assert_eq!(shed.acted(), 0);
}

#[tokio::test]
async fn every_altered_character_of_a_token_is_noticed() {
    let shed = Shed::with(&["milk jug"]);
    let client = shed.client("");
    let given = token(&client.call(TOOL, milk()).await);
    for at in 0..given.len() {
        let mut altered = given.clone().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        for text in [altered, given[..at].to_owned(), format!("{}A{}", &given[..at], &given[at..])] {
            let answer = client.call_with_meta(TOOL, milk(), with_token(&text)).await;
            assert!(denied(&answer), "{text}: {answer:?}");
        }
    }
    assert_eq!(shed.acted(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_token_for_some_arguments_is_for_no_others(mine in "[a-c]{1,3}", other in "[a-c]{1,3}", limit in 9..12_u32) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let acted = runtime.block_on(async {
            let shed = Shed::with(&["aaabbbcccabcacbbacbcacabcba"]);
            let client = shed.client("");
            let first = client.call(TOOL, json!({ "name": mine, "limit": 10 })).await;
            if error(&first)["kind"] == "confirmation_required" {
                let arguments = json!({ "name": other, "limit": limit });
                client.call_with_meta(TOOL, arguments, with_token(&token(&first))).await;
            } else {
                client.call_with_meta(TOOL, json!({ "name": other, "limit": limit }), with_token("")).await;
            }
            (shed.acted(), error(&first)["kind"] == "confirmation_required")
        });
        prop_assert_eq!(acted.0 == 1, acted.1 && mine == other && limit == 10);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_all_replicas_that_get_one_confirmation_at_once_one_acts() {
    for round in 0..20 {
        let shed = Shed::default();
        let first = asking(shed.client(""));
        let second = first.replica(shed.server(), "").unwrap();
        let third = first.replica(shed.server(), "").unwrap().with_capabilities(ClientCapabilities::default());
        let asked = first.call("burn_down", json!({})).await;
        let given = token(&third.call("burn_down", json!({})).await);
        let by_state = || {
            let both = [&first, &second]
                .map(|client| client.answer("burn_down", json!({}), says("accept", json!(true)), &asked));
            join_all(both)
        };
        join_all([by_state(), by_state(), by_state()]).await;
        assert_eq!(shed.acted(), 1, "round {round}");
        let by_token = [&first, &second, &third, &first, &second, &third];
        join_all(by_token.map(|client| client.call_with_meta("burn_down", json!({}), with_token(&given)))).await;
        assert_eq!(shed.acted(), 2, "round {round}");
    }
}
