//! `Args<T>` takes all arguments at once, beside the context and parts of the state.

use steadfast::prelude::*;

#[derive(Deserialize, JsonSchema)]
struct Search {
    /// Free text to look for.
    #[schemars(length(min = 1, max = 200))]
    query: String,
    #[serde(default)]
    tags: Vec<String>,
}

/// Search, with the struct taken apart.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn search(
    cx: CallContext,
    Args(Search { query, mut tags }): Args<Search>,
    State(prefix): State<String>,
) -> String {
    drop(cx);
    tags.push(query);
    prefix + &tags.concat()
}

/// Search, with the struct as it is.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn search_whole(_cx: CallContext, input: steadfast::Args<Search>) -> String {
    input.0.query
}

fn main() {
    let server = Server::builder("search", String::from("> ")).tools(tools![search, search_whole]).build();
    assert!(server.problems().is_empty(), "{:?}", server.problems());
}
