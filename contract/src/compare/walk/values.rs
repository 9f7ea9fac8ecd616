//! Types, enumerations, constants, patterns and formats.

use std::collections::HashSet;

use serde_json::Value;

use super::{Pair, Walk, seen};
use crate::{
    Mode, Rule,
    compare::{
        change::{Kind, Trial},
        keywords::same,
        view::View,
    },
    schema::key,
};

/// The types of instances as bits; an integer is a number of its own kind.
const TYPES: [(&str, u8); 7] =
    [("null", 1), ("boolean", 2), ("integer", 4), ("number", 12), ("string", 16), ("array", 32), ("object", 64)];
const ALL: u8 = 127;
const STRING: u8 = 16;
pub(super) const NUMBER: u8 = 12;
pub(super) const ARRAY: u8 = 32;
pub(super) const OBJECT: u8 = 64;

/// How many values a sentence names.
const NAMED: usize = 3;

/// The types that a schema allows by its `type`.
pub(super) fn types(view: &View<'_>) -> u8 {
    let bits = |name: &Value| {
        let found = TYPES.iter().find(|(known, _)| name.as_str() == Some(known));
        found.map_or(0, |(_, bits)| *bits)
    };
    match view.value("type") {
        None => ALL,
        Some(Value::Array(names)) => names.iter().fold(0, |all, name| all | bits(name)),
        Some(name) => bits(name),
    }
}

impl<'a> Walk<'a> {
    pub(super) fn values(&mut self, pair: Pair<'_, 'a>) {
        self.types(pair);
        self.enumeration(pair, choices(pair.old), choices(pair.new));
        self.bounds(pair);
        if types(pair.old) & types(pair.new) & STRING != 0 {
            self.keyword(pair, "pattern", [Rule::PatternAdded, Rule::PatternRemoved, Rule::PatternChanged]);
            self.keyword(pair, "format", [Rule::FormatAdded, Rule::FormatRemoved, Rule::FormatChanged]);
        }
    }

    fn types(&mut self, pair: Pair<'_, 'a>) {
        let (before, after) = (types(pair.old), types(pair.new));
        let rule = match (before & !after, after & !before) {
            (0, 0) => return,
            (0, _) => Rule::TypeWidened,
            (_, 0) => Rule::TypeNarrowed,
            _ => Rule::TypeChanged,
        };
        let (old, new) = (pair.old.get("type"), pair.new.get("type"));
        self.report(pair.place, rule, seen(&old), seen(&new), Trial::Ask, String::new());
    }

    /// Values that were or are enumerated.
    pub(super) fn enumeration(&mut self, pair: Pair<'_, 'a>, old: Option<Choices>, new: Option<Choices>) {
        match (old, new) {
            (None, None) => {}
            (Some(old), None) => {
                let values = Value::Array(old.values);
                let (rule, old) = (Rule::EnumConstraintRemoved, Some((old.at.as_str(), &values)));
                self.report(pair.place, rule, old, None, Trial::Ask, String::new());
            }
            (None, Some(new)) => {
                let values = Value::Array(new.values);
                let (rule, new) = (Rule::EnumConstraintAdded, Some((new.at.as_str(), &values)));
                self.report(pair.place, rule, None, new, Trial::Ask, String::new());
            }
            (Some(old), Some(new)) => self.enumerations(pair, &old, &new),
        }
    }

    fn enumerations(&mut self, pair: Pair<'_, 'a>, old: &Choices, new: &Choices) {
        let (removed, added) = (missing(&old.values, &new.values), missing(&new.values, &old.values));
        if removed.is_empty() && added.is_empty() {
            return self.reordered(pair);
        }
        let input = self.sub_is_old();
        if let ([before], [after], true) = (old.values.as_slice(), new.values.as_slice(), old.constant && new.constant)
        {
            let trial = Trial::Is(vec![if input { before.clone() } else { after.clone() }]);
            let (old, new) = ((old.at.as_str(), before), (new.at.as_str(), after));
            return self.report(pair.place, Rule::ConstChanged, Some(old), Some(new), trial, String::new());
        }
        if !removed.is_empty() {
            let trial = if input { Trial::Is(removed.clone()) } else { Trial::Ask };
            let (subject, removed) = (listed(&removed), Value::Array(removed));
            self.report(pair.place, Rule::EnumRemoved, Some((&old.at, &removed)), None, trial, subject);
            if let Some(change) = self.changes.last_mut() {
                change.pointer.clone_from(&new.at);
            }
        }
        if !added.is_empty() {
            let trial = if input { Trial::Ask } else { Trial::Is(added.clone()) };
            let (subject, added) = (listed(&added), Value::Array(added));
            self.report(pair.place, Rule::EnumAdded, None, Some((&new.at, &added)), trial, subject);
        }
    }

    /// The order of an enumeration validates nothing, but a model reads it.
    fn reordered(&mut self, pair: Pair<'_, 'a>) {
        let (old, new) = (pair.old.get("enum"), pair.new.get("enum"));
        let differ = matches!((&old, &new), (Some((_, old)), Some((_, new))) if !same(old, new));
        if self.mode == Mode::Emitted && differ {
            self.report(pair.place, Rule::RefRefactor, seen(&old), seen(&new), Trial::Ask, "order".into());
            if let Some(change) = self.changes.last_mut() {
                (change.kind, change.shifts_model) = (Kind::Note, true);
            }
        }
    }
}

/// The values that a schema enumerates.
pub(super) struct Choices {
    at: String,
    values: Vec<Value>,
    /// By `const`.
    constant: bool,
}

/// By `const` or `enum`.
pub(super) fn choices(view: &View<'_>) -> Option<Choices> {
    if let Some((at, value)) = view.get("const") {
        return Some(Choices { at, values: vec![value.clone()], constant: true });
    }
    let (at, values) = view.get("enum")?;
    Some(Choices { at, values: values.as_array()?.clone(), constant: false })
}

/// By a union in which every variant is a constant or an enumeration.
pub(super) fn union_choices(view: &View<'_>, keyword: &str) -> Option<Choices> {
    let (at, variants) = view.get(keyword)?;
    let mut values = Vec::new();
    for variant in variants.as_array()? {
        match (variant.get("const"), variant.get("enum")) {
            (Some(value), _) => values.push(value.clone()),
            (None, Some(Value::Array(several))) => values.extend(several.iter().cloned()),
            _ => return None,
        }
    }
    Some(Choices { at, values, constant: false })
}

/// The values of `all` that are not among `of`.
fn missing(all: &[Value], of: &[Value]) -> Vec<Value> {
    let known: HashSet<String> = of.iter().map(key).collect();
    all.iter().filter(|value| !known.contains(&key(value))).cloned().collect()
}

/// The first few values as text.
fn listed(values: &[Value]) -> String {
    let mut text: Vec<String> = values.iter().take(NAMED).map(|value| format!("`{value}`")).collect();
    if values.len() > NAMED {
        text.push(format!("{} more", values.len() - NAMED));
    }
    text.join(", ")
}
