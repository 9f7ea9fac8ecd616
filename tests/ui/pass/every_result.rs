//! What a function can return, and how its error becomes a `ToolError`.

use std::{fmt, num::ParseIntError};

use steadfast::prelude::*;

type Result<T, E = ToolError> = std::result::Result<T, E>;
type NumberResult = std::result::Result<u64, ParseIntError>;

#[derive(Serialize, JsonSchema)]
struct Page<T> {
    items: Vec<T>,
    total: Option<usize>,
}

#[derive(Debug)]
struct Failure;

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no luck")
    }
}

impl std::error::Error for Failure {}

/// A generic struct.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn page() -> Result<Page<String>> {
    Ok(Page { items: Vec::new(), total: None })
}

/// An alias without parameters.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn number(text: String) -> NumberResult {
    text.parse()
}

/// An error of the author's.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn failure() -> std::result::Result<Option<u8>, Failure> {
    Err(Failure)
}

/// Nothing, or an error.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn nothing() -> Result<()> {
    Ok(())
}

/// Nothing at all.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn silent() {}

/// Text that lives as long as the program.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn constant() -> &'static str {
    "constant"
}

/// A tuple.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn pair() -> (u8, bool) {
    (1, true)
}

/// Content blocks.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn content() -> Result<Content> {
    Ok(Content::text("a chart:").image("aGk=", "image/png"))
}

fn main() {
    let tools: Vec<Tool<()>> = tools![page, number, failure, nothing, silent, constant, pair, content];
    assert_eq!(tools.len(), 8);
}
