//! What becomes of tasks while their store fails.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_task_that_its_caller_was_refused_is_run_by_nobody() {
    for tool in ["read", "change"] {
        let bench = Bench::default();
        let first = Process::first(&bench);
        // The record is written, and the process hears of nothing from then on.
        first.store.fail(Fault::Unanswered);
        let refused = first.call(tool, json!({"seconds": 1})).await;
        assert!(matches!(refused, Err(Stop::StoreAway(_))), "{tool}");
        let second = first.another(&bench);
        for _ in 0..4 {
            pass(10).await;
            second.sweep().await;
        }
        settle().await;
        assert_eq!(bench.begun(), 0, "{tool}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_written_of_a_task_that_was_refused_is_taken_away() {
    let bench = Bench::default();
    let first = Process::first(&bench);
    first.store.fail(Fault::Unanswered);
    assert!(first.call("read", json!({"seconds": 1})).await.is_err());
    let kept = async || first.store.memory.list("default", Kind::Task, None, 10).await.unwrap().len();
    assert_eq!(kept().await, 2, "the record, and the call beside it");
    pass(5).await;
    first.store.fail(Fault::None);
    pass(1).await;
    assert_eq!(kept().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_task_whose_mark_could_not_be_written_is_found_later_all_the_same() {
    let bench = Bench::default();
    let first = Process::first(&bench);
    first.store.fail(Fault::Unwritten(Kind::Unfinished));
    let id = first.call("read", json!({"seconds": 60})).await.unwrap();
    pass(1).await;
    first.store.fail(Fault::None);
    pass(1).await;
    first.engine.tasks.crash();
    pass(15).await;
    let second = first.another(&bench);
    second.sweep().await;
    settle().await;
    assert_eq!((bench.begun(), bench.running()), (2, 1));
    assert_eq!(second.status(&id).await, TaskStatus::Working);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_never_answers_does_not_keep_a_task_beyond_its_lease() {
    let bench = Bench::default();
    let first = Process::first(&bench);
    let id = first.call("read", json!({"seconds": 60})).await.unwrap();
    pass(2).await;
    first.store.fail(Fault::Hangs);
    pass(14).await;
    assert_eq!(bench.running(), 0);
    let second = first.another(&bench);
    pass(2).await;
    second.sweep().await;
    settle().await;
    assert_eq!((bench.begun(), bench.running()), (2, 1));
    assert_eq!(second.status(&id).await, TaskStatus::Working);
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_a_task_right_after_its_store_was_away_does_not_end_it_where_it_runs() {
    let bench = Bench::default();
    let first = Process::first(&bench);
    let id = first.call("change", json!({"seconds": 30})).await.unwrap();
    pass(1).await;
    first.store.fail(Fault::Broken);
    pass(20).await;
    first.store.fail(Fault::None);
    assert_eq!(first.status(&id).await, TaskStatus::Working);
    settle().await;
    first.another(&bench).sweep().await;
    assert_eq!(first.status(&id).await, TaskStatus::Working, "its lease was renewed at once");
    pass(10).await;
    assert_eq!(first.status(&id).await, TaskStatus::Completed);
    assert_eq!(bench.begun(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_result_that_the_store_does_not_take_ends_its_task_after_a_lease() {
    let bench = Bench::default();
    let first = Process::first(&bench);
    first.store.fail(Fault::Longer(10_000));
    let id = first.call("fill", json!({"bytes": 20_000})).await.unwrap();
    pass(14).await;
    assert_eq!(first.status(&id).await, TaskStatus::Working);
    pass(8).await;
    let ended = serde_json::to_value(first.task(&id).await).unwrap();
    assert_eq!((&ended["status"], &ended["error"]["data"]["kind"]), (&json!("failed"), &json!("answer_not_kept")));
    assert_eq!((bench.begun(), first.engine.tasks.running()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_end_whose_answer_was_lost_is_known_to_be_written() {
    let bench = Bench::default();
    let first = Process::first(&bench);
    let id = first.call("change", json!({"seconds": 1})).await.unwrap();
    first.store.fail(Fault::Unheard);
    pass(3).await;
    assert_eq!(first.status(&id).await, TaskStatus::Completed);
    let marks = first.store.memory.list("default", Kind::Unfinished, None, 10).await.unwrap();
    assert_eq!((marks.len(), first.engine.tasks.running()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn an_end_that_can_not_be_written_is_kept_for_as_long_as_somebody_could_ask_for_it() {
    for (away, ended) in [(50, 0), (120, 1)] {
        let bench = Bench::default();
        let first = Process::first(&bench);
        let id = first.call("change", json!({"seconds": 2})).await.unwrap();
        pass(1).await;
        first.store.fail(Fault::Broken);
        for _ in 0..away {
            tokio::time::advance(Duration::from_secs(60)).await;
            settle().await;
        }
        let text = first.engine.metrics_text();
        assert!(text.contains(r#"steadfast_store_failures_total{kind="task",state="broken"}"#), "{text}");
        assert_eq!(first.engine.tasks.running(), 1 - ended, "after {away} minutes");
        first.store.fail(Fault::None);
        pass(6).await;
        let kept = tasks::get(&first.engine, &local(), &id).await;
        assert_eq!(kept.is_ok_and(|task| task.task.status == TaskStatus::Completed), ended == 0);
        assert_eq!((bench.begun(), first.engine.tasks.running()), (1, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_not_run_twice_does_not_although_its_end_could_not_be_written_and_another_process_looked() {
    let bench = Bench::default();
    let first = Process::first(&bench);
    let id = first.call("change", json!({"seconds": 2})).await.unwrap();
    pass(1).await;
    first.store.fail(Fault::Broken);
    pass(20).await;
    let second = first.another(&bench);
    second.sweep().await;
    let unknown = serde_json::to_value(second.task(&id).await).unwrap();
    assert_eq!((&unknown["status"], &unknown["error"]["data"]["kind"]), (&json!("failed"), &json!("unknown")));
    first.store.fail(Fault::None);
    pass(20).await;
    assert_eq!(serde_json::to_value(first.task(&id).await).unwrap(), unknown, "an end is the end");
    assert_eq!((bench.begun(), first.engine.tasks.running()), (1, 0));
}
