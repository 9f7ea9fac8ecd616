use steadfast::prelude::*;

#[derive(Serialize, JsonSchema)]
struct SearchResult {}

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn hello() -> SearchResult {
    SearchResult {}
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
