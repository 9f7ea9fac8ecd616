use steadfast::prelude::*;

/// Delete notes.
#[mcp_tool(version = "1.0.0", effect = additive, plan = plan)]
async fn delete(query: String) -> String {
    query
}

fn plan(query: String) -> Plan {
    Plan::new(query)
}

fn main() {
    let _: Vec<Tool<()>> = tools![delete];
}
