//! Unions: which variant became which, which came and went, and whether two of them now overlap.
//!
//! Variants are matched by equality, then by their tag, then by the names of their members, then by type; what is left
//! came or went. Each step looks a variant up by a text, so that thousands of them stay cheap.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Pair, Walk,
    matching::{Matching, Variant, variant},
    values::{choices, union_choices},
};
use crate::{
    Rule,
    compare::{
        change::{Step, Trial},
        keywords::{bare, is_annotation},
        view::View,
    },
    schema::key,
};

impl<'a> Walk<'a> {
    /// Compares unions. True when nothing else has to be compared at this place.
    pub(super) fn variants(&mut self, pair: Pair<'_, 'a>) -> bool {
        let (old, new) = (union(pair.old), union(pair.new));
        match (old, new) {
            (None, None) => false,
            (Some(old), Some(new)) => {
                self.unions_of(pair, pair.old.list(old), pair.new.list(new), (old, new));
                false
            }
            (Some(keyword), None) if only(pair.old, keyword) => {
                if let (Some(old), Some(new)) = (union_choices(pair.old, keyword), choices(pair.new)) {
                    self.enumeration(pair, Some(old), Some(new));
                } else if let Some(new) = whole(self.new, &self.places[pair.place].new) {
                    self.unions_of(pair, pair.old.list(keyword), vec![new], (keyword, "anyOf"));
                }
                true
            }
            (None, Some(keyword)) if only(pair.new, keyword) => {
                if let (Some(old), Some(new)) = (choices(pair.old), union_choices(pair.new, keyword)) {
                    self.enumeration(pair, Some(old), Some(new));
                } else if let Some(old) = whole(self.old, &self.places[pair.place].old) {
                    self.unions_of(pair, vec![old], pair.new.list(keyword), ("anyOf", keyword));
                }
                true
            }
            (Some(keyword), None) | (None, Some(keyword)) => {
                self.keyword(pair, keyword, [Rule::AllofAdded, Rule::AllofRemoved, Rule::AllofAdded]);
                false
            }
        }
    }

    fn unions_of(
        &mut self,
        pair: Pair<'_, 'a>,
        old: Vec<(String, &'a Value)>,
        new: Vec<(String, &'a Value)>,
        keywords: (&str, &str),
    ) {
        let read = |document, list: Vec<(String, &'a Value)>| -> Vec<Variant<'a>> {
            list.into_iter().map(|(at, schema)| variant(document, at, schema)).collect()
        };
        let (old, new) = (read(self.old, old), read(self.new, new));
        let (matches, equal) = self.matched(pair, &old, &new);
        for (before, after) in &matches {
            self.child(pair.place, Step::Same, old[*before].at.clone(), new[*after].at.clone());
        }
        let (was, is): (BTreeSet<_>, BTreeSet<_>) = matches.iter().copied().unzip();
        for gone in (0..old.len()).filter(|index| !was.contains(index)).map(|index| &old[index]) {
            let trial = if self.sub_is_old() { Trial::Of(gone.at.clone()) } else { Trial::Ask };
            let side = Some((gone.at.as_str(), gone.schema));
            self.report(pair.place, Rule::VariantRemoved, side, None, trial, String::new());
        }
        for come in (0..new.len()).filter(|index| !is.contains(index)).map(|index| &new[index]) {
            let trial = if self.sub_is_old() { Trial::Ask } else { Trial::Of(come.at.clone()) };
            let side = Some((come.at.as_str(), come.schema));
            self.report(pair.place, Rule::VariantAdded, None, side, trial, String::new());
        }
        if keywords.1 == "oneOf" && new.len() > 1 {
            let all: Vec<String> = new.iter().map(|variant| variant.at.clone()).collect();
            let unchanged = |index: &usize| keywords.0 == "oneOf" && equal.contains(index);
            let changed: Vec<String> =
                (0..new.len()).filter(|index| !unchanged(index)).map(|index| all[index].clone()).collect();
            if !changed.is_empty() {
                let trial = Trial::Twice(changed, all);
                self.report(pair.place, Rule::OneofOverlap, None, None, trial, String::new());
            }
        }
    }

    /// Pairs of variants, and which of the newer ones are written as before.
    fn matched(
        &mut self,
        pair: Pair<'_, 'a>,
        old: &[Variant<'a>],
        new: &[Variant<'a>],
    ) -> (Vec<(usize, usize)>, BTreeSet<usize>) {
        let mut matching = Matching::new(old, new);
        matching.by(|variant| Some(key(&bare(variant.schema))));
        let equal = matching.pairs.iter().map(|(_, after)| *after).collect();
        let (was, is) = (tags(old), tags(new));
        let tag = was.intersection(&is).next().copied();
        if let Some(tag) = tag {
            matching.by(|variant| variant.tags.get(tag).cloned());
            for (before, after) in matching.by(|variant| Some(key(&without(variant.schema, tag)))) {
                self.retagged(pair, &old[before], &new[after], tag);
            }
        } else if let (true, Some((before, after))) = (was.len() + is.len() > 0, old.first().zip(new.first())) {
            let objects = |variants: &[Variant<'_>]| variants.len() > 1 && variants.iter().all(|v| !v.names.is_empty());
            if objects(old) && objects(new) {
                self.retagged(pair, before, after, was.first().or(is.first()).copied().unwrap_or_default());
            }
        }
        matching.by(|variant| variant.external.map(str::to_owned));
        // A variant with another tag is another variant, however alike the rest is.
        if tag.is_none() {
            let apart = |variant: &Variant<'a>| variant.external.is_none() && !variant.names.is_empty();
            matching.by(|variant| apart(variant).then(|| format!("{:?}", variant.names)));
            matching.alike();
            matching.by(|variant| (variant.names.is_empty()).then(|| variant.types.to_string()));
            matching.overlapping();
        }
        (matching.pairs, equal)
    }

    fn retagged(&mut self, pair: Pair<'_, 'a>, old: &Variant<'a>, new: &Variant<'a>, tag: &str) {
        let trial = Trial::Of(if self.sub_is_old() { old.at.clone() } else { new.at.clone() });
        let (old, new) = ((old.at.as_str(), old.schema), (new.at.as_str(), new.schema));
        self.report(pair.place, Rule::TagChanged, Some(old), Some(new), trial, tag.to_owned());
    }
}

/// Names of members that have one value in each of several variants.
fn tags<'a>(variants: &[Variant<'a>]) -> BTreeSet<&'a str> {
    let mut names: Option<BTreeSet<&'a str>> = None;
    for variant in variants {
        let own: BTreeSet<&'a str> = variant.tags.keys().copied().collect();
        names = Some(names.map_or(own.clone(), |names| names.intersection(&own).copied().collect()));
    }
    names.unwrap_or_default()
}

/// A variant without its tag.
fn without(schema: &Value, tag: &str) -> Value {
    let mut schema = bare(schema);
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.remove(tag);
    }
    schema
}

fn union(view: &View<'_>) -> Option<&'static str> {
    ["oneOf", "anyOf"].into_iter().find(|keyword| view.value(keyword).is_some_and(Value::is_array))
}

/// Whether a schema says nothing but this union.
fn only(view: &View<'_>, keyword: &str) -> bool {
    let beside = |name: &str| matches!(name, "$anchor" | "$defs" | "$id" | "$ref" | "$schema" | "definitions");
    view.keywords().all(|name| name == keyword || beside(name) || is_annotation(name))
}

fn whole<'a>(document: &'a crate::Document, at: &str) -> Option<(String, &'a Value)> {
    Some((at.to_owned(), document.root().pointer(at)?))
}
