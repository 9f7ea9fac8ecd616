//! Panics, caught or not: none is what an entry is after, also where the server would live on.

use std::{cell::Cell, panic, sync::Once};

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static PANICKED: Cell<bool> = const { Cell::new(false) };
}

/// Runs something on this thread; a panic in it is one, whoever catches it.
pub(super) fn without_panics<T>(run: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            // A thread that ends has no more such values, and is not watched.
            if WATCHED.try_with(Cell::get).unwrap_or(false) {
                PANICKED.with(|panicked| panicked.set(true));
            }
            before(info);
        }));
    });
    WATCHED.with(|watched| watched.set(true));
    PANICKED.with(|panicked| panicked.set(false));
    let done = run();
    WATCHED.with(|watched| watched.set(false));
    assert!(!PANICKED.with(Cell::get), "something panicked and was caught");
    done
}
