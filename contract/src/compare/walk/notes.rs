//! What people and models read, and what a place means when it is left out: words, examples, defaults, the dialect.

use serde_json::Value;

use super::{Pair, Walk, seen};
use crate::{
    Impact, Mode, Rule,
    compare::{
        change::{Step, Trial},
        keywords::same,
    },
};

/// What no `$schema` means (MCP 2025-11-25, "JSON Schema usage").
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

impl<'a> Walk<'a> {
    pub(super) fn dialect(&mut self) {
        let name = |schema: &Value| {
            let uri = schema.get("$schema").and_then(Value::as_str).unwrap_or(DIALECT);
            uri.trim_end_matches('#').replacen("http:", "https:", 1)
        };
        if name(self.old.root()) != name(self.new.root()) {
            let side = |schema: &'a Value| schema.get("$schema").map(|value| ("/$schema", value));
            let (old, new) = (side(self.old.root()), side(self.new.root()));
            self.report(0, Rule::DialectChanged, old, new, Trial::Ask, String::new());
        }
    }

    pub(super) fn notes(&mut self, pair: Pair<'_, 'a>) {
        if self.mode == Mode::Strict {
            return;
        }
        self.note(pair, "description", Rule::DescriptionChanged);
        self.note(pair, "title", Rule::TitleChanged);
        self.note(pair, "examples", Rule::ExamplesChanged);
        self.note(pair, "deprecated", Rule::DeprecatedMarked);
    }

    fn note(&mut self, pair: Pair<'_, 'a>, keyword: &str, rule: Rule) {
        let (old, new) = (pair.old.note(keyword), pair.new.note(keyword));
        let (before, after) = (old.as_ref().map(|(_, v)| *v), new.as_ref().map(|(_, v)| *v));
        if before == after || keyword == "deprecated" && after != Some(&Value::Bool(true)) {
            return;
        }
        self.report(pair.place, rule, seen(&old), seen(&new), Trial::Ask, String::new());
        let words = matches!(rule, Rule::DescriptionChanged | Rule::TitleChanged);
        if let (true, Some(change)) = (words && same_words(before, after), self.changes.last_mut()) {
            (change.impact, change.shifts_model) = (Impact::Patch, false);
        }
    }

    pub(super) fn default(&mut self, pair: Pair<'_, 'a>) {
        let (old, new) = (pair.old.note("default"), pair.new.note("default"));
        let rule = match (&old, &new) {
            (None, Some(_)) => Rule::DefaultAdded,
            (Some(_), None) => Rule::DefaultRemoved,
            (Some((_, old)), Some((_, new))) if !same(old, new) => Rule::DefaultChanged,
            _ => return,
        };
        let (name, trial) = match &self.places[pair.place].parent {
            Some((_, Step::Member(name))) => (name.clone(), Trial::Without(name.clone())),
            _ => (String::new(), Trial::Ask),
        };
        self.report(pair.place, rule, seen(&old), seen(&new), trial, name);
    }
}

/// Whether two texts have the same words; no text has none.
pub(crate) fn same_words(old: Option<&Value>, new: Option<&Value>) -> bool {
    let words = |value: Option<&Value>| -> Vec<String> {
        let text = value.and_then(Value::as_str).unwrap_or_default();
        text.split_whitespace().map(str::to_owned).collect()
    };
    words(old) == words(new)
}
