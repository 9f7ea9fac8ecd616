//! A server whose tools throw things away, and count how often they did.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use steadfast::{Inputs, prelude::*, testing::Client};

/// What is in the shed.
#[derive(Clone, Default)]
pub struct Shed {
    things: Arc<Mutex<BTreeSet<String>>>,
    acted: Arc<AtomicU32>,
}

impl Shed {
    pub fn with(things: &[&str]) -> Self {
        let shed = Self::default();
        things.iter().for_each(|thing| shed.put(thing));
        shed
    }

    pub fn put(&self, thing: &str) {
        self.things.lock().unwrap().insert(thing.to_owned());
    }

    /// How often something was thrown away.
    pub fn acted(&self) -> u32 {
        self.acted.load(Ordering::SeqCst)
    }

    pub fn server(&self) -> Server<Self> {
        Server::builder("shed", self.clone()).tools(tools![throw_away, burn_down, sell, clear, haul]).build()
    }

    pub fn client(&self, configuration: &str) -> Client {
        Client::with(self.server(), configuration).unwrap()
    }

    fn act(&self) -> u32 {
        self.acted.fetch_add(1, Ordering::SeqCst) + 1
    }
}

/// Throw away everything whose name contains a text.
#[mcp_tool(version = "1.0.0", effect = destructive, alias = "discard", plan = plan_to_throw_away)]
async fn throw_away(
    State(shed): State<Shed>,
    name: String,
    #[arg(default = 10)] limit: u32,
    #[arg(secret)] pin: Option<String>,
) -> Result<u32, ToolError> {
    let _ = (limit, pin);
    shed.things.lock().unwrap().retain(|thing| !thing.contains(&name));
    Ok(shed.act())
}

async fn plan_to_throw_away(
    State(shed): State<Shed>,
    name: String,
    limit: u32,
    _pin: Option<String>,
) -> Result<Plan, ToolError> {
    let things = shed.things.lock().unwrap();
    let found: Vec<&String> = things.iter().filter(|thing| thing.contains(&name)).collect();
    if found.is_empty() {
        return Err(ToolError::not_found("there is no such thing"));
    }
    let plan = Plan::new(format!("Throws away {} things, {limit} at most", found.len()));
    Ok(found.into_iter().fold(plan, |plan, thing| plan.change(thing, "thrown away")))
}

/// Burn the shed down.
#[mcp_tool(version = "1.0.0", effect = destructive)]
fn burn_down(State(shed): State<Shed>) -> u32 {
    shed.act()
}

#[derive(Deserialize, JsonSchema)]
struct Price {
    price: u32,
}

/// Sell a thing, at a price that its owner says.
#[mcp_tool(version = "1.0.0", effect = destructive)]
async fn sell(cx: CallContext, State(shed): State<Shed>, thing: String) -> Result<String, ToolError> {
    let answers = cx.ask(Inputs::new().form::<Price>("price", format!("How much for {thing}?"))?).await?;
    let Price { price } = answers.filled("price")?;
    shed.act();
    Ok(format!("{thing} for {price}"))
}

/// Clear the shed, which takes a while.
#[mcp_tool(version = "1.0.0", effect = destructive, idempotent, task)]
async fn clear(State(shed): State<Shed>) -> u32 {
    // sleep: what takes long is what is tested, on a paused clock
    tokio::time::sleep(Duration::from_secs(60)).await;
    shed.act()
}

/// Have everything hauled away, by a company with one truck.
#[mcp_tool(version = "1.0.0", effect = destructive, upstream(name = "hauler", concurrency = 1, queue = 0))]
async fn haul(State(shed): State<Shed>) -> u32 {
    // sleep: what takes long is what is tested, on a paused clock
    tokio::time::sleep(Duration::from_secs(5)).await;
    shed.act()
}

/// `{"action": .., "content": {"confirm": ..}}` under the question's key.
pub fn says(action: &str, confirm: serde_json::Value) -> serde_json::Value {
    json!({ "dev.steadfast/confirm": { "action": action, "content": { "confirm": confirm } } })
}
