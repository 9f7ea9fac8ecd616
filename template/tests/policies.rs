//! What the policies in `policies/` decide. No tool is run.

use app::server;
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
fn nobody_deletes_invoices() {
    let client = Client::new(server()).unwrap();
    assert!(!client.permits("delete_notes", &json!({ "query": "the invoice of May" })));
}
