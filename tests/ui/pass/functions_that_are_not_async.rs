//! They run on the blocking pool; a fallback of theirs does too.

use steadfast::prelude::*;

/// Count the words of a text.
#[mcp_tool(version = "1.0.0", effect = read_only, fallback = estimate)]
fn words(State(scale): State<usize>, text: String) -> Result<usize, ToolError> {
    Ok(text.split_whitespace().count() * scale)
}

fn estimate(_: State<usize>, text: String) -> Result<usize, ToolError> {
    Ok(text.len() / 6)
}

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only)]
fn hello() -> &'static str {
    "hello"
}

fn main() {
    let tools: Vec<Tool<usize>> = tools![words, hello];
    assert_eq!(tools.len(), 2);
    assert_eq!(words(State(2), "one two".into()).unwrap(), 4);
}
