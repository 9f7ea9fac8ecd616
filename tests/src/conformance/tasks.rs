//! Tools whose calls go on as tasks (SEP-2663): at once, after a question, with questions, to each kind of end.

use std::time::Duration;

use steadfast::{Inputs, prelude::*};

#[derive(Deserialize, JsonSchema)]
struct Confirmation {
    confirm: bool,
}

#[derive(Deserialize, JsonSchema)]
struct Name {
    name: String,
}

/// Greets, at once.
#[mcp_tool(version = "1.0.0", effect = read_only)]
pub(super) async fn greet(name: String) -> String {
    format!("Hello, {name}!")
}

/// Takes as long as it is told to.
#[mcp_tool(version = "1.0.0", effect = read_only, task)]
pub(super) async fn slow_compute(
    cx: CallContext,
    /// How many seconds to take.
    #[arg(range(0..=600))]
    seconds: u64,
    /// What to call the computation.
    label: Option<String>,
) -> String {
    let label = label.unwrap_or_else(|| "unnamed".into());
    cx.progress(0.0, 1.0, format!("computing {label}")).await;
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    format!("{label} took {seconds} seconds.")
}

/// Works for a second and fails, which its caller can read.
#[mcp_tool(version = "1.0.0", effect = read_only, task(required))]
pub(super) async fn failing_job() -> Result<String, ToolError> {
    tokio::time::sleep(Duration::from_secs(1)).await;
    Err(ToolError::unavailable("the job failed, as it always does"))
}

/// Fails in a way that is the server's own fault.
#[mcp_tool(version = "1.0.0", effect = read_only, task)]
pub(super) async fn protocol_error_job() -> Result<String, ToolError> {
    panic!("the job panicked, as it always does");
}

/// Asks whether to delete a file, and deletes none.
#[mcp_tool(version = "1.0.0", effect = read_only, task)]
pub(super) async fn confirm_delete(cx: CallContext, filename: String) -> Result<String, ToolError> {
    let question = format!("Delete {filename}?");
    let answers = cx.ask(Inputs::new().form::<Confirmation>("confirm", question)?).await?;
    let Confirmation { confirm } = answers.filled("confirm")?;
    Ok(if confirm { format!("{filename} would be deleted.") } else { format!("{filename} would stay.") })
}

/// Asks two questions at once.
#[mcp_tool(version = "1.0.0", effect = read_only, task)]
pub(super) async fn multi_input(cx: CallContext) -> Result<String, ToolError> {
    let inputs = Inputs::new()
        .form::<Name>("name", "What is your name?")?
        .form::<Confirmation>("confirm", "Is that your real name?")?;
    let answers = cx.ask(inputs).await?;
    let (Name { name }, Confirmation { confirm }) = (answers.filled("name")?, answers.filled("confirm")?);
    Ok(format!("{name}, really: {confirm}."))
}

/// Asks for a name, and then takes a while.
#[mcp_tool(version = "1.0.0", effect = read_only, task(required, manual))]
pub(super) async fn test_tool_with_task(cx: CallContext) -> Result<String, ToolError> {
    let answers = cx.ask(Inputs::new().form::<Name>("user_name", "What is your name?")?).await?;
    let Name { name } = answers.filled("user_name")?;
    cx.become_task().await?;
    tokio::time::sleep(Duration::from_millis(200)).await;
    Ok(format!("Hello, {name}!"))
}
