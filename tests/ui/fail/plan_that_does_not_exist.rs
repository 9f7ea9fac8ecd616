use steadfast::prelude::*;

/// Delete notes.
#[mcp_tool(version = "1.0.0", effect = destructive, plan = plan_deletion)]
async fn delete(query: String) -> String {
    query
}


fn main() {
    let _: Vec<Tool<()>> = tools![delete];
}
