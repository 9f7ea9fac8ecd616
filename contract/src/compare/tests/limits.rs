//! Hostile schemas get an answer, and nothing is called compatible because it was not looked at.

use serde_json::{Map, json};

use super::*;
use Direction::{Input, Output};

/// Definitions `0..steps`, each of which has the next one as members `a` and `b`; the last one is `end`.
fn doubling(steps: usize, end: Value) -> Value {
    let mut definitions = Map::new();
    for step in 0..steps {
        let next = json!({"$ref": format!("#/$defs/{}", step + 1)});
        definitions.insert(step.to_string(), json!({"type": "object", "properties": {"a": next, "b": next}}));
    }
    definitions.insert(steps.to_string(), end);
    json!({"$ref": "#/$defs/0", "$defs": definitions})
}

/// Nested objects as the parser still reads them.
fn nested(depth: usize, end: Value) -> Value {
    (0..depth).fold(end, |inner, _| json!({"type": "object", "properties": {"a": inner}}))
}

#[test]
fn definitions_that_double_with_each_step_are_compared_once() {
    let (old, new) = (doubling(60, json!({"type": "string"})), doubling(60, json!({"type": "integer"})));
    let comparison = emitted(&old, &new, Input);
    assert_ne!(comparison.verdict, Verdict::Compatible);
    let found = comparison.findings.iter().filter(|finding| finding.rule == Rule::TypeChanged).count();
    assert_eq!(found, 1);
}

#[test]
fn recursion_of_different_periods_ends() {
    let list = |period: usize, end: Value| {
        let step = |index: usize| {
            let next = json!({"$ref": format!("#/$defs/{}", (index + 1) % period)});
            (index.to_string(), json!({"type": "object", "properties": {"next": next, "v": end}}))
        };
        json!({"$ref": "#/$defs/0", "$defs": (0..period).map(step).collect::<Map<_, _>>()})
    };
    let same = emitted(&list(7, json!({"type": "string"})), &list(11, json!({"type": "string"})), Output);
    assert_ne!(same.verdict, Verdict::Breaking, "{same:#?}");
    let other = emitted(&list(7, json!({"type": "string"})), &list(11, json!({"type": "null"})), Output);
    assert_eq!(other.verdict, Verdict::Breaking, "{other:#?}");
}

#[test]
fn schemas_that_nest_deeply_get_an_answer() {
    for (depth, end) in [(60, json!({"type": "string"})), (200, json!({"type": "string", "default": "x"}))] {
        let comparison = emitted(&nested(depth, end), &nested(depth, json!({"type": "integer"})), Input);
        assert_ne!(comparison.verdict, Verdict::Compatible);
    }
}

#[test]
fn what_lies_beyond_the_limits_is_not_called_compatible() {
    let of = |default: i64| nested(200, json!({"type": "integer", "default": default}));
    let comparison = emitted(&of(1), &of(2), Input);
    assert_eq!(comparison.verdict, Verdict::Unknown, "{comparison:#?}");
    assert!(comparison.reason.unwrap().contains("too deeply"));
}

#[test]
fn many_variants_values_and_members_are_compared() {
    let variant = |index: usize| json!({"type": "object", "properties": {"k": {"const": index}}, "required": ["k"]});
    let variants = |range: std::ops::Range<usize>| json!({"oneOf": range.map(variant).collect::<Vec<_>>()});
    let comparison = emitted(&variants(0..1_000), &variants(1..1_000), Output);
    assert_eq!(impact_of(&comparison, Rule::VariantRemoved), Some(Impact::Minor), "{:?}", comparison.reason);
    let values = |range: std::ops::Range<usize>| json!({"enum": range.collect::<Vec<_>>()});
    let comparison = emitted(&values(0..20_000), &values(1..20_000), Input);
    assert_eq!(impact_of(&comparison, Rule::EnumRemoved), Some(Impact::Major));
    let member = |index: usize| (format!("m{index}"), json!({"type": "string"}));
    let members = |range: std::ops::Range<usize>| json!({"properties": range.map(member).collect::<Map<_, _>>()});
    let comparison = emitted(&members(0..300), &members(0..301), Input);
    assert_eq!(impact_of(&comparison, Rule::PropAddedOptional), Some(Impact::Minor));
}
