use steadfast::prelude::*;

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn hello(query: impl Into<String>) -> String {
    query.into()
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
