use steadfast::prelude::*;

#[derive(Deserialize, JsonSchema)]
struct First {
    query: String,
}

#[derive(Deserialize, JsonSchema)]
struct Second {
    query: String,
}

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn hello(Args(first): Args<First>, Args(second): Args<Second>) -> String {
    first.query + &second.query
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
