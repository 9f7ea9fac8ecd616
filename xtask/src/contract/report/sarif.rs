//! SARIF 2.1.0 (OASIS): one run, every rule that fired, a result for each finding; waived ones are suppressed results.

use serde_json::{Value, json};
use steadfast_contract::{Rule, fingerprint};

use super::{Item, Report, json::level, needs};

const SCHEMA: &str = "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/main/Schemata/sarif-schema-2.1.0.json";

/// The document.
pub(in crate::contract) fn document(report: &Report) -> Value {
    let mut rules: Vec<Rule> = report.items.iter().chain(&report.waived).map(|item| item.finding.rule).collect();
    rules.sort();
    rules.dedup();
    let results = report.items.iter().map(|item| result(item, report, &rules));
    let waived = report.waived.iter().map(|item| {
        let mut result = result(item, report, &rules);
        result["suppressions"] = json!([{ "kind": "external", "status": "accepted" }]);
        result
    });
    let notes: Vec<_> =
        report.notes.iter().map(|note| json!({ "level": "note", "message": { "text": note } })).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "steadfast-contract",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|rule| json!({
                    "id": rule.id(),
                    "shortDescription": { "text": rule.summary() },
                })).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{ "executionSuccessful": true, "toolExecutionNotifications": notes }],
            "results": results.chain(waived).collect::<Vec<_>>(),
        }],
    })
}

fn result(item: &Item, report: &Report, rules: &[Rule]) -> Value {
    let finding = &item.finding;
    let mut physical = json!({ "artifactLocation": { "uri": uri(&format!("{}{}", report.prefix, item.file)) } });
    if let Some(line) = item.line {
        physical["region"] = json!({ "startLine": line });
    }
    let mut location = json!({ "physicalLocation": physical });
    if !item.place().is_empty() {
        location["logicalLocations"] = json!([{ "fullyQualifiedName": item.place(), "kind": "member" }]);
    }
    json!({
        "ruleId": finding.rule.id(),
        "ruleIndex": rules.iter().position(|rule| *rule == finding.rule),
        "level": level(item.level()),
        "message": { "text": item.message() },
        "locations": [location],
        "partialFingerprints": { "steadfast/v1": fingerprint(finding) },
        "properties": {
            "old": finding.old,
            "new": finding.new,
            "witness": finding.witness,
            "needs": needs(finding.impact),
            "shiftsModel": finding.shifts_model,
        },
    })
}

/// A path as a relative reference (RFC 3986, section 4.2).
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}
