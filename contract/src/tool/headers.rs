//! Arguments that callers must repeat in an HTTP header (`x-mcp-header`, SEP-2243).

use std::collections::BTreeMap;

use serde_json::Value;

use super::finding;
use crate::{Finding, Impact, Part, Rule, compare::keywords::join};

/// The keyword that names the header.
const KEYWORD: &str = "x-mcp-header";

pub(super) fn compare(old: &Value, new: &Value, findings: &mut Vec<Finding>) {
    let parameters = |definition: &Value| {
        let mut found = BTreeMap::new();
        if let Some(schema) = definition.get("inputSchema") {
            collect(schema, "", &mut found);
        }
        found
    };
    let (old, new) = (parameters(old), parameters(new));
    for (pointer, header) in &new {
        let before = old.get(pointer);
        let (rule, impact, why) = match (before, header) {
            (Some(Some(before)), Some(header)) if !same(before, header) => {
                (Rule::HeaderRenamed, Impact::Major, "callers that send the old header are refused.")
            }
            (Some(None), Some(_)) => {
                (Rule::HeaderAdded, Impact::Major, "callers that do not repeat the argument in the header are refused.")
            }
            (None, Some(_)) => {
                (Rule::HeaderAdded, Impact::Minor, "only callers that send the new argument need the header.")
            }
            (Some(Some(_)), None) => {
                (Rule::HeaderRemoved, Impact::Minor, "callers that still send the header are understood.")
            }
            _ => continue,
        };
        let breaks = impact == Impact::Major;
        findings.push(Finding {
            part: Part::Input,
            old: before.cloned().flatten(),
            new: header.clone(),
            fix: breaks.then(|| "leave the header as it was, or raise the major".into()),
            ..finding(rule, &join(pointer, KEYWORD), impact, why)
        });
    }
}

/// Every parameter by its pointer, with its header.
fn collect(schema: &Value, pointer: &str, found: &mut BTreeMap<String, Option<Value>>) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    let at = join(pointer, "properties");
    for (name, property) in properties {
        let at = join(&at, name);
        collect(property, &at, found);
        found.insert(at, property.get(KEYWORD).cloned());
    }
}

/// Names of headers do not depend on case (RFC 9110, section 5.1).
fn same(one: &Value, other: &Value) -> bool {
    match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => one == other,
    }
}
