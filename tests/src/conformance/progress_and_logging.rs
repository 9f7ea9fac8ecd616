//! What a client hears of a call before the result.

use steadfast::{LogLevel, prelude::*};

/// Reports progress three times.
#[mcp_tool(version = "1.0.0", effect = read_only)]
pub(super) async fn test_tool_with_progress(cx: CallContext) -> &'static str {
    for step in [0.0, 50.0, 100.0] {
        cx.progress(step, 100.0, format!("Completed step {step} of 100")).await;
    }
    "Progress was reported three times."
}

/// Sends three messages to the client's log.
#[mcp_tool(version = "1.0.0", effect = read_only)]
pub(super) async fn test_tool_with_logging(cx: CallContext) -> &'static str {
    for message in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
        cx.log(LogLevel::Info, message).await;
    }
    "Tool with logging executed successfully"
}

/// Sends one message to the client's log.
#[mcp_tool(version = "1.0.0", effect = read_only)]
pub(super) async fn test_logging_tool(cx: CallContext) -> &'static str {
    cx.log(LogLevel::Info, "Logging was asked for").await;
    "Logging evaluated"
}
