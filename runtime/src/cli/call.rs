//! `call`: one tool call in this process, through the whole pipeline, without a client.

use std::{
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
    sync::Arc,
};

use rmcp::model::{CallToolResponse, CallToolResult, ClientCapabilities, InputRequests, InputResponses};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::Format;
use crate::{
    answer,
    call::ToolCall,
    caller::Caller,
    confirm::Shown,
    context::{BoxFuture, Channel, Interaction, LogLevel},
    engine::Engine,
    error::ToolError,
    names, pipeline,
};

/// What is called, and how.
pub(super) struct Options {
    /// Optionally with a version.
    pub(super) tool: String,
    /// A JSON object.
    pub(super) arguments: String,
    /// The plan of a destructive tool is confirmed.
    pub(super) yes: bool,
    /// The request that an approver granted.
    pub(super) approval: Option<String>,
}

/// Why a call brought no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallFailure {
    #[error("the arguments are not a JSON object: {what}\n  help: quote them, such as '{{\"query\":\"milk\"}}'")]
    Arguments { what: String },
    #[error("{message} ({code}){}", .data.as_ref().map(|data| format!("\n  {data}")).unwrap_or_default())]
    Refused { code: i32, message: String, data: Option<Value> },
    #[error("can't write: {0}")]
    Output(#[from] std::io::Error),
}

/// Calls a tool and prints what came of it: the result to stdout, an error to stderr.
pub(super) async fn run(engine: &Arc<Engine>, options: Options, format: Format) -> Result<ExitCode, CallFailure> {
    let Options { tool, arguments, yes, approval } = options;
    let arguments: Map<String, Value> =
        serde_json::from_str(&arguments).map_err(|error| CallFailure::Arguments { what: error.to_string() })?;
    let (name, version) = tool.split_once('@').map_or((&*tool, None), |(name, version)| (name, Some(version)));
    let meta = [(names::meta::TOOL_VERSION, version), (names::meta::APPROVAL, approval.as_deref())];
    let meta = meta.into_iter().filter_map(|(key, value)| Some((key.to_owned(), Value::from(value?))));
    let caller = Caller::local(Arc::clone(&engine.tenant));
    let call = ToolCall {
        name: name.to_owned(),
        arguments,
        meta: meta.collect(),
        request_id: "cli".into(),
        surface: engine.surface(None, &caller),
        caller,
        cancellation: CancellationToken::new(),
        channel: Arc::new(Terminal { yes }),
        responses: Default::default(),
        request_state: None,
    };
    let answer = answer::to_call(pipeline::call(engine, call).await, "cli").map_err(|error| CallFailure::Refused {
        code: error.code.0,
        message: error.message.into_owned(),
        data: error.data,
    })?;
    // The terminal declares no capability, so a tool that wants to ask is refused before this.
    let CallToolResponse::Complete(result) = answer else {
        return Err(CallFailure::Refused { code: 0, message: "the tool asks for input".into(), data: None });
    };
    let failed = result.is_error == Some(true);
    if format == Format::Json {
        writeln!(anstream::stdout(), "{:#}", serde_json::json!(result))?;
    } else if failed {
        writeln!(anstream::stderr(), "{}", text(&result))?;
    } else {
        writeln!(anstream::stdout(), "{}", text(&result))?;
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The structure where there is one, else the content.
fn text(result: &CallToolResult) -> String {
    if let Some(structured) = &result.structured_content {
        return format!("{structured:#}");
    }
    let blocks = result.content.iter().map(|block| match block.as_text() {
        Some(text) => text.text.clone(),
        None => serde_json::to_string_pretty(block).unwrap_or_default(),
    });
    blocks.collect::<Vec<_>>().join("\n")
}

/// A person at a terminal: sees progress and messages on stderr, and is asked about destructive calls only.
struct Terminal {
    /// The person said yes before.
    yes: bool,
}

/// Shows a plan, and whether the person wants it done.
fn ask(plan: &Shown) -> bool {
    anstream::eprintln!("{}\n", plan.text());
    if !std::io::stdin().is_terminal() {
        anstream::eprintln!("help: `--yes` confirms it");
        return false;
    }
    anstream::eprint!("Do it? [y/N] ");
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

impl Channel for Terminal {
    fn progress(&self, progress: f64, total: Option<f64>, message: Option<String>) -> BoxFuture<'_, ()> {
        let total = total.map(|total| format!(" of {total}")).unwrap_or_default();
        anstream::eprintln!("progress {progress}{total} {}", message.unwrap_or_default());
        Box::pin(std::future::ready(()))
    }

    fn log(&self, level: LogLevel, data: Value) -> BoxFuture<'_, ()> {
        anstream::eprintln!("{level:?} {data}");
        Box::pin(std::future::ready(()))
    }

    fn confirm<'a>(&'a self, plan: &'a Shown) -> BoxFuture<'a, Option<bool>> {
        Box::pin(async move {
            if self.yes {
                return Some(true);
            }
            let plan = plan.clone();
            Some(tokio::task::spawn_blocking(move || ask(&plan)).await.unwrap_or_default())
        })
    }

    fn capabilities(&self) -> ClientCapabilities {
        ClientCapabilities::default()
    }

    fn interaction(&self) -> Interaction {
        Interaction::Rounds
    }

    fn request(&self, _attempt: u32, _requests: InputRequests) -> BoxFuture<'_, Result<InputResponses, ToolError>> {
        Box::pin(std::future::ready(Err(ToolError::internal("a terminal can't be asked"))))
    }
}
