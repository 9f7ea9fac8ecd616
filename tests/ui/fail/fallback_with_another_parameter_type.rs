use steadfast::prelude::*;

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only, fallback = cached)]
async fn hello(limit: u32) -> String {
    limit.to_string()
}

async fn cached(limit: u64) -> String {
    limit.to_string()
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
