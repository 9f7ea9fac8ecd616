mod mutants;

use std::time::SystemTime;

use serde_json::json;

use super::*;
use crate::{keyring::Keys, store::Memory};

fn arguments(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn tenant() -> Arc<str> {
    "acme".into()
}

fn binding<'a>(tenant: &'a Arc<str>, arguments: &'a Map<String, Value>) -> Binding<'a> {
    Binding { tenant, principal: "alice", tool: "close", version: "1.0.0", arguments }
}

fn states() -> RequestStates {
    let clock = Clock::starting_at(SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000));
    let keyring = Arc::new(Keyring::fresh().unwrap());
    RequestStates::new(keyring, Arc::new(Memory::new(clock)), clock, Duration::from_secs(300))
}

/// Another process with the same keys and the same store.
fn replica(of: &RequestStates) -> RequestStates {
    RequestStates::new(Arc::clone(&of.keyring), Arc::clone(&of.store), of.clock, of.confirmation_ttl)
}

/// Opens and uses.
async fn used(states: &RequestStates, binding: &Binding<'_>, state: &str) -> Result<(Held, Spent), StateError> {
    let opened = states.open(binding, Purpose::State, state).await?;
    let spent = states.spend(binding, &opened).await?;
    Ok((opened.held, spent))
}

#[tokio::test]
async fn a_state_opens_once_for_the_call_it_was_made_for() {
    let (states, tenant, arguments) = (states(), tenant(), arguments(json!({"id": 1})));
    let binding = binding(&tenant, &arguments);
    let answers = InputResponses::from([("name".to_owned(), json!({"action": "accept"}))]);
    let held = Held { answers, plan: Some(Planned::Asked(Digest::of(json!("plan")))) };
    let state = states.seal(&binding, Purpose::State, held.clone()).await.unwrap();
    assert!(!state.contains("accept"), "nobody else can read it");
    assert_eq!(used(&states, &binding, &state).await.unwrap().0, held);
    assert!(matches!(used(&states, &binding, &state).await, Err(StateError::Used(Purpose::State))));
    assert!(matches!(used(&replica(&states), &binding, &state).await, Err(StateError::Used(_))));
}

#[tokio::test]
async fn of_all_replicas_that_use_a_state_at_once_one_does() {
    let (states, tenant, arguments) = (states(), tenant(), arguments(json!({})));
    let binding = binding(&tenant, &arguments);
    let state = states.seal(&binding, Purpose::State, Held::default()).await.unwrap();
    let replicas = [(); 8].map(|()| replica(&states));
    let all = replicas.iter().map(|replica| used(replica, &binding, &state));
    let opened = futures_util::future::join_all(all).await.into_iter().filter(Result::is_ok).count();
    assert_eq!(opened, 1);
}

#[tokio::test]
async fn a_state_that_is_given_back_opens_once_more() {
    let (states, tenant, arguments) = (states(), tenant(), arguments(json!({})));
    let binding = binding(&tenant, &arguments);
    let state = states.seal(&binding, Purpose::State, Held::default()).await.unwrap();
    let (_, spent) = used(&states, &binding, &state).await.unwrap();
    states.give_back(spent).await.unwrap();
    assert!(used(&states, &binding, &state).await.is_ok());
    assert!(matches!(used(&states, &binding, &state).await, Err(StateError::Used(_))));
}

#[tokio::test]
async fn a_state_does_not_open_for_any_other_call() {
    let (states, tenant, mine) =
        (states(), tenant(), arguments(json!({"id": 9_007_199_254_740_993_u64, "deep": [{}]})));
    let whole = binding(&tenant, &mine);
    let state = states.seal(&whole, Purpose::State, Held::default()).await.unwrap();
    let elsewhere: Arc<str> = "acme2".into();
    let others = [
        json!({"id": 9_007_199_254_740_992_u64, "deep": [{}]}),
        json!({"id": 9_007_199_254_740_993_u64, "deep": [{"x": null}]}),
        json!({"id": 9_007_199_254_740_993_u64}),
    ];
    let others = others.map(arguments);
    let mut wrong = vec![
        Binding { tenant: &elsewhere, ..whole },
        Binding { principal: "bob", ..whole },
        Binding { tool: "open", ..whole },
        Binding { version: "1.0.1", ..whole },
    ];
    wrong.extend(others.iter().map(|arguments| Binding { arguments, ..whole }));
    for wrong in wrong {
        assert!(matches!(states.open(&wrong, Purpose::State, &state).await, Err(StateError::Forged(_))));
    }
    assert!(matches!(states.open(&whole, Purpose::Confirmation, &state).await, Err(StateError::Forged(_))));
    assert!(states.open(&whole, Purpose::State, &state).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_state_expires_and_so_does_a_confirmation() {
    let (states, tenant, arguments) = (states(), tenant(), arguments(json!({})));
    let binding = binding(&tenant, &arguments);
    for (purpose, ttl) in [(Purpose::State, STATE_TTL), (Purpose::Confirmation, Duration::from_secs(300))] {
        let state = states.seal(&binding, purpose, Held::default()).await.unwrap();
        tokio::time::advance(ttl - Duration::from_millis(1)).await;
        assert!(states.open(&binding, purpose, &state).await.is_ok());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(matches!(states.open(&binding, purpose, &state).await, Err(StateError::Expired(_))));
    }
}

#[tokio::test(start_paused = true)]
async fn that_a_state_was_used_is_known_for_as_long_as_any_replica_would_take_it() {
    let (states, tenant, arguments) = (states(), tenant(), arguments(json!({})));
    let binding = binding(&tenant, &arguments);
    let state = states.seal(&binding, Purpose::State, Held::default()).await.unwrap();
    used(&states, &binding, &state).await.unwrap();
    tokio::time::advance(STATE_TTL + SKEW - Duration::from_secs(1)).await;
    // A replica whose clock is late by almost as much.
    let late = Clock::starting_at(states.clock.wall() - SKEW);
    let late = RequestStates { clock: late, ..replica(&states) };
    assert!(matches!(used(&late, &binding, &state).await, Err(StateError::Used(_))));
}

#[tokio::test]
async fn a_state_opens_under_every_key_of_the_ring_and_under_no_other() {
    let (tenant, arguments) = (tenant(), arguments(json!({})));
    let binding = binding(&tenant, &arguments);
    let ring = |keys: &[[u8; 32]]| {
        let states = states();
        RequestStates { keyring: Arc::new(Keyring::fixed(Keys::new(keys))), ..states }
    };
    let state = ring(&[[1; 32]]).seal(&binding, Purpose::State, Held::default()).await.unwrap();
    for (keys, opens) in [(&[[2; 32], [1; 32]][..], true), (&[[1; 32], [2; 32]], true), (&[[2; 32]], false)] {
        assert_eq!(ring(keys).open(&binding, Purpose::State, &state).await.is_ok(), opens);
    }
}
