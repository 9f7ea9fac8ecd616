use serde_json::{Value, json};

use super::*;

fn up(operations: &[Operation], arguments: Value) -> Result<Value, String> {
    let translator = Translator::declared(operations, &[]).map_err(|error| error.to_string())?;
    let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
    translator.up(arguments).map(Value::Object).map_err(|error| error.to_string())
}

fn down(operations: &[Operation], result: Value) -> Result<Value, String> {
    let translator = Translator::declared(&[], operations).map_err(|error| error.to_string())?;
    translator.down(result).map_err(|error| error.to_string())
}

const RENAME: Operation = Operation::Rename { from: "q", to: "query" };
const RENAME_INSIDE: Operation = Operation::Rename { from: "items.name", to: "items.title" };
const DEFAULT: Operation = Operation::Default { path: "limit", value: "20" };
const DEFAULT_INSIDE: Operation = Operation::Default { path: "items.kind", value: "\"note\"" };
const DROP: Operation = Operation::Drop { path: "a.b" };
const SET: Operation = Operation::Set { path: "order", value: "[\"newest\",null]" };
const MOVE: Operation = Operation::Move { from: "filter.state", to: "state" };
const MOVE_DEEPER: Operation = Operation::Move { from: "state", to: "state.name" };
const MOVE_INSIDE: Operation = Operation::Move { from: "items.meta.title", to: "items.title" };
const WRAP: Operation = Operation::Wrap { path: "label" };
const UNWRAP: Operation = Operation::Unwrap { path: "label" };
const MAP: Operation =
    Operation::MapEnum { path: "state", values: &[("open", "active"), ("closed", "done"), ("active", "open")] };

#[test]
fn operations_going_up() {
    let cases = [
        (RENAME, json!({"q": "x", "n": 1}), json!({"query": "x", "n": 1})),
        (RENAME, json!({"query": "x"}), json!({"query": "x"})),
        (RENAME, json!({"q": null}), json!({"query": null})),
        (
            RENAME_INSIDE,
            json!({"items": [{"name": "a"}, [{"name": "b"}], {}, 3]}),
            json!({"items": [{"title": "a"}, [{"title": "b"}], {}, 3]}),
        ),
        (RENAME_INSIDE, json!({"items": {"name": "a"}}), json!({"items": {"title": "a"}})),
        (RENAME_INSIDE, json!({"items": "name"}), json!({"items": "name"})),
        (DEFAULT, json!({}), json!({"limit": 20})),
        (DEFAULT, json!({"limit": null}), json!({"limit": null})),
        (DEFAULT_INSIDE, json!({"items": [{}, {"kind": 1}]}), json!({"items": [{"kind": "note"}, {"kind": 1}]})),
        (DEFAULT_INSIDE, json!({}), json!({})),
        (DROP, json!({"a": {"b": 1, "c": 2}}), json!({"a": {"c": 2}})),
        (DROP, json!({"a": [{"b": 1}, {}], "b": 1}), json!({"a": [{}, {}], "b": 1})),
        (SET, json!({"order": 1}), json!({"order": ["newest", null]})),
        (SET, json!({}), json!({"order": ["newest", null]})),
        (MOVE, json!({"filter": {"state": 1, "x": 2}}), json!({"filter": {"x": 2}, "state": 1})),
        (MOVE, json!({"filter": {}}), json!({"filter": {}})),
        (MOVE, json!({"filter": null}), json!({"filter": null})),
        (MOVE_DEEPER, json!({"state": "x"}), json!({"state": {"name": "x"}})),
        (
            MOVE_INSIDE,
            json!({"items": [{"meta": {"title": "a"}}, {"meta": {}}]}),
            json!({"items": [{"meta": {}, "title": "a"}, {"meta": {}}]}),
        ),
        (WRAP, json!({"label": "x"}), json!({"label": ["x"]})),
        (WRAP, json!({"label": ["x"]}), json!({"label": [["x"]]})),
        (WRAP, json!({"label": null}), json!({"label": null})),
        (WRAP, json!({}), json!({})),
        (UNWRAP, json!({"label": ["x"]}), json!({"label": "x"})),
        (UNWRAP, json!({"label": "x"}), json!({"label": "x"})),
        (UNWRAP, json!({}), json!({})),
        (MAP, json!({"state": "open"}), json!({"state": "active"})),
        (MAP, json!({"state": "active"}), json!({"state": "open"})),
        (MAP, json!({"state": "other"}), json!({"state": "other"})),
        (MAP, json!({"state": ["open", 1, "closed"]}), json!({"state": ["active", 1, "done"]})),
    ];
    for (operation, before, after) in cases {
        assert_eq!(up(&[operation], before.clone()), Ok(after), "{operation} on {before}");
    }
}

#[test]
fn operations_going_down() {
    let cases = [
        (RENAME, json!({"query": "x"}), json!({"q": "x"})),
        (RENAME, json!([{"query": "x"}, {}]), json!([{"q": "x"}, {}])),
        (RENAME, json!("query"), json!("query")),
        (RENAME_INSIDE, json!({"items": [{"title": "a"}]}), json!({"items": [{"name": "a"}]})),
        (DEFAULT, json!({}), json!({"limit": 20})),
        (DROP, json!({"a": {"b": 1}}), json!({"a": {}})),
        (SET, json!({"order": 1}), json!({"order": ["newest", null]})),
        (MOVE, json!({"state": 1}), json!({"filter": {"state": 1}})),
        (MOVE, json!({"state": 1, "filter": {"x": 2}}), json!({"filter": {"state": 1, "x": 2}})),
        (MOVE_DEEPER, json!({"state": {"name": "x", "since": 1}}), json!({"state": "x"})),
        (MOVE_DEEPER, json!({"state": {"since": 1}}), json!({"state": {"since": 1}})),
        (WRAP, json!({"label": ["x"]}), json!({"label": "x"})),
        (WRAP, json!({"label": ["x", "y"]}), json!({"label": "x"})),
        (WRAP, json!({"label": []}), json!({})),
        (WRAP, json!({"label": null}), json!({"label": null})),
        (UNWRAP, json!({"label": "x"}), json!({"label": ["x"]})),
        (MAP, json!({"state": "done"}), json!({"state": "closed"})),
        (MAP, json!({"state": "closed"}), json!({"state": "closed"})),
    ];
    for (operation, before, after) in cases {
        assert_eq!(down(&[operation], before.clone()), Ok(after), "{operation} on {before}");
    }
}

#[test]
fn input_runs_in_order_and_output_in_reverse() {
    let steps = [RENAME, Operation::Wrap { path: "query" }, Operation::Move { from: "query", to: "search.terms" }];
    assert_eq!(up(&steps, json!({"q": "x"})), Ok(json!({"search": {"terms": ["x"]}})));
    assert_eq!(down(&steps, json!({"search": {"terms": ["x"]}})), Ok(json!({"q": "x", "search": {}})));
}

#[test]
fn what_is_in_the_way_is_named_with_the_way_out() {
    let cases = [
        (RENAME, json!({"q": 1, "query": 2}), "rename(q => query): both `q` and `query` are there"),
        (MOVE, json!({"filter": {"state": 1}, "state": 2}), "both `filter.state` and `state` are there"),
        (
            RENAME_INSIDE,
            json!({"items": [{"name": 1, "title": 2}]}),
            "rename(items.name => items.title) in `items`: both `name` and `title`",
        ),
        (MOVE, json!({"filter": [{"state": 1}]}), "`filter` is a list"),
        (Operation::Move { from: "a", to: "b.c" }, json!({"a": 1, "b": 2}), "`b` is there already and is no object"),
        (UNWRAP, json!({"label": []}), "unwrap(label): `label` has 0 elements"),
        (UNWRAP, json!({"label": [1, 2]}), "`label` has 2 elements, and only one can be taken; send a list of one"),
    ];
    for (operation, before, expected) in cases {
        let error = up(&[operation], before.clone()).unwrap_err();
        assert!(error.contains(expected), "{operation} on {before}: {error}");
        assert!(error.contains("; "), "the way out: {error}");
    }
}

#[test]
fn operations_that_can_not_be_right_are_refused() {
    let cases = [
        (Operation::Drop { path: "" }, "has an empty name"),
        (Operation::Drop { path: "a..b" }, "`a..b` has an empty name"),
        (Operation::Rename { from: "a", to: "b." }, "`b.` has an empty name"),
        (Operation::Rename { from: "a", to: "a" }, "the same place"),
        (Operation::Rename { from: "a.b", to: "c" }, "write move(a.b => c)"),
        (Operation::Rename { from: "a.b", to: "c.b" }, "write move(a.b => c.b)"),
        (Operation::Default { path: "a", value: "newest" }, "is no JSON"),
        (Operation::Set { path: "a", value: "" }, "is no JSON"),
        (Operation::MapEnum { path: "a", values: &[] }, "maps nothing"),
        (Operation::MapEnum { path: "a", values: &[("x", "1"), ("x", "2")] }, "\"x\" is on the left twice"),
    ];
    for (operation, expected) in cases {
        for error in [up(&[operation], json!({})).unwrap_err(), down(&[operation], json!({})).unwrap_err()] {
            assert!(error.contains(expected), "{error}");
            assert!(error.starts_with(&format!("`{operation}`")), "{error}");
        }
    }
}

#[test]
fn two_older_values_of_one_newer_value_come_down_as_the_first() {
    let map = Operation::MapEnum { path: "state", values: &[("open", "active"), ("reopened", "active")] };
    let translator = Translator::declared(&[], &[map]).unwrap();
    assert!(translator.is_lossy());
    assert!(translator.losses()[0].contains("\"reopened\""), "{:?}", translator.losses());
    assert_eq!(translator.down(json!({"state": "active"})), Ok(json!({"state": "open"})));
    assert!(!Translator::declared(&[map], &[MAP]).unwrap().is_lossy(), "going up, and one to one, nothing is lost");
}

#[test]
fn typed_shims_run_as_they_are() {
    struct Typed;
    impl Shim for Typed {
        fn up(mut arguments: Map<String, Value>) -> Result<Map<String, Value>, ShimError> {
            arguments.insert("up".into(), json!(true));
            Ok(arguments)
        }
        fn down(_: Value) -> Result<Value, ShimError> {
            Err(ShimError::new("no way down"))
        }
    }
    let translator = Translator::typed::<Typed>();
    assert_eq!(translator.up(Map::new()).map(Value::Object), Ok(json!({"up": true})));
    assert_eq!(translator.down(json!(1)).unwrap_err().to_string(), "no way down");
}

#[test]
fn what_goes_up_comes_down_again() {
    let cases = [
        (RENAME, json!({"q": [1]})),
        (RENAME_INSIDE, json!({"items": [{"name": 1}, {}]})),
        (MOVE_DEEPER, json!({"state": {"x": 1}})),
        (WRAP, json!({"label": {"x": 1}})),
        (UNWRAP, json!({"label": [1]})),
        (MAP, json!({"state": "closed"})),
    ];
    for (operation, value) in cases {
        let there = up(&[operation], value.clone()).unwrap();
        assert_eq!(down(&[operation], there), Ok(value), "{operation}");
    }
}
