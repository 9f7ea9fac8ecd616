//! Calls of older majors, and every operation of a shim.

use std::{cell::RefCell, sync::LazyLock};

use serde_json::json;
use steadfast_contract::shim::{Operation, Translator};

use super::{
    arguments::is_refused,
    input,
    server::{Made, server},
    watch::without_panics,
};
use crate::testing::Client;

thread_local! {
    static SERVER: RefCell<Option<Made<Client>>> = const { RefCell::new(None) };
}

/// One of each operation, on the names that the dictionary has.
static ALL: LazyLock<Translator> = LazyLock::new(|| {
    let all = [
        Operation::Rename { from: "q", to: "query" },
        Operation::Rename { from: "a.b", to: "a.c" },
        Operation::Default { path: "limit", value: "20" },
        Operation::Default { path: "a.d", value: "{}" },
        Operation::Set { path: "list.kind", value: "\"x\"" },
        Operation::Move { from: "a.c", to: "c" },
        Operation::Move { from: "list.x", to: "list.y.z" },
        Operation::Wrap { path: "one" },
        Operation::Unwrap { path: "many" },
        Operation::Unwrap { path: "list.many" },
        Operation::MapEnum { path: "kind", values: &[("old", "new"), ("older", "new")] },
        Operation::Drop { path: "a" },
    ];
    Translator::declared(&all, &all).unwrap()
});

/// JSON as the arguments of an older major, whose calls go up through two shims and come down again, and as what each
/// operation is done to. It is valid or it is refused; the server never says that it is its own fault.
pub fn shims(data: &[u8]) {
    let (version, rest) = input::choice(data);
    let Some(arguments) = input::object(rest) else { return };
    let version = ["1", "2", "*", ""][usize::from(version % 4)];
    let meta = if version.is_empty() { json!({}) } else { json!({ "dev.steadfast/toolVersion": version }) };
    without_panics(|| {
        let _is_told = ALL.up(arguments.clone());
        let _is_told = ALL.down(arguments.clone().into());
        Made::with(
            &SERVER,
            |_| Client::new(server()).unwrap(),
            async |client| {
                let answer = client.call_with_meta("search", arguments.clone().into(), meta).await;
                let fine = is_refused(&answer) || answer.structured().is_some();
                assert!(fine, "{version}: {} was answered with {}", json!(arguments), answer.message());
            },
        );
    });
}
