//! What is published is what is enforced, and the same to the byte each time.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use steadfast::{prelude::*, testing::Client};

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Filter {
    since_year: Option<i16>,
    tags: Vec<Tag>,
    nested: Option<Box<Filter>>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Tag {
    Red,
    Green,
}

/// Take everything.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn everything(
    text: String,
    flag: bool,
    small: i8,
    big: u64,
    real: f32,
    optional: Option<u16>,
    list: Vec<u32>,
    map: BTreeMap<String, bool>,
    pair: (u8, String),
    filter: Filter,
    letter: char,
    #[arg(default = Tag::Red)] tag: Tag,
) -> String {
    format!("{text}{flag}{small}{big}{real}{optional:?}{list:?}{map:?}{pair:?}{filter:?}{letter}{tag:?}")
}

fn client() -> Client {
    Client::new(Server::builder("test", ()).tools(tools![everything]).build()).unwrap()
}

fn valid() -> Value {
    json!({
        "text": "x", "flag": true, "small": -3, "big": 7, "real": 1.5, "list": [1], "map": {"a": true},
        "pair": [1, "b"], "filter": {"tags": ["red"], "nested": {"tags": []}}, "letter": "z",
    })
}

/// Values that are near the edges of types.
fn edgy() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-300_i64..300).prop_map(Value::from),
        any::<f64>().prop_filter("JSON has finite numbers", |number| number.is_finite()).prop_map(Value::from),
        prop_oneof![Just(1e40), Just(-1e40), Just(2.0), Just(255.0), Just(256.0), Just(9.1e15), Just(1e19), Just(1e20)]
            .prop_map(Value::from),
        "[a-z]{0,3}".prop_map(Value::from),
        prop_oneof![Just("red"), Just("blue"), Just("\u{0}"), Just("🦀")].prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,4}|tags|nested|sinceYear", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    /// A value that the schema lets through is one that the function takes: the only errors are violations.
    #[test]
    fn the_type_takes_whatever_the_schema_lets_through(
        changes in prop::collection::vec((0_usize..14, edgy()), 0..3),
    ) {
        const NAMES: [&str; 14] = [
            "text", "flag", "small", "big", "real", "optional", "list", "map", "pair", "filter", "letter", "tag",
            "filter", "unknown",
        ];
        let mut arguments = valid();
        for (at, value) in changes {
            arguments[NAMES[at]] = value;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answer = runtime.block_on(client().call("everything", arguments));
        if answer.is_error() {
            let violations = answer.message()["_meta"].get("dev.steadfast/violations");
            prop_assert!(violations.is_some(), "the schema let it through and the type did not: {}", answer.text());
        }
    }
}

#[test]
fn a_published_schema_is_closed_and_names_its_dialect() {
    let tools = client().list();
    let input = Value::Object((*tools[0].input_schema).clone());
    assert_eq!(input["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(input["additionalProperties"], false);
    assert_eq!(input["properties"]["tag"]["default"], "red");
    let required = input["required"].as_array().unwrap();
    assert!(!required.contains(&json!("optional")) && !required.contains(&json!("tag")));
}

#[test]
fn a_published_definition_is_the_same_to_the_byte_each_time() {
    let text = || serde_json::to_string(&client().list()).unwrap();
    assert_eq!(text(), text());
    let once = text();
    let keys = |object: &Value| object.as_object().map(|object| object.keys().cloned().collect::<Vec<_>>());
    fn sorted(value: &Value, keys: &impl Fn(&Value) -> Option<Vec<String>>) -> bool {
        let own = keys(value).is_none_or(|keys| keys.is_sorted());
        let inner = match value {
            Value::Object(object) => object.values().all(|value| sorted(value, keys)),
            Value::Array(items) => items.iter().all(|value| sorted(value, keys)),
            _ => true,
        };
        own && inner
    }
    let tools: Value = serde_json::from_str(&once).unwrap();
    assert!(sorted(&tools[0]["inputSchema"], &keys));
}
