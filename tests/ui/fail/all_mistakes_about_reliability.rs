use steadfast::prelude::*;

/// Say hello.
#[mcp_tool(
    version = "1.0.0",
    effect = destructive,
    timeout = "1s",
    attempt_timeout = "2s",
    stale = "0s",
    rate_limit = "1 per second",
    upstream(name = "", concurrency = 0, half_open = 0, half_open = 3, window = "1d"),
)]
async fn hello() -> String {
    String::new()
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
