//! What the template uses is declared, and what it declares is used.
//!
//! cargo-generate renders a name that it does not know as nothing, and never reports it; so this is checked here.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, tree::Tree};

const CONFIG: &str = "template/cargo-generate.toml";

/// Names that cargo-generate itself defines.
const BUILT_IN: &[&str] = &["project-name", "crate_name", "crate_type", "authors", "username", "os-arch"];

const WORDS: &[&str] =
    &["and", "contains", "else", "elsif", "endif", "endunless", "false", "if", "or", "true", "unless"];

/// A name, or a comparison of a name with a text, as a template or a condition uses it.
#[derive(Debug, PartialEq, Eq)]
struct Use {
    name: String,
    compared_with: Option<String>,
}

/// Every placeholder and value that is used is declared, and every placeholder is used.
pub(super) fn declared_and_used(tree: &Tree) -> Vec<Finding> {
    let Some(config) = config(tree) else {
        return vec![Finding::error(CONFIG, "is not there or is not TOML", "restore it")];
    };
    let declared = declared(&config);
    let mut uses: Vec<(String, Use)> = Vec::new();
    for (path, text) in tree.files().filter(|(path, _)| path.starts_with("template/")) {
        let in_name = expressions(path).into_iter().map(|found| (path.to_owned(), found.1));
        uses.extend(in_name.flat_map(|(place, inner)| names(inner).into_iter().map(move |name| (place.clone(), name))));
        if path.ends_with(".liquid") {
            for (line, inner) in expressions(text) {
                uses.extend(names(inner).into_iter().map(|name| (format!("{path}:{line}"), name)));
            }
        }
    }
    for condition in conditions(&config) {
        uses.extend(names(condition).into_iter().map(|name| (CONFIG.to_owned(), name)));
    }

    let mut findings = Vec::new();
    for (place, Use { name, compared_with }) in &uses {
        match declared.get(name.as_str()) {
            None if BUILT_IN.contains(&name.as_str()) => {}
            None => findings.push(Finding::error(
                place,
                format!("`{name}` is not declared"),
                format!("declare it under `[placeholders]` in {CONFIG}; it is rendered as nothing"),
            )),
            Some(values) => {
                let value = compared_with.as_ref().filter(|value| !values.is_empty() && !values.contains(*value));
                findings.extend(value.map(|value| {
                    Finding::error(
                        place,
                        format!("`{name}` is never `{value}`"),
                        format!("its choices are {}", values.iter().cloned().collect::<Vec<_>>().join(", ")),
                    )
                }));
            }
        }
    }
    for name in declared.keys().filter(|name| uses.iter().all(|(_, used)| used.name != **name)) {
        findings.push(Finding::error(CONFIG, format!("`{name}` is declared and not used"), "remove the question"));
    }
    findings
}

/// `include` names exactly the files that end in `.liquid`.
pub(super) fn rendered_files(tree: &Tree) -> Vec<Finding> {
    let Some(config) = config(tree) else { return Vec::new() };
    let include: BTreeSet<_> = strings(config.get("template").and_then(|template| template.get("include")));
    let mut findings = Vec::new();
    let rendered: Vec<_> =
        tree.files().filter_map(|(path, _)| path.strip_prefix("template/")?.strip_suffix(".liquid")).collect();
    for file in &rendered {
        if !include.iter().any(|pattern| covers(pattern, file)) {
            findings.push(Finding::error(
                format!("template/{file}.liquid"),
                "is copied with its placeholders, since `include` does not name it",
                format!("add \"/{file}\" to `include` in {CONFIG}"),
            ));
        }
    }
    for pattern in include.iter().filter(|pattern| !rendered.iter().any(|file| covers(pattern, file))) {
        findings.push(Finding::error(
            CONFIG,
            format!("`include` names {pattern}, and no file that ends in .liquid is that"),
            "remove it, or add `.liquid` to the file's name",
        ));
    }
    findings
}

/// What a condition leaves out is there: `ignore` takes paths, not patterns, and does not complain.
pub(super) fn ignored_files_exist(tree: &Tree) -> Vec<Finding> {
    let Some(config) = config(tree) else { return Vec::new() };
    let conditional = config.get("conditional").and_then(toml::Value::as_table).into_iter().flatten();
    let ignored = conditional.flat_map(|(_, value)| strings(value.get("ignore")));
    ignored
        .filter(|path| !tree.has(&format!("template/{path}")) && !tree.has(&format!("template/{path}.liquid")))
        .map(|path| {
            Finding::error(
                CONFIG,
                format!("`ignore` names {path}, which is not there"),
                "write the path of a file or folder",
            )
        })
        .collect()
}

fn config(tree: &Tree) -> Option<toml::Table> {
    tree.text(CONFIG)?.parse().ok()
}

/// Each placeholder with its choices; without choices, anything.
fn declared(config: &toml::Table) -> BTreeMap<&str, BTreeSet<String>> {
    let placeholders = config.get("placeholders").and_then(toml::Value::as_table).into_iter().flatten();
    placeholders
        .map(|(name, placeholder)| {
            let choices = placeholder.get("choices").and_then(toml::Value::as_array).into_iter().flatten();
            let values = choices.filter_map(|choice| {
                let value = choice.get("value").unwrap_or(choice);
                value.as_str().map(str::to_owned)
            });
            (name.as_str(), values.collect())
        })
        .collect()
}

fn conditions(config: &toml::Table) -> impl Iterator<Item = &str> {
    let table = config.get("conditional").and_then(toml::Value::as_table);
    table.into_iter().flatten().map(|(condition, _)| condition.as_str())
}

fn strings(value: Option<&toml::Value>) -> BTreeSet<String> {
    let array = value.and_then(toml::Value::as_array).into_iter().flatten();
    array.filter_map(|value| value.as_str().map(str::to_owned)).collect()
}

/// A pattern of `include`: a path from the root, with `*` for anything in one file's name.
fn covers(pattern: &str, file: &str) -> bool {
    let pattern = pattern.trim_start_matches('/');
    match pattern.split_once('*') {
        Some((begin, end)) => {
            let middle = file.strip_prefix(begin).and_then(|rest| rest.strip_suffix(end));
            middle.is_some_and(|middle| !middle.contains('/'))
        }
        None => pattern == file,
    }
}

/// What stands between `{{ }}` and `{% %}`, with its line.
fn expressions(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for (open, close) in [("{{", "}}"), ("{%", "%}")] {
            let parts = line.split(open).skip(1);
            found.extend(parts.filter_map(|part| Some((index + 1, part.split_once(close)?.0))));
        }
    }
    found
}

/// The names in an expression, each with the text it is compared with.
fn names(expression: &str) -> Vec<Use> {
    let expression = expression.trim_matches(['-', ' ']);
    let mut uses: Vec<Use> = Vec::new();
    let mut rest = expression;
    let mut compares = false;
    while let Some(first) = rest.chars().next() {
        let is_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
        if first == '"' || first == '\'' {
            let text = rest[1..].split(first).next().unwrap_or("");
            if let Some(last) = uses.last_mut().filter(|_| compares) {
                last.compared_with = Some(text.to_owned());
            }
            compares = false;
            rest = rest.get(text.len() + 2..).unwrap_or("");
        } else if first.is_ascii_alphabetic() {
            let end = rest.find(|character| !is_name(character)).unwrap_or(rest.len());
            let name = &rest[..end];
            if !WORDS.contains(&name) {
                uses.push(Use { name: name.to_owned(), compared_with: None });
            }
            rest = &rest[end..];
        } else {
            compares |= rest.starts_with("==") || rest.starts_with("!=");
            rest = &rest[first.len_utf8()..];
        }
    }
    uses
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECLARED: &str = "[template]\ninclude = [\"/a.toml\"]\n\
        [placeholders.transport]\nchoices = [\"stdio\", { value = \"http\", label = \"HTTP\" }]\n";

    fn whats(findings: Vec<Finding>) -> Vec<String> {
        findings.into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn a_name_that_is_not_declared_is_found_with_its_line() {
        let tree = Tree::from([(CONFIG, DECLARED), ("template/a.toml.liquid", "{{transport}}\nx = {{ trasnport }}")]);
        let findings = declared_and_used(&tree);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].place, "template/a.toml.liquid:2");
    }

    #[test]
    fn a_value_that_is_no_choice_is_found_in_files_and_conditions() {
        let config = format!("{DECLARED}[conditional.'transport == \"pigeon\"']\nignore = []\n");
        let tree = Tree::from([
            (CONFIG, config.as_str()),
            ("template/a.toml.liquid", "{%- if transport != 'stdoi' -%}{% endif %}"),
        ]);
        assert_eq!(whats(declared_and_used(&tree)), ["`transport` is never `stdoi`", "`transport` is never `pigeon`"]);
    }

    #[test]
    fn a_question_without_effect_is_found() {
        let tree = Tree::from([(CONFIG, DECLARED), ("template/a.toml.liquid", "{{project-name}}")]);
        assert_eq!(whats(declared_and_used(&tree)), ["`transport` is declared and not used"]);
    }

    #[test]
    fn declared_names_in_files_and_file_names_pass() {
        let tree = Tree::from([
            (CONFIG, DECLARED),
            ("template/{{project-name}}.rs", "format!(\"{{x}}\")"),
            ("template/a.toml.liquid", "{% if transport == \"stdio\" or transport == 'http' %}y{% else %}n{% endif %}"),
        ]);
        assert_eq!(declared_and_used(&tree), []);
    }

    #[test]
    fn files_to_render_and_files_that_end_in_liquid_are_the_same() {
        let tree = Tree::from([(CONFIG, DECLARED), ("template/b/c.md.liquid", "")]);
        assert_eq!(rendered_files(&tree).len(), 2);
        let tree = Tree::from([(CONFIG, DECLARED), ("template/a.toml.liquid", "")]);
        assert_eq!(rendered_files(&tree), []);
    }

    #[test]
    fn leaving_out_what_is_not_there_is_found() {
        let config =
            format!("{DECLARED}[conditional.'transport == \"stdio\"']\nignore = [\"deploy/*.service\", \"src\"]\n");
        let tree =
            Tree::from([(CONFIG, config.as_str()), ("template/src/a.rs", ""), ("template/deploy/x.service", "")]);
        assert_eq!(whats(ignored_files_exist(&tree)), ["`ignore` names deploy/*.service, which is not there"]);
    }
}
