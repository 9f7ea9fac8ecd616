//! A tool as its author declared it, and as the server holds it.
//!
//! `#[mcp_tool]` implements [`ToolFn`] for a type that carries the function's name; [`tools!`](crate::tools)
//! turns such types into [`Tool`] values. Invariant: everything here is decided when the program is compiled;
//! nothing depends on configuration or on the network. What a server makes of it (validators, indices) is the
//! [catalogue](crate::catalogue)'s business.

mod declaration;
mod extract;
mod input;
mod output;
mod plan;

use std::{future::Future, pin::Pin};

pub(crate) use self::output::WRAPPER;
pub use self::{
    declaration::{Declaration, Effect, History, Promise, Rate, Slo, TaskSupport, Translation, Upstream},
    extract::{Args, Arguments, FromRef, State},
    input::{Constraint, InputSchema, Number, Parameter, constraint},
    output::{Content, Fallible, IntoOutput, Output, OutputSchema, Returns, returns_result, returns_value},
    plan::{AtOnce, IntoPlan, Later, Planning, plan},
};
pub use steadfast_contract::shim::Operation;

use crate::{context::CallContext, error::ToolError};

/// The future of one run of a tool's function.
pub type ToolFuture = Pin<Box<dyn Future<Output = Result<Output, ToolError>> + Send + 'static>>;

/// Calls a tool's function: takes what it needs from the server's state and from the arguments.
pub type Handler<S> = fn(&S, CallContext, Arguments) -> ToolFuture;

/// What `#[mcp_tool]` implements for a function, over the server state `S` that the function can be served with.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be served with the state `{S}`",
    note = "the name must be of a function with `#[mcp_tool(..)]`, and every `State<T>` it takes needs `T: FromRef<{S}>`"
)]
pub trait ToolFn<S>: 'static {
    /// What the attribute says.
    const DECLARATION: Declaration;

    /// The schema that calls are checked by.
    fn input() -> InputSchema;

    /// The schema of what the function returns.
    fn output() -> OutputSchema;

    /// Runs the function once.
    fn call(state: &S, context: CallContext, arguments: Arguments) -> ToolFuture;

    /// The declared fallback, if there is one: another function of the same signature.
    fn fallback() -> Option<Handler<S>> {
        None
    }

    /// What makes the declared plan, if there is one: a function with the same parameters.
    fn plan() -> Option<Handler<S>> {
        None
    }
}

/// A tool, ready to be given to a [`ServerBuilder`](crate::ServerBuilder).
pub struct Tool<S> {
    pub(crate) declaration: Declaration,
    pub(crate) input: fn() -> InputSchema,
    pub(crate) output: fn() -> OutputSchema,
    pub(crate) call: Handler<S>,
    pub(crate) fallback: Option<Handler<S>>,
    pub(crate) plan: Option<Handler<S>>,
}

impl<S> Tool<S> {
    /// The tool of a function with `#[mcp_tool]`; [`tools!`](crate::tools) writes these for a list of names.
    pub fn of<T: ToolFn<S>>() -> Self {
        Self {
            declaration: T::DECLARATION,
            input: T::input,
            output: T::output,
            call: T::call,
            fallback: T::fallback(),
            plan: T::plan(),
        }
    }

    /// What the attribute says.
    pub fn declaration(&self) -> &Declaration {
        &self.declaration
    }
}

/// Collects tools for [`ServerBuilder::tools`](crate::ServerBuilder::tools) by the names of their functions.
///
/// ```
/// use steadfast::prelude::*;
///
/// /// Add two numbers.
/// #[mcp_tool(version = "1.0.0", effect = read_only)]
/// async fn add(a: i64, b: i64) -> Result<i64, ToolError> {
///     a.checked_add(b).ok_or_else(|| ToolError::invalid("the sum does not fit in 64 bits"))
/// }
///
/// let tools: Vec<Tool<()>> = tools![add];
/// assert_eq!(tools[0].declaration().name, "add");
/// ```
#[macro_export]
macro_rules! tools {
    ($($tool:path),* $(,)?) => {
        ::std::vec![$($crate::Tool::of::<$tool>()),*]
    };
}
