//! Pairs with known answers, and the properties that no pair may break.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Inclusion, Prover, Side};
use crate::Document;

/// What is expected of a pair.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Answer {
    Yes,
    No,
    Unknown,
}
use Answer::{No, Unknown, Yes};

fn decide(sub: &Value, sup: &Value, declared_only: bool) -> Inclusion {
    let (first, second) = (Document::new(sub).unwrap(), Document::new(sup).unwrap());
    let side = |document, declared_only| Side { document, pointer: "", declared_only };
    Prover::new(&first, &second).included(side(&first, declared_only), side(&second, false))
}

fn check(cases: Vec<(Value, Value, Answer)>, declared_only: bool) {
    for (sub, sup, expected) in cases {
        let found = decide(&sub, &sup, declared_only);
        let answer = match &found {
            Inclusion::Holds => Yes,
            Inclusion::Fails(_) => No,
            Inclusion::Undecided(_) => Unknown,
        };
        assert_eq!(answer, expected, "{sub} in {sup}: {found:?}");
    }
}

fn draft(number: &str, mut schema: Value) -> Value {
    schema["$schema"] = format!("http://json-schema.org/draft-{number}/schema#").into();
    schema
}

#[test]
fn numbers() {
    check(
        vec![
            (json!({"type": "integer"}), json!({"type": "number"}), Yes),
            (json!({"type": "number"}), json!({"type": "integer"}), No),
            (json!({"type": "integer", "minimum": 1}), json!({"exclusiveMinimum": 0}), Yes),
            (json!({"type": "number", "minimum": 1}), json!({"exclusiveMinimum": 1}), No),
            (json!({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 1}), json!(false), Yes),
            (json!({"multipleOf": 6}), json!({"multipleOf": 4}), No),
            (json!({"multipleOf": 0.01}), json!({"multipleOf": 0.1}), No),
            (json!({"type": "number", "multipleOf": 0.5}), json!({"multipleOf": 0.25}), Yes),
            (json!({"type": "integer"}), json!({"anyOf": [{"maximum": 5}, {"minimum": 6}]}), Yes),
            (json!({"type": "number"}), json!({"anyOf": [{"maximum": 5}, {"minimum": 6}]}), No),
            (json!({"minimum": 9_007_199_254_740_993_u64}), json!({"minimum": 9_007_199_254_740_992_u64}), Yes),
            (json!({"minimum": 9_007_199_254_740_992_u64}), json!({"minimum": 9_007_199_254_740_993_u64}), No),
            (json!({"const": 1}), json!({"const": 1.0}), Yes),
            (json!({"type": "number"}), json!({"type": "integer", "minimum": i64::MIN, "maximum": i64::MAX}), No),
        ],
        false,
    );
}

#[test]
fn texts() {
    check(
        vec![
            (json!({"type": "string", "pattern": "^[a-c]{2}$"}), json!({"maxLength": 2}), Yes),
            (json!({"type": "string", "pattern": "^[a-c]+$"}), json!({"maxLength": 2}), No),
            (json!({"pattern": "^(a|b)*$"}), json!({"pattern": "^[ab]*$"}), Yes),
            (json!({"type": "string"}), json!({"pattern": "^(?!x)"}), No),
            (json!({"pattern": "a"}), json!({"pattern": "^a"}), No),
            (json!({"enum": ["ab", "b"]}), json!({"pattern": "b$"}), Yes),
            (json!({"type": "string", "format": "uuid"}), json!({"minLength": 36, "maxLength": 36}), Yes),
            (json!({"type": "string", "pattern": "^\\d{4}-\\d\\d-\\d\\d$"}), json!({"format": "date"}), No),
            (json!({"type": "string", "format": "date"}), json!({"pattern": "^[0-9-]*$"}), Yes),
            (json!({"format": "uri"}), json!({"format": "uri-reference"}), Yes),
            (json!({"format": "idn-email", "type": "string"}), json!({"format": "idn-email"}), Yes),
            (json!({"const": "no"}), json!({"format": "idn-email"}), Unknown),
            // A format of somebody's own is implied by itself only.
            (json!({"type": "string", "format": "phone"}), json!({"format": "phone"}), Yes),
            (json!({"type": "string", "format": "phone"}), json!({"format": "currency"}), Unknown),
            (json!({"type": "string", "format": "phone", "maxLength": 3}), json!({"maxLength": 2}), No),
            (json!({"type": "integer", "format": "int32"}), json!({"type": "integer"}), Yes),
            // An emoji is one character.
            (json!({"const": "😀"}), json!({"maxLength": 1}), Yes),
            (json!({"type": "string", "minLength": 1, "maxLength": 1}), json!({"pattern": "^[\\s\\S]$"}), Yes),
        ],
        false,
    );
}

#[test]
fn objects() {
    check(
        vec![
            (json!({"required": ["a"], "type": "object"}), json!({"minProperties": 1}), Yes),
            // The shortest name that fits is the one that is lacking.
            (
                json!({"type": "object", "minProperties": 1, "propertyNames": {"pattern": "^a"}}),
                json!({"required": ["a"]}),
                No,
            ),
            (json!({"properties": {"a": {"type": "integer"}}}), json!({"properties": {"a": {"type": "number"}}}), Yes),
            (
                json!({"additionalProperties": {"type": "integer"}}),
                json!({"properties": {"a": {"type": "number"}}}),
                Yes,
            ),
            (
                json!({"patternProperties": {"^a": {"type": "integer"}}}),
                json!({"properties": {"ab": {"minimum": 0}}}),
                No,
            ),
            (
                json!({"type": "object", "additionalProperties": false, "properties": {"a": {}}}),
                json!({"maxProperties": 1}),
                Yes,
            ),
            (
                json!({"unevaluatedProperties": false, "patternProperties": {"^x": {}}}),
                json!({"unevaluatedProperties": false}),
                No,
            ),
            (
                json!({"unevaluatedProperties": false, "allOf": [{"unevaluatedProperties": true}]}),
                json!({"maxProperties": 0}),
                No,
            ),
            (
                json!({"dependentRequired": {"a": ["b"]}, "required": ["a"], "type": "object"}),
                json!({"required": ["b"]}),
                Yes,
            ),
            (
                json!({"allOf": [{"properties": {"a": {}}}], "unevaluatedProperties": false}),
                json!({"propertyNames": {"const": "a"}}),
                Yes,
            ),
            (json!({"type": "object", "properties": {"a": false}}), json!({"not": {"required": ["a"]}}), Yes),
            (json!({"type": "object"}), json!({"const": {}}), No),
        ],
        false,
    );
}

#[test]
fn lists() {
    check(
        vec![
            (json!({"items": {"type": "integer"}}), json!({"items": {"type": "number"}}), Yes),
            (json!({"type": "array", "prefixItems": [{"const": 1}], "items": false}), json!({"enum": [[], [1]]}), Yes),
            (json!({"type": "array", "items": false}), json!({"const": []}), Yes),
            (
                json!({"contains": {"const": 1}, "minContains": 2, "type": "array"}),
                json!({"contains": {"const": 1}}),
                Yes,
            ),
            (json!({"contains": {"const": 1}, "type": "array"}), json!({"minItems": 1}), Yes),
            (
                json!({"type": "array", "items": {"type": "null"}}),
                json!({"items": {"type": "null"}, "unevaluatedItems": false}),
                Yes,
            ),
            (json!({"uniqueItems": true, "items": {"enum": [1, 2]}, "type": "array"}), json!({"maxItems": 2}), Yes),
            (json!({"items": {"enum": [1, 2]}, "type": "array"}), json!({"uniqueItems": true}), No),
            (json!({"maxItems": 1, "type": "array"}), json!({"uniqueItems": true}), Yes),
            (json!({"type": "array", "contains": {"minimum": 5}, "maxContains": 1}), json!({"maxItems": 1}), No),
        ],
        false,
    );
}

/// A union of many variants, whose bounds are moved.
fn tagged_by(count: i32, moved: i32) -> Value {
    let variant = |at| {
        let members = json!({"tag": {"const": format!("v{at}")}, "value": {"type": "integer", "minimum": at - moved}});
        json!({"type": "object", "required": ["tag", "value"], "properties": members})
    };
    json!({"oneOf": (0..count).map(variant).collect::<Vec<_>>()})
}

#[test]
fn combinations_and_references() {
    let tree =
        json!({"$defs": {"t": {"type": "object", "properties": {"n": {"$ref": "#/$defs/t"}}}}, "$ref": "#/$defs/t"});
    let other = json!({"type": "object", "properties": {"n": {"$ref": "#"}}});
    let endless = json!({"type": "object", "required": ["n"], "properties": {"n": {"$ref": "#"}}});
    let tagged = |tags: &[&str]| {
        let variant = |tag: &&str| json!({"type": "object", "required": ["t", "v"], "properties": {"t": {"const": tag}, "v": {"type": "string"}}});
        json!({"oneOf": tags.iter().map(variant).collect::<Vec<_>>()})
    };
    check(
        vec![
            (tree.clone(), other.clone(), Yes),
            (other, tree, Yes),
            // Values are finite, so this has none.
            (endless, json!(false), Yes),
            (tagged(&["a", "b"]), tagged(&["c", "b", "a"]), Yes),
            (tagged(&["a", "b"]), tagged(&["a"]), No),
            (
                json!({"oneOf": [{"minimum": 2}, {"type": "integer"}]}),
                json!({"not": {"minimum": 2, "type": "integer"}}),
                Yes,
            ),
            (json!({"not": {"anyOf": [{"type": "string"}, {"minimum": 3}]}}), json!({"not": {"minimum": 3}}), Yes),
            (
                json!({"if": {"minimum": 0}, "then": {"maximum": 9}, "else": {"minimum": -9}}),
                json!({"minimum": -9, "maximum": 9}),
                Yes,
            ),
            (json!({"type": ["string", "null"]}), json!({"anyOf": [{"type": "null"}, {"type": "string"}]}), Yes),
            (tagged_by(60, 0), tagged_by(60, 1), Yes),
            (tagged_by(60, 1), tagged_by(60, 0), No),
            (json!({"$ref": "#"}), json!({"type": "object"}), Unknown),
            (json!({"$ref": "https://example.org/other"}), json!({"type": "object"}), Unknown),
            (json!({"$ref": "https://example.org/other", "type": "integer"}), json!({"type": "number"}), Yes),
        ],
        false,
    );
}

#[test]
fn keywords_mean_what_their_dialect_says() {
    check(
        vec![
            (draft("04", json!({"const": 2})), draft("04", json!({"maximum": 3})), No),
            (draft("06", json!({"const": 2})), draft("06", json!({"maximum": 3})), Yes),
            (
                draft("04", json!({"minimum": 1, "exclusiveMinimum": true})),
                draft("07", json!({"exclusiveMinimum": 1})),
                Yes,
            ),
            (
                draft("07", json!({"items": [{"type": "string"}], "additionalItems": false})),
                json!({"maxItems": 1}),
                Yes,
            ),
            (
                draft(
                    "07",
                    json!({"$ref": "#/definitions/a", "maximum": 3, "definitions": {"a": {"type": "integer"}}}),
                ),
                json!({"maximum": 3}),
                No,
            ),
        ],
        false,
    );
}

#[test]
fn undeclared_members_are_not_emitted() {
    let one = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let two = json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}});
    let map =
        json!({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "string"}});
    check(vec![(one.clone(), two.clone(), No)], false);
    check(
        vec![
            (one.clone(), two.clone(), Yes),
            (two, one, Yes),
            (map.clone(), json!({"properties": {"b": {"type": "integer"}}}), No),
            // What must be there is emitted, whether it is declared or not.
            (
                json!({"properties": {"a": {"type": "string"}}, "required": ["k"], "type": "object"}),
                json!({"properties": {"a": {"type": "integer"}}, "required": ["k"], "type": "object"}),
                No,
            ),
            // Without any declared member the object is free.
            (json!({"type": "object"}), json!({"properties": {"b": {"type": "integer"}}}), No),
        ],
        true,
    );
}

#[test]
fn hostile_pairs_come_to_an_end() {
    let mut deep = json!({"type": "string"});
    for _ in 0..100 {
        deep = json!({"anyOf": [{"properties": {"a": deep.clone()}}, {"not": {"items": deep}}]});
        if deep.to_string().len() > 100_000 {
            break;
        }
    }
    let product: Vec<Value> = (0..60)
        .map(|at| json!({"anyOf": [{"required": [format!("a{at}")]}, {"required": [format!("b{at}")]}]}))
        .collect();
    let chain = |length: usize| {
        let name = |at: usize| format!("d{at}");
        let link = |at: usize| (name(at), json!({"$ref": format!("#/$defs/d{}", at + 1)}));
        let mut defs: serde_json::Map<_, _> = (0..length).map(link).collect();
        defs.insert(name(length), json!({"type": "integer"}));
        json!({"$ref": "#/$defs/d0", "$defs": defs})
    };
    let doubled = json!({"allOf": [{"$ref": "#/$defs/a"}], "$defs": (0..60).map(|at| {
        let next = json!({"$ref": format!("#/$defs/{}", char::from(b'a' + (at + 1).min(25)))});
        (char::from(b'a' + at.min(25)).to_string(), if at < 25 { json!({"anyOf": [next.clone(), next]}) } else { json!({"type": "null"}) })
    }).collect::<serde_json::Map<_, _>>()});
    for (sub, sup) in [
        (deep.clone(), deep),
        (json!({"allOf": product.clone()}), json!({"not": {"allOf": product}})),
        (chain(3_000), chain(2_000)),
        (doubled.clone(), json!({"not": doubled})),
        (json!({"pattern": "^(a+)+$"}), json!({"pattern": "^(a|aa)+$"})),
        (json!({"pattern": "((a{1000}){1000}){1000}"}), json!({"pattern": "b"})),
        (json!({"minItems": 1_000_000_000}), json!({"minItems": 1_000_000_001})),
        (json!({"multipleOf": 1e-300}), json!({"multipleOf": 1e300})),
        (json!({"not": {"$ref": "#"}}), json!({"$ref": "#/not", "not": {"$ref": "#"}})),
    ] {
        let _ = decide(&sub, &sup, false);
    }
}

/// Small schemas of all keywords, so that two of them often have something to do with each other.
fn schemas() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec!["a", "b", "ab"]);
    let leaf = prop_oneof![
        Just(json!(true)),
        Just(json!(false)),
        prop::sample::select(vec!["null", "boolean", "integer", "number", "string", "array", "object"])
            .prop_map(|kind| json!({"type": kind})),
        (-3..4).prop_map(|value| json!({"minimum": value})),
        (-3..4).prop_map(|value| json!({"exclusiveMaximum": value})),
        (1..5).prop_map(|value| json!({"multipleOf": value})),
        (0..3).prop_map(|value| json!({"minLength": value})),
        (0..3).prop_map(|value| json!({"maxLength": value})),
        prop::sample::select(vec!["^a", "b$", "^[ab]*$", "^.$"]).prop_map(|pattern| json!({"pattern": pattern})),
        (0..3).prop_map(|value| json!({"maxItems": value})),
        (0..3).prop_map(|value| json!({"minItems": value})),
        Just(json!({"uniqueItems": true})),
        (0..3).prop_map(|value| json!({"maxProperties": value})),
        (0..3).prop_map(|value| json!({"minProperties": value})),
        name.clone().prop_map(|name| json!({"required": [name]})),
        (name.clone(), name.clone()).prop_map(|(one, other)| json!({"dependentRequired": {one: [other]}})),
        prop::sample::subsequence(vec![json!(null), json!(0), json!(1), json!("a"), json!([0]), json!({"a": 1})], 1..4)
            .prop_map(|values| json!({"enum": values})),
    ];
    leaf.prop_recursive(3, 24, 3, move |inner| {
        let list = prop::collection::vec(inner.clone(), 1..4);
        let merged = prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| {
            let parts = parts.into_iter().filter_map(|part| part.as_object().cloned());
            Value::Object(parts.flatten().collect())
        });
        let pattern = prop::sample::select(vec!["^a", "b", "^.$"]);
        prop_oneof![
            merged,
            (name.clone(), inner.clone()).prop_map(|(name, schema)| json!({"properties": {name: schema}})),
            (name.clone(), inner.clone(), inner.clone())
                .prop_map(|(name, one, rest)| json!({"properties": {name: one}, "additionalProperties": rest})),
            (pattern, inner.clone(), inner.clone()).prop_map(
                |(pattern, one, rest)| json!({"patternProperties": {pattern: one}, "unevaluatedProperties": rest})
            ),
            inner.clone().prop_map(|schema| json!({"propertyNames": schema})),
            (name.clone(), inner.clone()).prop_map(|(name, schema)| json!({"dependentSchemas": {name: schema}})),
            inner.clone().prop_map(|schema| json!({"items": schema})),
            (list.clone(), inner.clone()).prop_map(|(prefix, rest)| json!({"prefixItems": prefix, "items": rest})),
            (inner.clone(), 0..3, 0..3).prop_map(
                |(schema, least, most)| json!({"contains": schema, "minContains": least, "maxContains": most})
            ),
            list.clone().prop_map(|list| json!({"allOf": list})),
            list.clone().prop_map(|list| json!({"anyOf": list})),
            list.prop_map(|list| json!({"oneOf": list})),
            inner.clone().prop_map(|schema| json!({"not": schema})),
            (inner.clone(), inner.clone(), inner)
                .prop_map(|(test, then, otherwise)| json!({"if": test, "then": then, "else": otherwise})),
        ]
    })
}

/// Values that small schemas tell apart.
fn values() -> Vec<Value> {
    let scalars = [
        json!(null),
        json!(true),
        json!(-1),
        json!(0),
        json!(1),
        json!(2.5),
        json!(4),
        json!(""),
        json!("a"),
        json!("ab"),
    ];
    let mut values: Vec<Value> = scalars.to_vec();
    values.extend([json!([]), json!({})]);
    for one in &scalars {
        values.push(json!([one]));
        values.push(json!({"a": one}));
        values.push(json!({"b": one, "c": 1}));
        values.push(json!([one, one]));
        values.push(json!([one, 0, "b"]));
        values.push(json!({"a": one, "b": one, "ab": {"a": one}}));
    }
    values
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn what_is_proved_no_value_refutes(sub in schemas(), sup in schemas()) {
        let (first, second) = (Document::new(&sub).unwrap(), Document::new(&sup).unwrap());
        if decide(&sub, &sup, false) == Inclusion::Holds {
            for value in values() {
                prop_assert!(first.is_valid(&value) != Some(true) || second.is_valid(&value) != Some(false), "{value}");
            }
        }
    }

    #[test]
    fn every_schema_includes_itself_however_it_is_written(schema in schemas()) {
        for other in [
            json!({"allOf": [schema]}),
            json!({"not": {"not": schema}}),
            json!({"anyOf": [{"type": "string"}, schema]}),
            json!({"$ref": "#/$defs/s", "$defs": {"s": schema}}),
        ] {
            prop_assert!(!matches!(decide(&schema, &other, false), Inclusion::Fails(_)));
        }
    }

    #[test]
    fn a_schema_and_its_opposite_have_nothing_in_common(schema in schemas()) {
        let document = Document::new(&schema).unwrap();
        let opposite = Document::new(&json!({"not": schema})).unwrap();
        let sides = [&document, &opposite].map(|document| Side { document, pointer: "", declared_only: false });
        prop_assert!(!matches!(Prover::new(&document, &opposite).instance(&sides, &[]), Ok(Some(_))));
    }
}
