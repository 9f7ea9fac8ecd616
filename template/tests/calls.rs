//! Calls through the whole server, in process: what validation, the tools and the answers do together.

use app::{dictionary::Dictionary, server_with, state::AppState};
use serde_json::json;
use steadfast::testing::Client;

#[tokio::test]
async fn a_note_can_be_added_found_and_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let server = server_with(AppState::in_folder(folder.path()));
    let client = Client::new(server).unwrap().confirming();

    let added = client.call("add_note", json!({ "text": "buy milk" })).await;
    assert_eq!(added.structured().unwrap()["id"], 1);

    let found = client
        .call("search_notes", json!({ "query": "MILK" }))
        .await;
    assert_eq!(found.structured().unwrap()["items"][0]["text"], "buy milk");

    let deleted = client
        .call("delete_notes", json!({ "query": "milk" }))
        .await;
    assert_eq!(deleted.structured().unwrap()["deleted"][0]["id"], 1);
}

#[tokio::test]
async fn nothing_is_deleted_before_somebody_saw_what_and_said_yes() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::new(server_with(AppState::in_folder(folder.path()))).unwrap();
    client.call("add_note", json!({ "text": "buy milk" })).await;

    let query = json!({ "query": "milk" });
    let asked = client.call("delete_notes", query.clone()).await;
    assert!(asked.is_error() && asked.text().contains("note 1: deleted: buy milk"));
    let found = client.call("search_notes", query).await;
    assert_eq!(found.structured().unwrap()["total"], 1);
}

#[tokio::test]
async fn a_client_of_major_1_is_served_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::new(server_with(AppState::in_folder(folder.path()))).unwrap();
    for number in 0..12 {
        let text = format!("buy milk {number}");
        client.call("add_note", json!({ "text": text })).await;
    }

    let answer = client.call("search_notes", json!({ "q": "milk" })).await;
    let found = answer.structured().unwrap();
    assert_eq!(
        found.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["hits"]
    );
    assert_eq!(found["hits"].as_array().unwrap().len(), 10, "its own limit");
}

#[tokio::test]
async fn all_violations_are_named_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::new(server_with(AppState::in_folder(folder.path()))).unwrap();

    let answer = client
        .call("search_notes", json!({ "query": 7, "limit": 1000 }))
        .await;
    assert!(answer.is_error());
    assert!(
        answer.text().contains("/query") && answer.text().contains("/limit"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn while_the_dictionary_is_away_its_fallback_answers_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let state = AppState::in_folder(folder.path()).with_dictionary(Dictionary::away());
    let client = Client::new(server_with(state)).unwrap();

    let mut reasons = Vec::new();
    for _ in 0..20 {
        let answer = client
            .call("define_word", json!({ "word": "contract" }))
            .await;
        let meaning = &answer.structured().unwrap()["meaning"];
        assert!(meaning.as_str().unwrap().contains("promises"), "{meaning}");
        let degraded = &answer.message()["_meta"]["dev.steadfast/degraded"];
        assert_eq!(degraded["mode"], "fallback");
        reasons.push(degraded["reason"].as_str().unwrap().to_owned());
    }
    assert_eq!(reasons[0], "unavailable");
    assert_eq!(reasons[19], "breaker_open", "the dictionary has peace");
}

#[tokio::test]
async fn a_note_that_is_sent_again_with_its_key_is_kept_once() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::new(server_with(AppState::in_folder(folder.path()))).unwrap();
    let note = json!({ "text": "buy milk" });
    let key = json!({ "dev.steadfast/idempotencyKey": "0b1e7a52" });

    let first = client
        .call_with_meta("add_note", note.clone(), key.clone())
        .await;
    let again = client.call_with_meta("add_note", note, key).await;
    assert_eq!(again.structured(), first.structured());
    assert_eq!(again.message()["_meta"]["dev.steadfast/replayed"], true);

    let found = client
        .call("search_notes", json!({ "query": "milk" }))
        .await;
    assert_eq!(found.structured().unwrap()["total"], 1);
}
