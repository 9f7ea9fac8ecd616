use steadfast::prelude::*;

#[derive(Serialize, Deserialize, JsonSchema)]
enum Level {
    Low,
    High,
}

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn hello(#[arg(default)] value: Level) -> String {
    match value {
        Level::Low => "low".into(),
        Level::High => "high".into(),
    }
}

fn main() {
    let _: Vec<Tool<()>> = tools![hello];
}
