//! A library's tools, three releases on: what earlier clients call is still served, is about to end, or is gone.
//!
//! The files under `contracts/` were written when each major was current.

use serde_json::{Map, Value, json};
use steadfast::{Contracts, Inputs, prelude::*};

/// A page of titles.
#[derive(Debug, Serialize, JsonSchema)]
struct Page {
    items: Vec<Book>,
    total: u32,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Book {
    title: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Filter {
    text: String,
}

/// Find books.
#[mcp_tool(
    version = "3.0.0",
    effect = read_only,
    alias = "find",
    history(
        "1" => {
            input = [rename(q => query), rename(max => limit)],
            output = [rename(hits => items), drop(total)],
            note = "`q` is now `filter.text`",
        },
        "2" => v2::Search,
    ),
)]
async fn search(filter: Filter, #[arg(range(1..=100), default = 20)] limit: u32) -> Page {
    let items = (1..=limit.min(2)).map(|n| Book { title: format!("{} {n}", filter.text) }).collect();
    Page { items, total: 2 }
}

mod v2 {
    use super::{Map, Shim, ShimError, Value, json};

    /// Major 2 took the text as `query`, and gave titles alone.
    pub(super) struct Search;

    impl Shim for Search {
        fn up(mut arguments: Map<String, Value>) -> Result<Map<String, Value>, ShimError> {
            let text = arguments.remove("query").ok_or_else(|| ShimError::new("`query` is missing"))?;
            arguments.insert("filter".into(), json!({ "text": text }));
            Ok(arguments)
        }

        fn down(mut result: Value) -> Result<Value, ShimError> {
            for item in result["items"].as_array_mut().into_iter().flatten() {
                *item = item["title"].take();
            }
            Ok(result)
        }
    }
}

/// Lend a book.
#[mcp_tool(
    version = "2.0.0",
    effect = additive,
    history("1" => {
        input = [rename(book => title)],
        deprecated = "2025-06-01",
        sunset = "2026-02-01",
        note = "`book` is now `title`",
    }),
)]
async fn lend(title: String) -> String {
    format!("{title}, for two weeks")
}

/// Keep a book for longer.
#[mcp_tool(
    version = "2.0.0",
    effect = additive,
    history("1" => {
        input = [rename(book => title)],
        deprecated = "2025-06-01",
        sunset = "2126-02-01",
        note = "`book` is now `title`",
    }),
)]
async fn renew(title: String) -> String {
    format!("{title}, for two more weeks")
}

/// Take a book out of the library.
#[mcp_tool(
    version = "1.0.0",
    effect = destructive,
    deprecated = "2026-01-10",
    sunset = "2026-03-01",
    note = "librarians do this by hand",
)]
async fn weed(title: String) -> String {
    title
}

/// Guess what somebody would like to read.
#[mcp_tool(version = "0.3.0", effect = read_only)]
async fn guess() -> String {
    "something with dragons".into()
}

/// Return a book, after its reader was asked how it was.
#[mcp_tool(version = "2.0.0", effect = additive, history("1" => { output = [] }))]
async fn give_back(cx: CallContext) -> Result<String, ToolError> {
    let form = serde_json::from_value(json!({"type": "object", "properties": {"word": {"type": "string"}}}))?;
    let answers = cx.ask(Inputs::new().elicit("opinion", "How was it?", form)).await?;
    Ok(format!("{:?}", answers.elicited("opinion")?.content))
}

/// The server, in its third release.
pub fn server() -> Server<()> {
    Server::builder("library", ()).version("0.3.0").tools(tools()).contracts(contracts()).build()
}

/// What was kept of its earlier releases.
pub fn contracts() -> Contracts {
    contracts!()
}

/// The tools alone, for a server that has others beside them.
pub fn tools() -> Vec<Tool<()>> {
    tools![search, lend, renew, weed, guess, give_back]
}
