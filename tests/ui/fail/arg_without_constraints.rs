use steadfast::prelude::*;

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn hello(#[arg] first: String, #[arg()] second: String, #[arg = "x"] third: String) -> String {
    first + &second + &third
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
