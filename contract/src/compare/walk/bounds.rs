//! Bounds on numbers, lengths and counts.

use std::cmp::Ordering;

use num_traits::Zero as _;
use serde_json::{Number, Value};

use super::{
    Pair, Walk,
    values::{NUMBER, types},
};
use crate::{
    Rule,
    compare::{change::Trial, keywords::order, view::View},
    schema::rational,
};

/// Sizes with a lower bound: a greater one lets less through, and zero lets everything through.
const LOWER: [&str; 3] = ["minLength", "minItems", "minProperties"];
/// Sizes with an upper bound: a smaller one lets less through.
const UPPER: [&str; 4] = ["maxLength", "maxItems", "maxProperties", "maxContains"];

/// A bound and where it is.
type Bound = Option<(String, Number)>;

impl<'a> Walk<'a> {
    pub(super) fn bounds(&mut self, pair: Pair<'_, 'a>) {
        if types(pair.old) & types(pair.new) & NUMBER != 0 {
            self.range(pair, ["minimum", "exclusiveMinimum"], Ordering::Greater);
            self.range(pair, ["maximum", "exclusiveMaximum"], Ordering::Less);
            self.multiple(pair);
        }
        for keyword in LOWER {
            let bound = |view: &View<'a>| number(view, keyword).filter(|(_, bound)| bound.as_u64() != Some(0));
            self.size(pair, bound(pair.old), bound(pair.new), Ordering::Greater);
        }
        for keyword in UPPER {
            self.size(pair, number(pair.old, keyword), number(pair.new, keyword), Ordering::Less);
        }
        // One element must match where `minContains` says nothing (2020-12 validation, 6.4.5).
        let bound = |view: &View<'a>| number(view, "minContains").filter(|(_, bound)| bound.as_u64() != Some(1));
        self.least(pair, bound(pair.old), bound(pair.new));
    }

    fn least(&mut self, pair: Pair<'_, 'a>, old: Bound, new: Bound) {
        let one = Number::from(1);
        let value = |bound: &Bound| bound.as_ref().map_or_else(|| one.clone(), |(_, bound)| bound.clone());
        match order(&value(&new), &value(&old)) {
            Some(Ordering::Equal) => {}
            found => self.bound(pair, found == Some(Ordering::Greater), old, new),
        }
    }

    fn size(&mut self, pair: Pair<'_, 'a>, old: Bound, new: Bound, tighter: Ordering) {
        let found = match (&old, &new) {
            (None, None) => return,
            (None, Some(_)) => Some(tighter),
            (Some(_), None) => Some(tighter.reverse()),
            (Some((_, old)), Some((_, new))) => order(new, old),
        };
        if found != Some(Ordering::Equal) {
            self.bound(pair, found == Some(tighter), old, new);
        }
    }

    /// A bound on numbers, which can be said with and without the bound itself (draft 4 says the latter by a flag).
    fn range(&mut self, pair: Pair<'_, 'a>, [plain, exclusive]: [&str; 2], tighter: Ordering) {
        let strictest = |view: &View<'a>| {
            let flag = view.value(exclusive) == Some(&Value::Bool(true));
            let inclusive = number(view, plain).map(|bound| (bound, flag));
            match (inclusive, number(view, exclusive).map(|bound| (bound, true))) {
                (Some(one), Some(other)) => {
                    let found = order(&other.0.1, &one.0.1);
                    Some(if found == Some(tighter) || found == Some(Ordering::Equal) { other } else { one })
                }
                (one, other) => one.or(other),
            }
        };
        let (old, new) = (strictest(pair.old), strictest(pair.new));
        let tightened = match (&old, &new) {
            (None, None) => return,
            (None, Some(_)) => true,
            (Some(_), None) => false,
            (Some((old, old_open)), Some((new, new_open))) => match order(&new.1, &old.1) {
                Some(Ordering::Equal) if old_open == new_open => return,
                Some(Ordering::Equal) => *new_open,
                found => found == Some(tighter),
            },
        };
        self.bound(pair, tightened, old.map(|(bound, _)| bound), new.map(|(bound, _)| bound));
    }

    fn multiple(&mut self, pair: Pair<'_, 'a>) {
        let (old, new) = (number(pair.old, "multipleOf"), number(pair.new, "multipleOf"));
        let divides = |one: &Number, other: &Number| match (rational(one), rational(other)) {
            (Some(one), Some(other)) if !one.is_zero() => (other / one).is_integer(),
            _ => false,
        };
        let (tightened, relaxed) = match (&old, &new) {
            (None, None) => return,
            (None, Some(_)) => (true, false),
            (Some(_), None) => (false, true),
            // Multiples of the new one are multiples of the old one when the old one divides it.
            (Some((_, old)), Some((_, new))) => (!divides(new, old), !divides(old, new)),
        };
        if tightened {
            self.bound(pair, true, old.clone(), new.clone());
        }
        if relaxed {
            self.bound(pair, false, old, new);
        }
    }

    fn bound(&mut self, pair: Pair<'_, 'a>, tightened: bool, old: Bound, new: Bound) {
        let rule = if tightened { Rule::BoundTightened } else { Rule::BoundRelaxed };
        let side = |bound: Bound| bound.map(|(at, number)| (at, Value::Number(number)));
        let (old, new) = (side(old), side(new));
        let subject = new.as_ref().or(old.as_ref()).and_then(|(at, _)| at.rsplit('/').next()).unwrap_or_default();
        let subject = subject.to_owned();
        let (old, new) = (old.as_ref().map(|(at, v)| (at.as_str(), v)), new.as_ref().map(|(at, v)| (at.as_str(), v)));
        self.report(pair.place, rule, old, new, Trial::Ask, subject);
    }
}

fn number(view: &View<'_>, keyword: &str) -> Bound {
    match view.get(keyword) {
        Some((at, Value::Number(number))) => Some((at, number.clone())),
        _ => None,
    }
}
