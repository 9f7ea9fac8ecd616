//! Whose a task is: its caller's alone, and one process's at a time.

use std::time::Duration;

use serde_json::json;

use super::{Workshop, client, configured, id, pass, replica, settle, until};

#[tokio::test(start_paused = true)]
async fn for_anybody_else_a_task_does_not_exist() {
    let client = client(&Workshop::default());
    let id = id(&client.call("crawl", json!({"seconds": 60})).await);
    let bob = client.as_caller("bob");
    let nothing = "0123456789abcdef0123456789abcdef";
    for other in [id.as_str(), nothing, "", "../../etc/passwd", &id.to_uppercase(), &format!("{id}0")] {
        for (theirs, unknown) in [
            (bob.task(other).await, bob.task(nothing).await),
            (bob.update_task(other, json!({})).await, bob.update_task(nothing, json!({})).await),
            (bob.cancel_task(other).await, bob.cancel_task(nothing).await),
        ] {
            assert_eq!(theirs.message().to_string(), unknown.message().to_string());
            assert_eq!(theirs.code(), Some(-32602));
        }
    }
    assert_eq!(client.task(&id).await.status(), Some("working"));
}

#[tokio::test(start_paused = true)]
async fn a_process_that_dies_leaves_its_tasks_to_the_next() {
    for (tool, runs) in [("crawl", 2), ("index", 2), ("publish", 1)] {
        let workshop = Workshop::default();
        let first = client(&workshop);
        let id = id(&first.call(tool, json!({"seconds": 20})).await);
        pass(5).await;
        first.crash();
        settle().await;
        assert_eq!(workshop.running(), 0);
        let second = replica(&first, &workshop);
        second.adopt().await;
        assert_eq!(second.task(&id).await.status(), Some("working"), "{tool}: its lease has not ended");
        pass(15).await;
        second.adopt().await;
        if runs == 1 {
            let failed = second.task(&id).await;
            assert_eq!(failed.status(), Some("failed"));
            assert_eq!(failed.message()["error"]["data"]["kind"], "unknown");
            assert!(failed.message()["error"]["message"].as_str().unwrap().contains("look before you call it again"));
        } else {
            let done = until(&second, &id, "completed").await;
            assert_eq!(done.message()["result"]["content"][0]["text"], "took 20 seconds");
        }
        assert_eq!((workshop.begun(tool), workshop.most()), (runs, 1), "{tool}");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_for_a_task_without_a_process_takes_it_over() {
    let workshop = Workshop::default();
    let first = client(&workshop);
    let id = id(&first.call("crawl", json!({"seconds": 20})).await);
    first.crash();
    let second = replica(&first, &workshop);
    pass(16).await;
    assert_eq!(second.task(&id).await.status(), Some("working"));
    settle().await;
    assert_eq!((workshop.begun("crawl"), workshop.running()), (1, 1), "it had not begun when the first process died");
    until(&second, &id, "completed").await;
}

#[tokio::test(start_paused = true)]
async fn what_has_ended_is_still_there_after_a_restart() {
    let workshop = Workshop::default();
    let first = client(&workshop);
    let id = id(&first.call("publish", json!({"seconds": 1})).await);
    let before = until(&first, &id, "completed").await;
    first.crash();
    let second = replica(&first, &workshop);
    pass(60).await;
    second.adopt().await;
    assert_eq!(second.task(&id).await.message(), before.message());
}

#[tokio::test(start_paused = true)]
async fn a_task_is_cancelled_at_any_replica() {
    let workshop = Workshop::default();
    let first = client(&workshop);
    let id = id(&first.call("publish", json!({"seconds": 60})).await);
    pass(1).await;
    let second = replica(&first, &workshop);
    second.cancel_task(&id).await;
    assert_eq!((first.task(&id).await.status(), workshop.running()), (Some("cancelled"), 1));
    pass(1).await;
    assert_eq!(workshop.running(), 0, "its process has heard of it");
}

#[tokio::test(start_paused = true)]
async fn a_process_that_can_not_renew_its_lease_stops_before_another_begins() {
    let workshop = Workshop::default();
    let first = client(&workshop);
    let again = id(&first.call("crawl", json!({"seconds": 40})).await);
    let once = id(&first.call("publish", json!({"seconds": 40})).await);
    pass(2).await;
    first.put_store_away(true);
    pass(13).await;
    assert_eq!(workshop.running(), 1, "what can't be run again goes on: nobody else will");
    pass(5).await;
    first.put_store_away(false);
    let second = replica(&first, &workshop);
    second.adopt().await;
    settle().await;
    assert_eq!(workshop.begun("crawl"), 2);
    until(&second, &again, "completed").await;
    assert!(["failed", "completed"].contains(&second.task(&once).await.status().unwrap()));
    assert_eq!((workshop.begun("publish"), workshop.most()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_gives_its_tasks_up() {
    let workshop = Workshop::default();
    let first = client(&workshop);
    let done = id(&first.call("publish", json!({"seconds": 3})).await);
    let again = id(&first.call("crawl", json!({"seconds": 40})).await);
    let lost = id(&first.call("publish", json!({"seconds": 40})).await);
    first.drain(Duration::from_secs(10)).await;
    assert_eq!(workshop.running(), 0);
    let second = replica(&first, &workshop);
    second.adopt().await;
    settle().await;
    assert_eq!(workshop.begun("crawl"), 2, "nobody waits for a lease");
    assert_eq!(second.task(&done).await.status(), Some("completed"));
    let lost = second.task(&lost).await;
    assert_eq!((lost.status(), &lost.message()["error"]["data"]["kind"]), (Some("failed"), &json!("unknown")));
    until(&second, &again, "completed").await;
    assert_eq!(workshop.begun("publish"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_waits_no_longer_than_its_tasks_take() {
    let client = client(&Workshop::default());
    client.call("publish", json!({"seconds": 3})).await;
    let drained = tokio::time::timeout(Duration::from_secs(10), client.drain(Duration::from_secs(600))).await;
    assert!(drained.is_ok());
    assert_eq!(client.call("publish", json!({"seconds": 3})).await.code(), Some(-32050));
}

#[tokio::test(start_paused = true)]
async fn what_is_switched_off_is_not_run_again() {
    let workshop = Workshop::default();
    let first = client(&workshop);
    let id = id(&first.call("crawl", json!({"seconds": 20})).await);
    pass(1).await;
    first.crash();
    let second = replica(&first, &workshop);
    second.switch_off("tool:crawl", None).await;
    pass(16).await;
    second.adopt().await;
    settle().await;
    assert_eq!((second.task(&id).await.status(), workshop.running()), (Some("working"), 0));
    second.switch_on("tool:crawl").await;
    second.adopt().await;
    until(&second, &id, "completed").await;
}

#[tokio::test(start_paused = true)]
async fn a_task_of_a_tool_that_a_replica_does_not_serve_is_left_to_one_that_does() {
    let workshop = Workshop::default();
    let first = client(&workshop);
    let id = id(&first.call("crawl", json!({"seconds": 20})).await);
    first.crash();
    let (other_release, same_release) =
        (first.replica(workshop.smaller_server(), "").unwrap(), replica(&first, &workshop));
    pass(16).await;
    other_release.adopt().await;
    assert_eq!(other_release.task(&id).await.status(), Some("working"));
    same_release.adopt().await;
    until(&same_release, &id, "completed").await;
}

#[tokio::test(start_paused = true)]
async fn a_task_that_nobody_can_run_fails_before_its_time_to_live_is_over() {
    for (off, kind) in [(false, "gone"), (true, "unavailable")] {
        let workshop = Workshop::default();
        let settings = "[tasks]\nttl = '80s'";
        let first = configured(&workshop, settings);
        let id = id(&first.call("crawl", json!({"seconds": 20})).await);
        first.crash();
        let server = if off { workshop.server() } else { workshop.smaller_server() };
        let second = first.replica(server, settings).unwrap();
        if off {
            second.switch_off("tool:crawl", None).await;
        }
        pass(59).await;
        second.adopt().await;
        assert_eq!(second.task(&id).await.status(), Some("working"));
        pass(2).await;
        second.adopt().await;
        // And its end is kept for as long as any other.
        pass(79).await;
        let failed = second.task(&id).await;
        assert_eq!((failed.status(), &failed.message()["error"]["data"]["kind"]), (Some("failed"), &json!(kind)));
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_that_a_task_may_run_does_not_begin_again_with_another_process() {
    let workshop = Workshop::default();
    let settings = "[tasks]\ndeadline = '60s'";
    let mut now = configured(&workshop, settings);
    let id = id(&now.call("crawl", json!({"seconds": 300})).await);
    for _ in 0..2 {
        pass(10).await;
        now.crash();
        now = now.replica(workshop.server(), settings).unwrap();
        pass(15).await;
        now.adopt().await;
    }
    pass(9).await;
    assert_eq!(now.task(&id).await.status(), Some("working"));
    pass(2).await;
    assert_eq!(now.task(&id).await.message()["result"]["isError"], true);

    let late = super::id(&now.call("crawl", json!({"seconds": 300})).await);
    pass(1).await;
    now.crash();
    let next = now.replica(workshop.server(), settings).unwrap();
    pass(60).await;
    next.adopt().await;
    let late = next.task(&late).await;
    assert_eq!((late.status(), &late.message()["error"]["data"]["kind"]), (Some("failed"), &json!("timeout")));
    assert_eq!(workshop.begun("crawl"), 4, "what has no time left is not begun");
}

#[tokio::test(start_paused = true)]
async fn a_process_that_dies_does_not_go_on_with_what_became_a_task_late() {
    let workshop = Workshop::default();
    let first = client(&workshop);
    id(&first.call("build", json!({"seconds": 20})).await);
    pass(1).await;
    first.crash();
    settle().await;
    assert_eq!(workshop.running(), 0);
}

#[tokio::test(start_paused = true)]
async fn many_replicas_take_a_task_over_once() {
    let workshop = Workshop::default();
    let first = configured(&workshop, "");
    let tasks = futures_util::future::join_all((0..8).map(|_| first.call("crawl", json!({"seconds": 30})))).await;
    pass(1).await;
    first.crash();
    settle().await;
    let replicas: Vec<_> = (0..5).map(|_| replica(&first, &workshop)).collect();
    pass(16).await;
    futures_util::future::join_all(replicas.iter().map(|replica| replica.adopt())).await;
    for task in &tasks {
        until(&replicas[0], &id(task), "completed").await;
    }
    assert_eq!((workshop.begun("crawl"), workshop.most()), (16, 8));
}
