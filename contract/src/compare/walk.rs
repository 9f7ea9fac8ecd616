//! Walks two schemas side by side and reports every change, without judging whether it breaks anybody.
//!
//! Invariant: the walk ends. A pair of places is visited once, so recursive schemas do not loop; what exceeds a limit
//! leaves [`Walk::unfinished`] set, and then nobody may conclude from a missing change that nothing changed.

mod bounds;
mod lists;
mod matching;
pub(crate) mod notes;
mod objects;
mod unions;
mod values;
mod variants;

use std::collections::HashSet;

use serde_json::Value;

use super::{
    Mode,
    change::{Change, Place, PlaceId, Step, Trial},
    keywords::refers,
    table,
    view::View,
};
use crate::{Direction, Document, Impact, Rule};

/// How many pairs of places are visited. The largest published tool schemas have some thousand places; a pair of
/// schemas can have the product of their places as pairs, which hostile ones use.
const MAX_WORK: usize = 20_000;

/// How deep the walk goes: each level takes stack. Text that `serde_json` reads has at most 128 levels.
const MAX_DEPTH: usize = 128;

/// How many changes are reported; nobody reads more, and each holds both sides.
const MAX_CHANGES: usize = 5_000;

/// See the module.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    pub(super) old: &'a Document,
    pub(super) new: &'a Document,
    pub(super) direction: Direction,
    pub(super) mode: Mode,
    pub(super) places: Vec<Place>,
    pub(super) changes: Vec<Change>,
    /// Why the walk did not see everything.
    pub(super) unfinished: Option<&'static str>,
    seen: HashSet<Visit>,
    work: usize,
}

/// Both places, what encloses them for the same instance, and whether they are members of an `allOf`.
type Visit = (String, String, (Vec<String>, Vec<String>), bool);

/// A pair under comparison: where it is, and both sides.
#[derive(Clone, Copy)]
struct Pair<'v, 'a> {
    place: PlaceId,
    old: &'v View<'a>,
    new: &'v View<'a>,
}

/// One side of a change: the pointer it is at, and what is there.
type Seen<'v> = Option<(&'v str, &'v Value)>;

impl<'a> Walk<'a> {
    pub(super) fn new(old: &'a Document, new: &'a Document, direction: Direction, mode: Mode) -> Self {
        let root = Place {
            parent: None,
            depth: 0,
            old: String::new(),
            new: String::new(),
            around_old: Vec::new(),
            around_new: Vec::new(),
        };
        let (places, changes, seen) = (vec![root], Vec::new(), HashSet::new());
        Self { old, new, direction, mode, places, changes, unfinished: None, seen, work: 0 }
    }

    /// Walks everything from the roots.
    pub(super) fn run(&mut self) {
        self.dialect();
        self.pair(0);
    }

    fn pair(&mut self, place: PlaceId) {
        let (old, new) = (self.places[place].old.clone(), self.places[place].new.clone());
        if let (Some(old), Some(new)) = (self.old.root().pointer(&old), self.new.root().pointer(&new)) {
            // Without references, what is written alike is alike.
            if old == new && !refers(old) {
                return;
            }
        }
        let views = (View::new(self.old, &old), View::new(self.new, &new));
        let pair = Pair { place, old: &views.0, new: &views.1 };
        // What a place means when it is left out depends on the place, not on the schemas alone.
        if !self.is_conjunct(place) {
            self.default(pair);
        }
        if !self.enter(place, old, new) {
            return;
        }
        let (old, new) = (&views.0, &views.1);
        if old.never || new.never {
            self.nothing(pair);
            return;
        }
        if !self.is_conjunct(place) {
            self.notes(pair);
        }
        if self.variants(pair) {
            return;
        }
        self.values(pair);
        self.objects(pair);
        self.lists(pair);
        self.unions(pair);
    }

    fn enter(&mut self, place: PlaceId, old: String, new: String) -> bool {
        if self.places[place].depth > MAX_DEPTH {
            self.unfinished = Some("the schemas nest too deeply to compare everything in them");
            return false;
        }
        if self.work >= MAX_WORK || self.changes.len() >= MAX_CHANGES {
            self.unfinished = Some("the schemas are too large to compare everything in them");
            return false;
        }
        let enclosing = &self.places[place];
        // A place inside of many others takes a look at each of them.
        self.work += 1 + 4 * (enclosing.around_old.len() + enclosing.around_new.len());
        let around = (enclosing.around_old.clone(), enclosing.around_new.clone());
        self.seen.insert((old, new, around, self.is_conjunct(place)))
    }

    /// Compares the schemas at these pointers as parts of a place.
    fn child(&mut self, parent: PlaceId, step: Step, old: String, new: String) {
        let (old, new) = (target(self.old, old), target(self.new, new));
        let depth = self.places[parent].depth + 1;
        let (around_old, around_new) = if matches!(step, Step::Same | Step::Conjunct) {
            let enclosing = &self.places[parent];
            let with = |around: &[String], own: &String| around.iter().chain([own]).cloned().collect::<Vec<_>>();
            (with(&enclosing.around_old, &enclosing.old), with(&enclosing.around_new, &enclosing.new))
        } else {
            (Vec::new(), Vec::new())
        };
        self.places.push(Place { parent: Some((parent, step)), depth, old, new, around_old, around_new });
        self.pair(self.places.len() - 1);
    }

    /// Whether the place is a member of an `allOf`, whose notes and members were seen with the whole.
    fn is_conjunct(&self, place: PlaceId) -> bool {
        matches!(self.places[place].parent, Some((_, Step::Conjunct)))
    }

    /// One side refuses everything.
    fn nothing(&mut self, pair: Pair<'_, 'a>) {
        let rule = match (pair.old.never, pair.new.never) {
            (true, false) => Rule::TypeWidened,
            (false, true) => Rule::TypeNarrowed,
            _ => return,
        };
        let place = &self.places[pair.place];
        let (old, new) = (place.old.clone(), place.new.clone());
        let old = self.old.root().pointer(&old).map(|value| (old.as_str(), value));
        let new = self.new.root().pointer(&new).map(|value| (new.as_str(), value));
        self.report(pair.place, rule, old, new, Trial::Ask, String::new());
    }

    /// Reports a change by the table.
    fn report(&mut self, place: PlaceId, rule: Rule, old: Seen<'_>, new: Seen<'_>, trial: Trial, subject: String) {
        self.report_as(place, rule, table::impact(rule, self.direction, self.mode), old, new, trial, subject);
    }

    /// Reports a change that asks for something else than the table's row.
    #[expect(clippy::too_many_arguments, reason = "a change has that many parts, and this is where they meet")]
    fn report_as(
        &mut self,
        place: PlaceId,
        rule: Rule,
        impact: Impact,
        old: Seen<'_>,
        new: Seen<'_>,
        trial: Trial,
        subject: String,
    ) {
        let Some(kind) = table::kind(rule, self.direction, self.mode) else { return };
        let fallback = || {
            let place = &self.places[place];
            if place.new.is_empty() { place.old.clone() } else { place.new.clone() }
        };
        let pointer = new.or(old).map_or_else(fallback, |(pointer, _)| pointer.to_owned());
        let value = |seen: Seen<'_>| seen.map(|(_, value)| value.clone());
        self.changes.push(Change {
            rule,
            kind,
            impact,
            shifts_model: table::shifts_model(rule, self.direction),
            place,
            pointer,
            old: value(old),
            new: value(new),
            trial,
            subject,
        });
    }

    /// Reports a keyword that both, one or no side has: `added` when only the new one has it, `removed` when only the
    /// old one, and `changed` when both do and differ.
    fn keyword(&mut self, pair: Pair<'_, 'a>, keyword: &str, rules: [Rule; 3]) {
        let (old, new) = (pair.old.get(keyword), pair.new.get(keyword));
        let [added, removed, changed] = rules;
        let rule = match (&old, &new) {
            (None, Some(_)) => added,
            (Some(_), None) => removed,
            (Some((_, old)), Some((_, new))) if !super::keywords::same(old, new) => changed,
            _ => return,
        };
        let subject = keyword.to_owned();
        self.report(pair.place, rule, seen(&old), seen(&new), Trial::Ask, subject);
    }

    /// Whether the subset side is the old one.
    fn sub_is_old(&self) -> bool {
        self.direction == Direction::Input
    }
}

fn seen<'v>(found: &'v Option<(String, &'v Value)>) -> Seen<'v> {
    found.as_ref().map(|(pointer, value)| (pointer.as_str(), *value))
}

/// Where a schema that is nothing but a reference leads to.
fn target(document: &Document, mut pointer: String) -> String {
    for _ in 0..MAX_DEPTH {
        let Some(Value::Object(members)) = document.root().pointer(&pointer) else { break };
        let reference = members.get("$ref").filter(|_| members.len() == 1).and_then(Value::as_str);
        match reference.and_then(|reference| document.resolve(reference)) {
            Some((found, _)) => pointer = found,
            None => break,
        }
    }
    pointer
}
