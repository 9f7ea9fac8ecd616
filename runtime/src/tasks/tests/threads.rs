//! Functions that can't be stopped: those that are not `async`, and those that never yield.

use super::*;

/// Begins a task whose function blocks a thread.
async fn blocked(first: &Process, bench: &Bench) -> String {
    let id = first.call("block", json!({})).await.unwrap();
    until(|| bench.running() == 1).await;
    id
}

#[tokio::test(start_paused = true)]
async fn a_task_keeps_its_place_until_its_thread_has_ended() {
    for (how, ended) in [("cancelled", TaskStatus::Cancelled), ("late", TaskStatus::Completed)] {
        let bench = Bench::default();
        let first = Process::first(&bench);
        let held = bench.hold();
        let id = blocked(&first, &bench).await;
        if how == "cancelled" {
            tasks::cancel(&first.engine, &local(), &id).await.unwrap();
        }
        pass(61).await;
        assert_eq!(first.status(&id).await, ended, "{how}");
        assert_eq!((bench.running(), first.engine.tasks.running()), (1, 1), "{how}");
        drop(held);
        until(|| first.engine.tasks.running() == 0).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_given_up_is_taken_over_when_its_thread_has_ended() {
    let bench = Bench::default();
    let first = Process::first(&bench);
    let held = bench.hold();
    blocked(&first, &bench).await;
    let draining = tokio::spawn({
        let engine = Arc::clone(&first.engine);
        async move { engine.tasks.drain(Duration::from_secs(1)).await }
    });
    pass(4).await;
    assert!(draining.is_finished(), "nobody waits for a thread for long");
    let second = first.another(&bench);
    for _ in 0..3 {
        pass(10).await;
        second.sweep().await;
        settle().await;
        assert_eq!(bench.begun(), 1, "its thread still runs");
    }
    drop(held);
    until(|| first.engine.tasks.running() == 0).await;
    second.sweep().await;
    until(|| bench.begun() == 2 && bench.running() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_was_almost_lost_is_kept_while_a_thread_runs() {
    let bench = Bench::default();
    let first = Process::first(&bench);
    let held = bench.hold();
    let id = blocked(&first, &bench).await;
    first.store.fail(Fault::Broken);
    pass(13).await;
    first.store.fail(Fault::None);
    let second = first.another(&bench);
    for _ in 0..3 {
        pass(10).await;
        second.sweep().await;
        settle().await;
        assert_eq!(bench.begun(), 1, "its thread still runs");
    }
    drop(held);
    until(|| first.engine.tasks.running() == 0).await;
    second.sweep().await;
    until(|| bench.begun() == 2 && second.engine.tasks.running() == 0).await;
    assert_eq!(second.status(&id).await, TaskStatus::Completed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_that_never_yields_hears_that_its_task_was_cancelled() {
    let bench = Bench::default();
    let first = Process::first(&bench);
    let id = first.call("compute", json!({})).await.unwrap();
    until(|| bench.running() == 1).await;
    tasks::cancel(&first.engine, &local(), &id).await.unwrap();
    until(|| first.engine.tasks.running() == 0).await;
    assert_eq!((bench.running(), first.status(&id).await), (0, TaskStatus::Cancelled));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stopped_half_way_because_its_process_ends_is_run_again() {
    let bench = Bench::default();
    let first = Process::first(&bench);
    let id = first.call("compute", json!({})).await.unwrap();
    until(|| bench.running() == 1).await;
    first.engine.tasks.drain(Duration::ZERO).await;
    assert_eq!((bench.begun(), bench.running()), (1, 0));
    let second = first.another(&bench);
    assert_eq!(second.status(&id).await, TaskStatus::Working, "who asks takes it over");
    until(|| bench.begun() == 2 && bench.running() == 1).await;
    tasks::cancel(&second.engine, &local(), &id).await.unwrap();
    until(|| second.engine.tasks.running() == 0).await;
}
