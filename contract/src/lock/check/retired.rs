//! Names that were retired and come back.

use serde_json::Value;

use super::{Context, about};
use crate::{
    Finding, Impact, PublishedTool, Rule,
    lock::{field::names, file},
};

pub(super) fn check(context: &Context<'_>, tool: &PublishedTool, findings: &mut Vec<Finding>) {
    let tombstones = &context.released.tombstones;
    for name in tool.aliases.iter().chain([&tool.name]) {
        if let Some(stone) = tombstones.tool(name) {
            let day = stone.sunset.as_deref().unwrap_or("an unknown day");
            let why = format!("the tool `{name}` was retired on {day}; its callers would get something else");
            let finding = about(&tool.name, Rule::TombstoneReused, Impact::Error, "/name", why);
            findings.push(Finding { fix: Some("use another name".into()), ..finding });
        }
    }
    let Some(stone) = tombstones.tools.get(&tool.name) else { return };
    let current = file::version(tool).map(|version| version.major);
    for major in tool.history.iter().map(|older| older.major).chain(current) {
        if let Some(ended) = stone.majors.get(&major) {
            let why = format!("major {major} was retired on {}", ended.sunset);
            let finding = about(&tool.name, Rule::TombstoneReused, Impact::Error, &format!("/history/{major}"), why);
            findings.push(Finding { fix: Some("use a major that was never released".into()), ..finding });
        }
    }
    for field in &stone.fields {
        let now = names(&tool.definition, field.part);
        let meaning = now.fields.get(&field.name);
        if meaning.is_some() && meaning != field.meaning.as_ref() {
            let why = format!(
                "`{}` was retired and comes back with another schema; who still knows it knows it otherwise",
                field.name
            );
            let finding = about(&tool.name, Rule::TombstoneReused, Impact::Error, &pointer(&field.name), why);
            findings.push(Finding {
                part: field.part,
                fix: Some("use another name, or give it exactly the schema and the description that it had".into()),
                ..finding
            });
        }
    }
    for value in &stone.values {
        let now = names(&tool.definition, value.part);
        let key = (value.field.clone(), crate::canonical(&value.name));
        let Some((_, meaning)) = now.values.get(&key) else { continue };
        if meaning.is_none() || *meaning != value.meaning {
            let why = format!("the value {} of `{}` was retired and comes back", value.name, value.field);
            let finding = about(&tool.name, Rule::TombstoneReused, Impact::Error, &pointer(&value.field), why);
            findings.push(Finding {
                part: value.part,
                new: Some(Value::clone(&value.name)),
                fix: Some("use another value, or the same one with the description that it had".into()),
                ..finding
            });
        }
    }
}

/// Where a way leads when no reference is on it.
fn pointer(way: &str) -> String {
    let mut pointer = String::new();
    for name in way.split('.').filter(|name| !name.is_empty()) {
        let plain = name.trim_end_matches("[]");
        pointer.push_str("/properties/");
        pointer.push_str(&plain.replace('~', "~0").replace('/', "~1"));
        pointer.push_str(&"/items".repeat((name.len() - plain.len()) / 2));
    }
    pointer
}
