//! Asking the client while a call runs. The suite calls most of these with protocols before 2026-07-28 only; the
//! same functions serve newer clients by `input_required` results.

use serde_json::json;
use steadfast::{
    Inputs,
    prelude::*,
    rmcp::model::{ClientCapabilities, CreateMessageResult, ElicitResult, ElicitationSchema},
};

#[derive(Deserialize, JsonSchema)]
struct Response {
    /// The user's response.
    response: String,
}

/// Asks the client's model.
#[mcp_tool(version = "1.0.0", effect = read_only)]
pub(super) async fn test_sampling(
    cx: CallContext,
    /// The prompt to send to the model.
    prompt: String,
) -> Result<String, ToolError> {
    let answers = cx.ask(Inputs::new().sample("answer", prompt, 100)).await?;
    Ok(format!("LLM response: {}", said(&answers.sampled("answer")?)))
}

/// Asks the client's user.
#[mcp_tool(version = "1.0.0", effect = read_only)]
pub(super) async fn test_elicitation(
    cx: CallContext,
    /// The message to show the user.
    message: String,
) -> Result<String, ToolError> {
    let answers = cx.ask(Inputs::new().form::<Response>("answer", message)?).await?;
    Ok(format!("User response: {}", told(&answers.elicited("answer")?)?))
}

/// Shows the client's user a form with a default in each field (SEP-1034).
#[mcp_tool(version = "1.0.0", effect = read_only)]
pub(super) async fn test_elicitation_sep1034_defaults(cx: CallContext) -> Result<String, ToolError> {
    let form: ElicitationSchema = serde_json::from_value(json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "description": "User name", "default": "John Doe" },
            "age": { "type": "integer", "description": "User age", "default": 30 },
            "score": { "type": "number", "description": "User score", "default": 95.5 },
            "status": {
                "type": "string",
                "description": "User status",
                "enum": ["active", "inactive", "pending"],
                "default": "active",
            },
            "verified": { "type": "boolean", "description": "Verification status", "default": true },
        },
    }))?;
    let message = "Please review and update the form fields with defaults";
    let answers = cx.ask(Inputs::new().elicit("form", message, form)).await?;
    Ok(format!("Elicitation completed: {}", told(&answers.elicited("form")?)?))
}

/// Shows the client's user a form with each kind of choice (SEP-1330).
#[mcp_tool(version = "1.0.0", effect = read_only)]
pub(super) async fn test_elicitation_sep1330_enums(cx: CallContext) -> Result<String, ToolError> {
    let titled = json!([
        { "const": "value1", "title": "First Option" },
        { "const": "value2", "title": "Second Option" },
        { "const": "value3", "title": "Third Option" },
    ]);
    let form: ElicitationSchema = serde_json::from_value(json!({
        "type": "object",
        "properties": {
            "untitledSingle": { "type": "string", "enum": ["option1", "option2", "option3"] },
            "titledSingle": { "type": "string", "oneOf": titled },
            "legacyEnum": {
                "type": "string",
                "enum": ["opt1", "opt2", "opt3"],
                "enumNames": ["Option One", "Option Two", "Option Three"],
            },
            "untitledMulti": {
                "type": "array",
                "items": { "type": "string", "enum": ["option1", "option2", "option3"] },
            },
            "titledMulti": { "type": "array", "items": { "anyOf": titled } },
        },
    }))?;
    let message = "Please select options from the enum fields";
    let answers = cx.ask(Inputs::new().elicit("form", message, form)).await?;
    Ok(format!("Elicitation completed: {}", told(&answers.elicited("form")?)?))
}

/// Reports progress and then asks the client's user.
#[mcp_tool(version = "1.0.0", effect = read_only)]
pub(super) async fn test_streaming_elicitation(cx: CallContext) -> Result<String, ToolError> {
    cx.progress(50.0, 100.0, "About to ask").await;
    let answers = cx.ask(Inputs::new().form::<Response>("answer", "How shall it go on?")?).await?;
    let Response { response } = answers.filled("answer")?;
    Ok(format!("It goes on with {response}."))
}

/// Works only for clients that declared sampling.
#[mcp_tool(version = "1.0.0", effect = read_only)]
pub(super) async fn test_missing_capability(cx: CallContext) -> Result<&'static str, ToolError> {
    cx.require(ClientCapabilities::builder().enable_sampling().build())?;
    Ok("The client declared sampling.")
}

/// What the user did, in words.
fn told(answer: &ElicitResult) -> Result<String, ToolError> {
    let action = serde_json::to_value(&answer.action)?;
    let content = answer.content.as_ref().map_or_else(|| "{}".into(), ToString::to_string);
    Ok(format!("action={}, content={content}", action.as_str().unwrap_or_default()))
}

/// The text of what the client's model said.
pub(super) fn said(answer: &CreateMessageResult) -> &str {
    answer.message.content.first().and_then(|block| block.as_text()).map_or("no text", |block| &block.text)
}
