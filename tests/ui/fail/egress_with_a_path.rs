use steadfast::prelude::*;

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only, egress = ["https://api.example.com/v1"])]
async fn hello() -> String {
    String::new()
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
