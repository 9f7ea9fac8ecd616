//! Each constraint of `#[arg(..)]`, on each kind of type it fits.

use std::collections::{BTreeMap, BTreeSet};

use steadfast::prelude::*;

#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
enum Order {
    #[default]
    Newest,
    Oldest,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Label(String);

impl From<&str> for Label {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl steadfast::constraint::HasLength for Label {}

/// Find issues.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn find(
    /// Free text to look for.
    ///
    /// Words are joined with "and".
    #[arg(length(1..=200), pattern = "^[^;]*$", example = "memory leak", example = "crash")]
    query: String,
    #[arg(length(3))] exact: String,
    #[arg(length(..5), format = "email")] short: Option<String>,
    #[arg(length(1..))] long: Box<str>,
    #[arg(length(..=5), unique, items(length(1..=20), pattern("^[a-z]+$")))] labels: Vec<String>,
    #[arg(items(range(0..=9)))] digits: Option<BTreeSet<u8>>,
    #[arg(length(..=5))] map: BTreeMap<String, u32>,
    #[arg(length(1..), default = "bug")] label: Label,
    #[arg(range(1..=100), default = 20, example = 50)] limit: u32,
    #[arg(range(-5..5))] signed: i64,
    #[arg(range(-1.5..=1.5), default = -0.5)] float: f64,
    #[arg(range(0..))] optional: Option<i32>,
    #[arg(default)] order: Order,
    #[arg(default = vec!["a".into()])] list: Vec<String>,
    #[arg(secret)] token: String,
    #[arg(header = "Region")]
    #[arg(length(2))]
    region: String,
) -> String {
    format!(
        "{query}{exact}{short:?}{long}{labels:?}{digits:?}{map:?}{label:?}{limit}{signed}{float}{optional:?}{order:?}{list:?}{token}{region}"
    )
}

fn main() {
    let server = Server::builder("constraints", ()).tools(tools![find]).build();
    assert!(server.problems().is_empty(), "{:?}", server.problems());
}
