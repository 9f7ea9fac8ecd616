//! What the function may return that a tool's `plan` names.
//!
//! It may be `async` or not, whatever the tool's own function is. One that is not runs on a thread of its own, as tools do.

use crate::{blocking::run_blocking, confirm::Plan, context::CallContext, error::ToolError, tool::Output};

/// A plan, or why there is none.
pub trait IntoPlan {
    /// As a `Result` of the pipeline's own error.
    ///
    /// # Errors
    /// What the call is answered with instead; nothing is done then.
    fn into_plan(self) -> Result<Plan, ToolError>;
}

impl IntoPlan for Plan {
    fn into_plan(self) -> Result<Plan, ToolError> {
        Ok(self)
    }
}

impl<E: Into<ToolError>> IntoPlan for Result<Plan, E> {
    fn into_plan(self) -> Result<Plan, ToolError> {
        self.map_err(Into::into)
    }
}

/// What a function returns that makes plans; `How` keeps the two ways apart, and is found by the compiler.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be the plan of a tool",
    note = "return `Result<Plan, ToolError>` or `Plan` from a function, `async` or not",
    note = "the future of an `async` function must be `Send`"
)]
pub trait Planning<How>: Sized {
    /// Runs the function.
    fn run(
        context: CallContext,
        function: impl FnOnce() -> Self + Send + 'static,
    ) -> impl Future<Output = Result<Plan, ToolError>> + Send;
}

/// By a function that is not `async`.
#[derive(Debug)]
pub enum AtOnce {}

/// By an `async` function.
#[derive(Debug)]
pub enum Later {}

#[diagnostic::do_not_recommend]
impl<T: IntoPlan + Send + 'static> Planning<AtOnce> for T {
    async fn run(context: CallContext, function: impl FnOnce() -> Self + Send + 'static) -> Result<Plan, ToolError> {
        run_blocking(&context, function).await?.into_plan()
    }
}

#[diagnostic::do_not_recommend]
impl<F: Future<Output: IntoPlan> + Send + 'static> Planning<Later> for F {
    async fn run(_: CallContext, function: impl FnOnce() -> Self + Send + 'static) -> Result<Plan, ToolError> {
        function().await.into_plan()
    }
}

/// Makes a plan, for generated code.
///
/// # Errors
/// As the function says.
pub async fn plan<How, R: Planning<How>>(
    context: CallContext,
    function: impl FnOnce() -> R + Send + 'static,
) -> Result<Output, ToolError> {
    R::run(context, function).await.map(|plan| Output::Plan(Box::new(plan)))
}
