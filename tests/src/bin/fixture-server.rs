//! A server with awkward tools, for the tests of the edges: it hangs, panics, asks and answers wrongly on demand.

use std::time::Duration;

use steadfast::rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        GetPromptRequestParams, GetPromptResponse, GetPromptResult, ListPromptsResult, PaginatedRequestParams, Prompt,
        PromptMessage, Role, ServerCapabilities, ServerConfig,
    },
    service::RequestContext,
};
use steadfast::{Inputs, LogLevel, prelude::*};
use steadfast_tests::library;

/// Say it back.
#[mcp_tool(version = "1.2.0", effect = read_only, alias = "repeat")]
async fn echo(
    /// What to say.
    #[arg(length(..=1000))]
    text: String,
) -> Result<Echo, ToolError> {
    Ok(Echo { text })
}

#[derive(Serialize, JsonSchema)]
struct Echo {
    text: String,
}

/// Wait before answering; whoever asks for progress hears when the waiting begins.
#[mcp_tool(version = "1.0.0", effect = read_only, timeout = "20s")]
async fn wait(
    cx: CallContext,
    /// How long, in milliseconds.
    #[arg(range(0..=20_000))]
    ms: u64,
) -> Result<String, ToolError> {
    cx.progress(0.0, 1.0, "waiting").await;
    tokio::time::sleep(Duration::from_millis(ms)).await;
    Ok(format!("waited {ms} ms"))
}

/// Dig, which does no harm a second time.
#[mcp_tool(version = "1.0.0", effect = read_only, task)]
async fn dig(ms: u64) -> String {
    tokio::time::sleep(Duration::from_millis(ms)).await;
    format!("dug for {ms} ms")
}

/// Send something, after a while.
#[mcp_tool(version = "1.0.0", effect = additive, task)]
async fn send(ms: u64) -> String {
    tokio::time::sleep(Duration::from_millis(ms)).await;
    format!("sent after {ms} ms")
}

/// Tell the client's log.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn tell(cx: CallContext, text: String) {
    cx.log(LogLevel::Info, text).await;
}

/// Never answer.
#[mcp_tool(version = "1.0.0", effect = read_only, timeout = "200ms")]
async fn hang() -> Result<(), ToolError> {
    std::future::pending().await
}

/// Panic.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn explode() -> Result<(), ToolError> {
    panic!("the fuse was lit");
}

/// Log in, with a secret.
#[mcp_tool(version = "1.0.0", effect = additive, idempotent, scopes = ["session:write"], retry = 1, upstream(name = "directory", queue = 3, slow_ratio = 80))]
async fn login(user: String, #[arg(secret, length(12..))] password: String) -> Result<String, ToolError> {
    Ok(format!("{user}, {} characters", password.len()))
}

/// Where the data is kept, by region.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn region(#[arg(header = "Region")] region: String) -> String {
    region
}

/// Wipe a disk.
#[mcp_tool(version = "1.0.0", effect = destructive, plan = plan_to_wipe)]
async fn wipe(disk: String) -> String {
    format!("{disk} is wiped")
}

fn plan_to_wipe(disk: String) -> Plan {
    Plan::new("Wipes a disk").change(disk, "wiped")
}

/// Ask the client's user whether to go on.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn confirm(cx: CallContext) -> Result<String, ToolError> {
    let form = serde_json::from_value(serde_json::json!({
        "type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"],
    }))?;
    let answers = cx.ask(Inputs::new().elicit("confirm", "Go on?", form)).await?;
    Ok(format!("{:?}", answers.elicited("confirm")?.action))
}

/// Prompts, one of which panics.
struct Prompts;

impl ServerHandler for Prompts {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_prompts().build())
    }

    async fn list_prompts(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(vec![Prompt::new("greeting", Some("Greets"), None)]))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        assert_ne!(request.name, "explode", "the prompt's fuse was lit");
        Ok(GetPromptResult::new(vec![PromptMessage::new_text(Role::User, "Hello")]).into())
    }
}

fn server() -> Server<()> {
    Server::builder("fixture", ())
        .version("0.3.0")
        .tools(tools![echo, wait, dig, send, tell, hang, explode, login, region, wipe, confirm])
        .tools(library::tools())
        .contracts(library::contracts())
        .handler(Prompts)
        .build()
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    steadfast::cli::main(server).await
}
