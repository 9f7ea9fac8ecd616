use std::sync::{atomic::AtomicBool, mpsc};

use futures_util::poll;

use super::*;

fn one_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap()
}

#[test]
fn a_tool_takes_a_part_of_the_threads_and_all_tools_no_more_than_there_are() {
    let threads = Arc::new(Threads::new(4));
    let (hanging, other): (Arc<str>, Arc<str>) = ("hanging".into(), "other".into());
    let mut taken: Vec<_> = std::iter::from_fn(|| threads.take(&hanging)).collect();
    assert_eq!(taken.len(), 3);
    let last = threads.take(&other).unwrap();
    assert!(threads.take(&other).is_none(), "there are four");
    taken.pop();
    assert!(threads.take(&other).is_some(), "it was given back");
    drop((taken, last));
    assert!(threads.taken().of.is_empty() && threads.taken().all == 0);
    assert!(Arc::new(Threads::new(1)).take(&other).is_some());
}

#[test]
fn a_function_that_has_not_begun_when_its_caller_gives_up_never_begins() {
    let (began, threads, tool) = (Arc::new(AtomicBool::new(false)), Arc::new(Threads::new(2)), Arc::from("tool"));
    let (go_on, wait) = mpsc::channel::<()>();
    one_thread().block_on(async {
        let first = on(threads.take(&tool).unwrap(), move || wait.recv());
        let mut first = std::pin::pin!(first);
        assert!(poll!(&mut first).is_pending());
        {
            let began = Arc::clone(&began);
            let second = on(threads.take(&tool).unwrap(), move || began.store(true, Ordering::SeqCst));
            let mut second = std::pin::pin!(second);
            assert!(poll!(&mut second).is_pending());
        }
        go_on.send(()).unwrap();
        first.await.unwrap().unwrap();
        on(threads.take(&tool).unwrap(), || ()).await.unwrap();
    });
    assert!(!began.load(Ordering::SeqCst));
    assert_eq!(threads.taken().all, 0);
}

#[test]
fn a_function_keeps_its_thread_until_it_ends_whoever_has_given_up() {
    let (threads, tool) = (Arc::new(Threads::new(1)), Arc::from("tool"));
    let (go_on, wait) = mpsc::channel::<()>();
    let (tell, began) = mpsc::channel();
    let runtime = one_thread();
    runtime.block_on(async {
        let given_up = on(threads.take(&tool).unwrap(), move || {
            tell.send(()).unwrap();
            wait.recv()
        });
        let mut given_up = std::pin::pin!(given_up);
        assert!(poll!(&mut given_up).is_pending());
        began.recv().unwrap();
    });
    assert!(threads.take(&tool).is_none());
    go_on.send(()).unwrap();
    drop(runtime);
    assert!(threads.take(&tool).is_some());
}
