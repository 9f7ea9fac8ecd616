use steadfast::prelude::*;

#[derive(Deserialize, JsonSchema)]
struct Input {
    query: String,
}

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn hello(Args(input): Args<Input>, limit: u32) -> String {
    input.query + &limit.to_string()
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
