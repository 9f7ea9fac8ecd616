use steadfast::prelude::*;

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn hello() -> String {
    let counter = std::rc::Rc::new(5);
    std::future::ready(()).await;
    counter.to_string()
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
