use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::*;
use crate::{
    access::{
        explanation::Told,
        settings::{Mode, PolicySettings},
    },
    caller::{Proved, Scopes},
    mcp_tool,
    principal::Principal,
    server::Server,
    tools,
};

/// How urgent it is.
#[derive(schemars::JsonSchema, serde::Deserialize)]
#[schemars(crate = "schemars")]
#[serde(rename_all = "snake_case")]
#[allow(dead_code, reason = "only its schema is of interest")]
enum Urgency {
    Low,
    /// Today.
    High,
}

/// Where it goes.
#[derive(schemars::JsonSchema, serde::Deserialize)]
#[allow(dead_code, reason = "only its schema is of interest")]
struct Address {
    city: String,
    floor: Option<i32>,
    rate: f64,
    #[serde(default)]
    tags: Vec<String>,
    more: BTreeMap<String, String>,
    inside: Option<Box<Address>>,
}

/// Look something up.
#[mcp_tool(version = "1.0.0", effect = read_only, scopes = ["notes:read"], crate = crate)]
#[allow(unused_variables, reason = "it is never run")]
async fn find(query: String, #[arg(default = 20)] limit: u32) {}

/// Add a note.
#[mcp_tool(version = "1.2.0", effect = additive, owner = "notes-team", crate = crate)]
#[allow(unused_variables, reason = "it is never run")]
async fn add(
    text: String,
    urgency: Option<Urgency>,
    amount: f64,
    to: Option<Address>,
    #[arg(secret)] password: String,
    either: Option<Vec<Vec<i64>>>,
) {
}

/// Delete notes.
#[mcp_tool(version = "2.0.0", effect = destructive, open_world, crate = crate)]
#[allow(unused_variables, reason = "it is never run")]
async fn delete(ids: Vec<u64>, force: bool) {}

fn catalogue() -> Arc<Catalogue> {
    Server::builder("notes", ()).tools(tools![find, add, delete]).build().into_parts().unwrap().catalogue
}

fn settings(reads: Reads) -> PolicySettings {
    let claims = vec!["groups".to_owned(), "department".to_owned()];
    PolicySettings {
        dir: None,
        nearby: true,
        mode: Mode::Enforce,
        reads,
        refresh: std::time::Duration::from_secs(5),
        claims,
    }
}

fn files(texts: &[&str]) -> Files {
    let policies = texts.iter().enumerate().map(|(at, text)| (format!("{}.cedar", at + 1), (*text).to_owned()));
    Files { dir: "policies".into(), policies: policies.collect(), entities: None }
}

fn with(reads: Reads, files: &Files) -> Result<Cedar, Vec<Problem>> {
    Cedar::new(&catalogue(), "notes", ["notes:read".to_owned()].into(), &settings(reads), files)
}

fn cedar(texts: &[&str]) -> Cedar {
    with(Reads::Permit, &files(texts)).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn ada() -> Caller {
    let proved = Proved {
        scopes: Scopes::Granted(["notes:write".to_owned()].into()),
        client: Some("editor".into()),
        claims: json!({"department": "law", "groups": ["staff", "night"]}).as_object().unwrap().clone(),
        expires: None,
    };
    Caller::new(Principal::Named("ada".into()), "acme".into(), proved)
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn decide(cedar: &Cedar, caller: &Caller, tool: &str, arguments: Value) -> Decision {
    let catalogue = Arc::clone(&cedar.catalogue);
    let tool = catalogue.find(tool).unwrap();
    let arguments = object(arguments);
    cedar.decide(caller, &Asked { tool, version: &tool.current.label, surface: Some("1.0.0"), arguments: &arguments })
}

#[test]
fn a_forbid_wins_reads_are_open_and_all_else_needs_a_permit() {
    let all = "permit (principal, action, resource);";
    for (policies, tool, reads, permitted, by) in [
        (&[][..], "find", Reads::Permit, true, &["policy.reads"][..]),
        (&[], "find", Reads::Deny, false, &[]),
        (&[], "add", Reads::Permit, false, &[]),
        (&[], "delete", Reads::Permit, false, &[]),
        (&[all], "delete", Reads::Deny, true, &["1#1"]),
        (&[all, "@id(\"never\") forbid (principal, action, resource);"], "delete", Reads::Permit, false, &["never"]),
        (&["forbid (principal, action == Action::\"find\", resource);"], "find", Reads::Permit, false, &["1#1"]),
        (&["permit (principal, action in Action::\"class:additive\", resource);"], "add", Reads::Deny, true, &["1#1"]),
        (&["permit (principal, action in Action::\"class:additive\", resource);"], "delete", Reads::Deny, false, &[]),
        (&["permit (principal, action in Action::\"class:all\", resource);"], "delete", Reads::Deny, true, &["1#1"]),
        (&["permit (principal, action, resource in Server::\"notes\");"], "add", Reads::Deny, true, &["1#1"]),
        (&["permit (principal, action, resource == Tool::\"add\");"], "delete", Reads::Deny, false, &[]),
        (
            &["permit (principal, action, resource) when { resource.open_world };"],
            "delete",
            Reads::Deny,
            true,
            &["1#1"],
        ),
        (
            &["permit (principal, action, resource) when { resource has owner && resource.owner == \"notes-team\" };"],
            "add",
            Reads::Deny,
            true,
            &["1#1"],
        ),
    ] {
        let cedar = with(reads, &files(policies)).unwrap_or_else(|problems| panic!("{problems:?}"));
        let decision = decide(&cedar, &ada(), tool, arguments_of(tool));
        assert_eq!(decision.permitted, permitted, "{policies:?} {tool}");
        assert_eq!(decision.policies, by, "{policies:?} {tool}");
        assert!(decision.failed.is_empty());
    }
}

/// Arguments that every policy of these tests can look at.
fn arguments_of(tool: &str) -> Value {
    match tool {
        "find" => json!({"query": "milk"}),
        "add" => json!({"text": "milk", "amount": 1.5, "password": "hunter2", "urgency": "high"}),
        _ => json!({"ids": [1, 18_446_744_073_709_551_615_u64], "force": false}),
    }
}

#[test]
fn conditions_look_at_the_caller_and_at_the_arguments() {
    for (condition, tool, permitted) in [
        ("principal == User::\"acme/ada\"", "find", true),
        ("principal == User::\"ada\"", "find", false),
        ("principal in Tenant::\"acme\"", "find", true),
        ("principal in Tenant::\"other\"", "find", false),
        ("principal in Group::\"staff\"", "find", true),
        ("principal in Group::\"trial\"", "find", true),
        ("principal.tenant == \"acme\"", "find", true),
        ("principal.scopes.contains(\"notes:write\")", "find", true),
        ("principal.scopes.contains(\"notes:read\")", "find", false),
        ("principal has client && principal.client == \"editor\"", "find", true),
        ("principal.claims has department && principal.claims.department.contains(\"law\")", "find", true),
        ("principal.claims has groups && principal.claims.groups.containsAll([\"night\", \"staff\"])", "find", true),
        ("context.version == \"1.0.0\"", "find", true),
        ("context has surface && context.surface == \"1.0.0\"", "find", true),
        // The default of the tool is what it takes, so it is what is looked at.
        ("context.input.limit == 20", "find", true),
        ("context.input.query like \"mi*\"", "find", true),
        ("context.input.amount.greaterThan(decimal(\"1.4999\"))", "add", true),
        ("context.input.amount.lessThan(decimal(\"1.5\"))", "add", false),
        ("context.input has urgency && context.input.urgency == \"high\"", "add", true),
        ("context.input has to", "add", false),
        ("context.input.ids.contains(1)", "delete", true),
        ("context.input.ids.contains(9223372036854775807)", "delete", true),
        ("context.input.force", "delete", false),
    ] {
        let action = format!("Action::{tool:?}");
        let text = format!("permit (principal, action == {action}, resource) when {{ {condition} }};");
        let mut files = files(&[&text]);
        files.entities = Some(
            r#"[{"uid": {"type": "User", "id": "acme/ada"}, "parents": [{"type": "Group", "id": "editors"}]},
                {"uid": {"type": "Group", "id": "editors"}, "parents": [{"type": "Group", "id": "staff"}]},
                {"uid": {"type": "Tenant", "id": "acme"}, "parents": [{"type": "Group", "id": "trial"}]}]"#
                .into(),
        );
        let cedar = with(Reads::Deny, &files).unwrap_or_else(|problems| panic!("{condition}: {problems:?}"));
        assert_eq!(decide(&cedar, &ada(), tool, arguments_of(tool)).permitted, permitted, "{condition}");
    }
}

#[test]
fn a_claim_that_can_not_be_read_is_not_taken_for_one_that_is_absent() {
    let forbid = "forbid (principal, action, resource)
        when { principal.claims has groups && principal.claims.groups.contains(\"night\") };";
    let cedar = cedar(&["permit (principal, action, resource);", forbid]);
    for (claims, permitted) in [
        (json!({}), true),
        (json!({"groups": null}), true),
        (json!({"groups": []}), true),
        (json!({"groups": "day"}), true),
        (json!({"groups": "night"}), false),
        (json!({"groups": [{"name": "night"}]}), false),
        (json!({"groups": {"names": ["night"]}}), false),
        (json!({"groups": ["day", null]}), false),
        (json!({"department": {"name": "law"}, "groups": "day"}), false),
        (json!({"other": {}}), true),
    ] {
        let proved = Proved { claims: object(claims.clone()), ..Proved::default() };
        let caller = Caller::new(Principal::Named("ada".into()), "acme".into(), proved);
        for tool in ["find", "delete"] {
            assert_eq!(decide(&cedar, &caller, tool, arguments_of(tool)).permitted, permitted, "{claims} {tool}");
            assert_eq!(cedar.may_use(&caller, cedar.catalogue.find(tool).unwrap()), permitted, "{claims} {tool}");
        }
    }
}

#[test]
fn who_needs_no_scopes_has_them_all() {
    let cedar = cedar(&["permit (principal, action, resource) when { principal.scopes.contains(\"notes:read\") };"]);
    let local = Caller::local("default".into());
    assert!(decide(&cedar, &local, "delete", arguments_of("delete")).permitted);
    assert!(!decide(&cedar, &ada(), "delete", arguments_of("delete")).permitted);
}

#[test]
fn a_policy_that_can_not_be_evaluated_denies() {
    let sum = "context.input.limit + 9223372036854775807 > 0";
    for policy in [
        format!("permit (principal, action == Action::\"find\", resource) when {{ {sum} }};"),
        format!("forbid (principal, action == Action::\"find\", resource) when {{ {sum} }};"),
    ] {
        let cedar = cedar(&[&policy, "permit (principal, action, resource);"]);
        let decision = decide(&cedar, &ada(), "find", json!({"query": "milk", "limit": 1}));
        assert_eq!((decision.permitted, decision.failed), (false, vec!["1#1".to_owned()]), "{policy}");
        assert!(decide(&cedar, &ada(), "add", arguments_of("add")).permitted, "it is of another tool");
    }
}

#[test]
fn every_problem_is_told_with_its_place_and_the_way_out() {
    let (a, b) = ("@id(\"a\") permit (principal, action, resource);", "permit (principal, action, resource);");
    for (texts, place, what, help) in [
        (&["permit (principal action, resource);"][..], "policies/1.cedar:1:19", "unexpected token `action`", "schema"),
        (&[b, "\n\n  permit (principal, action, resource)"], "policies/2.cedar:3:39", "unexpected end", "schema"),
        (
            &["permit (principal, action == Action::\"ad\", resource);"],
            "policies/1.cedar:1:30",
            "unrecognized action `Action::\"ad\"`",
            "did you mean `Action::\"add\"`?",
        ),
        (
            &["permit (principal, action == Action::\"add\", resource)\nwhen { context.input.txt == \"\" };"],
            "policies/1.cedar:2:8",
            "attribute `input.txt`",
            "did you mean `text`?",
        ),
        (
            &["permit (principal, action == Action::\"add\", resource)\nwhen { context.input.urgency == \"\" };"],
            "policies/1.cedar:2:8",
            "optional attribute `input.urgency`",
            "has urgency",
        ),
        (
            &["permit (principal, action == Action::\"add\", resource)\nwhen { context.input.password == \"\" };"],
            "policies/1.cedar:2:8",
            "attribute `input.password`",
            "",
        ),
        (
            &["permit (principal, action == Action::\"add\", resource)\nwhen { context.input.text == 1 };"],
            "policies/1.cedar:2:8",
            "not compatible",
            "",
        ),
        (
            &["permit (principal, action, resource == Tool::\"dlete\");"],
            "policies/1.cedar:1:1",
            "there is no `Tool::\"dlete\"`",
            "did you mean `Tool::\"delete\"`?",
        ),
        (
            &["permit (principal, action, resource in Server::\"note\");"],
            "policies/1.cedar:1:1",
            "there is no `Server::\"note\"`",
            "did you mean `Server::\"notes\"`?",
        ),
        (
            &["permit (principal == ?principal, action, resource);"],
            "policies/1.cedar",
            "is a template",
            "instead of a slot",
        ),
        (
            &[a, "\n@id(\"a\") forbid (principal, action, resource);"],
            "policies/2.cedar:2:1",
            "the id `a` is taken",
            "@id",
        ),
        (&[b, "// to be written\n"], "policies/2.cedar", "there is no policy in this file", "take the file away"),
        (&["permit (principal is Robot, action, resource);"], "policies/1.cedar:1:22", "`Robot`", ""),
    ] {
        let problems = with(Reads::Permit, &files(texts)).err().unwrap_or_default();
        let found = problems.iter().find(|problem| problem.what.contains(what));
        let Some(found) = found else { panic!("{texts:?}: {problems:?}") };
        assert!(found.help.contains(help), "{found}");
        assert_eq!(found.place, place, "{found}");
    }
    let all = with(Reads::Permit, &files(&["permit (", "permit (principal, action == Action::\"x\", resource);", b]));
    let places: Vec<String> = all.err().unwrap().into_iter().map(|problem| problem.place).collect();
    assert_eq!(places, ["policies/1.cedar:1:9", "policies/2.cedar:1:30"]);
}

#[test]
fn a_broken_set_leaves_the_old_one_in_force() {
    let cedar = cedar(&["permit (principal, action, resource);"]);
    assert!(cedar.replace(&files(&["permit (principal, action, resource)"])).is_err());
    assert!(decide(&cedar, &ada(), "delete", arguments_of("delete")).permitted);
    assert!(cedar.replace(&files(&["forbid (principal, action, resource);"])).is_ok());
    assert!(!decide(&cedar, &ada(), "delete", arguments_of("delete")).permitted);
}

#[test]
fn an_explanation_names_what_decided_or_what_came_closest() {
    let cedar = cedar(&[
        "@id(\"writers\") permit (principal, action in Action::\"class:additive\", resource)\n\
         when { principal.scopes.contains(\"notes:write\") && context.input.text like \"a*\" };",
        "@id(\"bob\") permit (principal == User::\"acme/bob\", action, resource);",
        "@id(\"deleters\") permit (principal, action == Action::\"delete\", resource) unless { context.input.force };",
        "@id(\"bombs\") forbid (principal, action == Action::\"add\", resource) when { context.input.text == \"bomb\" };",
    ]);
    let catalogue = Arc::clone(&cedar.catalogue);
    let explain = |tool: &str, arguments: Value| {
        let tool = catalogue.find(tool).unwrap();
        let arguments = object(arguments);
        cedar.explain(&ada(), &Asked { tool, version: "1.0.0", surface: None, arguments: &arguments })
    };
    let told = |told: &[Told]| told.iter().map(|one| (one.id.clone(), one.what.clone())).collect::<Vec<_>>();
    let pair = |id: &str, what: &str| (id.to_owned(), what.to_owned());
    let add = |text: &str| explain("add", json!({"text": text, "amount": 0, "password": ""}));

    let permitted = add("abc");
    assert_eq!(told(&permitted.decided), [pair("writers", "permits it")]);
    assert_eq!(permitted.decided[0].place, "policies/1.cedar:1:1");
    assert!(permitted.decision.permitted && permitted.needed.is_none() && permitted.close.is_empty());

    let forbidden = add("bomb");
    assert_eq!(told(&forbidden.decided), [pair("bombs", "forbids it")]);
    assert!(!forbidden.decision.permitted && forbidden.needed.is_none());

    let nothing = add("xyz");
    assert_eq!(
        told(&nothing.close),
        [
            pair("bob", "it is for other callers"),
            pair("writers", "`when { context.input.text like \"a*\" }` does not hold"),
        ]
    );
    let needed = nothing.needed.unwrap();
    assert!(cedar.replace(&files(&[&needed])).is_ok(), "{needed}");
    assert!(decide(&cedar, &ada(), "add", arguments_of("add")).permitted, "{needed}");
}

/// Conditions of each kind: known before a call, known only in it, and unknown to both.
const CONDITIONS: [&str; 10] = [
    "true",
    "false",
    "principal.scopes.contains(\"notes:write\")",
    "principal.tenant == \"other\"",
    "principal has client",
    "resource.effect == \"additive\"",
    "context.input.text == \"a\"",
    "context.version == \"1.2.0\"",
    "context has surface",
    "context.input.amount.lessThan(decimal(\"0.5\"))",
];

/// A condition, nested.
fn condition() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    prop::sample::select(CONDITIONS.as_slice()).prop_map(str::to_owned).prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            inner.clone().prop_map(|a| format!("!({a})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("(if {a} then {b} else false)")),
        ]
    })
}

fn policy() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let clause = (prop::sample::select(vec!["when", "unless"]), condition());
    let clauses = prop::collection::vec(clause.prop_map(|(kind, body)| format!("{kind} {{ {body} }}")), 0..3);
    (prop::sample::select(vec!["permit", "forbid"]), clauses).prop_map(|(effect, clauses)| {
        format!("{effect} (principal, action == Action::\"add\", resource) {};", clauses.join(" "))
    })
}

proptest::proptest! {
    #[test]
    fn what_some_call_may_do_is_never_hidden(
        policies in proptest::collection::vec(policy(), 1..4),
        text in "[ab]",
        amount in 0..2_u8,
        surface in proptest::bool::ANY,
    ) {
        let texts: Vec<&str> = policies.iter().map(String::as_str).collect();
        // What is impossible by its types is a problem of some conditions, and no matter here.
        if let Ok(cedar) = with(Reads::Permit, &files(&texts)) {
            let tool = cedar.catalogue.find("add").unwrap();
            let arguments = object(json!({"text": text, "amount": amount, "password": ""}));
            let surface = surface.then_some("1.0.0");
            let asked = Asked { tool, version: &tool.current.label, surface, arguments: &arguments };
            let permitted = cedar.decide(&ada(), &asked).permitted;
            proptest::prop_assert!(cedar.may_use(&ada(), tool) || !permitted, "{texts:?}");
        }
    }
}

#[test]
fn a_tool_is_hidden_where_no_call_of_it_could_be_permitted() {
    let on_add = |rest: &str| format!("permit (principal, action == Action::\"add\", resource) {rest};");
    for (policy, may_use) in [
        (String::new(), false),
        (on_add(""), true),
        (on_add("when { context.input.text == \"a\" }"), true),
        (on_add("when { principal.tenant == \"other\" }"), false),
        (on_add("when { principal.tenant == \"other\" && context.input.text == \"a\" }"), false),
        (on_add("when { principal.tenant == \"other\" || context.input.text == \"a\" }"), true),
        (on_add("unless { context.input.text == \"a\" || principal.tenant == \"acme\" }"), false),
        (on_add("unless { context.input.text == \"a\" && principal.tenant == \"acme\" }"), true),
        (on_add("") + "forbid (principal, action, resource) when { principal.tenant == \"acme\" };", false),
        (on_add("") + "forbid (principal, action, resource) when { context.version == \"1.2.0\" };", true),
        (
            on_add("")
                + "forbid (principal, action, resource) unless { context has surface && principal in Group::\"x\" };",
            false,
        ),
    ] {
        let cedar = match policy.as_str() {
            "" => cedar(&[]),
            policy => cedar(&[policy]),
        };
        let tool = cedar.catalogue.find("add").unwrap();
        assert_eq!(cedar.may_use(&ada(), tool), may_use, "{policy}");
    }
}

#[test]
fn what_policies_can_speak_of_is_printed_as_cedar_reads_it() {
    let text = schema_text(&catalogue(), &settings(Reads::Permit)).unwrap();
    assert!(Schema::from_cedarschema_str(&text).is_ok(), "{text}");
    for part in ["amount: decimal", "urgency?: String", "limit: Long", "ids: Set<Long>", "either?: Set<Set<Long>>"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(!text.contains("password") && !text.contains("more") && !text.contains("inside"), "{text}");
}
