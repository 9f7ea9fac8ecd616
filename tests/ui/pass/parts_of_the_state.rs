//! A tool names the parts it needs, as handlers of axum do; one tool serves every state that has them.

use std::sync::Arc;

use steadfast::prelude::*;

#[derive(Clone)]
struct Tracker(Arc<str>);

#[derive(Clone)]
struct AppState {
    tracker: Tracker,
    limit: usize,
}

impl FromRef<AppState> for Tracker {
    fn from_ref(state: &AppState) -> Self {
        state.tracker.clone()
    }
}

impl FromRef<AppState> for usize {
    fn from_ref(state: &AppState) -> Self {
        state.limit
    }
}

/// One part, taken apart.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn one(State(Tracker(name)): State<Tracker>) -> String {
    name.to_string()
}

/// Two parts, and one of them twice.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn two(State(limit): State<usize>, mut name: String, tracker: State<Tracker>, _again: State<usize>) -> String {
    name.truncate(limit);
    name + &tracker.0.0
}

/// The whole.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn whole(State(AppState { limit, .. }): State<AppState>, _: CallContext) -> usize {
    limit
}

fn main() {
    let tools: Vec<Tool<AppState>> = tools![one, two, whole];
    assert_eq!(tools.len(), 3);
    let tools: Vec<Tool<Tracker>> = tools![one];
    assert_eq!(tools.len(), 1);
}
