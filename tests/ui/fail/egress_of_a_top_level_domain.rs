use steadfast::prelude::*;

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only, egress = ["https://*.com"])]
async fn hello() -> String {
    String::new()
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
