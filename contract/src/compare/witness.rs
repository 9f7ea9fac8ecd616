//! Instances that show a change: made at the place of the change, then lifted to whole instances, then checked.
//!
//! Invariant: nothing leaves this module as a witness unless the validators of both whole schemas said what it claims.
//! What can't be made or lifted is simply not there.

mod lift;

use std::collections::HashMap;

use serde_json::Value;

use self::lift::fresh;
use super::{
    Mode,
    change::{Change, PlaceId, Step, Trial},
    walk::Walk,
};
use crate::{Direction, Document, Inclusion, Prover, Side, Witness};

/// How many pairs of variants are asked about when one `oneOf` may overlap: each is a question to the prover.
const MAX_OVERLAPS: usize = 64;

/// How many removed or added values are tried as witnesses.
const MAX_VALUES: usize = 8;

/// See the module.
#[derive(Debug)]
pub(super) struct Witnesses<'a, 'w> {
    walk: &'w Walk<'a>,
    pub(super) prover: Prover<'a>,
    /// An instance of each place, for others to be put into.
    bases: HashMap<PlaceId, Option<Value>>,
}

impl<'a, 'w> Witnesses<'a, 'w> {
    pub(super) fn new(walk: &'w Walk<'a>) -> Self {
        Self { walk, prover: Prover::new(walk.old, walk.new), bases: HashMap::new() }
    }

    /// The side that must be inside, and the side that it must be inside of.
    pub(super) fn sides(&self) -> (&'a Document, &'a Document) {
        match self.walk.direction {
            Direction::Input => (self.walk.old, self.walk.new),
            Direction::Output => (self.walk.new, self.walk.old),
        }
    }

    fn emitted(&self) -> bool {
        self.walk.mode == Mode::Emitted
    }

    /// Whether the whole is included; `undeclared` members count or are left out.
    pub(super) fn whole(&mut self, undeclared: bool) -> Inclusion {
        let (sub, sup) = self.sides();
        let sub = Side { document: sub, pointer: "", declared_only: !undeclared };
        self.prover.included(sub, Side { document: sup, pointer: "", declared_only: false })
    }

    /// Whether the whole is included the other way round, undeclared members and all.
    pub(super) fn reverse(&mut self) -> Inclusion {
        let (sub, sup) = self.sides();
        let side = |document| Side { document, pointer: "", declared_only: false };
        self.prover.included(side(sup), side(sub))
    }

    /// Whether what a place allows is included.
    pub(super) fn place(&mut self, place: PlaceId, undeclared: bool) -> Inclusion {
        let (sub, sup) = self.sides();
        let (subs, sups) = self.scopes(place);
        let same = matches!(self.walk.places[place].parent, Some((_, Step::Same)));
        // A variant's instance may be one of another variant: what matters is the union that encloses it.
        let sup_pointer = if same { sups.first() } else { sups.last() };
        let sup = Side { document: sup, pointer: sup_pointer.map_or("", String::as_str), declared_only: false };
        let side = |pointer: &'_ String| (sub, pointer.clone());
        let of: Vec<_> = subs.iter().map(side).collect();
        let of: Vec<Side<'_>> =
            of.iter().map(|(document, pointer)| Side { document, pointer, declared_only: !undeclared }).collect();
        match of.as_slice() {
            [sub] => self.prover.included(*sub, sup),
            of => match self.prover.instance(of, &[sup]) {
                Ok(None) => Inclusion::Holds,
                Ok(Some(instance)) => Inclusion::Fails(instance),
                Err(reason) => Inclusion::Undecided(reason),
            },
        }
    }

    /// The schemas that hold for a place's instance, the enclosing ones first: of the inner and of the outer side.
    fn scopes(&self, place: PlaceId) -> (Vec<String>, Vec<String>) {
        let place = &self.walk.places[place];
        let with = |around: &[String], own: &String| around.iter().chain([own]).cloned().collect::<Vec<_>>();
        let (old, new) = (with(&place.around_old, &place.old), with(&place.around_new, &place.new));
        if self.walk.direction == Direction::Input { (old, new) } else { (new, old) }
    }

    /// A whole instance that the inner side accepts and the outer one refuses, made for this change.
    pub(super) fn of(&mut self, change: &Change) -> Option<Witness> {
        let trials = self.trials(change.place, &change.trial);
        trials.into_iter().find_map(|local| self.lifted(change, local))
    }

    /// The same from an instance of the change's place.
    pub(super) fn lifted(&mut self, change: &Change, local: Value) -> Option<Witness> {
        let (whole, at) = self.lift(change.place, local)?;
        self.refutes(whole, &at, &change.subject)
    }

    /// The instance as a witness, when the inner side accepts it and the outer one refuses it. It shows the violation
    /// that is nearest to a place in the instance and speaks of a name.
    pub(super) fn refutes(&self, instance: Value, near: &str, name: &str) -> Option<Witness> {
        let (sub, sup) = self.sides();
        if sub.is_valid(&instance) != Some(true) || sup.is_valid(&instance) != Some(false) {
            return None;
        }
        let closeness = |at: &str, what: &str| {
            let close = if at.starts_with(near) { Some(near.len()) } else { near.starts_with(at).then_some(at.len()) };
            (close, !name.is_empty() && what.contains(&format!("\"{name}\"")))
        };
        let violations = sup.violations(&instance).into_iter();
        // Of the closest ones the first.
        let violation = violations.rev().max_by_key(|(at, what)| closeness(at, what));
        let violation = violation.map(|(at, what)| if at.is_empty() { what } else { format!("{what} (at {at})") });
        let violation = violation.unwrap_or_else(|| "it is not valid".into());
        let shows = match self.walk.direction {
            Direction::Input => format!("accepted before, refused now: {violation}"),
            Direction::Output => format!("may be returned now, was not allowed before: {violation}"),
        };
        Some(Witness { instance, shows })
    }

    /// A whole instance that the inner side accepts and that means something else now.
    pub(super) fn meaning(
        &mut self,
        place: PlaceId,
        trial: &Trial,
        document: &'a Document,
        shows: &str,
    ) -> Option<Witness> {
        let trials = match trial {
            Trial::With(name, pointer) => self.with(place, name, document, pointer),
            trial => self.trials(place, trial),
        };
        trials.into_iter().find_map(|local| {
            let (instance, _) = self.lift(place, local)?;
            (document.is_valid(&instance) == Some(true)).then(|| Witness { instance, shows: shows.to_owned() })
        })
    }

    /// Whether a schema allows anything at all; none when that could not be decided.
    pub(super) fn possible(&mut self, document: &'a Document, pointer: &str) -> Option<bool> {
        let side = Side { document, pointer, declared_only: false };
        self.prover.instance(&[side], &[]).ok().map(|found| found.is_some())
    }

    /// Instances of two variants at once that the inner side accepts; none when there are none or it is not known.
    pub(super) fn overlap(&mut self, place: PlaceId, changed: &[String], all: &[String]) -> Option<Value> {
        let new = self.walk.new;
        let (sub, _) = self.sides();
        let (subs, _) = self.scopes(place);
        let pairs = changed.iter().flat_map(|one| {
            all.iter()
                .filter(move |other| *other != one && (!changed.contains(other) || one < *other))
                .map(move |o| (one, o))
        });
        let inner: Vec<Side<'_>> = if self.walk.direction == Direction::Input {
            let declared_only = self.emitted();
            subs.iter().map(|pointer| Side { document: sub, pointer, declared_only }).collect()
        } else {
            Vec::new()
        };
        pairs.take(MAX_OVERLAPS).find_map(|(one, other)| {
            let variant = |pointer| Side { document: new, pointer, declared_only: false };
            let mut of = inner.clone();
            of.extend([variant(one.as_str()), variant(other.as_str())]);
            self.prover.instance(&of, &[]).ok().flatten()
        })
    }

    fn trials(&mut self, place: PlaceId, trial: &Trial) -> Vec<Value> {
        match trial {
            Trial::Ask | Trial::Twice(..) => Vec::new(),
            Trial::Is(values) => values.iter().take(MAX_VALUES).cloned().collect(),
            Trial::Without(name) => {
                let mut base = self.object(place);
                base.remove(name);
                vec![Value::Object(base)]
            }
            Trial::With(name, pointer) => {
                let (sub, _) = self.sides();
                self.with(place, name, sub, pointer)
            }
            Trial::Undeclared => {
                let base = self.object(place);
                let name = fresh(&base);
                let values = [Value::Null, Value::from("text"), Value::from(0)];
                let with = |value: Value| {
                    let mut base = base.clone();
                    base.insert(name.clone(), value);
                    Value::Object(base)
                };
                values.map(with).into()
            }
            Trial::Of(pointer) => {
                let (sub, sup) = self.sides();
                let (_, sups) = self.scopes(place);
                let declared_only = self.emitted();
                let outer = sups.first().map_or("", String::as_str);
                let of = [Side { document: sub, pointer, declared_only }];
                let without = [Side { document: sup, pointer: outer, declared_only: false }];
                let found = match self.prover.instance(&of, &without) {
                    Ok(Some(instance)) => Some(instance),
                    _ => self.prover.instance(&of, &[]).ok().flatten(),
                };
                found.into_iter().collect()
            }
        }
    }

    fn with(&mut self, place: PlaceId, name: &str, document: &'a Document, pointer: &str) -> Vec<Value> {
        let side = Side { document, pointer, declared_only: self.emitted() };
        let Some(member) = self.prover.instance(&[side], &[]).ok().flatten() else { return Vec::new() };
        let mut base = self.object(place);
        base.insert(name.to_owned(), member);
        vec![Value::Object(base)]
    }
}
