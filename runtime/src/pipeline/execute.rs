//! Runs the function: under its deadline, with panics caught, until the caller gives up.
//!
//! Invariant: it returns within the deadline, whatever the function does, as long as the function gives the thread
//! back at its `await`s. (A function that is not `async` runs on a thread of its own and keeps it.)

use std::{any::Any, panic::AssertUnwindSafe};

use futures_util::FutureExt as _;
use tokio::time::sleep_until;

use crate::{
    call::Stop,
    catalogue::Served,
    context::CallContext,
    error::{ErrorKind, ToolError},
    tool::{Arguments, Output},
};

/// Runs the function once.
pub(super) async fn run(served: Served<'_>, context: CallContext, arguments: Arguments) -> Result<Output, Stop> {
    let Served { tool, name, .. } = served;
    let function = {
        let context = context.clone();
        // The function's parameters are read inside, so that a panic in user code there is caught too.
        AssertUnwindSafe(async move { (tool.run)(context, arguments).await }).catch_unwind()
    };
    tokio::select! {
        biased;
        () = context.cancellation().cancelled() => Err(Stop::Cancelled),
        finished = function => match finished {
            Ok(result) => Ok(result?),
            Err(panic) => Err(Stop::Panicked(message(&*panic))),
        },
        () = expired(&context) => {
            // Work that the function started elsewhere is told, too.
            context.cancellation().cancel();
            Err(Stop::Tool(ToolError::new(
                ErrorKind::Timeout,
                format!("`{name}` did not answer within {:?}", context.deadline().idle()),
            )))
        }
    }
}

/// Resolves when the deadline has passed, however often progress moved it.
async fn expired(context: &CallContext) {
    let mut at = context.deadline().at();
    loop {
        sleep_until(at).await;
        let moved = context.deadline().at();
        if moved <= at {
            return;
        }
        at = moved;
    }
}

pub(super) fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}
