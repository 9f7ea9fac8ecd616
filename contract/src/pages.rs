//! Executes the documentation: the pages of `docs/rules`, their index, and the operations in the guide.
//!
//! Invariant: what a page says about its example (which bump, which verdict, which witness, what mends it, what is
//! near to it and is something else) is what the engine says. The form of a page is described in `docs/rules/README.md`.

mod attribute;
mod example;
mod page;
mod server;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use serde_json::Value;

use self::{attribute::Entry, page::Page};
use crate::{Rule, shim::Translator};

#[test]
fn every_page_says_what_the_engine_finds_in_its_example() {
    let pages = pages();
    let mut wrong = Vec::new();
    for page in pages.values() {
        if let Err(what) = example::check(page) {
            wrong.push(format!("docs/rules/{}.md: {what}", page.rule.id()));
        }
    }
    assert!(wrong.is_empty(), "{} pages are wrong\n\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn every_rule_has_a_page_and_every_page_a_rule() {
    let there: BTreeSet<String> = names().into_iter().filter(|name| name != "README").collect();
    let rules: BTreeSet<String> = Rule::ALL.iter().map(|rule| rule.id().to_owned()).collect();
    assert_eq!(there, rules);
}

#[test]
fn the_index_lists_the_rules_in_their_order_with_what_their_pages_say() {
    let pages = pages();
    let index = read("rules/README.md");
    let listed: Vec<&str> = index.lines().filter(|line| line.starts_with("| [`")).collect();
    let expected: Vec<String> = Rule::ALL.iter().filter_map(|rule| pages.get(rule)).map(Page::index_line).collect();
    assert_eq!(listed, expected);
}

/// The guide's tables: the operation, and what it makes of what.
#[test]
fn the_operations_in_the_guide_do_what_it_says() {
    let guide = read("changing-a-tool.md");
    let mut seen = BTreeSet::new();
    for (part, row) in page::operation_rows(&guide) {
        let entry = Entry::read(&format!("history(\"1\" => {{ {part} = [{}] }})", row[0])).unwrap();
        let translator = Translator::declared(&entry.input, &entry.output).unwrap();
        let [before, after] = [1, 2].map(|cell| serde_json::from_str::<Value>(&row[cell]).unwrap());
        let made = match before {
            Value::Object(arguments) if part == "input" => translator.up(arguments).map(Value::Object),
            other => translator.down(other),
        };
        assert_eq!(made, Ok(after), "{part}: {}", row[0]);
        seen.insert((part, row[0].split('(').next().unwrap_or_default().to_owned()));
    }
    let names = ["default", "drop", "map_enum", "move", "rename", "set", "unwrap", "wrap"];
    let all: BTreeSet<_> = ["input", "output"].iter().flat_map(|part| names.map(|name| (*part, name.into()))).collect();
    assert_eq!(seen, all);
}

fn docs() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

fn read(path: &str) -> String {
    fs::read_to_string(docs().join(path)).unwrap_or_else(|error| panic!("docs/{path}: {error}"))
}

/// The names of the files in `docs/rules`, without `.md`.
fn names() -> Vec<String> {
    let entries = fs::read_dir(docs().join("rules")).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| name.strip_suffix(".md").map(str::to_owned).unwrap_or(name))
        .collect()
}

fn pages() -> BTreeMap<Rule, Page> {
    let rules = Rule::ALL.iter().filter(|rule| docs().join(format!("rules/{rule}.md")).is_file());
    rules.map(|rule| (*rule, Page::read(*rule, read(&format!("rules/{rule}.md"))))).collect()
}
