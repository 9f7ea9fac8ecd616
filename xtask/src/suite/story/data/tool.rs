//! `the_tool`: something of everything that a contract holds. Each edit of the story has a copy of it, by its own name.

#![allow(dead_code, missing_docs, unused_variables)]

use steadfast::prelude::*;

/// Where a task stands.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    Open,
    Blocked,
    Closed,
}

/// How urgent a task is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Urgency {
    Low,
    High,
}

/// Which tasks are meant.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Where they stand.
    pub stage: Stage,
    /// Whose they are.
    pub owner: Option<String>,
}

/// Something to do.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Task {
    /// Names the task.
    pub id: u32,
    /// What is to be done.
    pub title: String,
    /// How urgent it is.
    pub urgency: Urgency,
    /// The day it is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
}

/// Tasks that were found.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Page {
    /// The tasks, oldest first.
    pub items: Vec<Task>,
    /// How many there are.
    pub total: u32,
}

/// List tasks.
#[mcp_tool(
    version = "1.2.0",
    effect = additive,
    idempotent,
    scopes = ["tasks:read"],
    timeout = "5s",
)]
pub async fn the_tool(
    /// Free text to look for.
    #[arg(length(1..=200))]
    query: String,
    /// How many tasks to return.
    #[arg(range(1..=100), default = 20)]
    limit: u32,
    /// Where to begin.
    offset: Option<u32>,
    /// What a match in the title counts.
    #[arg(default = 1.5)]
    weight: f64,
    /// The team, by its two letters.
    #[arg(pattern = "^[A-Z]{2}$")]
    team: Option<String>,
    /// Where the tasks are kept.
    #[arg(header = "Region")]
    region: Option<String>,
    /// Which tasks.
    filter: Option<Filter>,
    /// Words that a task carries.
    #[arg(length(..=5), items(length(1..=20)))]
    tags: Option<Vec<String>>,
) -> Result<Page, ToolError> {
    Err(ToolError::unavailable("no tasks are kept here"))
}
