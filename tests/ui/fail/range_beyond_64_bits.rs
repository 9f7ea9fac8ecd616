use steadfast::prelude::*;

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn hello(#[arg(range(0..=36893488147419103232))] value: u128) -> String {
    let _ = value;
    String::new()
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
