//! Arguments and the function they are for: what the published schema takes, the function takes.

use std::cell::RefCell;

use super::{
    input,
    server::{Made, server},
    watch::without_panics,
};
use crate::testing::{Answer, Client};

thread_local! {
    static SERVER: RefCell<Option<Made<Client>>> = const { RefCell::new(None) };
}

/// JSON as the arguments of a tool whose parameters are of every kind: whatever the published schema takes, the function
/// takes.
pub fn arguments(data: &[u8]) {
    let Some(arguments) = input::object(data) else { return };
    let make = |_| Client::new(server()).unwrap();
    without_panics(|| {
        Made::with(&SERVER, make, async |client| {
            let answer = client.call("everything", arguments.clone().into()).await;
            let fine = is_refused(&answer) || answer.message()["isError"] == false;
            assert!(fine, "{} was answered with {}", serde_json::json!(arguments), answer.message());
        });
    });
}

/// Whether arguments were refused for what they are: by the schema, or by the bounds of size and depth.
pub(super) fn is_refused(answer: &Answer) -> bool {
    let violations = &answer.message()["_meta"]["dev.steadfast/violations"];
    violations.as_array().is_some_and(|all| !all.is_empty()) || answer.code() == Some(-32602)
}
