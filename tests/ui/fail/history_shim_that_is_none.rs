use steadfast::prelude::*;

struct Hello;

/// Say hello.
#[mcp_tool(version = "3.0.0", effect = read_only, history("1" => Hello))]
async fn hello() -> String {
    String::new()
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
