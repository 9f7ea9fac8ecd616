use super::*;

fn tool() -> ToolContract {
    ToolContract {
        name: "find".into(),
        version: "1.0.0".into(),
        definition: json!({
            "name": "find", "title": "Find", "description": "Finds notes.", "icons": [],
            "inputSchema": {
                "type": "object",
                "properties": {"q": {"type": "string", "x-mcp-header": "Q"}, "n": {"type": "integer"}},
                "required": ["q"],
            },
            "outputSchema": {"type": "object", "properties": {"hits": {"type": "integer"}}},
        }),
        promises: Promises {
            effect: "additive".into(),
            idempotent: true,
            open_world: false,
            scopes: vec!["notes".into()],
            timeout_ms: Some(1000),
        },
        aliases: Vec::new(),
    }
}

/// A tool with an edit.
fn with(edit: impl FnOnce(&mut ToolContract)) -> ToolContract {
    let mut tool = tool();
    edit(&mut tool);
    tool
}

fn put(pointer: &str, value: Value) -> ToolContract {
    with(|tool| {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        tool.definition.pointer_mut(parent).unwrap()[name] = value;
    })
}

#[test]
fn a_tool_that_did_not_change_has_no_findings() {
    assert_eq!(compare_tools(&tool(), &tool()), []);
    assert_eq!(needed(&[]), Impact::Patch);
}

/// Rule, edited tool, bump there and back (where the way back is the rule's counterpart), shift there and back.
#[test]
fn every_change_of_a_tool_has_its_rule() {
    use Impact::{Major, Minor, Patch};
    let text = |promises: fn(&mut Promises)| with(|tool| promises(&mut tool.promises));
    type Side = (Rule, Impact, bool);
    let table: Vec<(ToolContract, Side, Side)> = vec![
        (
            put("/description", json!("Finds notes by words.")),
            (Rule::DescriptionChanged, Minor, true),
            (Rule::DescriptionChanged, Minor, true),
        ),
        (
            put("/description", json!(" Finds\n notes. ")),
            (Rule::DescriptionChanged, Patch, false),
            (Rule::DescriptionChanged, Patch, false),
        ),
        (put("/title", json!("Search")), (Rule::TitleChanged, Patch, false), (Rule::TitleChanged, Patch, false)),
        (put("/icons", json!([{"src": "a"}])), (Rule::IconsChanged, Patch, false), (Rule::IconsChanged, Patch, false)),
        (
            text(|promises| promises.effect = "destructive".into()),
            (Rule::EffectMoreDangerous, Major, false),
            (Rule::EffectSafer, Minor, true),
        ),
        (
            text(|promises| promises.effect = "read_only".into()),
            (Rule::EffectSafer, Minor, true),
            (Rule::EffectMoreDangerous, Major, false),
        ),
        (
            text(|promises| promises.idempotent = false),
            (Rule::IdempotentLost, Major, false),
            (Rule::IdempotentGained, Minor, true),
        ),
        (
            text(|promises| promises.open_world = true),
            (Rule::OpenWorldGained, Major, false),
            (Rule::OpenWorldLost, Minor, true),
        ),
        (
            text(|promises| promises.scopes.push("admin".into())),
            (Rule::ScopeAdded, Major, false),
            (Rule::ScopeRemoved, Minor, false),
        ),
        (
            text(|promises| promises.timeout_ms = Some(500)),
            (Rule::TimeoutReduced, Minor, true),
            (Rule::TimeoutRaised, Patch, false),
        ),
        (
            text(|promises| promises.timeout_ms = None),
            (Rule::TimeoutRaised, Patch, false),
            (Rule::TimeoutReduced, Minor, true),
        ),
        (
            put("/inputSchema/properties/n/x-mcp-header", json!("N")),
            (Rule::HeaderAdded, Major, false),
            (Rule::HeaderRemoved, Minor, false),
        ),
        (
            put("/inputSchema/properties/q/x-mcp-header", json!("Query")),
            (Rule::HeaderRenamed, Major, false),
            (Rule::HeaderRenamed, Major, false),
        ),
        (
            with(|tool| drop(tool.definition.as_object_mut().unwrap().remove("outputSchema"))),
            (Rule::OutSchemaRemoved, Major, false),
            (Rule::OutSchemaAdded, Minor, false),
        ),
        (with(|tool| tool.name = "search".into()), (Rule::ToolRenamed, Major, true), (Rule::ToolRenamed, Major, true)),
    ];
    for (edited, there, back) in table {
        for (old, new, (rule, impact, shifts)) in [(tool(), edited.clone(), there), (edited.clone(), tool(), back)] {
            let findings = compare_tools(&old, &new);
            // Whether what is only written in another way is one is not in question here.
            let found: Vec<_> = findings.iter().filter(|finding| finding.rule != Rule::RefRefactor).collect();
            assert_eq!(found.len(), 1, "{rule}: {findings:?}");
            assert_eq!((found[0].rule, found[0].impact, found[0].shifts_model), (rule, impact, shifts));
            assert_eq!(found[0].tool.as_deref(), Some(new.name.as_str()));
            assert_eq!(found[0].fix.is_some(), impact == Major, "{rule}");
        }
    }
}

#[test]
fn a_renamed_tool_that_keeps_its_old_name_as_an_alias_breaks_nobody() {
    let renamed = with(|tool| {
        tool.name = "search".into();
        tool.aliases.push("find".into());
    });
    let findings = compare_tools(&tool(), &renamed);
    assert_eq!((findings[0].rule, findings[0].impact), (Rule::ToolRenamed, Impact::Minor));
}

#[test]
fn the_case_of_a_header_does_not_matter() {
    let findings = compare_tools(&tool(), &put("/inputSchema/properties/q/x-mcp-header", json!("q")));
    assert!(findings.iter().all(|finding| finding.rule != Rule::HeaderRenamed), "{findings:?}");
}

#[test]
fn findings_in_schemas_name_the_tool_and_the_part() {
    let findings = compare_tools(&tool(), &put("/inputSchema/properties/q/description", json!("Words.")));
    let found = findings.iter().find(|finding| finding.rule == Rule::DescriptionChanged).unwrap();
    assert_eq!(found.part, Part::Input);
    assert_eq!(found.pointer, "/properties/q/description");
    assert_eq!(found.tool.as_deref(), Some("find"));
}

#[test]
fn a_schema_that_is_none_is_unknown_and_says_where() {
    let findings = compare_tools(&tool(), &put("/inputSchema/properties/q", json!(12)));
    assert_eq!((findings[0].rule, findings[0].impact), (Rule::SchemaChanged, Impact::Unknown));
    assert!(findings[0].pointer.contains("/properties/q"), "{findings:?}");
}
