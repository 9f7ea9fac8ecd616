//! Tools and releases in the short form of the pages: what is not said is a tool that only reads.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Lifecycle, Older, Policy, Promises, Published, PublishedTool, Waiver, Waivers};

/// The day of an example that names none.
const TODAY: &str = "2026-11-22";

/// A release: its tools, and the day that it is judged on.
pub(super) struct Release {
    pub(super) published: Published,
    pub(super) policy: Policy,
}

impl Release {
    /// From one tool, a list of tools, or `{"today", "release", "tools"}`.
    pub(super) fn read(short: Value) -> Self {
        let (today, release, tools) = match short {
            Value::Array(tools) => (Value::Null, Value::Null, tools),
            Value::Object(mut whole) if whole.contains_key("tools") => {
                let Some(Value::Array(tools)) = whole.remove("tools") else { panic!("`tools` is a list") };
                let mut text = |key: &str| whole.remove(key).unwrap_or_default();
                (text("today"), text("release"), tools)
            }
            tool => (Value::Null, Value::Null, vec![tool]),
        };
        let text = |value: Value, default: &str| value.as_str().unwrap_or(default).to_owned();
        let (release, today) = (text(release, "0.1.0"), text(today, TODAY));
        let tools = tools.into_iter().map(tool).collect();
        Self {
            published: Published { server: "notes".into(), release, tools },
            policy: Policy::on(today.parse().unwrap()),
        }
    }
}

/// The parts of a tool that an example names.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Short {
    name: String,
    version: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default = "description")]
    description: String,
    #[serde(default)]
    icons: Option<Value>,
    #[serde(default = "anything")]
    input_schema: Value,
    #[serde(default)]
    output_schema: Option<Value>,
    #[serde(default = "read_only")]
    effect: String,
    #[serde(default)]
    idempotent: bool,
    #[serde(default)]
    open_world: bool,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    timeout_ms: Option<u64>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    deprecated: Option<String>,
    #[serde(default)]
    sunset: Option<String>,
    #[serde(default)]
    note: Option<String>,
    /// Dates by major.
    #[serde(default)]
    history: std::collections::BTreeMap<u64, Lifecycle>,
}

fn description() -> String {
    "Find notes.".into()
}

fn anything() -> Value {
    json!({ "type": "object" })
}

fn read_only() -> String {
    "read_only".into()
}

/// A tool, as a server's program would publish it.
pub(super) fn tool(short: Value) -> PublishedTool {
    let short: Short = serde_json::from_value(short).unwrap();
    let mut definition =
        json!({ "name": short.name, "description": short.description, "inputSchema": short.input_schema });
    let more = [("title", short.title.map(Value::from)), ("icons", short.icons), ("outputSchema", short.output_schema)];
    for (key, value) in more {
        if let Some(value) = value {
            definition[key] = value;
        }
    }
    let older = |(major, lifecycle)| Older { major, lifecycle, lossy: None, shape: true, shim: "declared".into() };
    PublishedTool {
        name: short.name,
        version: short.version,
        definition,
        promises: Promises {
            effect: short.effect,
            idempotent: short.idempotent,
            open_world: short.open_world,
            scopes: short.scopes,
            timeout_ms: short.timeout_ms,
        },
        aliases: short.aliases,
        owner: None,
        lifecycle: Lifecycle { deprecated: short.deprecated, sunset: short.sunset, note: short.note },
        history: short.history.into_iter().map(older).collect(),
    }
}

/// The `[[waiver]]`s of a `contracts/waivers.toml`, which holds nothing but texts.
pub(super) fn waivers(text: &str) -> Waivers {
    let tables = text.split("[[waiver]]").skip(1).map(|table| {
        let pairs = table.lines().filter_map(|line| line.split_once(" = "));
        let pairs = pairs.map(|(key, value)| (key.to_owned(), Value::from(value.trim_matches('"'))));
        serde_json::from_value::<Waiver>(Value::Object(pairs.collect())).unwrap()
    });
    Waivers { waivers: tables.collect() }
}
