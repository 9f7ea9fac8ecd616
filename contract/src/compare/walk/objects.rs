//! Members of objects: declared ones, required ones, the rest, names, and what depends on a member.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::{
    Pair, Walk,
    values::{OBJECT, types},
};
use crate::{
    Direction, Impact, Mode, Rule,
    compare::{
        change::{Step, Trial},
        keywords::{bare, same},
        view::{Rest, View},
    },
    schema::key,
};

/// Schemas of members by name, with their pointers.
type Members<'a> = BTreeMap<&'a str, (String, &'a Value)>;

impl<'a> Walk<'a> {
    pub(super) fn objects(&mut self, pair: Pair<'_, 'a>) {
        if types(pair.old) & types(pair.new) & OBJECT == 0 {
            return;
        }
        if !self.is_conjunct(pair.place) {
            let (old, new) = (pair.old.properties(), pair.new.properties());
            self.properties(pair, &old, &new);
            self.required(pair, &old, &new);
            self.rest(pair);
        }
        self.schemas(pair, "patternProperties", [Rule::PatternPropertiesAdded, Rule::PatternPropertiesRemoved]);
        self.subschema(pair, "propertyNames", [Rule::PropertyNamesAdded, Rule::PropertyNamesRemoved]);
        self.dependents(pair);
    }

    fn properties(&mut self, pair: Pair<'_, 'a>, old: &Members<'a>, new: &Members<'a>) {
        for (name, (at_old, _)) in old {
            if let Some((at_new, _)) = new.get(name) {
                self.child(pair.place, Step::Member((*name).to_owned()), at_old.clone(), at_new.clone());
            }
        }
        let absent = |from: &Members<'a>, of: &Members<'a>| -> Vec<&'a str> {
            from.keys().filter(|name| !of.contains_key(*name)).copied().collect()
        };
        let (mut removed, mut added) = (absent(old, new), absent(new, old));
        if removed.is_empty() && added.is_empty() {
            return;
        }
        // What moved into a variant, or out of one, is still there.
        let place = &self.places[pair.place];
        let elsewhere = |own: &View<'a>, document: &'a crate::Document, around: &[String]| {
            let mut names: BTreeSet<&'a str> = own.declared();
            for pointer in around {
                names.extend(View::new(document, pointer).properties().into_keys());
            }
            names
        };
        let (in_old, in_new) =
            (elsewhere(pair.old, self.old, &place.around_old), elsewhere(pair.new, self.new, &place.around_new));
        removed.retain(|name| !in_new.contains(name));
        added.retain(|name| !in_old.contains(name));
        for (from, to) in renamed(&mut removed, &mut added, old, new) {
            self.renamed(pair, from, to, old, new);
        }
        for name in removed {
            self.removed(pair, name, &old[name]);
        }
        for name in added {
            self.added(pair, name, &new[name]);
        }
    }

    fn renamed(&mut self, pair: Pair<'_, 'a>, from: &str, to: &str, old: &Members<'a>, new: &Members<'a>) {
        let (at_old, at_new) = (&old[from].0, &new[to].0);
        let trial = self.gone(pair, from, at_old);
        let (old, new) = (Value::from(from), Value::from(to));
        let subject = format!("{from} => {to}");
        self.report(pair.place, Rule::PropRenamed, Some((at_old, &old)), Some((at_new, &new)), trial, subject);
    }

    fn removed(&mut self, pair: Pair<'_, 'a>, name: &str, (at, schema): &(String, &'a Value)) {
        let rule = if pair.new.rest() == Rest::Open { Rule::PropRemovedIgnored } else { Rule::PropRemoved };
        let trial = self.gone(pair, name, at);
        self.report(pair.place, rule, Some((at, schema)), None, trial, name.to_owned());
    }

    /// How to show that a member is gone: callers still send it, or the tool no longer does.
    fn gone(&self, pair: Pair<'_, 'a>, name: &str, at: &str) -> Trial {
        if self.sub_is_old() {
            Trial::With(name.to_owned(), at.to_owned())
        } else if pair.old.required().contains(name) {
            Trial::Without(name.to_owned())
        } else {
            Trial::Ask
        }
    }

    fn added(&mut self, pair: Pair<'_, 'a>, name: &str, (at, schema): &(String, &'a Value)) {
        let rest = pair.old.rest();
        let patterns = !pair.old.named("patternProperties").is_empty();
        let with = Trial::With(name.to_owned(), at.clone());
        let (rule, trial) = if pair.new.required().contains(name) {
            (Rule::PropAddedRequired, if self.sub_is_old() { Trial::Without(name.to_owned()) } else { with })
        } else if matches!(rest, Rest::Closed(_)) {
            (Rule::PropAddedToClosed, if self.sub_is_old() { Trial::Ask } else { with })
        } else {
            (Rule::PropAddedOptional, if self.sub_is_old() { Trial::Ask } else { with })
        };
        let mut impact = crate::compare::table::impact(rule, self.direction, self.mode);
        let output = self.direction == Direction::Output;
        if self.mode == Mode::Emitted {
            match (&rest, rule) {
                (Rest::Closed(_), Rule::PropAddedRequired) if output => impact = Impact::Major,
                // The member had a schema before: that of undeclared members, or of a pattern.
                (Rest::Schema(_), Rule::PropAddedOptional | Rule::PropAddedRequired)
                    if output || impact < Impact::Major =>
                {
                    impact = Impact::Unknown;
                }
                (_, Rule::PropAddedOptional) if patterns => impact = Impact::Unknown,
                _ => {}
            }
        }
        self.report_as(pair.place, rule, impact, None, Some((at, schema)), trial, name.to_owned());
    }

    fn required(&mut self, pair: Pair<'_, 'a>, old: &Members<'a>, new: &Members<'a>) {
        let (before, after) = (pair.old.required(), pair.new.required());
        let at = |view: &View<'a>| view.get("required").map(|(at, _)| at);
        let (at_old, at_new) = (at(pair.old), at(pair.new));
        for name in after.difference(&before) {
            // A member that was added with it is reported as that.
            if old.contains_key(name) || !new.contains_key(name) {
                let trial = if self.sub_is_old() { Trial::Without((*name).to_owned()) } else { Trial::Ask };
                self.requirement(pair, Rule::RequiredAdded, name, None, at_new.as_deref(), trial);
            }
        }
        for name in before.difference(&after) {
            if new.contains_key(name) || !old.contains_key(name) {
                let trial = if self.sub_is_old() { Trial::Ask } else { Trial::Without((*name).to_owned()) };
                self.requirement(pair, Rule::RequiredRemoved, name, at_old.as_deref(), None, trial);
            }
        }
    }

    fn requirement(
        &mut self,
        pair: Pair<'_, 'a>,
        rule: Rule,
        name: &str,
        old: Option<&str>,
        new: Option<&str>,
        trial: Trial,
    ) {
        let value = Value::from(name);
        let (old, new) = (old.map(|at| (at, &value)), new.map(|at| (at, &value)));
        self.report(pair.place, rule, old, new, trial, name.to_owned());
    }

    /// Members that are not declared.
    fn rest(&mut self, pair: Pair<'_, 'a>) {
        let (old, new) = (pair.old.rest(), pair.new.rest());
        let rule = match (&old, &new) {
            (Rest::Open, Rest::Open) | (Rest::Closed(_), Rest::Closed(_)) => return,
            (Rest::Schema(old), Rest::Schema(new)) => {
                return self.child(pair.place, Step::Extra, old.clone(), new.clone());
            }
            (Rest::Open, _) | (Rest::Schema(_), Rest::Closed(_)) => Rule::Closed,
            _ => Rule::Opened,
        };
        let value = |document: &'a crate::Document, rest: Rest| match rest {
            Rest::Open => None,
            Rest::Schema(at) | Rest::Closed(at) => document.root().pointer(&at).map(|value| (at, value)),
        };
        let (mapped, old, new) = (matches!(old, Rest::Schema(_)), value(self.old, old), value(self.new, new));
        // A map that is closed loses what it declared: that is judged without help from undeclared names.
        let trial = if mapped { Trial::Ask } else { Trial::Undeclared };
        self.report(pair.place, rule, super::seen(&old), super::seen(&new), trial, String::new());
    }

    fn dependents(&mut self, pair: Pair<'_, 'a>) {
        let rules = [Rule::DependentAdded, Rule::DependentRemoved];
        self.schemas(pair, "dependentSchemas", rules);
        for keyword in ["dependentRequired", "dependencies"] {
            let (old, new) = (pair.old.named(keyword), pair.new.named(keyword));
            let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
            for name in names {
                let (before, after) = (old.get(name), new.get(name));
                match (before.map(|(_, v)| *v), after.map(|(_, v)| *v)) {
                    (Some(Value::Object(_) | Value::Bool(_)), Some(Value::Object(_) | Value::Bool(_))) => {
                        if let (Some((old, _)), Some((new, _))) = (before, after) {
                            self.child(pair.place, Step::Same, old.clone(), new.clone());
                        }
                        continue;
                    }
                    (Some(before), Some(after)) if same(before, after) => continue,
                    _ => {}
                }
                let side = |found: Option<&(String, &'a Value)>| found.map(|(at, value)| (at.clone(), *value));
                let list = |found: Option<&(String, &'a Value)>| -> BTreeSet<String> {
                    let list = found.and_then(|(_, value)| value.as_array()).into_iter().flatten();
                    list.map(key).collect()
                };
                let (was, is) = (list(before), list(after));
                let (before, after) = (side(before), side(after));
                let added = before.is_none() || !is.is_subset(&was);
                let removed = after.is_none() || !was.is_subset(&is);
                for (rule, _) in [(rules[0], added), (rules[1], removed)].into_iter().filter(|(_, found)| *found) {
                    let (old, new) = (super::seen(&before), super::seen(&after));
                    self.report(pair.place, rule, old, new, Trial::Ask, name.to_owned());
                }
            }
        }
    }
}

/// Pairs of a removed and an added member of equal schema; they leave both lists.
fn renamed<'a>(
    removed: &mut Vec<&'a str>,
    added: &mut Vec<&'a str>,
    old: &Members<'a>,
    new: &Members<'a>,
) -> Vec<(&'a str, &'a str)> {
    let mut pairs = Vec::new();
    // With the same words it is surely the same member; without them it is still likely.
    let exact = |schema: &Value| key(schema);
    let loose = |schema: &Value| key(&bare(schema));
    for text in [&exact as &dyn Fn(&Value) -> String, &loose] {
        if removed.is_empty() || added.is_empty() {
            break;
        }
        let mut by_schema: HashMap<String, Vec<&'a str>> = HashMap::new();
        for name in added.iter().rev() {
            by_schema.entry(text(new[name].1)).or_default().push(name);
        }
        let found: Vec<_> =
            removed.iter().filter_map(|from| Some((*from, by_schema.get_mut(&text(old[from].1))?.pop()?))).collect();
        removed.retain(|name| found.iter().all(|(from, _)| from != name));
        added.retain(|name| found.iter().all(|(_, to)| to != name));
        pairs.extend(found);
    }
    pairs
}
