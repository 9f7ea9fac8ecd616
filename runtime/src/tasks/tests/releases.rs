//! Records of other releases.

use super::*;
use crate::{
    principal::Principal,
    store::{Expect, Key},
    tasks::TaskError,
};

#[tokio::test(start_paused = true)]
async fn what_another_release_wrote_is_left_as_it_is_and_is_told_of_to_its_owner_alone() {
    let first = Process::first(&Bench::default());
    let id = "0123456789abcdef0123456789abcdef";
    let key = |kind| Key { tenant: "default".into(), kind, name: id.into() };
    let written: &[u8] = br#"{"format": 2, "record": {"principal": "local", "phase": "paused"}}"#;
    for (kind, value) in [(Kind::Task, written), (Kind::Unfinished, b"")] {
        first.store.put(&key(kind), Expect::Absent, value, None).await.unwrap();
    }
    let theirs = |caller| {
        let engine = Arc::clone(&first.engine);
        async move {
            let shown = tasks::get(&engine, &caller, id).await.map(drop);
            let answered = tasks::update(&engine, &caller, id, InputResponses::new()).await;
            [shown, answered, tasks::cancel(&engine, &caller, id).await]
        }
    };
    for _ in 0..2 {
        for refused in theirs(local()).await {
            assert!(matches!(refused, Err(TaskError::Foreign)), "{refused:?}");
        }
        for refused in theirs(Caller::unchecked(Principal::named("bob"), "default".into())).await {
            assert!(matches!(refused, Err(TaskError::Unknown)), "{refused:?}");
        }
        pass(20).await;
        first.sweep().await;
    }
    for (kind, value) in [(Kind::Task, written), (Kind::Unfinished, b"")] {
        assert_eq!(first.store.memory.get(&key(kind)).await.unwrap().unwrap().value, value);
    }
}
