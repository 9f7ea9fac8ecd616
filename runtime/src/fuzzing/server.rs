//! A server in memory with one tool of each kind, and time that stands still.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    num::NonZeroU16,
    sync::Arc,
    thread::LocalKey,
    time::{Duration, SystemTime},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use steadfast_contract::shim::{Operation, Shim, ShimError};
use tokio::runtime::{Builder, Runtime};

use crate::{
    clock::Clock,
    config::Settings,
    engine::{Engine, Seams},
    error::ToolError,
    mcp_tool,
    server::Server,
    tool::{History, Tool, Translation},
    tools,
};

/// 2026-01-01T00:00:00Z.
const START: Duration = Duration::from_secs(1_767_225_600);

/// After so many inputs what a server has kept of them is thrown away.
const LIFE: u32 = 500;

/// Something that is made on a runtime whose time stands still, once for many inputs.
pub(super) struct Made<T> {
    runtime: Runtime,
    made: T,
    left: u32,
}

/// Where it is on each thread.
pub(super) type Place<T> = LocalKey<RefCell<Option<Made<T>>>>;

impl<T> Made<T> {
    /// Runs `with` on what is in `place`, which `make` makes where it is not there or has had its time.
    pub(super) fn with<R>(
        place: &'static Place<T>,
        make: impl FnOnce(Clock) -> T,
        with: impl AsyncFnOnce(&T) -> R,
    ) -> R {
        place.with_borrow_mut(|place| Self::in_place(place, make, with))
    }

    fn in_place<R>(place: &mut Option<Self>, make: impl FnOnce(Clock) -> T, with: impl AsyncFnOnce(&T) -> R) -> R {
        if place.as_ref().is_none_or(|made| made.left == 0) {
            let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            let made = runtime.block_on(async { make(Clock::starting_at(SystemTime::UNIX_EPOCH + START)) });
            *place = Some(Self { runtime, made, left: LIFE });
        }
        let Self { runtime, made, left } = place.as_mut().unwrap();
        *left -= 1;
        runtime.block_on(with(made))
    }
}

/// The engine of the server.
pub(super) fn engine(clock: Clock) -> Arc<Engine> {
    let settings = Settings::from_text("").unwrap();
    Arc::new(Engine::new(server().into_parts().unwrap(), &settings, Seams::of_test(clock)).unwrap())
}

/// The server.
pub(super) fn server() -> Server<()> {
    Server::builder("fuzzed", ()).tools(self::tools()).build()
}

fn tools() -> Vec<Tool<()>> {
    let mut tools = tools![everything, note, remove, search];
    for tool in &mut tools {
        if tool.declaration.name == "search" {
            tool.declaration.history = &EARLIER;
        }
    }
    tools
}

/// The names of all tools.
pub(super) const TOOLS: [&str; 4] = ["everything", "note", "remove", "search"];

/// A choice with and without content.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Choice {
    /// None.
    Nothing,
    /// One.
    Number(i32),
    /// Several.
    Several {
        /// The first.
        first: u8,
        /// The second.
        #[serde(default)]
        second: Option<bool>,
    },
}

/// Something with members of its own.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nested {
    /// Any.
    any: Option<Value>,
    /// More of the same.
    #[serde(default)]
    more: Vec<Nested>,
}

/// Take arguments of every shape.
//
// Of types whose schema says all that serde asks: an `IpAddr` is refused by serde, in words, and is not here.
#[mcp_tool(version = "1.0.0", effect = read_only, crate = crate)]
#[allow(clippy::too_many_arguments, reason = "every shape")]
async fn everything(
    small: Option<u8>,
    signed: Option<i8>,
    whole: Option<i64>,
    large: Option<u64>,
    nonzero: Option<NonZeroU16>,
    ratio: Option<f64>,
    narrow: Option<f32>,
    flag: Option<bool>,
    letter: Option<char>,
    #[arg(length(1..=8))] text: Option<String>,
    #[arg(pattern = "^[a-z]+$")] name: Option<String>,
    #[arg(format = "date-time")] at: Option<String>,
    #[arg(range(-5..=5), default = 1)] bounded: i32,
    list: Option<Vec<u16>>,
    pair: Option<(u8, String)>,
    sorted: Option<BTreeMap<String, i32>>,
    by_name: Option<HashMap<String, Choice>>,
    choice: Option<Choice>,
    nested: Option<Nested>,
) -> String {
    format!(
        "{small:?} {signed:?} {whole:?} {large:?} {nonzero:?} {ratio:?} {narrow:?} {flag:?} {letter:?} {text:?} {name:?} \
         {at:?} {bounded:?} {list:?} {pair:?} {sorted:?} {by_name:?} {choice:?} {nested:?}"
    )
}

/// Keep a note.
#[mcp_tool(version = "1.2.0", effect = additive, idempotent, task, crate = crate)]
async fn note(text: String) -> Result<String, ToolError> {
    if text.is_empty() { Err(ToolError::invalid("there is nothing to keep")) } else { Ok(text) }
}

/// Remove a note.
#[mcp_tool(version = "1.0.0", effect = destructive, crate = crate)]
async fn remove(id: u32) -> String {
    format!("{id} is removed")
}

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
#[mcp_tool(version = "3.0.0", effect = read_only, crate = crate)]
async fn search(filter: Filter, #[arg(range(1..=100), default = 20)] limit: u32) -> Page {
    let items = (0..limit).map(|n| Book { title: filter.text.chars().skip(n as usize).collect() }).collect();
    Page { items, total: limit }
}

/// What `search` was in its first two majors.
static EARLIER: [History; 2] = [
    History { shim: Translation::typed::<Second>("Second"), lock: include_str!("locks/search-2.json"), ..earlier(2) },
    History {
        shim: Translation::Declared {
            input: &[Operation::Rename { from: "q", to: "query" }, Operation::Rename { from: "max", to: "limit" }],
            output: &[Operation::Rename { from: "hits", to: "items" }, Operation::Drop { path: "total" }],
        },
        lock: include_str!("locks/search-1.json"),
        ..earlier(1)
    },
];

const fn earlier(major: u64) -> History {
    History {
        major,
        shim: Translation::Declared { input: &[], output: &[] },
        lock: "",
        shape: true,
        deprecated: None,
        sunset: None,
        note: None,
        lossy: None,
    }
}

/// Major 2 took the text as `query`, and gave titles alone.
struct Second;

impl Shim for Second {
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
