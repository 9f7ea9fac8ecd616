use steadfast::prelude::*;

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn hello(#[arg(length(..))] value: String) -> String {
    let _ = value;
    String::new()
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
