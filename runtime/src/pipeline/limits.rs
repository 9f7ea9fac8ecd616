//! What every call is held to, whatever its tool.

use std::time::Duration;

use crate::reliability::{BulkheadPolicy, Quota};

/// Bounds of one call.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// The arguments, in bytes of compact JSON; escapes in text count as the characters that they stand for.
    pub(crate) argument_bytes: usize,
    /// How deep the arguments may be nested; the arguments object itself is level 1.
    pub(crate) argument_depth: usize,
    /// A result, counted in the same way.
    pub(crate) result_bytes: usize,
    /// Functions that are not `async` and run at the same time, each on a thread of its own.
    pub(crate) blocking: usize,
    /// The longest a call may take, whatever a tool declares and a caller asks for.
    pub(crate) deadline: Duration,
    /// How long a tool may go without progress when it declares no `timeout`.
    pub(crate) default_timeout: Duration,
    pub(crate) admission: Admission,
}

/// What the server as a whole lets in.
#[derive(Debug, Clone)]
pub(crate) struct Admission {
    /// Calls that run and wait at the same time, of all callers and of one.
    pub(crate) places: BulkheadPolicy,
    /// The same of one tenant; none where it gets every place.
    pub(crate) per_tenant: Option<usize>,
    pub(crate) rate_per_caller: Option<Quota>,
    pub(crate) rate_per_tenant: Option<Quota>,
    /// Of calls that leave something in the store: under an idempotency key, or as a task.
    pub(crate) kept_per_caller: Option<Quota>,
}
