//! One JSON document: `{"format":1,"findings":[..],"waived":[..],"notes":[..],"summary":{..}}`.

use serde_json::{Value, json};
use steadfast_contract::fingerprint;

use super::{Counts, Item, Level, Report};

/// The document.
pub(in crate::contract) fn document(report: &Report) -> Value {
    let Counts { errors, warnings, notes } = report.counts();
    let bump = report.items.iter().map(|item| item.finding.impact).max();
    json!({
        "format": 1,
        "findings": report.items.iter().map(item).collect::<Vec<_>>(),
        "waived": report.waived.iter().map(item).collect::<Vec<_>>(),
        "notes": report.notes,
        "summary": {
            "ok": !report.gates(),
            "errors": errors,
            "warnings": warnings,
            "notes": notes,
            "waived": report.waived.len(),
            "tools": report.tools.len(),
            "gravest": bump,
        },
    })
}

/// The finding's own members, and where it is.
fn item(item: &Item) -> Value {
    // A finding holds texts, flags and JSON values, which all have a JSON form.
    let mut value = serde_json::to_value(&item.finding).unwrap_or_default();
    value["level"] = level(item.level()).into();
    value["fingerprint"] = fingerprint(&item.finding).into();
    value["label"] = item.label.as_str().into();
    value["file"] = item.file.as_str().into();
    value["line"] = item.line.into();
    value["filePointer"] = item.pointer.as_str().into();
    value
}

/// The level's name.
pub(super) fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    }
}
