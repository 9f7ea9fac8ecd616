use steadfast::prelude::*;

struct Page;

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn hello() -> Page {
    Page
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
