//! The verdict is about values and what they mean, not about how a schema is written.

use serde_json::json;

use super::{cases::object, *};
use Direction::{Input, Output};

/// Pairs that allow the same values with the same meaning.
fn refactorings() -> Vec<(&'static str, Value, Value)> {
    let note = json!({"type": "object", "properties": {"t": {"type": "string", "default": "x"}}});
    let member = |schema: Value| json!({"type": "object", "properties": {"a": schema}});
    let with = |schema: Value, keyword: &str, value: Value| {
        let mut schema = schema;
        schema[keyword] = value;
        schema
    };
    let defined = |keyword: &str, name: &str, schema: &Value| {
        with(member(json!({"$ref": format!("#/{keyword}/{name}")})), keyword, json!({name: schema}))
    };
    let list = |node: &str| {
        let next = json!({"$ref": format!("#/$defs/{node}")});
        let schema =
            json!({"type": "object", "properties": {"next": next, "v": {"type": "integer"}}, "required": ["v"]});
        defined("$defs", node, &schema)
    };
    vec![
        ("a subschema moved into a definition", member(note.clone()), defined("$defs", "N", &note)),
        ("a definition with another name", defined("$defs", "N", &note), defined("$defs", "M", &note)),
        ("definitions under the older keyword", defined("definitions", "N", &note), defined("$defs", "N", &note)),
        ("a recursive definition with another name", list("A"), list("B")),
        (
            "a reference wrapped in an allOf",
            defined("$defs", "N", &note),
            with(member(json!({"allOf": [{"$ref": "#/$defs/N"}]})), "$defs", json!({"N": note})),
        ),
        (
            "properties moved into an allOf",
            object(json!({"a": {"type": "string"}, "b": {"type": "integer", "default": 1}}), json!(["a"])),
            json!({
                "type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"],
                "allOf": [{"properties": {"b": {"type": "integer", "default": 1}}}],
            }),
        ),
        (
            "null as a type and as a variant",
            member(json!({"type": ["string", "null"]})),
            member(json!({"anyOf": [{"type": "string"}, {"type": "null"}]})),
        ),
        (
            "an enumeration and a union of constants",
            member(json!({"enum": ["x", "y"]})),
            member(json!({"oneOf": [{"const": "x"}, {"const": "y"}]})),
        ),
        ("a constant and an enumeration of one", member(json!({"const": 1})), member(json!({"enum": [1]}))),
        (
            "variants in another order",
            member(json!({"anyOf": [{"type": "string"}, {"type": "integer"}]})),
            member(json!({"anyOf": [{"type": "integer"}, {"type": "string"}]})),
        ),
        (
            "an integer above zero",
            member(json!({"type": "integer", "minimum": 1})),
            member(json!({"type": "integer", "exclusiveMinimum": 0})),
        ),
        (
            "a pattern in other words",
            member(json!({"type": "string", "pattern": "^aa*$"})),
            member(json!({"type": "string", "pattern": "^a+$"})),
        ),
        (
            "nothing about other members",
            member(json!({})),
            with(member(json!(true)), "additionalProperties", json!(true)),
        ),
        (
            "a requirement that another one implies",
            member(json!({"type": "string", "minLength": 2})),
            member(json!({"type": "string", "minLength": 2, "allOf": [{"minLength": 1}]})),
        ),
        (
            "variants that share a member said once",
            json!({"oneOf": [
                {"type": "object", "properties": {"k": {"const": "a"}, "s": {"type": "string"}}, "required": ["k"]},
                {"type": "object", "properties": {"k": {"const": "b"}, "s": {"type": "string"}}, "required": ["k"]},
            ]}),
            json!({
                "type": "object", "properties": {"s": {"type": "string"}},
                "oneOf": [
                    {"properties": {"k": {"const": "a"}}, "required": ["k"]},
                    {"properties": {"k": {"const": "b"}}, "required": ["k"]},
                ],
            }),
        ),
    ]
}

#[test]
fn refactorings_that_keep_the_meaning_are_no_alarm() {
    let mut alarms = Vec::new();
    for (what, one, other) in refactorings() {
        for (old, new) in [(&one, &other), (&other, &one)] {
            for (direction, mode) in
                [(Input, Mode::Emitted), (Output, Mode::Emitted), (Input, Mode::Strict), (Output, Mode::Strict)]
            {
                let comparison = checked(old, new, direction, mode);
                if comparison.bump().unwrap_or(Impact::Patch) > Impact::Patch {
                    alarms.push(format!("{what} {direction:?} {mode:?}\n{old}\n{new}\n{comparison:#?}"));
                }
            }
        }
    }
    assert!(alarms.is_empty(), "{}", alarms.join("\n"));
}

/// Old and new, direction, the rule to blame, and where; the rest of what changed is to be left alone.
#[test]
fn each_break_is_blamed_on_its_own_place_with_its_own_witness() {
    let text = json!({"type": "string"});
    let bounded = json!({"type": "string", "maxLength": 3});
    let variant = |kind: &str, x: &Value| object(json!({"kind": {"const": kind}, "x": x}), json!(["kind", "x"]));
    let table = [
        (
            object(json!({"a": text, "b": text, "c": {"enum": [1, 2]}}), json!([])),
            object(json!({"a": bounded, "b": text, "c": {"enum": [1, 2, 3]}}), json!(["b"])),
            Input,
            vec![("bound-tightened", "/properties/a/maxLength"), ("required-added", "/required")],
        ),
        (
            object(json!({"in": object(json!({"list": {"type": "array", "items": text}}), json!([]))}), json!([])),
            object(
                json!({"in": object(json!({"list": {"type": "array", "items": bounded}}), json!([])), "x": text}),
                json!(["x"]),
            ),
            Input,
            vec![
                ("prop-added-required", "/properties/x"),
                ("bound-tightened", "/properties/in/properties/list/items/maxLength"),
            ],
        ),
        (
            object(
                json!({"v": {"oneOf": [variant("a", &text), variant("b", &bounded)]}, "n": {"const": 1}}),
                json!([]),
            ),
            object(json!({"v": {"oneOf": [variant("a", &text), variant("b", &text)]}, "n": {"const": 2}}), json!([])),
            Output,
            vec![
                ("bound-relaxed", "/properties/v/oneOf/1/properties/x/maxLength"),
                ("const-changed", "/properties/n/const"),
            ],
        ),
        (
            object(json!({"m": {"type": "object", "additionalProperties": text}, "n": text}), json!([])),
            object(json!({"m": {"type": "object", "additionalProperties": bounded}, "n": {"type": "null"}}), json!([])),
            Input,
            vec![
                ("bound-tightened", "/properties/m/additionalProperties/maxLength"),
                ("type-changed", "/properties/n/type"),
            ],
        ),
        // The lost value was never valid, so only the other change is to blame.
        (
            object(json!({"a": {"enum": ["x", "long"], "maxLength": 3}, "b": text}), json!([])),
            object(json!({"a": {"enum": ["x"], "maxLength": 3}, "b": text}), json!(["b"])),
            Input,
            vec![("required-added", "/required")],
        ),
    ];
    for (old, new, direction, mut expected) in table {
        let comparison = emitted(&old, &new, direction);
        let majors = comparison.findings.iter().filter(|finding| finding.impact == Impact::Major);
        let mut found: Vec<(&str, &str)> =
            majors.clone().map(|finding| (finding.rule.id(), finding.pointer.as_str())).collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{comparison:#?}");
        let mut witnesses: Vec<String> =
            majors.map(|finding| finding.witness.as_ref().unwrap().shows.clone()).collect();
        witnesses.sort();
        witnesses.dedup();
        assert_eq!(witnesses.len(), expected.len(), "witnesses of their own\n{comparison:#?}");
    }
}

#[test]
fn what_is_dropped_in_silence_is_shown_by_an_instance_that_stays_valid() {
    let old = object(json!({"q": {"type": "string"}, "n": {"type": "integer"}}), json!(["n"]));
    let new = object(json!({"n": {"type": "integer"}}), json!(["n"]));
    let comparison = emitted(&old, &new, Input);
    let finding = &comparison.findings[0];
    assert_eq!((comparison.verdict, finding.rule), (Verdict::Breaking, Rule::PropRemovedIgnored));
    let witness = finding.witness.clone().unwrap();
    assert!(witness.instance.get("q").is_some(), "{witness:?}");
    assert!(witness.shows.contains("`q`"), "{witness:?}");
    assert_eq!(checked(&old, &new, Input, Mode::Strict).verdict, Verdict::Compatible);
}

#[test]
fn a_changed_default_is_shown_by_an_instance_without_the_member() {
    let of = |default: i64, required: Value| object(json!({"n": {"type": "integer", "default": default}}), required);
    let comparison = emitted(&of(10, json!([])), &of(20, json!([])), Input);
    let witness = comparison.findings[0].witness.clone().unwrap();
    assert_eq!(witness.instance, json!({}));
    assert_eq!(witness.shows, "without `n` it meant 10 and now means 20");
    // Who had to send it never met the default.
    let required = emitted(&of(10, json!(["n"])), &of(20, json!(["n"])), Input);
    assert_eq!(required.verdict, Verdict::Compatible);
}

#[test]
fn a_property_that_could_never_be_sent_was_not_removed() {
    let old = object(json!({"a": {"allOf": [{"type": "string"}, {"type": "null"}]}}), json!([]));
    assert_eq!(emitted(&old, &object(json!({}), json!([])), Input).verdict, Verdict::Compatible);
    let old = object(json!({"a": false}), json!([]));
    assert_eq!(emitted(&old, &object(json!({}), json!([])), Input).verdict, Verdict::Compatible);
}

#[test]
fn what_breaks_names_the_way_out() {
    let text = json!({"type": "string", "description": "words"});
    let of = |name: &str, schema: Value| object(json!({name: schema}), json!([name]));
    let choice = |values: Value| of("s", json!({"enum": values}));
    let tagged = |value: &str| json!({"oneOf": [of("k", json!({"const": value})), of("k", json!({"const": "z"}))]});
    let open = |names: Value| object(names, json!([]));
    let history = |operations: &str| format!("declare the shim: `history(\"1\" => {{ {operations} }})`");
    let table = [
        (of("q", text.clone()), of("query", text.clone()), Input, history("input = [rename(q => query)]")),
        (of("q", text.clone()), of("query", text.clone()), Output, history("output = [rename(q => query)]")),
        (
            open(json!({})),
            of("q", text.clone()),
            Input,
            "give it a default: `#[arg(default = ..)]`, or raise the major and add `default(q = ..)` to the shim"
                .into(),
        ),
        (open(json!({"q": text})), open(json!({})), Input, history("input = [drop(q)]")),
        (of("q", text.clone()), open(json!({})), Output, history("output = [default(q = ..)]")),
        (choice(json!(["a", "b"])), choice(json!(["a"])), Input, history("input = [map_enum(s: b => ..)]")),
        (choice(json!(["a"])), choice(json!(["a", "b"])), Output, history("output = [map_enum(s: .. => b)]")),
        (tagged("a"), tagged("b"), Input, history("input = [map_enum(k: a => b)]")),
        (
            open(json!({"n": {"type": "integer", "default": 1}})),
            open(json!({"n": {"type": "integer", "default": 2}})),
            Input,
            history("input = [default(n = 1)]"),
        ),
    ];
    for (old, new, direction, way) in table {
        let comparison = emitted(&old, &new, direction);
        let finding = &comparison.findings[0];
        let fix = finding.fix.as_deref().unwrap_or_default();
        assert!(fix.ends_with(&way), "{}: {fix}\nnot {way}", finding.rule);
        assert!(finding.witness.is_some(), "{finding:#?}");
    }
}

#[test]
fn what_the_prover_can_not_decide_is_unknown_with_the_reason() {
    let of = |pattern: &str| object(json!({"a": {"type": "string", "pattern": pattern}}), json!([]));
    // A back reference is beyond regular languages.
    let comparison = emitted(&of("^(a+)b\\1$"), &of("^(a*)b\\1c?$"), Input);
    assert_eq!(comparison.verdict, Verdict::Unknown, "{comparison:#?}");
    assert_eq!(impact_of(&comparison, Rule::PatternChanged), Some(Impact::Unknown));
    assert!(comparison.reason.is_some());
}

#[test]
fn what_is_written_alike_is_compatible_whatever_it_is() {
    let odd = json!({"$dynamicRef": "#x", "pattern": "^(a)\\1$", "title": "one"});
    let mut other = odd.clone();
    other["title"] = json!("two");
    for mode in [Mode::Emitted, Mode::Strict] {
        assert_eq!(checked(&odd, &odd, Input, mode).verdict, Verdict::Compatible);
        assert_eq!(checked(&odd, &other, Output, mode).verdict, Verdict::Compatible);
    }
}

#[test]
fn an_enumeration_in_another_order_shifts_a_model_only() {
    let of = |values: Value| object(json!({"a": {"enum": values}}), json!([]));
    let comparison = emitted(&of(json!(["x", "y"])), &of(json!(["y", "x"])), Input);
    assert_eq!((comparison.bump(), comparison.shifts_model()), (Some(Impact::Patch), true));
}

#[test]
fn a_member_that_vanishes_where_places_cannot_be_paired_is_never_called_compatible() {
    let (a, ab) = (json!({"a": {"type": "string"}}), json!({"a": {"type": "string"}, "b": {"type": "integer"}}));
    let of = |members: &Value| json!({"type": "object", "properties": members});
    let cases = [
        (
            json!({"type": "object", "properties": a, "anyOf": [{"properties": {"b": {"type": "integer"}}}, {"properties": {"c": {}}}]}),
            of(&a),
        ),
        (
            json!({"anyOf": [{"anyOf": [of(&ab), {"type": "null"}]}, {"type": "null"}]}),
            json!({"anyOf": [of(&a), {"type": "null"}]}),
        ),
        (json!({"additionalProperties": of(&ab)}), json!({"patternProperties": {".*": of(&a)}})),
        (json!({"items": of(&ab)}), json!({"prefixItems": [of(&a)], "items": of(&a)})),
        (json!({"not": {"not": of(&ab)}}), of(&a)),
    ];
    for (old, new) in cases {
        for direction in [Direction::Input, Direction::Output] {
            // A result with a variant less has its members less, too; which variant it was can't be told here.
            let a_variant_less = old.get("anyOf").is_some() && new.get("anyOf").is_some();
            if direction == Direction::Output && a_variant_less {
                continue;
            }
            let comparison = compare(&old, &new, direction, Mode::Emitted).unwrap();
            assert_ne!(comparison.verdict, Verdict::Compatible, "{direction:?} {old} => {new}");
            let back = compare(&new, &new, direction, Mode::Emitted).unwrap();
            assert_eq!(back.verdict, Verdict::Compatible);
        }
    }
}

#[test]
fn what_a_reference_finds_among_annotations_counts() {
    let schema = |kind: &str| json!({"$ref": "#/x-defs/A", "x-defs": {"A": {"type": kind}}});
    for (direction, mode) in [(Direction::Input, Mode::Strict), (Direction::Output, Mode::Emitted)] {
        let comparison = compare(&schema("string"), &schema("integer"), direction, mode).unwrap();
        assert_eq!(comparison.verdict, Verdict::Breaking);
    }
}

#[test]
fn a_refactoring_together_with_new_words_is_a_refactoring() {
    let old = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let new = json!({
        "title": "T", "type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"type": "string"}},
    });
    let comparison = compare(&old, &new, Direction::Input, Mode::Emitted).unwrap();
    assert_eq!(comparison.bump(), Some(Impact::Patch), "{:?}", comparison.findings);
}
