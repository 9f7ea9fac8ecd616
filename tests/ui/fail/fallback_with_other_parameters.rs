use steadfast::prelude::*;

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only, fallback = cached)]
async fn hello(query: String, limit: u32) -> String {
    let _ = limit;
    query
}

async fn cached(query: String) -> String {
    query
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
