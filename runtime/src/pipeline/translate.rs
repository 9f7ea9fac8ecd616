//! Arguments of an older major up to the current one, results down to it, one major at a time.
//!
//! Invariant: a shim that panics is a panic of the server's own, like a function's. What a shim makes is checked by
//! whoever calls this; nothing is checked here.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Map, Value};

use super::attempt::message;
use crate::{call::Stop, catalogue::Served};

/// Arguments in the current major's form. The server promised to take what is valid under the older one, so an error is
/// its own; the caller is told all the same, since other arguments may do.
pub(super) fn up(served: Served<'_>, mut arguments: Map<String, Value>) -> Result<Map<String, Value>, Stop> {
    for older in served.chain().iter().rev() {
        arguments = guarded(|| older.translator.up(arguments))?.map_err(|error| Stop::Untranslatable {
            tool: served.name.to_owned(),
            version: served.contract().label.clone(),
            error,
        })?;
    }
    Ok(arguments)
}

/// A result in the served major's form. An error is the server's: the call was made, and its caller is owed an answer.
pub(super) fn down(served: Served<'_>, mut result: Value) -> Result<Value, Stop> {
    for older in served.chain() {
        result = guarded(|| older.translator.down(result))?
            .map_err(|error| Stop::BadOutput(format!("it has no form in version {}: {error}", older.contract.label)))?;
    }
    Ok(result)
}

fn guarded<T>(translate: impl FnOnce() -> T) -> Result<T, Stop> {
    catch_unwind(AssertUnwindSafe(translate)).map_err(|panic| Stop::Panicked(message(&*panic)))
}
