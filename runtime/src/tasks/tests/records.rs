//! What is written of a task, and how often.

use super::*;

const LARGE: usize = 100_000;

#[tokio::test(start_paused = true)]
async fn large_arguments_are_written_once_and_go_when_the_task_has_ended() {
    let bench = Bench::default();
    let first = Process::first(&bench);
    let text = "a".repeat(LARGE);
    let id = first.call("read", json!({"seconds": 60, "text": text})).await.unwrap();
    pass(50).await;
    assert_eq!(first.store.puts(Kind::Task, LARGE), 1);
    assert!(first.store.puts(Kind::Task, 0) > 8, "the lease was renewed");
    first.engine.tasks.crash();
    pass(15).await;
    first.sweep().await;
    let second = first.another(&bench);
    second.sweep().await;
    pass(61).await;
    let done = serde_json::to_value(second.task(&id).await).unwrap();
    assert_eq!(done["result"]["content"][0]["text"], format!("read {LARGE} bytes"));
    for kind in [Kind::Task, Kind::Unfinished] {
        let kept = second.store.memory.list("default", kind, None, 10).await.unwrap();
        assert_eq!(kept.len(), usize::from(kind == Kind::Task));
        assert!(kept.iter().all(|(_, stored)| stored.value.len() < LARGE));
    }
    assert_eq!(second.store.puts(Kind::Task, LARGE), 0);
}

#[tokio::test(start_paused = true)]
async fn arguments_of_what_may_not_run_twice_are_not_kept() {
    let first = Process::first(&Bench::default());
    first.call("change", json!({"seconds": 60})).await.unwrap();
    assert_eq!(first.store.memory.list("default", Kind::Task, None, 10).await.unwrap().len(), 1);
}
