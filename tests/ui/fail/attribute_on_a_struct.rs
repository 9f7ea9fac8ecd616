use steadfast::prelude::*;

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only)]
struct Hello;

fn main() {
    let _ = Hello;
}
