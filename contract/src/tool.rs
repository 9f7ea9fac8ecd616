//! Compares two contracts of a tool: both schemas, the words, and the promises beside them.
//!
//! Invariant: every difference that a caller or a model can notice is one finding, with the bump that it needs.
//! Whether the version was raised by that much, and what the lock allows, is for the lock to say.

mod headers;
mod promises;

use serde_json::{Value, json};

use crate::{
    Direction, Finding, Impact, Mode, Part, Promises, PublishedTool, Rule,
    compare::{compare, same_words},
};

/// What a tool promises in one version.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolContract {
    /// The published name.
    pub name: String,
    /// Semver.
    pub version: String,
    /// As `tools/list` shows it, without `_meta`.
    pub definition: Value,
    /// What is promised beside the definition.
    pub promises: Promises,
    /// Other names that it answers to.
    pub aliases: Vec<String>,
}

impl From<&PublishedTool> for ToolContract {
    fn from(tool: &PublishedTool) -> Self {
        Self {
            name: tool.name.clone(),
            version: tool.version.clone(),
            definition: tool.definition.clone(),
            promises: tool.promises.clone(),
            aliases: tool.aliases.clone(),
        }
    }
}

/// Every change between two versions of a tool, the gravest first. Pointers are relative to the part that they are in.
pub fn compare_tools(old: &ToolContract, new: &ToolContract) -> Vec<Finding> {
    let mut findings = Vec::new();
    name(old, new, &mut findings);
    words(old, new, &mut findings);
    promises::compare(&old.promises, &new.promises, &mut findings);
    schemas(old, new, &mut findings);
    headers::compare(&old.definition, &new.definition, &mut findings);
    for finding in &mut findings {
        finding.tool = Some(new.name.clone());
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.impact));
    findings
}

/// The bump that findings need together: [`Impact::Patch`] where nothing asks for more.
pub fn needed<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Impact {
    findings.into_iter().map(|finding| finding.impact).max().unwrap_or(Impact::Patch)
}

/// A finding about the tool itself, to be completed with what else is known.
fn finding(rule: Rule, pointer: &str, impact: Impact, why: &str) -> Finding {
    Finding {
        rule,
        tool: None,
        part: Part::Tool,
        pointer: pointer.to_owned(),
        old: None,
        new: None,
        impact,
        shifts_model: false,
        why: why.to_owned(),
        witness: None,
        fix: None,
    }
}

fn name(old: &ToolContract, new: &ToolContract, findings: &mut Vec<Finding>) {
    if old.name == new.name {
        return;
    }
    let alias = new.aliases.contains(&old.name);
    let (impact, why) = if alias {
        (Impact::Minor, "the old name still answers, but a model sees the new one.")
    } else {
        (Impact::Major, "callers that use the old name find no tool.")
    };
    findings.push(Finding {
        old: Some(old.name.as_str().into()),
        new: Some(new.name.as_str().into()),
        shifts_model: true,
        fix: (!alias).then(|| format!("keep the old name as an alias: `alias = \"{}\"`", old.name)),
        ..finding(Rule::ToolRenamed, "/name", impact, why)
    });
}

/// Title, description and icons: what is read before a tool is chosen.
fn words(old: &ToolContract, new: &ToolContract, findings: &mut Vec<Finding>) {
    let rows = [
        (Rule::DescriptionChanged, "/description", "a model chooses and fills in the tool by these words."),
        (Rule::TitleChanged, "/title", "people read it; nothing that is sent or returned changes."),
        (Rule::TitleChanged, "/annotations/title", "people read it; nothing that is sent or returned changes."),
        (Rule::IconsChanged, "/icons", "people see them; nothing that is sent or returned changes."),
    ];
    for (rule, pointer, why) in rows {
        let (before, after) = (old.definition.pointer(pointer), new.definition.pointer(pointer));
        if before == after {
            continue;
        }
        let reads = rule == Rule::DescriptionChanged && !same_words(before, after);
        findings.push(Finding {
            old: before.cloned(),
            new: after.cloned(),
            shifts_model: reads,
            ..finding(rule, pointer, if reads { Impact::Minor } else { Impact::Patch }, why)
        });
    }
}

fn schemas(old: &ToolContract, new: &ToolContract, findings: &mut Vec<Finding>) {
    let anything = json!({});
    let input = |tool: &'_ ToolContract| tool.definition.get("inputSchema").unwrap_or(&anything).clone();
    schema(&input(old), &input(new), Direction::Input, findings);
    match (old.definition.get("outputSchema"), new.definition.get("outputSchema")) {
        (None, None) => {}
        (Some(old), Some(new)) => schema(old, new, Direction::Output, findings),
        (None, Some(new)) => findings.push(Finding {
            part: Part::Output,
            new: Some(new.clone()),
            ..finding(Rule::OutSchemaAdded, "", Impact::Minor, "results now have a schema that callers may rely on.")
        }),
        (Some(old), None) => findings.push(Finding {
            part: Part::Output,
            old: Some(old.clone()),
            fix: Some("keep the output schema: return a type that has one, or raise the major".into()),
            ..finding(Rule::OutSchemaRemoved, "", Impact::Major, "callers that rely on the result's schema lose it.")
        }),
    }
}

fn schema(old: &Value, new: &Value, direction: Direction, findings: &mut Vec<Finding>) {
    match compare(old, new, direction, Mode::Emitted) {
        Ok(comparison) => findings.extend(comparison.findings),
        Err(error) => findings.push(Finding {
            part: if direction == Direction::Input { Part::Input } else { Part::Output },
            fix: Some(format!("mend the schema at `{}`", error.place)),
            ..finding(
                Rule::SchemaChanged,
                &error.place,
                Impact::Unknown,
                &format!("one of the schemas can't be read: {}.", error.what),
            )
        }),
    }
}

#[cfg(test)]
mod tests;
