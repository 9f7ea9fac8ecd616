use super::*;

fn tool(schema: Value) -> Digests {
    Digests::of(&json!({ "name": "t", "description": "d", "inputSchema": schema }))
}

/// What two schemas share: wire, model, definition.
fn shared(one: Value, other: Value) -> (bool, bool, bool) {
    let (one, other) = (tool(one), tool(other));
    (one.wire == other.wire, one.model == other.model, one.definition == other.definition)
}

#[test]
fn each_digest_sees_what_it_is_about() {
    let name = json!({"type": "string", "minLength": 1});
    let object = |member: Value| json!({"type": "object", "properties": {"a": member}, "required": ["a"]});
    let defined = |def: &str| json!({"properties": {"a": {"$ref": format!("#/$defs/{def}")}}, "type": "object", "required": ["a"], "$defs": {def: name}});
    let table = [
        ("nothing", object(name.clone()), object(name.clone()), (true, true, true)),
        ("a moved subschema", object(name.clone()), defined("N"), (true, true, false)),
        ("a renamed definition", defined("N"), defined("M"), (true, true, false)),
        ("a bound", object(name.clone()), object(json!({"type": "string"})), (false, true, false)),
        (
            "a description",
            object(name.clone()),
            object(json!({"type": "string", "minLength": 1, "description": "x"})),
            (true, false, false),
        ),
        (
            "a default",
            object(json!({"type": "string", "default": "x"})),
            object(json!({"type": "string"})),
            (true, false, false),
        ),
        (
            "an enumeration in another order",
            object(json!({"enum": [1, 2]})),
            object(json!({"enum": [2, 1]})),
            (true, false, false),
        ),
        (
            "types in another order",
            json!({"type": ["string", "null"]}),
            json!({"type": ["null", "string"]}),
            (true, true, false),
        ),
        (
            "a property that is called like an annotation",
            json!({"properties": {"title": {"type": "string"}}}),
            json!({"properties": {"title": {"type": "integer"}}}),
            (false, true, false),
        ),
        (
            "a const that looks like a schema",
            json!({"const": {"title": 1}}),
            json!({"const": {}}),
            (false, false, false),
        ),
        ("another property", json!({"properties": {"a": {}}}), json!({"properties": {"b": {}}}), (false, false, false)),
    ];
    for (what, one, other, expected) in table {
        assert_eq!(shared(one, other), expected, "{what}");
    }
}

#[test]
fn a_loop_does_not_depend_on_the_names_of_definitions() {
    let list = |node: &str| {
        let reference = json!({"$ref": format!("#/$defs/{node}")});
        json!({"$ref": format!("#/$defs/{node}"), "$defs": {node: {"type": "object", "properties": {"next": reference}}}})
    };
    assert_eq!(tool(list("A")).wire, tool(list("B")).wire);
    let split = json!({
        "$ref": "#/$defs/N",
        "$defs": {
            "N": {"type": "object", "properties": {"next": {"$ref": "#/$defs/M"}}},
            "M": {"$ref": "#/$defs/N"},
        },
    });
    assert_eq!(tool(list("A")).wire, tool(split).wire);
    let root = json!({"type": "object", "properties": {"next": {"$ref": "#"}}});
    assert_eq!(tool(list("A")).wire, tool(root).wire);
}

#[test]
fn loops_of_different_reach_differ() {
    let back = |to: &str| json!({"properties": {"a": {"properties": {"b": {"$ref": to}}}}});
    assert_ne!(tool(back("#")).wire, tool(back("#/properties/a")).wire);
}

#[test]
fn what_stands_beside_a_reference_must_hold_too() {
    let target = json!({"N": {"additionalProperties": false, "properties": {"a": {}}}});
    let beside = json!({"$ref": "#/$defs/N", "properties": {"b": {}}, "$defs": target});
    let merged = json!({"additionalProperties": false, "properties": {"a": {}, "b": {}}});
    assert_ne!(tool(beside).wire, tool(merged).wire);
}

#[test]
fn integers_that_doubles_can_not_tell_apart_have_digests_of_their_own() {
    let bound = |text: &str| tool(serde_json::from_str(&format!(r#"{{"maximum": {text}}}"#)).unwrap());
    let (one, other) = (bound("9007199254740992"), bound("9007199254740993"));
    assert_ne!(one.wire, other.wire);
    assert_ne!(one.definition, other.definition);
    assert_ne!(bound("-9007199254740993").wire, bound("-9007199254740992").wire);
    assert_ne!(bound("18446744073709551615").wire, bound("18446744073709551614").wire);
    // The same number in two spellings has one digest, as in RFC 8785.
    assert_eq!(bound("1e18").wire, bound("1000000000000000000").wire);
    assert_eq!(bound("1.0").wire, bound("1").wire);
    let forged = tool(json!({"maximum": {"\u{0}integer": "9007199254740993"}}));
    assert_ne!(forged.definition, other.definition);
}

#[test]
fn definitions_that_double_with_each_step_end() {
    let mut definitions = Map::new();
    for step in 0..60 {
        let next = json!({"$ref": format!("#/$defs/{}", step + 1)});
        definitions.insert(step.to_string(), json!({"properties": {"a": next, "b": next}}));
    }
    definitions.insert("60".into(), json!({}));
    let schema = json!({"$ref": "#/$defs/0", "$defs": definitions});
    assert!(tool(schema).wire.starts_with("sha256:"));
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_order_of_members_changes_nothing(names in proptest::collection::hash_set("[a-z]{1,4}", 1..6)) {
            let member = |name: &String| (name.clone(), json!({"type": "string", "title": name}));
            let forth: Map<String, Value> = names.iter().map(member).collect();
            let mut back: Vec<_> = names.iter().map(member).collect();
            back.reverse();
            let schema = |members: Map<String, Value>| json!({"properties": members});
            prop_assert_eq!(tool(schema(forth)), tool(schema(back.into_iter().collect())));
        }
    }
}
