use steadfast::prelude::*;

/// Say hello.
#[mcp_tool(version = "3.0.0", effect = read_only, history("2" => { input = [drop(a)] }))]
async fn hello() -> String {
    String::new()
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
