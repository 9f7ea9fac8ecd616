//! What is kept of calls that may hold secrets.

use super::*;
use crate::{
    keyring::{KEY_BYTES, Keys},
    store::{Expect, Key},
};

const PASSWORD: &str = "hunter2-in-a-task";

fn keyring(keys: &[[u8; KEY_BYTES]]) -> Arc<Keyring> {
    Arc::new(Keyring::fixed(Keys::new(keys)))
}

fn first(bench: &Bench, keyring: Arc<Keyring>) -> Process {
    Process::first(bench).another_with(bench, keyring)
}

/// A call that was begun and whose process is gone.
async fn begun(process: &Process) -> String {
    let arguments = json!({ "seconds": 60, "password": PASSWORD, "word": "quiet" });
    let id = process.call("unlock", arguments).await.unwrap();
    pass(1).await;
    process.engine.tasks.crash();
    id
}

/// Everything that the store has of tasks.
async fn kept(process: &Process) -> Vec<(Key, Vec<u8>)> {
    let found = process.store.memory.list("default", Kind::Task, None, 10).await.unwrap();
    found.into_iter().map(|(key, stored)| (key, stored.value)).collect()
}

#[tokio::test(start_paused = true)]
async fn arguments_of_a_tool_with_secrets_are_not_read_in_the_store_and_the_task_runs_again() {
    let bench = Bench::default();
    let first = first(&bench, keyring(&[[1; KEY_BYTES]]));
    let id = begun(&first).await;
    let kept = kept(&first).await;
    assert_eq!(kept.len(), 2, "the record, and the call beside it");
    for (_, value) in &kept {
        let text = String::from_utf8(value.clone()).unwrap();
        assert!(!text.contains(PASSWORD) && !text.contains("quiet"), "{text}");
    }
    pass(15).await;
    // The key was exchanged meanwhile, and the one before opens still.
    let second = first.another_with(&bench, keyring(&[[2; KEY_BYTES], [1; KEY_BYTES]]));
    second.sweep().await;
    pass(61).await;
    let done = serde_json::to_value(second.task(&id).await).unwrap();
    assert_eq!(done["result"]["content"][0]["text"], format!("{} quiet", PASSWORD.len()));
}

#[tokio::test(start_paused = true)]
async fn a_task_whose_key_is_gone_is_left_to_others_and_then_ends_with_words_that_say_so() {
    let bench = Bench::default();
    let first = first(&bench, keyring(&[[1; KEY_BYTES]]));
    let id = begun(&first).await;
    let second = first.another_with(&bench, keyring(&[[2; KEY_BYTES]]));
    pass(15).await;
    second.sweep().await;
    assert_eq!(second.status(&id).await, TaskStatus::Working, "another process may have the key");
    tokio::time::advance(Duration::from_secs(3000)).await;
    second.sweep().await;
    let failed = serde_json::to_value(second.task(&id).await).unwrap();
    assert_eq!((&failed["status"], &failed["error"]["data"]["kind"]), (&json!("failed"), &json!("gone")));
    assert!(failed["error"]["message"].as_str().unwrap().contains("no longer has the key"), "{failed}");
    assert_eq!(bench.begun(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_sealed_for_one_task_is_none_of_another() {
    let bench = Bench::default();
    let keys = keyring(&[[1; KEY_BYTES]]);
    let first = first(&bench, Arc::clone(&keys));
    let (one, other) = (begun(&first).await, begun(&first.another(&bench)).await);
    let calls: Vec<_> = kept(&first).await.into_iter().filter(|(key, _)| key.name.contains(':')).collect();
    let [(of_one, sealed), (of_other, _)] = &calls[..] else { panic!("{calls:?}") };
    assert!([&one, &other].iter().all(|id| of_one.name.contains(*id) != of_other.name.contains(*id)));
    first.store.memory.put(of_other, Expect::Anything, sealed, None).await.unwrap();
    pass(15).await;
    first.another(&bench).sweep().await;
    settle().await;
    assert_eq!((bench.begun(), bench.running()), (3, 1), "the one that has its own call is run again");
}

#[tokio::test(start_paused = true)]
async fn a_call_with_secrets_that_can_not_be_sealed_is_no_task() {
    let bench = Bench::default();
    let process = first(&bench, keyring(&[]));
    let refused = process.call("unlock", json!({ "seconds": 1, "password": PASSWORD })).await;
    assert!(matches!(refused, Err(Stop::State(_))), "{refused:?}");
    assert!(kept(&process).await.is_empty());
    process.call("read", json!({ "seconds": 1 })).await.unwrap();
}
