//! The `requestState` of an `input_required` result: what the server must find again when the call is repeated.
//!
//! Invariant: a state opens only for the principal, tool, version and arguments it was made for, before it expires,
//! and once. It is signed, not encrypted: it holds the client's own answers and nothing else.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use rmcp::model::{InputResponses, RequestStateCodec, SealOptions};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::{self, Clock};

/// How many used states are remembered before new ones are refused; each is forgotten when it expires.
const REMEMBERED: usize = 100_000;

/// Seals and opens the states of one server process.
pub(crate) struct RequestStates {
    codec: RequestStateCodec,
    clock: Clock,
    ttl: Duration,
    /// Nonces of states that were opened, with the time at which each would have expired anyway.
    used: Mutex<HashMap<[u8; 16], u64>>,
}

/// The call that a state belongs to.
pub(crate) struct Binding<'a> {
    pub(crate) tenant: &'a str,
    pub(crate) principal: &'a str,
    pub(crate) tool: &'a str,
    pub(crate) version: &'a str,
    pub(crate) arguments: &'a Map<String, Value>,
}

/// Why a state was not accepted.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum StateError {
    #[error("`requestState` is not one that this server gave for this call; repeat the call without it")]
    Forged,
    #[error("`requestState` has expired; repeat the call without it")]
    Expired,
    #[error("`requestState` was used before; repeat the call without it")]
    Used,
    #[error("too many states are in use; repeat the call later")]
    Exhausted,
    #[error("the system has no randomness to give")]
    NoRandomness,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    nonce: [u8; 16],
    expires: u64,
    answers: InputResponses,
}

/// A state that was opened.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) state: Spent,
    /// The answers that it holds.
    pub(crate) answers: InputResponses,
}

/// Which state was used.
#[derive(Debug)]
pub(crate) struct Spent([u8; 16]);

impl RequestStates {
    /// States under a fresh key: a state made by one process opens in that process only.
    pub(crate) fn new(clock: Clock, ttl: Duration) -> Result<Self, StateError> {
        let key: [u8; 32] = clock::random().map_err(|_| StateError::NoRandomness)?;
        let codec = RequestStateCodec::try_new(key).map_err(|_| StateError::NoRandomness)?;
        Ok(Self { codec, clock, ttl, used: Mutex::default() })
    }

    /// Seals the answers given so far for the call `binding`.
    pub(crate) fn seal(&self, binding: &Binding<'_>, answers: &InputResponses) -> Result<String, StateError> {
        let expires = self.clock.unix_millis().saturating_add(u64::try_from(self.ttl.as_millis()).unwrap_or(u64::MAX));
        let nonce = clock::random().map_err(|_| StateError::NoRandomness)?;
        let sealed = Sealed { nonce, expires, answers: answers.clone() };
        let context = binding.context();
        self.codec
            .seal_json_with(&sealed, &SealOptions::new().associated_data(&context).ttl(self.ttl))
            .map_err(|_| StateError::Forged)
    }

    /// Opens a state that came back, once.
    pub(crate) fn open(&self, binding: &Binding<'_>, state: &str) -> Result<Opened, StateError> {
        let context = binding.context();
        let sealed: Sealed = self.codec.open_json_with(state, &context).map_err(|error| match error {
            rmcp::model::RequestStateError::Expired => StateError::Expired,
            _ => StateError::Forged,
        })?;
        let now = self.clock.unix_millis();
        if sealed.expires <= now {
            return Err(StateError::Expired);
        }
        let mut used = self.used.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if used.len() >= REMEMBERED {
            used.retain(|_, expires| *expires > now);
            if used.len() >= REMEMBERED {
                return Err(StateError::Exhausted);
            }
        }
        match used.insert(sealed.nonce, sealed.expires) {
            None => Ok(Opened { state: Spent(sealed.nonce), answers: sealed.answers }),
            Some(_) => Err(StateError::Used),
        }
    }

    /// Lets a state be used once more: nothing was done for the call that it came with.
    pub(crate) fn give_back(&self, Spent(nonce): &Spent) {
        self.used.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(nonce);
    }
}

impl Binding<'_> {
    /// Unambiguous bytes for the call. Not the canonical form of contracts: that writes large integers as doubles, and
    /// two ids beyond 2^53 would be one.
    fn context(&self) -> Vec<u8> {
        let parts = serde_json::json!([self.tenant, self.principal, self.tool, self.version, self.arguments]);
        steadfast_contract::sorted(parts).to_string().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use serde_json::json;

    use super::*;

    fn arguments(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn binding<'a>(arguments: &'a Map<String, Value>) -> Binding<'a> {
        Binding { tenant: "acme", principal: "alice", tool: "close", version: "1.0.0", arguments }
    }

    fn states() -> RequestStates {
        RequestStates::new(Clock::system(), Duration::from_secs(600)).unwrap()
    }

    #[test]
    fn a_state_opens_once_for_the_call_it_was_made_for() {
        let (states, arguments) = (states(), arguments(json!({"id": 1})));
        let answers = InputResponses::from([("name".to_owned(), json!({"action": "accept"}))]);
        let state = states.seal(&binding(&arguments), &answers).unwrap();
        assert_eq!(states.open(&binding(&arguments), &state).unwrap().answers, answers);
        assert_eq!(states.open(&binding(&arguments), &state).err(), Some(StateError::Used));
    }

    #[test]
    fn a_state_that_is_given_back_opens_once_more() {
        let (states, arguments) = (states(), arguments(json!({"id": 1})));
        let state = states.seal(&binding(&arguments), &InputResponses::new()).unwrap();
        let opened = states.open(&binding(&arguments), &state).unwrap();
        states.give_back(&opened.state);
        assert!(states.open(&binding(&arguments), &state).is_ok());
        assert_eq!(states.open(&binding(&arguments), &state).err(), Some(StateError::Used));
    }

    #[test]
    fn a_state_does_not_open_for_any_other_call() {
        let (states, mine) = (states(), arguments(json!({"id": 9_007_199_254_740_993_u64})));
        let state = states.seal(&binding(&mine), &InputResponses::new()).unwrap();
        let other = arguments(json!({"id": 9_007_199_254_740_992_u64}));
        for wrong in [
            Binding { principal: "bob", ..binding(&mine) },
            Binding { tool: "open", ..binding(&mine) },
            Binding { version: "1.0.1", ..binding(&mine) },
            Binding { arguments: &other, ..binding(&mine) },
        ] {
            assert_eq!(states.open(&wrong, &state).err(), Some(StateError::Forged));
        }
    }

    #[test]
    fn every_altered_character_is_noticed() {
        let (states, arguments) = (states(), arguments(json!({})));
        let state = states.seal(&binding(&arguments), &InputResponses::new()).unwrap();
        for at in 0..state.len() {
            let mut altered = state.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert_eq!(states.open(&binding(&arguments), &altered).err(), Some(StateError::Forged), "at {at}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_state_expires() {
        let clock = Clock::starting_at(SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000));
        let states = RequestStates::new(clock, Duration::from_secs(600)).unwrap();
        let arguments = arguments(json!({}));
        let state = states.seal(&binding(&arguments), &InputResponses::new()).unwrap();
        tokio::time::advance(Duration::from_secs(600)).await;
        assert_eq!(states.open(&binding(&arguments), &state).err(), Some(StateError::Expired));
    }

    #[test]
    fn a_state_of_another_process_does_not_open() {
        let arguments = arguments(json!({}));
        let state = states().seal(&binding(&arguments), &InputResponses::new()).unwrap();
        assert_eq!(states().open(&binding(&arguments), &state).err(), Some(StateError::Forged));
    }
}
