use steadfast::prelude::*;

const LIMIT: u32 = 20;

/// Say hello.
#[mcp_tool(version = "3.0.0", effect = read_only, history("1" => { input = [default(limit = LIMIT)] }))]
async fn hello() -> String {
    String::new()
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
