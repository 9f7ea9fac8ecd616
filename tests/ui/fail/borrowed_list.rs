use steadfast::prelude::*;

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn hello(queries: &[String]) -> String {
    queries.concat()
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
