use steadfast::prelude::*;

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only, deprecated = "2027-01-01", sunset = "2026-12-31")]
async fn hello() -> String {
    String::new()
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
