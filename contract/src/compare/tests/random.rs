//! Random pairs of schemas: whatever is said about them must agree with a validator.

use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;

/// Values that the small schemas below tell apart.
fn values() -> Vec<Value> {
    let simple =
        [json!(null), json!(true), json!(0), json!(2), json!(2.5), json!(5), json!(""), json!("a"), json!("ab")];
    let mut values = simple.to_vec();
    for one in &simple {
        values.push(json!([one]));
        values.push(json!({"a": one}));
        for other in &simple {
            values.push(json!([one, other]));
            values.push(json!({"a": one, "b": other}));
        }
    }
    values.extend([json!({}), json!([]), json!({"c": 1}), json!({"a": {"a": 0}}), json!({"b": {"a": "ab"}})]);
    values
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({})),
        Just(json!(false)),
        Just(json!({"$ref": "#/$defs/d"})),
        proptest::sample::select(vec!["string", "integer", "number", "null", "boolean"])
            .prop_map(|t| json!({"type": t})),
        (0..4_i64).prop_map(|bound| json!({"type": "integer", "minimum": bound})),
        (0..3_u8).prop_map(|bound| json!({"type": "string", "maxLength": bound})),
        (0..3_i64, any::<bool>()).prop_map(|(value, text)| if text {
            json!({"enum": ["a", value]})
        } else {
            json!({"const": value})
        }),
        Just(json!({"type": "integer", "default": 1})),
        Just(json!({"type": "string", "pattern": "^a"})),
    ]
}

fn schema() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(3, 12, 3, |inner| {
        let rest = prop_oneof![Just(json!(true)), Just(json!(false)), inner.clone()];
        let members = proptest::collection::btree_map("[abc]", inner.clone(), 0..3);
        let required = proptest::collection::btree_set("[ab]", 0..2);
        prop_oneof![
            (members, required, rest).prop_map(|(members, required, rest)| json!({
                "type": "object",
                "properties": members.into_iter().collect::<Map<_, _>>(),
                "required": required,
                "additionalProperties": rest,
            })),
            inner.clone().prop_map(|items| json!({"type": "array", "items": items})),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| json!({"anyOf": [one, other]})),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| json!({"oneOf": [one, other]})),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| json!({"allOf": [one, other]})),
            inner.prop_map(|inner| json!({"not": inner})),
        ]
    })
}

/// A whole schema, whose definition `d` may be looked up from anywhere.
fn document() -> impl Strategy<Value = Value> {
    (schema(), leaf().prop_filter("a loop", |leaf| leaf.get("$ref").is_none()))
        .prop_map(|(schema, definition)| json!({"allOf": [schema], "$defs": {"d": definition}}))
}

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::Input), Just(Direction::Output)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn no_validator_contradicts_a_verdict(old in document(), new in document(), direction in direction()) {
        checked(&old, &new, direction, Mode::Emitted);
        let strict = checked(&old, &new, direction, Mode::Strict);
        let (sub, sup) = if direction == Direction::Input { (&old, &new) } else { (&new, &old) };
        let (sub, sup) = (Document::new(sub).unwrap(), Document::new(sup).unwrap());
        let contradiction = values()
            .into_iter()
            .find(|value| sub.is_valid(value) == Some(true) && sup.is_valid(value) == Some(false));
        if let Some(value) = contradiction {
            prop_assert_ne!(strict.verdict, Verdict::Compatible, "{} is in {} and not in {}", value, sub.root(), sup.root());
        }
    }

    #[test]
    fn a_schema_is_compatible_with_itself_in_other_words(schema in schema(), direction in direction()) {
        let inline = json!({"type": "object", "properties": {"x": schema}, "$defs": {"d": {"type": "string"}}});
        let moved = json!({
            "type": "object", "properties": {"x": {"$ref": "#/$defs/moved"}},
            "$defs": {"d": {"type": "string"}, "moved": schema},
        });
        for mode in [Mode::Emitted, Mode::Strict] {
            let comparison = checked(&inline, &moved, direction, mode);
            prop_assert!(comparison.verdict != Verdict::Breaking, "{:#?}", comparison);
            let graver = comparison.findings.iter().any(|finding| finding.impact == Impact::Minor);
            prop_assert!(comparison.verdict == Verdict::Unknown || !graver, "{:#?}", comparison);
        }
    }
}
