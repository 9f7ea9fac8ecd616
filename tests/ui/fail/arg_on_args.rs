use steadfast::prelude::*;

#[derive(Deserialize, JsonSchema)]
struct Input {
    query: String,
}

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn hello(#[arg(length(1..))] Args(input): Args<Input>) -> String {
    input.query
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
