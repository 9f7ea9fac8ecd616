//! A keyword is a good name for a tool or an argument.

use steadfast::prelude::*;

/// Read the type of something.
#[mcp_tool(version = "1.0.0", effect = read_only, fallback = r#move)]
async fn r#type(r#in: String, #[arg(default = 3)] r#loop: u32) -> String {
    format!("{in}{loop}", r#in = r#in, r#loop = r#loop)
}

async fn r#move(r#in: String, _: u32) -> String {
    r#in
}

fn main() {
    let tools: Vec<Tool<()>> = tools![r#type];
    assert_eq!(tools[0].declaration().name, "type");
    let server = Server::builder("keywords", ()).tools(tools).build();
    assert!(server.problems().is_empty(), "{:?}", server.problems());
}
