//! A plan is made by a function that is `async` or not, that can fail or not, wherever it is.

use steadfast::prelude::*;

mod plans {
    use steadfast::prelude::*;

    pub(super) async fn later(State(notes): State<u32>, query: String) -> Result<Plan, ToolError> {
        Ok(Plan::new(format!("Deletes {notes} notes with {query}")))
    }

    pub(super) async fn surely() -> Plan {
        Plan::new("Deletes everything")
    }
}

type Planned = Result<Plan, std::num::ParseIntError>;

fn at_once(_: CallContext, Args(Numbers { numbers }): Args<Numbers>) -> Planned {
    let mut plan = Plan::new(format!("Deletes {} notes", numbers.len()));
    for number in numbers {
        plan = plan.change(format!("notes/{}", number.parse::<u32>()?), "deleted");
    }
    Ok(plan)
}

#[derive(Deserialize, JsonSchema)]
struct Numbers {
    numbers: Vec<String>,
}

/// Delete notes.
#[mcp_tool(version = "1.0.0", effect = destructive, plan = plans::later)]
async fn delete(_: State<u32>, query: String) -> String {
    query
}

/// Delete notes by their numbers.
#[mcp_tool(version = "1.0.0", effect = destructive, plan = at_once)]
async fn delete_numbers(_: CallContext, _: Args<Numbers>) {}

/// Delete everything.
#[mcp_tool(version = "1.0.0", effect = destructive, plan = plans::surely)]
fn delete_all() {}

fn main() {
    let tools: Vec<Tool<u32>> = tools![delete, delete_numbers, delete_all];
    let plans: Vec<_> = tools.iter().map(|tool| tool.declaration().plan).collect();
    assert_eq!(plans, [Some("plans::later"), Some("at_once"), Some("plans::surely")]);
}
