use steadfast::prelude::*;

struct Tracker;

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn hello(State(tracker): State<Tracker>) -> String {
    drop(tracker);
    String::new()
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
