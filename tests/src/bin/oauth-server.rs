//! A server whose tools need scopes, for the checks with an OAuth server that other people wrote.

use steadfast::{Scopes, prelude::*};

/// Say who calls, and with which scopes.
#[mcp_tool(version = "1.0.0", effect = read_only, scopes = ["notes:read"])]
async fn whoami(cx: CallContext) -> String {
    told(&cx)
}

/// Say the same, for which more is needed.
#[mcp_tool(version = "1.0.0", effect = additive, scopes = ["notes:write", "notes:delete"])]
async fn store(cx: CallContext) -> String {
    told(&cx)
}

fn told(cx: &CallContext) -> String {
    let mut told = cx.principal().as_str().to_owned();
    if let Scopes::Granted(scopes) = cx.caller().scopes() {
        for scope in scopes {
            told = format!("{told} {scope}");
        }
    }
    told
}

fn server() -> Server<()> {
    Server::builder("oauth", ()).version("0.1.0").tools(tools![whoami, store]).build()
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    steadfast::cli::main(server).await
}
