//! Every form of one report, and what the other tests of `contract` share.

use serde_json::{Value, json};
use steadfast_contract::{Date, Lifecycle, Lock, Promises, Published, PublishedTool};

use super::*;
use crate::contract::{baseline::Baseline, files::Files, judge::Judgement};

/// A tool `search` at a version.
pub(in crate::contract) fn tool(version: &str) -> PublishedTool {
    PublishedTool {
        name: "search".into(),
        version: version.into(),
        definition: json!({
            "name": "search",
            "description": "Finds notes.",
            "inputSchema": {
                "type": "object",
                "properties": { "query": { "type": "string", "maxLength": 200 } },
                "required": ["query"],
            },
        }),
        promises: Promises {
            effect: "read_only".into(),
            idempotent: true,
            open_world: false,
            scopes: Vec::new(),
            timeout_ms: None,
        },
        aliases: Vec::new(),
        owner: None,
        lifecycle: Lifecycle::default(),
        history: Vec::new(),
    }
}

/// A server whose source has `search` at a version, and a lock that has these versions of it.
pub(in crate::contract) fn server(version: &str, locked: &[&str]) -> (Published, Files) {
    let published = Published { server: "notes".into(), release: "0.1.0".into(), tools: vec![tool(version)] };
    let mut files = Files::default();
    for version in locked {
        let lock = Lock::of(&tool(version));
        let major = version.split('.').next().unwrap().parse().unwrap();
        let text = format!("{:#}\n", steadfast_contract::sorted(serde_json::to_value(&lock).unwrap()));
        files.lock.insert(Lock::path("search", major), text);
    }
    let majors: serde_json::Map<_, _> =
        locked.iter().map(|version| ("search".to_owned(), json!(version[..1].parse::<u64>().unwrap()))).collect();
    let surface = json!({ "format": 1, "release": "0.1.0", "tools": majors });
    files.lock.insert("contracts/surfaces/0.1.0.json".into(), surface.to_string());
    (published, files)
}

pub(in crate::contract) fn judgement(published: Published, files: Files) -> Judgement {
    let today: Date = "2026-11-22".parse().unwrap();
    Judgement { published, proofs: Vec::new(), files, baseline: Baseline::default(), today, floor_months: 12 }
}

/// A report with a finding of each level, a witness, a waived one, and texts that every form has to escape.
fn report() -> Report {
    let (mut published, mut files) = server("1.0.0", &["1.0.0"]);
    let now = &mut published.tools[0];
    now.definition["description"] = json!("Finds notes & \"more\", 100% <fast>\nand well.");
    now.definition["inputSchema"]["properties"]["query"]["maxLength"] = json!(100);
    now.promises.scopes = vec!["notes:read".into()];
    let mut judgement = judgement(published, files.clone());
    let scope = judgement.check().items.into_iter().find(|item| item.finding.rule == Rule::ScopeAdded).unwrap();
    let fingerprint = fingerprint(&scope.finding);
    files.waivers = Some(format!(
        "[[waiver]]\nrule = \"scope-added\"\nfingerprint = \"{fingerprint}\"\nreason = \"agreed\"\nexpires = \"2027-01-31\"\n"
    ));
    judgement.files = files;
    judgement.proofs = vec![Finding {
        rule: Rule::ShimUpInvalid,
        tool: Some("search".into()),
        part: Part::Input,
        pointer: "/properties/query".into(),
        old: Some(json!({ "type": ["string", "null"], "description": "What to look for, in the words of the notes." })),
        new: Some(json!({ "type": "string" })),
        impact: Impact::Error,
        shifts_model: false,
        why: "arguments of major 0 are not valid after the shim".into(),
        witness: Some(steadfast_contract::Witness {
            instance: json!({ "query": null }),
            shows: "valid before, refused after: null is not of type \"string\"".into(),
        }),
        fix: Some("set it: `default(query = \"\")`".into()),
    }];
    judgement.check()
}

/// The text without styles.
pub(in crate::contract) fn plain(report: &Report) -> String {
    anstream::adapter::strip_str(&text::print(report)).to_string()
}

#[test]
fn people_read_rule_place_both_sides_why_witness_bump_and_fix() {
    insta::assert_snapshot!(plain(&report()));
}

#[test]
fn github_shows_findings_at_their_lines() {
    let report = Report { prefix: "servers/notes/".into(), ..report() };
    insta::assert_snapshot!(github::print(&report));
}

#[test]
fn build_servers_read_a_case_for_each_finding() {
    insta::assert_snapshot!(junit::print(&report()));
}

#[test]
fn programs_read_the_findings_and_their_places() {
    let document = json::document(&report());
    assert_eq!(document["format"], 1);
    assert_eq!(document["summary"]["ok"], false);
    assert_eq!(document["summary"]["waived"], 1);
    let findings = document["findings"].as_array().unwrap();
    assert_eq!(document["summary"]["errors"], findings.iter().filter(|finding| finding["level"] == "error").count());
    for finding in findings {
        let read: Finding = serde_json::from_value(without_places(finding)).unwrap();
        assert_eq!(finding["fingerprint"], fingerprint(&read));
    }
}

/// A finding as the engine knows it.
fn without_places(finding: &Value) -> Value {
    let mut finding = finding.as_object().unwrap().clone();
    for name in ["level", "fingerprint", "label", "file", "line", "filePointer"] {
        assert!(finding.remove(name).is_some(), "{name}");
    }
    finding.into()
}

#[test]
fn sarif_is_valid_by_the_schema_of_the_standard() {
    let schema = include_str!("../../../tests/fixtures/sarif/sarif-schema-2.1.0.json");
    let mut schema: Value = serde_json::from_str(schema).unwrap();
    // The standard's pattern for languages is no regular expression: a bracket is left over.
    for name in ["run", "toolComponent"] {
        schema["definitions"][name]["properties"]["language"].as_object_mut().unwrap().remove("pattern").unwrap();
    }
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    for report in [report(), Report::default()] {
        let document = sarif::document(&report);
        let errors: Vec<_> =
            validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
    let mut broken = sarif::document(&report());
    broken["runs"][0]["results"][0]["level"] = json!("fatal");
    assert!(!validator.is_valid(&broken));
}

#[test]
fn sarif_suppresses_what_is_waived_and_names_files_of_the_repository() {
    let document = sarif::document(&Report { prefix: "a b/".into(), ..report() });
    let results = document["runs"][0]["results"].as_array().unwrap();
    let suppressed: Vec<_> = results.iter().filter(|result| result.get("suppressions").is_some()).collect();
    assert_eq!(suppressed.iter().map(|result| &result["ruleId"]).collect::<Vec<_>>(), ["scope-added"]);
    let uri = &results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "a%20b/contracts/search/1.json");
}
