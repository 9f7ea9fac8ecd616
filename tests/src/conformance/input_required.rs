//! Asking the client by `input_required` results (SEP-2322): one question, several, one after the other.
//!
//! The keys are the suite's. The `requestState` that scenarios echo, alter or lose is made and checked by the
//! runtime; no tool sees it.

use steadfast::{Inputs, prelude::*};

use super::interaction::said;

#[derive(Deserialize, JsonSchema)]
struct Name {
    name: String,
}

#[derive(Deserialize, JsonSchema)]
struct Color {
    color: String,
}

#[derive(Deserialize, JsonSchema)]
struct Confirmation {
    ok: bool,
}

#[derive(Deserialize, JsonSchema)]
struct Value {
    value: String,
}

/// Asks the client's user for a name.
#[mcp_tool(version = "1.0.0", effect = read_only)]
pub(super) async fn test_input_required_result_elicitation(cx: CallContext) -> Result<String, ToolError> {
    let answers = cx.ask(Inputs::new().form::<Name>("user_name", "What is your name?")?).await?;
    let Name { name } = answers.filled("user_name")?;
    Ok(format!("Hello, {name}!"))
}

/// Asks the client's model for a capital.
#[mcp_tool(version = "1.0.0", effect = read_only)]
pub(super) async fn test_input_required_result_sampling(cx: CallContext) -> Result<String, ToolError> {
    let answers = cx.ask(Inputs::new().sample("capital_question", "What is the capital of France?", 100)).await?;
    Ok(said(&answers.sampled("capital_question")?).to_owned())
}

/// Asks for the client's roots.
#[mcp_tool(version = "1.0.0", effect = read_only)]
pub(super) async fn test_input_required_result_list_roots(cx: CallContext) -> Result<String, ToolError> {
    let answers = cx.ask(Inputs::new().roots("client_roots")).await?;
    let roots = answers.roots("client_roots")?.roots;
    Ok(roots.into_iter().map(|root| root.uri).collect::<Vec<_>>().join("\n"))
}

/// Asks the client's user to confirm, with a state that the client brings back.
#[mcp_tool(version = "1.0.0", effect = read_only)]
pub(super) async fn test_input_required_result_request_state(cx: CallContext) -> Result<String, ToolError> {
    confirmed(&cx).await.map(|ok| format!("state-ok: confirmed={ok}"))
}

/// Asks the client's user, its model and for its roots at once.
#[mcp_tool(version = "1.0.0", effect = read_only)]
pub(super) async fn test_input_required_result_multiple_inputs(cx: CallContext) -> Result<String, ToolError> {
    let inputs = Inputs::new()
        .form::<Name>("user_name", "What is your name?")?
        .sample("greeting", "Generate a greeting", 50)
        .roots("client_roots");
    let answers = cx.ask(inputs).await?;
    let Name { name } = answers.filled("user_name")?;
    let greeting = answers.sampled("greeting")?;
    let roots = answers.roots("client_roots")?.roots.len();
    Ok(format!("{} {name} has {roots} roots.", said(&greeting)))
}

/// Asks the client's user twice, the second time knowing the first answer.
#[mcp_tool(version = "1.0.0", effect = read_only)]
pub(super) async fn test_input_required_result_multi_round(cx: CallContext) -> Result<String, ToolError> {
    let first = cx.ask(Inputs::new().form::<Name>("step1", "Step 1: What is your name?")?).await?;
    let Name { name } = first.filled("step1")?;
    let question = format!("Step 2: What is your favorite color, {name}?");
    let second = cx.ask(Inputs::new().form::<Color>("step2", question)?).await?;
    let Color { color } = second.filled("step2")?;
    Ok(format!("{name} likes {color}."))
}

/// Asks the client's user to confirm, with a state that nobody may alter.
#[mcp_tool(version = "1.0.0", effect = read_only)]
pub(super) async fn test_input_required_result_tampered_state(cx: CallContext) -> Result<String, ToolError> {
    confirmed(&cx).await.map(|ok| format!("integrity-ok: confirmed={ok}"))
}

/// Asks the client in the ways that it declared.
#[mcp_tool(version = "1.0.0", effect = read_only)]
pub(super) async fn test_input_required_result_capabilities(cx: CallContext) -> Result<String, ToolError> {
    let declared = cx.client_capabilities();
    let mut inputs = Inputs::new();
    if declared.elicitation.is_some() {
        inputs = inputs.form::<Value>("elicit_input", "Elicitation input")?;
    }
    if declared.sampling.is_some() {
        inputs = inputs.sample("sample_input", "Sample request", 50);
    }
    let answers = cx.ask(inputs).await?;
    let mut heard = Vec::new();
    if declared.elicitation.is_some() {
        heard.push(answers.filled::<Value>("elicit_input")?.value);
    }
    if declared.sampling.is_some() {
        heard.push(said(&answers.sampled("sample_input")?).to_owned());
    }
    Ok(format!("capabilities-ok: {}", heard.join(", ")))
}

async fn confirmed(cx: &CallContext) -> Result<bool, ToolError> {
    let answers = cx.ask(Inputs::new().form::<Confirmation>("confirm", "Please confirm")?).await?;
    Ok(answers.filled::<Confirmation>("confirm")?.ok)
}
