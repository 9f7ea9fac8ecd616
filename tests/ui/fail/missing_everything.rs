use steadfast::prelude::*;

#[mcp_tool()]
async fn hello() -> String {
    String::new()
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
