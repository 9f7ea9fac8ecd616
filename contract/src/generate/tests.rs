use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;

fn instances(schema: &Value, seed: u64, count: usize) -> Vec<Value> {
    let document = Document::new(schema).unwrap();
    let mut generator = Generator::new(&document, seed);
    (0..count).map_while(|_| generator.instance()).collect()
}

/// Schemas of each kind that is supported, each with many instances.
fn schemas() -> Vec<Value> {
    let tree = json!({"$ref": "#/$defs/tree", "$defs": {"tree": {
    "type": "object", "required": ["value", "left", "right"],
    "properties": {
        "value": {"type": "integer"},
        "left": {"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "null"}]},
        "right": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/tree"}]},
    }}}});
    let expression = json!({"$ref": "#/$defs/e", "$defs": {"e": {"oneOf": [
        {"type": "object", "properties": {"add": {"type": "array", "items": {"$ref": "#/$defs/e"}, "minItems": 2, "maxItems": 3}},
         "required": ["add"], "additionalProperties": false},
        {"type": "object", "properties": {"lit": {"type": "number"}}, "required": ["lit"], "additionalProperties": false},
    ]}}});
    vec![
        json!({}),
        json!(true),
        json!({"type": ["string", "null"]}),
        json!({"type": "integer", "format": "uint8", "minimum": 0, "maximum": 255}),
        json!({"type": "integer", "exclusiveMinimum": -3, "exclusiveMaximum": 3}),
        json!({"type": "integer", "minimum": 1, "multipleOf": 7}),
        json!({"type": "number", "multipleOf": 0.1, "maximum": 10}),
        json!({"type": "number", "exclusiveMinimum": 0.0, "maximum": 1.0}),
        json!({"allOf": [{"multipleOf": 4}, {"multipleOf": 6}], "type": "integer"}),
        json!({"type": "string", "minLength": 2, "maxLength": 3}),
        json!({"type": "string", "minLength": 5000}),
        json!({"type": "string", "pattern": "^[a-z]{3}-\\d{2,4}$"}),
        json!({"type": "string", "pattern": "^(foo|ba[rz])+$", "minLength": 30}),
        json!({"type": "string", "pattern": "x", "minLength": 20, "maxLength": 21}),
        json!({"allOf": [{"pattern": "^a"}, {"pattern": "^[ab]{4}$"}], "type": "string"}),
        json!({"type": "string", "pattern": "^\\p{L}+\\s\\w$"}),
        json!({"enum": [1, "two", null, {"three": [3]}]}),
        json!({"const": {"a": [1.0]}}),
        json!({"enum": ["a", "b", "c"], "not": {"const": "b"}}),
        json!({"type": "array", "items": {"type": "boolean"}, "minItems": 1, "maxItems": 3}),
        json!({"type": "array", "items": {"enum": [1, 2, 3, 4, 5, 6, 7, 8]}, "minItems": 8, "uniqueItems": true}),
        json!({"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": false, "minItems": 2}),
        json!({"type": "array", "contains": {"const": 7}, "minContains": 2, "maxContains": 3, "items": {"type": "integer"}}),
        json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "required": ["a"],
               "additionalProperties": false}),
        json!({"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 2, "maxProperties": 4}),
        json!({"type": "object", "patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": false,
               "minProperties": 1}),
        json!({"type": "object", "propertyNames": {"pattern": "^[a-z]{2}$"}, "minProperties": 1}),
        json!({"type": "object", "propertyNames": {"enum": ["a", "b", "c"]}, "minProperties": 2}),
        json!({"type": "object", "properties": {"card": {"type": "integer"}, "bill": {"type": "string"}},
               "dependentRequired": {"card": ["bill"]}}),
        json!({"type": "object", "properties": {"a": {}}, "dependentSchemas": {"a": {"required": ["b"],
               "properties": {"b": {"const": 1}}}}}),
        json!({"allOf": [{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
               {"properties": {"b": {"type": "string"}}, "required": ["b"]}], "unevaluatedProperties": false}),
        json!({"if": {"properties": {"kind": {"const": "a"}}}, "then": {"required": ["x"]}, "else": {"required": ["y"]},
               "type": "object", "properties": {"kind": {"enum": ["a", "b"]}}, "required": ["kind"]}),
        json!({"oneOf": [{"type": "object", "properties": {"t": {"const": "a"}}, "required": ["t"]},
               {"type": "object", "properties": {"t": {"const": "b"}, "v": {"type": "number"}}, "required": ["t", "v"]}]}),
        json!({"type": "string", "format": "date-time"}),
        json!({"type": "string", "format": "uuid"}),
        json!({"type": "string", "format": "email", "maxLength": 12}),
        json!({"type": "string", "format": "uri"}),
        json!({"type": "string", "format": "ipv6"}),
        json!({"type": "string", "format": "duration"}),
        json!({"type": "string", "format": "something-else"}),
        tree,
        expression,
    ]
}

#[test]
fn every_instance_is_valid_and_there_are_many() {
    for schema in schemas() {
        let document = Document::new(&schema).unwrap();
        let made = instances(&schema, 7, 60);
        assert_eq!(made.len(), 60, "{schema}");
        for instance in made {
            assert_eq!(document.is_valid(&instance), Some(true), "{schema}: {instance}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_instances_and_another_one_others() {
    for schema in schemas().into_iter().filter(|schema| schema.get("const").is_none()) {
        assert_eq!(instances(&schema, 3, 30), instances(&schema, 3, 30), "{schema}");
        assert_ne!(instances(&schema, 3, 30), instances(&schema, 4, 30), "{schema}");
    }
}

#[test]
fn edges_do_occur() {
    let integers = json!({"type": "integer", "minimum": -5, "maximum": 1000});
    let free = json!({"type": "integer"});
    let numbers = json!({"type": "number"});
    let texts = json!({"type": "string", "maxLength": 40});
    let cases = [
        (&integers, vec![json!(-5), json!(-4), json!(0), json!(999), json!(1000)]),
        (&free, vec![json!(u64::MAX), json!(i64::MIN), json!(i64::MAX), json!((1_i64 << 53) + 1), json!(0)]),
        (&numbers, vec![json!(-0.0), json!(5e-324), json!(f64::MAX), json!(f64::MIN)]),
        (&texts, vec![json!(""), json!("\0"), json!("\u{202e}drawkcab"), json!("__proto__"), json!("\\ud800")]),
    ];
    for (schema, wanted) in cases {
        let made: BTreeSet<String> = instances(schema, 1, 1500).iter().map(Value::to_string).collect();
        for value in wanted {
            assert!(made.contains(&value.to_string()), "{schema} never gives {value}");
        }
    }
    let lengths: BTreeSet<usize> =
        instances(&texts, 1, 400).iter().map(|text| text.as_str().unwrap().chars().count()).collect();
    assert!(lengths.contains(&0) && lengths.contains(&40), "{lengths:?}");
}

#[test]
fn all_alternatives_and_optional_members_occur() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "integer"}, "b": {
        "anyOf": [{"type": "string"}, {"type": "null"}, {"type": "array", "items": {"type": "boolean"}}]}}});
    let made = instances(&schema, 5, 200);
    let with = |test: &dyn Fn(&Value) -> bool| made.iter().any(test);
    assert!(with(&|value| value.as_object().unwrap().is_empty()));
    assert!(with(&|value| value.get("a").is_some() && value.get("b").is_none()));
    assert!(with(&|value| value["b"].is_string()));
    assert!(with(&|value| value.get("b").is_some_and(Value::is_null)));
    assert!(with(&|value| value["b"] == json!([])));
}

#[test]
fn declared_only_gives_no_names_of_its_own() {
    let open = json!({"type": "object", "properties": {"a": {"type": "integer"}}});
    let map = json!({"type": "object", "additionalProperties": true});
    let names = |schema: &Value, declared: bool| -> BTreeSet<String> {
        let document = Document::new(schema).unwrap();
        let generator = Generator::new(&document, 1);
        let mut generator = if declared { generator.declared_only() } else { generator };
        let made: Vec<Value> = (0..200).filter_map(|_| generator.instance()).collect();
        made.iter().flat_map(|value| value.as_object().unwrap().keys().cloned()).collect()
    };
    assert_eq!(names(&open, true), BTreeSet::from(["a".to_owned()]));
    assert!(names(&open, false).len() > 1);
    assert!(names(&map, true).len() > 1, "what a map takes is declared");
}

#[test]
fn where_there_is_nothing_nothing_is_made() {
    let endless = json!({"$ref": "#/$defs/a", "$defs": {"a": {"type": "object", "required": ["a"],
        "properties": {"a": {"$ref": "#/$defs/a"}}}}});
    let circle = json!({"$ref": "#/$defs/a", "$defs": {"a": {"allOf": [{"$ref": "#/$defs/b"}]},
        "b": {"anyOf": [{"$ref": "#/$defs/b"}]}}, "const": 1, "type": "string"});
    let schemas = [
        json!(false),
        json!({"type": "integer", "minimum": 3, "maximum": 2}),
        json!({"type": "string", "minLength": 1_000_000_000}),
        json!({"type": "array", "minItems": 1_000_000_000}),
        json!({"type": "object", "minProperties": 1_000_000_000}),
        json!({"type": "array", "contains": {}, "minContains": 1_000_000_000}),
        json!({"enum": [1], "const": 2}),
        json!({"not": {}}),
        json!({"type": "string", "pattern": "^(a{1000}){1000}$"}),
        endless,
        circle,
    ];
    for schema in schemas {
        assert_eq!(instances(&schema, 1, 1), Vec::<Value>::new(), "{schema}");
    }
}

#[test]
fn hostile_schemas_cost_a_bounded_number_of_steps() {
    // Each level has two of the next: written out, 2^40 nodes.
    let mut levels = serde_json::Map::new();
    for level in 0..40 {
        let next = json!({"$ref": format!("#/$defs/{}", level + 1)});
        let schema = json!({"type": "object", "required": ["l", "r"], "properties": {"l": next, "r": next}});
        levels.insert(level.to_string(), schema);
    }
    levels.insert("40".into(), json!({"type": "null"}));
    let wide = json!({"$ref": "#/$defs/0", "$defs": levels});
    assert_eq!(instances(&wide, 1, 1), Vec::<Value>::new());

    // The same for one value, which the validator would look at as often; and a schema that is its own alternative.
    for keyword in ["allOf", "anyOf", "oneOf"] {
        let mut levels = serde_json::Map::new();
        for level in 0..40 {
            let next = json!({"$ref": format!("#/$defs/{}", level + 1)});
            levels.insert(level.to_string(), json!({keyword: [next, next]}));
        }
        levels.insert("40".into(), json!({"type": "null"}));
        assert_eq!(instances(&json!({"$ref": "#/$defs/0", "$defs": levels}), 1, 1), Vec::<Value>::new());
    }
    assert_eq!(instances(&json!({"anyOf": [{"type": "null"}, {"$ref": "#"}]}), 1, 1), Vec::<Value>::new());

    let many: Vec<Value> = (0..20_000).map(|number| json!({"const": number})).collect();
    assert_eq!(instances(&json!({"oneOf": many}), 1, 5).len(), 5);
    let names: serde_json::Map<String, Value> =
        (0..5_000).map(|number| (format!("p{number}"), json!({"type": "string"}))).collect();
    assert_eq!(instances(&json!({"type": "object", "properties": names}), 1, 5).len(), 5);
}

#[test]
fn shrinking_keeps_what_matters_and_stays_valid() {
    let schema = json!({"type": "object", "required": ["q"], "properties": {
        "q": {"type": "string", "minLength": 2}, "limit": {"type": "integer", "minimum": 1},
        "tags": {"type": "array", "items": {"type": "string"}}, "more": {"type": "object"}}});
    let document = Document::new(&schema).unwrap();
    let found = json!({"q": "hällo\u{0}", "limit": 4096, "tags": ["x", "y", "long text", ""], "more": {"a": [1, 2]}});
    let smallest = shrink(&document, found.clone(), |value| value["limit"].as_i64() > Some(100));
    assert_eq!(smallest, json!({"q": "aa", "limit": 101}));
    let smallest =
        shrink(&document, found.clone(), |value| value["tags"].as_array().is_some_and(|tags| tags.len() > 1));
    assert_eq!(smallest, json!({"q": "aa", "tags": ["", ""]}));
    let mut looked = 0;
    shrink(&document, found, |_| {
        looked += 1;
        false
    });
    assert!((1..2_000).contains(&looked), "{looked}");
}
