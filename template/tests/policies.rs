//! What the policies in `policies/` decide. Most is asked of them alone; one test calls the tool.

use app::{server, server_with, state::AppState};
use serde_json::json;
use steadfast::testing::Client;

#[test]
fn who_changes_notes_needs_the_scope_for_it() {
    let client = Client::new(server()).unwrap().as_caller("ada");
    let note = json!({ "text": "buy milk" });
    let milk = json!({ "query": "milk" });
    let writer = client.with_scopes(&["notes:write"]);
    assert!(writer.permits("add_note", &note));
    assert!(!writer.permits("delete_notes", &milk));
    let deleter = client.with_scopes(&["notes:delete"]);
    assert!(deleter.permits("delete_notes", &milk));
    assert!(!deleter.permits("add_note", &note));
}

#[test]
fn no_search_asks_for_more_than_fifty_notes() {
    let client = Client::new(server()).unwrap();
    assert!(client.permits("search_notes", &json!({ "query": "milk" })));
    for (limit, permitted) in [
        (json!(1), true),
        (json!(50), true),
        (json!(51), false),
        (json!(51.0), false),
        (json!(100), false),
    ] {
        let page = json!({ "query": "milk", "limit": limit });
        assert_eq!(client.permits("search_notes", &page), permitted, "{page}");
    }
}

#[tokio::test]
async fn no_search_gets_more_than_fifty_notes_in_any_major() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::new(server_with(AppState::in_folder(folder.path()))).unwrap();
    for number in 0..60 {
        let text = format!("buy milk {number}");
        client.call("add_note", json!({ "text": text })).await;
    }
    for (arguments, found) in [
        (json!({ "query": "milk", "limit": 50 }), Some(50)),
        (json!({ "query": "milk", "limit": 60 }), None),
        (json!({ "query": "MILK", "limit": 60.0 }), None),
        (json!({ "q": "milk" }), Some(10)),
        (json!({ "q": "milk", "limit": 60 }), None),
    ] {
        let answer = client.call("search_notes", arguments.clone()).await;
        let page = answer.structured().filter(|_| !answer.is_error());
        let items = page.and_then(|page| page.get("items").or(page.get("hits"))?.as_array());
        assert_eq!(items.map(Vec::len), found, "{arguments}");
    }
}
