use serde_json::{Map, Value, json};

use super::*;
use crate::{
    Impact,
    shim::{Operation, Shim, ShimError},
};

const OPTIONS: ProofOptions = ProofOptions { seed: 11, cases: 100 };

/// Two majors with a shim between them.
struct Pair {
    old: (Value, Value),
    new: (Value, Value),
    up: Translator,
    lossy: Option<&'static str>,
    shape: bool,
}

impl Pair {
    /// Inputs differ, results are the same.
    fn input(old: Value, new: Value, operations: &[Operation]) -> Self {
        let up = Translator::declared(operations, &[]).unwrap();
        Self { old: (closed(old), json!({})), new: (closed(new), json!({})), up, lossy: None, shape: true }
    }

    /// Results differ, inputs are the same.
    fn output(old: Value, new: Value, operations: &[Operation]) -> Self {
        let up = Translator::declared(&[], operations).unwrap();
        let input = || json!({"type": "object"});
        Self { old: (input(), closed(old)), new: (input(), closed(new)), up, lossy: None, shape: true }
    }

    fn findings(&self) -> Vec<Finding> {
        let old = major(1, &self.old, Some(&self.up));
        let majors = [Major { lossy: self.lossy, shape: self.shape, ..old }, major(2, &self.new, None)];
        prove("search_notes", &majors, OPTIONS)
    }

    fn one(&self) -> Finding {
        let mut findings = self.findings();
        assert_eq!(findings.len(), 1, "{findings:#?}");
        findings.remove(0)
    }
}

fn major<'a>(major: u64, (input, output): &'a (Value, Value), up: Option<&'a Translator>) -> Major<'a> {
    Major { major, input, output: Some(output), up, lossy: None, shape: true }
}

/// `{name: schema}`; a `!` behind the name says that it is required.
fn closed(members: Value) -> Value {
    let Value::Object(members) = members else { return members };
    let required: Vec<&str> = members.keys().filter_map(|name| name.strip_suffix('!')).collect();
    let properties: Map<String, Value> =
        members.iter().map(|(name, schema)| (name.trim_end_matches('!').to_owned(), schema.clone())).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn text() -> Value {
    json!({"type": "string"})
}

fn texts() -> Value {
    json!({"type": "array", "items": {"type": "string"}})
}

fn states(states: &[&str]) -> Value {
    json!({"enum": states})
}

const RENAME: Operation = Operation::Rename { from: "q", to: "query" };

fn witness(finding: &Finding) -> &Value {
    &finding.witness.as_ref().unwrap().instance
}

#[test]
fn shims_that_are_right_have_no_findings() {
    let limit = || json!({"type": "integer", "minimum": 1, "maximum": 100});
    let map = Operation::MapEnum { path: "state", values: &[("open", "active"), ("closed", "done")] };
    let pairs = [
        Pair::input(json!({"q!": text()}), json!({"query!": text()}), &[RENAME]),
        Pair::input(
            json!({"q!": text(), "limit": limit()}),
            json!({"query!": text(), "limit!": limit()}),
            &[RENAME, Operation::Default { path: "limit", value: "20" }],
        ),
        Pair::input(json!({"label!": text()}), json!({"label!": texts()}), &[Operation::Wrap { path: "label" }]),
        Pair::input(
            json!({"state!": states(&["open", "closed"])}),
            json!({"state!": states(&["active", "done"])}),
            &[map],
        ),
        Pair::output(
            json!({"hits!": texts(), "total": {"type": "integer"}}),
            json!({"items!": texts(), "total": {"type": "integer"}}),
            &[Operation::Rename { from: "hits", to: "items" }],
        ),
        Pair::output(
            json!({"state!": states(&["open", "closed"])}),
            json!({"state!": states(&["active", "done"])}),
            &[map],
        ),
        // Something that only the newer major returns.
        Pair::output(
            json!({"id!": text()}),
            json!({"id!": text(), "rank": {"type": "integer"}}),
            &[Operation::Drop { path: "rank" }],
        ),
        Pair::output(
            json!({"items!": {"type": "array", "items": closed(json!({"id!": text()}))}}),
            json!({"items!": {"type": "array", "items": closed(json!({"id!": text(), "rank": {"type": "integer"}}))}}),
            &[Operation::Drop { path: "items.rank" }],
        ),
    ];
    for pair in pairs {
        assert_eq!(pair.findings(), [], "{} => {}", pair.old.0, pair.new.0);
    }
}

#[test]
fn arguments_that_are_refused_after_up_are_found_and_shrunk() {
    let cases = [
        (Pair::input(json!({"q!": text()}), json!({"query!": text()}), &[]), json!({"q": ""}), "rename(q => ..)"),
        (
            Pair::input(json!({"q!": text()}), json!({"q!": text(), "limit!": {"type": "integer"}}), &[]),
            json!({"q": ""}),
            "default(limit = ..)",
        ),
        (
            Pair::input(
                json!({"limit!": {"type": "integer", "minimum": 0}}),
                json!({"limit!": {"type": "integer", "minimum": 0, "maximum": 100}}),
                &[],
            ),
            json!({"limit": 101}),
            "typed shim",
        ),
        (
            Pair::input(json!({"state!": states(&["open", "shut"])}), json!({"state!": states(&["open"])}), &[]),
            json!({"state": "shut"}),
            "map_enum(state: ",
        ),
        (Pair::input(json!({"tag!": text()}), json!({"tag!": texts()}), &[]), json!({"tag": ""}), "wrap(tag)"),
    ];
    for (pair, smallest, fix) in cases {
        let findings = pair.findings();
        let finding = findings.iter().find(|finding| finding.rule == Rule::ShimUpInvalid).unwrap();
        assert_eq!(witness(finding), &smallest);
        assert!(finding.fix.as_ref().unwrap().contains(fix), "{:?}", finding.fix);
        assert_eq!((finding.part, finding.impact), (Part::Input, Impact::Error));
        assert_eq!(finding.tool.as_deref(), Some("search_notes"));
    }
}

#[test]
fn a_finding_points_at_the_schema_that_refuses() {
    let count =
        |most: u32| json!({"filter": closed(json!({"n!": {"type": "integer", "minimum": 0, "maximum": most}}))});
    let finding = Pair::input(count(9), count(3), &[]).one();
    assert_eq!(finding.pointer, "/properties/filter/properties/n");
    assert_eq!(witness(&finding), &json!({"filter": {"n": 4}}));
    assert!(finding.why.contains("at `/filter/n`"), "{}", finding.why);
}

#[test]
fn results_that_are_refused_after_down_are_found_and_shrunk() {
    let rename = Operation::Rename { from: "hits", to: "items" };
    let most = json!({"type": "integer", "minimum": 0, "maximum": 10});
    let cases = [
        (Pair::output(json!({"hits!": texts()}), json!({"items!": texts()}), &[]), json!({"items": []})),
        (
            Pair::output(json!({"hits!": texts(), "n!": most}), json!({"items!": texts(), "n": most}), &[rename]),
            json!({"items": []}),
        ),
        (Pair::output(json!({"n!": most}), json!({"n!": {"type": "integer", "minimum": 0}}), &[]), json!({"n": 11})),
        // An empty list has no element to come down as.
        (
            Pair::output(json!({"tag!": text()}), json!({"tag!": texts()}), &[Operation::Wrap { path: "tag" }]),
            json!({"tag": []}),
        ),
    ];
    for (pair, smallest) in cases {
        let finding = pair.one();
        assert_eq!(finding.rule, Rule::ShimDownInvalid);
        assert_eq!(witness(&finding), &smallest);
        assert_eq!(finding.new.as_ref(), Some(&smallest), "results start in the newer form");
    }
}

struct Fragile;

impl Shim for Fragile {
    fn up(arguments: Map<String, Value>) -> Result<Map<String, Value>, ShimError> {
        match arguments.get("n").and_then(Value::as_i64) {
            Some(n) if n > 40 => Err(ShimError::new("n is too much")),
            _ => Ok(arguments),
        }
    }

    fn down(result: Value) -> Result<Value, ShimError> {
        assert!(result.get("note").is_none(), "nobody told me of notes");
        Ok(result)
    }
}

#[test]
fn a_shim_that_fails_or_panics_is_found() {
    let schema = || closed(json!({"n": {"type": "integer", "minimum": 0, "maximum": 100}, "note": text()}));
    let up = Translator::typed::<Fragile>();
    let pair = Pair { old: (schema(), schema()), new: (schema(), schema()), up, lossy: None, shape: true };
    let findings = pair.findings();
    let rules: Vec<Rule> = findings.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, [Rule::ShimFails, Rule::ShimFails]);
    assert_eq!(witness(&findings[0]), &json!({"n": 41}));
    assert!(findings[0].why.contains("returns an error: n is too much"), "{}", findings[0].why);
    assert_eq!(witness(&findings[1]), &json!({"note": ""}));
    assert!(findings[1].why.contains("panics: nobody told me of notes"), "{}", findings[1].why);
}

#[test]
fn a_shim_may_not_fail_either_where_the_older_major_has_no_output_schema() {
    let same = (json!({"type": "object"}), closed(json!({"note": text()})));
    let up = Translator::typed::<Fragile>();
    let silent = Major { output: None, ..major(1, &same, Some(&up)) };
    let findings = prove("t", &[silent, major(2, &same, None)], OPTIONS);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!((findings[0].rule, witness(&findings[0])), (Rule::ShimFails, &json!({"note": ""})));
}

#[test]
fn arguments_of_two_meanings_are_ambiguous_unless_the_shape_does_not_count() {
    let both = || json!({"state": states(&["open", "closed", "active"])});
    let map = Operation::MapEnum { path: "state", values: &[("open", "active")] };
    let mut pair = Pair::input(both(), both(), &[map]);
    let finding = pair.one();
    assert_eq!(finding.rule, Rule::DispatchAmbiguous);
    assert_eq!(witness(&finding), &json!({"state": "open"}));
    pair.shape = false;
    assert_eq!(pair.findings(), []);
}

#[test]
fn arguments_of_two_meanings_are_found_from_the_newer_side_as_well() {
    let any = json!({"n!": {"type": "integer", "minimum": 0}});
    let two = json!({"n!": {"enum": [73_194, 5]}});
    let finding = Pair::input(any, two, &[Operation::Set { path: "n", value: "5" }]).one();
    assert_eq!((finding.rule, witness(&finding)), (Rule::DispatchAmbiguous, &json!({"n": 73_194})));
}

#[test]
fn open_schemas_make_renamed_arguments_ambiguous() {
    let open = |name: &str| json!({"type": "object", "properties": {name: {"type": "string"}}});
    let up = Translator::declared(&[RENAME], &[]).unwrap();
    let pair = Pair { old: (open("q"), json!({})), new: (open("query"), json!({})), up, lossy: None, shape: true };
    let finding = pair.one();
    assert_eq!((finding.rule, witness(&finding)), (Rule::DispatchAmbiguous, &json!({"q": ""})));
}

#[test]
fn arguments_that_mean_the_same_in_both_are_not_ambiguous() {
    let limit = |default: u32| json!({"type": "integer", "default": default});
    let fill = [Operation::Default { path: "limit", value: "20" }];
    let old = || json!({"q!": text(), "limit": {"type": "integer"}});
    // The newer tool fills in the same by itself.
    let same = Pair::input(old(), json!({"q!": text(), "limit": limit(20)}), &fill);
    assert_eq!(same.findings(), []);
    let other = Pair::input(old(), json!({"q!": text(), "limit": limit(10)}), &fill);
    assert_eq!(other.one().rule, Rule::DispatchAmbiguous);
    // The newer tool ignores what is dropped.
    let open = |members: Value| json!({"type": "object", "properties": members});
    let up = Translator::declared(&[Operation::Drop { path: "verbose" }], &[]).unwrap();
    let old = open(json!({"q": text(), "verbose": {"type": "boolean"}}));
    let new = open(json!({"q": text()}));
    let pair = Pair { old: (old, json!({})), new: (new, json!({})), up, lossy: None, shape: true };
    assert_eq!(pair.findings(), []);
    // No caller of the older major sends what only the newer one declares.
    let more = json!({"type": "object", "required": ["query"], "properties": {"query": text(), "limit": limit(10)}});
    let up = Translator::declared(&[RENAME, fill[0]], &[]).unwrap();
    let old = json!({"type": "object", "required": ["q"], "properties": {"q": text()}});
    let pair = Pair { old: (old, json!({})), new: (more, json!({})), up, lossy: None, shape: true };
    assert_eq!(pair.findings(), []);
    let up =
        Translator::declared(&[RENAME, fill[0], Operation::Default { path: "query", value: "\"\"" }], &[]).unwrap();
    let old = open(json!({"q": text()}));
    let new = json!({"type": "object", "required": ["query"], "properties": {"query": text(), "limit": limit(10)}});
    let pair = Pair { old: (old, json!({})), new: (new, json!({})), up, lossy: None, shape: true };
    assert_eq!(pair.findings(), []);
}

#[test]
fn arguments_that_are_ambiguous_with_a_major_between_are_found() {
    let first = (closed(json!({"state": states(&["a", "b"])})), json!({}));
    let second = (closed(json!({"state": states(&["a", "b"]), "more": text()})), json!({}));
    let third = (closed(json!({"status": states(&["a", "b"]), "kind!": text()})), json!({}));
    let swap = Operation::MapEnum { path: "state", values: &[("a", "b"), ("b", "a")] };
    let one = Translator::declared(&[swap], &[]).unwrap();
    let drop = Operation::Drop { path: "more" };
    let kind = Operation::Default { path: "kind", value: "\"\"" };
    let rename = Operation::Rename { from: "state", to: "status" };
    let two = Translator::declared(&[drop, kind, rename], &[]).unwrap();
    let majors = [major(1, &first, Some(&one)), major(2, &second, Some(&two)), major(3, &third, None)];
    let findings = prove("t", &majors, OPTIONS);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0].rule, Rule::DispatchAmbiguous);
    assert!(findings[0].why.contains("major 1 and major 2"), "{}", findings[0].why);
}

#[test]
fn what_gets_lost_needs_a_reason() {
    let label = |schema: Value| json!({"label": schema});
    let several = json!({"type": "array", "items": {"type": "string"}, "minItems": 1});
    let collapse = Operation::MapEnum { path: "state", values: &[("open", "active"), ("open2", "waiting")] };
    let cases = [
        // An unwrap of several.
        (Pair::output(label(text()), label(several), &[Operation::Wrap { path: "label" }]), "/properties/label/items"),
        // A member that the older major has.
        (
            Pair::output(
                json!({"n": {"type": "integer"}}),
                json!({"n": {"type": "integer"}}),
                &[Operation::Set { path: "n", value: "1" }],
            ),
            "/properties/n",
        ),
        // All that is in a map.
        (
            Pair::output(
                json!({"by": {"type": "object", "additionalProperties": {"type": "integer"}}}),
                json!({"by": {"type": "object", "additionalProperties": {"type": "integer"}}}),
                &[Operation::Set { path: "by", value: "{}" }],
            ),
            "/properties/by/additionalProperties",
        ),
        // One that never comes down.
        (
            Pair::output(
                json!({"id!": text(), "n": {"type": "integer"}}),
                json!({"id!": text(), "m": {"type": "integer"}}),
                &[Operation::Drop { path: "m" }],
            ),
            "/properties/n",
        ),
        // Two older values that have become one.
        (
            Pair::output(
                json!({"state!": states(&["open", "reopened"])}),
                json!({"state!": states(&["active"])}),
                &[Operation::MapEnum { path: "state", values: &[("open", "active"), ("reopened", "active")] }],
            ),
            "",
        ),
        // Two newer values that become one.
        (
            Pair::output(
                json!({"state!": states(&["open", "open2"])}),
                json!({"state!": states(&["active", "waiting", "open"])}),
                &[collapse],
            ),
            "/properties/state",
        ),
        // The same under another name.
        (
            Pair::output(
                json!({"state!": states(&["open", "open2"])}),
                json!({"status!": states(&["active", "waiting", "open"])}),
                &[collapse, Operation::Rename { from: "state", to: "status" }],
            ),
            "/properties/status",
        ),
    ];
    for (mut pair, pointer) in cases {
        let finding = pair.one();
        assert_eq!((finding.rule, finding.pointer.as_str()), (Rule::ShimLossy, pointer));
        assert!(finding.fix.unwrap().contains("lossy = "));
        pair.lossy = Some("nobody reads it");
        assert_eq!(pair.findings(), []);
    }
}

#[test]
fn the_witness_of_a_loss_is_small() {
    let label = |schema: Value| json!({"label": schema, "more": text()});
    let pair = Pair::output(
        label(text()),
        label(json!({"type": "array", "items": text(), "minItems": 1})),
        &[Operation::Wrap { path: "label" }],
    );
    let finding = pair.one();
    assert_eq!(witness(&finding), &json!({"label": ["", ""]}));
    assert!(finding.why.contains("`/label/1`"), "{}", finding.why);
}

#[test]
fn the_whole_chain_is_walked() {
    // A value that the first shim sets, and that instances of the second major do not have by chance.
    let (set, code) = (Operation::Set { path: "code", value: "73194" }, "code!");
    let first = (closed(json!({})), json!({}));
    let second = (closed(json!({code: {"type": "integer", "minimum": 0}})), json!({}));
    let one = Translator::declared(&[set], &[]).unwrap();
    let two = Translator::declared(&[], &[]).unwrap();
    let found = |refused: u64| {
        let third = (closed(json!({code: {"type": "integer", "minimum": 0, "not": {"const": refused}}})), json!({}));
        prove("t", &[major(1, &first, Some(&one)), major(2, &second, Some(&two)), major(3, &third, None)], OPTIONS)
    };
    assert_eq!(found(73_195), []);
    let findings = found(73_194);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!((findings[0].rule, witness(&findings[0])), (Rule::ShimUpInvalid, &json!({})));
    assert!(findings[0].why.contains("from 1 to 3 through the whole chain"), "{}", findings[0].why);
}

#[test]
fn what_can_not_be_tried_is_unproven() {
    let hard = json!({"q!": {"type": "string", "pattern": "^(?=.*[0-9]{3})(?=.*[a-f]{3})[0-9a-f]{40}$"}});
    let finding = Pair::input(hard.clone(), hard, &[]).one();
    assert_eq!((finding.rule, finding.impact), (Rule::ShimUnproven, Impact::Unknown));
    let same = (json!({"type": "object"}), json!({"type": "object"}));
    let up = Translator::declared(&[], &[]).unwrap();
    let silent = Major { output: None, ..major(2, &same, None) };
    let findings = prove("t", &[major(1, &same, Some(&up)), silent], OPTIONS);
    assert_eq!(findings[0].rule, Rule::ShimUnproven);
    let broken = (json!({"type": 7}), json!({}));
    assert_eq!(prove("t", &[major(1, &broken, Some(&up)), major(2, &same, None)], OPTIONS)[0].rule, Rule::ShimUnproven);
}

#[test]
fn the_same_seed_gives_the_same_findings() {
    let pair = Pair::input(json!({"q!": text()}), json!({"query!": text()}), &[]);
    assert_eq!(pair.findings(), pair.findings());
}

#[test]
fn a_tool_without_older_majors_has_nothing_to_prove() {
    let one = (json!({"type": "object"}), json!({}));
    assert_eq!(prove("t", &[major(1, &one, None)], OPTIONS), []);
    assert_eq!(prove("t", &[], OPTIONS), []);
}
