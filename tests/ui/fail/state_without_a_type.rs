use steadfast::prelude::*;

type State = steadfast::State<String>;

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn hello(state: State) -> String {
    state.0
}

fn main() {
    let _: Vec<Tool<String>> = tools![hello];
}
