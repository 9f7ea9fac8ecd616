use steadfast::prelude::*;

/// Say hello.
#[mcp_tool(
    verison = "1.0.0",
    effect = read_only,
    timeout = 2,
    retry = 11,
    owner = "",
    slo(success = 100),
)]
async fn hello(#[arg(lenght(1..=5), secret, header = "Region")] value: &str) -> String {
    value.to_owned()
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
