use steadfast::prelude::*;

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn hello(#[arg(header = "Token")] token: Secret<String>) -> String {
    token.to_string()
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
