use steadfast::prelude::*;

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn hello(#[arg(length(1..))] State(name): State<String>) -> String {
    name
}

fn main() {
    let _: Vec<Tool<String>> = tools![hello];
}
