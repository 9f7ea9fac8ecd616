//! What threads share, checked in many of the orders in which threads may meet: by shuttle, from the very sources.
//!
//! A model is a small program of a few threads, and what must hold in each of its runs. Most runs are chosen at
//! random, the rest by priorities (PCT), which finds with known probability what needs few particular switches.
//! `STEADFAST_SCHEDULES` says how many runs each model makes; a failure prints its schedule, for `shuttle::replay`.
//!
//! A part that threads share gets a file in `models/`, and its source a line in `subjects`.

mod breaker;
mod budget;
mod bulkhead;
mod claim;
mod subjects;

/// Runs a model; few times by default, as every change runs all models.
fn check(model: impl Fn() + Send + Sync + 'static) {
    let schedules = std::env::var("STEADFAST_SCHEDULES").map_or(3000, |number| number.parse().expect("a number"));
    let model = std::sync::Arc::new(model);
    let again = std::sync::Arc::clone(&model);
    shuttle::check_random(move || model(), schedules - schedules / 4);
    shuttle::check_pct(move || again(), schedules / 4, 3);
}

/// Runs each of these on a thread of its own until all are done.
fn together<T: Send + 'static>(threads: impl IntoIterator<Item = impl FnOnce() -> T + Send + 'static>) -> Vec<T> {
    let threads: Vec<_> = threads.into_iter().map(shuttle::thread::spawn).collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}
