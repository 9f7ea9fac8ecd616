//! A tool says two things and is described; the rest has an answer already.

use steadfast::{Effect, prelude::*};

/// Add two numbers.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn add(a: i64, b: i64) -> Result<i64, ToolError> {
    a.checked_add(b).ok_or_else(|| ToolError::invalid("the sum does not fit in 64 bits"))
}

#[mcp_tool(version = "1.0.0", effect = destructive, description = "Forget everything.")]
async fn forget() {}

fn main() {
    let tools: Vec<Tool<()>> = tools![add, forget];
    let add = tools[0].declaration();
    assert_eq!((add.name, add.version, add.description), ("add", "1.0.0", "Add two numbers."));
    assert_eq!((add.effect, add.idempotent, add.open_world, add.retry), (Effect::ReadOnly, true, false, 0));
    assert!(add.owner.is_none() && add.timeout.is_none() && add.slo.is_none() && add.history.is_empty());
    let forget = tools[1].declaration();
    assert_eq!(
        (forget.description, forget.effect, forget.idempotent),
        ("Forget everything.", Effect::Destructive, false)
    );
}
