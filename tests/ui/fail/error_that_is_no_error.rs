use steadfast::prelude::*;

struct Failure;

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn hello() -> Result<String, Failure> {
    Err(Failure)
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
