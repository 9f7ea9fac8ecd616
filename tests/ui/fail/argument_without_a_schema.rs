use steadfast::prelude::*;

struct Filter;

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn hello(filter: Filter) -> String {
    drop(filter);
    String::new()
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
