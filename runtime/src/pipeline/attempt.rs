//! One run of a function: under its time, with panics caught, until the caller gives up.

use std::{any::Any, panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt as _;
use tokio::time::Instant;

use crate::{
    catalogue::Run,
    context::{CallContext, Deadline},
    error::ToolError,
    tool::{Arguments, Output},
};

/// How long an attempt may take.
pub(super) struct Attempt<'a> {
    /// Of the whole call.
    pub(super) deadline: &'a Deadline,
    /// When the attempt began, and how long it may go without progress.
    pub(super) limit: Option<(Instant, Duration)>,
    /// How long before the call's deadline it ends.
    pub(super) kept: Duration,
}

/// Why a function did not come to its end.
pub(super) enum Ended {
    /// The caller gave up.
    Cancelled,
    /// Its time is over.
    Late,
    Panicked(String),
}

impl Attempt<'_> {
    /// Runs the function once. (A function that is not `async` runs on a thread of its own and keeps it.)
    pub(super) async fn run(
        &self,
        function: &Run,
        context: &CallContext,
        arguments: Arguments,
    ) -> Result<Result<Output, ToolError>, Ended> {
        // Unless it comes to its end, work that it started elsewhere is told.
        let unfinished = context.cancellation().clone().drop_guard();
        let running = {
            let context = context.clone();
            // The function's parameters are read inside, so that a panic in user code there is caught too.
            AssertUnwindSafe(async move { function(context, arguments).await }).catch_unwind()
        };
        tokio::select! {
            biased;
            () = context.cancellation().cancelled() => Err(Ended::Cancelled),
            finished = running => match finished {
                Ok(result) => {
                    unfinished.disarm();
                    // Before it is cut: half a secret is not found.
                    Ok(result.map_err(|error| error.clean(context.hygiene())))
                }
                Err(panic) => Err(Ended::Panicked(message(&*panic))),
            },
            () = passed(self.deadline, self.limit, self.kept) => Err(Ended::Late),
        }
    }
}

/// Resolves when the time has passed, however often progress moved it. It stands still while the client is asked.
pub(super) async fn passed(deadline: &Deadline, limit: Option<(Instant, Duration)>, kept: Duration) {
    let end = || {
        let call = deadline.at() - kept;
        let limit = limit.filter(|_| !deadline.is_asking());
        limit.map_or(call, |(began, limit)| call.min(deadline.last_progress().max(began) + limit))
    };
    deadline.passed(end).await;
}

/// What a panic said.
pub(crate) fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}
