//! Elements of lists, and keywords that hold one schema or schemas by name.

use serde_json::Value;

use super::{
    Pair, Walk, seen,
    values::{ARRAY, types},
};
use crate::{
    Rule,
    compare::{
        change::{Step, Trial},
        keywords::says_nothing,
        view::View,
    },
};

impl<'a> Walk<'a> {
    pub(super) fn lists(&mut self, pair: Pair<'_, 'a>) {
        if types(pair.old) & types(pair.new) & ARRAY == 0 {
            return;
        }
        self.positions(pair);
        let (old, new) = (rest(pair.old), rest(pair.new));
        let first = pair.old.list("prefixItems").len().max(pair.new.list("prefixItems").len());
        let rules = [Rule::ItemsAdded, Rule::ItemsRemoved];
        self.one(pair, old, new, rules, Step::Element(first));
        self.subschema(pair, "unevaluatedItems", rules);
        let rules = [Rule::BoundTightened, Rule::BoundRelaxed];
        let (old, new) = (pair.old.get("contains"), pair.new.get("contains"));
        self.one(pair, old, new, rules, Step::Element(first));
        self.unique(pair);
    }

    fn unique(&mut self, pair: Pair<'_, 'a>) {
        let unique = |view: &View<'a>| view.value("uniqueItems") == Some(&Value::Bool(true));
        let rule = match (unique(pair.old), unique(pair.new)) {
            (false, true) => Rule::BoundTightened,
            (true, false) => Rule::BoundRelaxed,
            _ => return,
        };
        let (old, new) = (pair.old.get("uniqueItems"), pair.new.get("uniqueItems"));
        self.report(pair.place, rule, seen(&old), seen(&new), Trial::Ask, "uniqueItems".into());
    }

    fn positions(&mut self, pair: Pair<'_, 'a>) {
        let (old, new) = (positions(pair.old), positions(pair.new));
        for index in 0..old.len().max(new.len()) {
            match (old.get(index), new.get(index)) {
                (Some((old, _)), Some((new, _))) => {
                    self.child(pair.place, Step::Element(index), old.clone(), new.clone());
                }
                (Some((at, schema)), None) => {
                    let (rule, old) = (Rule::PrefixItemRemoved, Some((at.as_str(), *schema)));
                    self.report(pair.place, rule, old, None, Trial::Ask, index.to_string());
                }
                (None, Some((at, schema))) => {
                    let (rule, new) = (Rule::PrefixItemAdded, Some((at.as_str(), *schema)));
                    self.report(pair.place, rule, None, new, Trial::Ask, index.to_string());
                }
                (None, None) => {}
            }
        }
    }

    /// A keyword with one schema that only has to be compared or reported.
    pub(super) fn subschema(&mut self, pair: Pair<'_, 'a>, keyword: &str, rules: [Rule; 2]) {
        self.one(pair, pair.old.get(keyword), pair.new.get(keyword), rules, Step::Unreachable);
    }

    fn one(
        &mut self,
        pair: Pair<'_, 'a>,
        old: Option<(String, &'a Value)>,
        new: Option<(String, &'a Value)>,
        rules: [Rule; 2],
        step: Step,
    ) {
        // `contains` with a schema that says nothing still asks for an element.
        let said = |found: &(String, &'a Value)| found.0.ends_with("/contains") || !says_nothing(found.1);
        let (old, new) = (old.filter(said), new.filter(said));
        let rule = match (&old, &new) {
            (None, None) => return,
            (None, Some(_)) => rules[0],
            (Some(_), None) => rules[1],
            (Some((old, _)), Some((new, _))) => return self.child(pair.place, step, old.clone(), new.clone()),
        };
        let found = new.as_ref().or(old.as_ref()).and_then(|(at, _)| at.rsplit('/').next()).unwrap_or_default();
        let subject = found.to_owned();
        self.report(pair.place, rule, seen(&old), seen(&new), Trial::Ask, subject);
    }

    /// A keyword with schemas by name.
    pub(super) fn schemas(&mut self, pair: Pair<'_, 'a>, keyword: &str, rules: [Rule; 2]) {
        let (old, new) = (pair.old.named(keyword), pair.new.named(keyword));
        let step = if keyword == "dependentSchemas" { Step::Same } else { Step::Unreachable };
        for (name, (at, schema)) in &old {
            match new.get(name) {
                Some((new, _)) => self.child(pair.place, step.clone(), at.clone(), new.clone()),
                None => {
                    let (old, subject) = (Some((at.as_str(), *schema)), (*name).to_owned());
                    self.report(pair.place, rules[1], old, None, Trial::Ask, subject);
                }
            }
        }
        for (name, (at, schema)) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
            let (new, subject) = (Some((at.as_str(), *schema)), (*name).to_owned());
            self.report(pair.place, rules[0], None, new, Trial::Ask, subject);
        }
    }
}

/// Schemas of positions: `prefixItems`, before 2020-12 a list in `items`.
fn positions<'a>(view: &View<'a>) -> Vec<(String, &'a Value)> {
    let prefix = view.list("prefixItems");
    if prefix.is_empty() { view.list("items") } else { prefix }
}

/// The schema of the elements without a position of their own.
fn rest<'a>(view: &View<'a>) -> Option<(String, &'a Value)> {
    match view.get("items") {
        Some((_, Value::Array(_))) => view.get("additionalItems"),
        items => items,
    }
}
