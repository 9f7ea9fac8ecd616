//! `allOf`, `not`, and `if`.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::{Pair, Walk, seen};
use crate::{
    Rule,
    compare::{
        change::{Step, Trial},
        keywords::{bare, refers, same},
    },
    schema::key,
};

impl<'a> Walk<'a> {
    pub(super) fn unions(&mut self, pair: Pair<'_, 'a>) {
        self.all(pair);
        self.opaque(pair, "not", Rule::NotChanged);
        self.opaque(pair, "if", Rule::IfChanged);
        for branch in ["then", "else"] {
            match (pair.old.get(branch), pair.new.get(branch)) {
                (Some((old, _)), Some((new, _))) => self.child(pair.place, Step::Same, old, new),
                _ => self.opaque(pair, branch, Rule::IfChanged),
            }
        }
    }

    /// Members are matched by equality; as many as are left on both sides, in order.
    fn all(&mut self, pair: Pair<'_, 'a>) {
        let (old, new) = (pair.old.list("allOf"), pair.new.list("allOf"));
        let mut equal: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, (_, schema)) in new.iter().enumerate().rev() {
            equal.entry(key(&bare(schema))).or_default().push(index);
        }
        let mut left: BTreeSet<usize> = (0..new.len()).collect();
        let mut unmatched = Vec::new();
        for (index, (at, schema)) in old.iter().enumerate() {
            match equal.get_mut(&key(&bare(schema))).and_then(Vec::pop) {
                Some(found) => {
                    left.remove(&found);
                    self.child(pair.place, Step::Conjunct, at.clone(), new[found].0.clone());
                }
                None => unmatched.push(index),
            }
        }
        let mut left = left.into_iter();
        let mut unmatched = unmatched.into_iter();
        loop {
            match (unmatched.next(), left.next()) {
                (None, None) => break,
                (Some(before), Some(after)) => {
                    self.child(pair.place, Step::Conjunct, old[before].0.clone(), new[after].0.clone());
                }
                (Some(before), None) => {
                    let (at, schema) = &old[before];
                    let old = Some((at.as_str(), *schema));
                    self.report(pair.place, Rule::AllofRemoved, old, None, Trial::Ask, String::new());
                }
                (None, Some(after)) => {
                    let (at, schema) = &new[after];
                    let new = Some((at.as_str(), *schema));
                    self.report(pair.place, Rule::AllofAdded, None, new, Trial::Ask, String::new());
                }
            }
        }
    }

    /// A keyword whose parts can't be judged one by one: narrower inside may be wider outside.
    fn opaque(&mut self, pair: Pair<'_, 'a>, keyword: &str, rule: Rule) {
        let (old, new) = (pair.old.get(keyword), pair.new.get(keyword));
        let alike = match (&old, &new) {
            (None, None) => true,
            (Some((_, old)), Some((_, new))) => same(&bare(old), &bare(new)) && (!refers(old) || self.same_defs()),
            _ => false,
        };
        if !alike {
            self.report(pair.place, rule, seen(&old), seen(&new), Trial::Ask, keyword.to_owned());
        }
    }

    /// Whether references that are written alike lead to schemas that are written alike.
    fn same_defs(&self) -> bool {
        let defs = |root: &Value, name: &str| root.get(name).map(bare);
        let within = |name| defs(self.old.root(), name) == defs(self.new.root(), name);
        within("$defs") && within("definitions")
    }
}
