//! Judges what the walker found: what the prover says about the whole decides, what it says about a place tells which
//! change is to blame.
//!
//! Invariant: `Compatible` is said only when inclusion of the whole was proved and nothing changed its meaning; then
//! no finding asks for more than a minor bump. `Breaking` comes with a major finding, `Unknown` with an unknown one.

mod verdict;

use std::collections::HashMap;

use serde_json::Value;

use self::verdict::{conclude, finding};
use super::{
    Comparison, Mode,
    change::{Change, Kind, PlaceId, Step, Trial},
    keywords::bare,
    view::View,
    walk::Walk,
    witness::Witnesses,
};
use crate::{Direction, Impact, Inclusion, Rule, Witness};

/// How many changes of one comparison are looked at one by one: each asks the prover some questions. Beyond it the
/// table's word stands.
const MAX_PLACES: usize = 64;

/// What is known about the whole.
enum Whole {
    /// Included.
    Holds(Equality),
    /// Refuted, checked by a validator.
    Fails(Witness),
    /// Neither.
    Undecided(String),
}

/// Whether the whole is included the other way round too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Equality {
    /// Both are written alike, but for annotations.
    Written,
    /// Proved.
    Proved,
    /// Not known.
    Open,
}

struct Judge<'a, 'w> {
    walk: &'w Walk<'a>,
    witnesses: Witnesses<'a, 'w>,
    whole: Whole,
    /// The places that were asked about, with and without undeclared members.
    places: HashMap<(PlaceId, bool), Inclusion>,
    settled: usize,
    /// Some change was shown to be to blame for what the whole refuses.
    explained: bool,
}

/// Judges all changes of a walk.
pub(super) fn judge(walk: &Walk<'_>) -> Comparison {
    let mut witnesses = Witnesses::new(walk);
    let whole = whole(walk, &mut witnesses);
    let mut judge = Judge { walk, witnesses, whole, places: HashMap::new(), settled: 0, explained: false };
    let mut findings = Vec::new();
    for change in &walk.changes {
        if let Some((impact, witness)) = judge.change(change) {
            findings.push(finding(walk, change, impact, witness));
        }
    }
    let explained = judge.explained;
    conclude(walk, judge.whole, explained, findings)
}

fn whole(walk: &Walk<'_>, witnesses: &mut Witnesses<'_, '_>) -> Whole {
    match witnesses.whole(walk.mode == Mode::Strict) {
        Inclusion::Holds if bare(walk.old.root()) == bare(walk.new.root()) => Whole::Holds(Equality::Written),
        Inclusion::Holds => {
            // Members that were added are no refactoring, whatever may stand in them.
            let mut sets = walk.changes.iter().filter(|change| change.kind == Kind::Set).peekable();
            let equal = (sets.peek().is_none() || sets.any(|change| !is_addition(change.rule)))
                && witnesses.reverse() == Inclusion::Holds
                && (walk.mode == Mode::Strict || witnesses.whole(true) == Inclusion::Holds);
            Whole::Holds(if equal { Equality::Proved } else { Equality::Open })
        }
        Inclusion::Fails(instance) => match witnesses.refutes(instance.clone(), "", "") {
            Some(witness) => Whole::Fails(witness),
            None => Whole::Undecided(format!("the validator does not confirm that {instance} makes a difference")),
        },
        Inclusion::Undecided(reason) => Whole::Undecided(reason),
    }
}

impl<'a> Judge<'a, '_> {
    /// The impact of a change with its witness; none when there is nothing to it.
    fn change(&mut self, change: &Change) -> Option<(Impact, Option<Witness>)> {
        if let Trial::Twice(changed, all) = &change.trial {
            self.settled += 1;
            if self.settled > MAX_PLACES {
                return None;
            }
            return self.overlap(change, changed, all);
        }
        match (change.kind, &self.whole) {
            (Kind::Note, _) => Some((change.impact, None)),
            (Kind::Meaning, _) => Some(self.meaning(change)),
            // Everything that is valid stays valid, both ways: it is only written in another way.
            (Kind::Set, Whole::Holds(Equality::Proved)) if !is_addition(change.rule) => None,
            (Kind::Set, Whole::Holds(_)) => Some((change.impact.min(Impact::Minor), None)),
            (Kind::Set | Kind::Sealing, _) if change.impact < Impact::Unknown => Some((change.impact, None)),
            (Kind::Set | Kind::Sealing, _) => {
                let (impact, witness) = self.set(change);
                self.explained |= impact == Impact::Major;
                Some((impact, witness))
            }
        }
    }

    fn set(&mut self, change: &Change) -> (Impact, Option<Witness>) {
        let sealing = change.kind == Kind::Sealing;
        if let (Whole::Fails(witness), true) = (&self.whole, self.is_sole(change)) {
            return (Impact::Major, Some(witness.clone()));
        }
        self.settled += 1;
        if self.settled > MAX_PLACES {
            return self.by_table(change);
        }
        let undeclared = sealing || self.walk.mode == Mode::Strict;
        let tried = if undeclared || change.trial != Trial::Undeclared { self.witnesses.of(change) } else { None };
        if tried.is_some() {
            return (Impact::Major, tried);
        }
        let key = (change.place, undeclared);
        let answer = match self.places.get(&key) {
            Some(answer) => answer.clone(),
            None => {
                let answer = self.witnesses.place(change.place, undeclared);
                self.places.insert(key, answer.clone());
                answer
            }
        };
        match answer {
            Inclusion::Holds => (Impact::Minor, None),
            Inclusion::Fails(local) => match (self.witnesses.lifted(change, local), &self.whole) {
                (Some(witness), _) => (Impact::Major, Some(witness)),
                (None, Whole::Fails(witness)) if !sealing => (Impact::Major, Some(witness.clone())),
                _ => (Impact::Unknown, None),
            },
            Inclusion::Undecided(_) => (Impact::Unknown, None),
        }
    }

    /// Whether no other change can be to blame.
    fn is_sole(&self, change: &Change) -> bool {
        let sets = self.walk.changes.iter().filter(|change| change.kind != Kind::Note).take(2);
        change.kind == Kind::Set && self.walk.unfinished.is_none() && sets.count() == 1
    }

    fn by_table(&self, change: &Change) -> (Impact, Option<Witness>) {
        match &self.whole {
            Whole::Fails(witness) if change.kind == Kind::Set => (change.impact, Some(witness.clone())),
            _ => (Impact::Unknown, None),
        }
    }

    /// A `oneOf` overlaps when an instance of two variants can be made. That lets less through: results are safe.
    fn overlap(&mut self, change: &Change, changed: &[String], all: &[String]) -> Option<(Impact, Option<Witness>)> {
        let input = self.walk.direction == Direction::Input;
        match self.whole {
            Whole::Holds(equality) if input || equality != Equality::Open => return None,
            _ => {}
        }
        let local = self.witnesses.overlap(change.place, changed, all)?;
        if !input {
            return Some((Impact::Minor, None));
        }
        let witness = self.witnesses.lifted(change, local)?;
        self.explained = true;
        Some((Impact::Major, Some(witness)))
    }

    fn meaning(&mut self, change: &Change) -> (Impact, Option<Witness>) {
        self.settled += 1;
        if change.impact < Impact::Unknown || self.settled > MAX_PLACES {
            return (change.impact, None);
        }
        match change.rule {
            Rule::DefaultAdded | Rule::DefaultChanged | Rule::DefaultRemoved => self.default(change),
            Rule::PropRemoved | Rule::PropRemovedIgnored | Rule::PropRenamed => self.removal(change),
            Rule::TagChanged => {
                let (sub, _) = self.witnesses.sides();
                let shows = format!("its tag `{}` told its variant, and now tells another or none", change.subject);
                let witness = self.refutation(change);
                (Impact::Major, witness.or_else(|| self.witnesses.meaning(change.place, &change.trial, sub, &shows)))
            }
            _ => (Impact::Major, None),
        }
    }

    /// A default means nothing where the member had to be there.
    fn default(&mut self, change: &Change) -> (Impact, Option<Witness>) {
        let Some((parent, Step::Member(name))) = self.walk.places[change.place].parent.clone() else {
            return (Impact::Major, None);
        };
        let enclosing = &self.walk.places[parent];
        if View::new(self.walk.old, &enclosing.old).required().contains(name.as_str()) {
            return (Impact::Minor, None);
        }
        let says = |side: &Option<Value>| side.as_ref().map_or("nothing".into(), ToString::to_string);
        let shows = format!("without `{name}` it meant {} and now means {}", says(&change.old), says(&change.new));
        let (sub, _) = self.witnesses.sides();
        (Impact::Major, self.witnesses.meaning(parent, &change.trial, sub, &shows))
    }

    fn removal(&mut self, change: &Change) -> (Impact, Option<Witness>) {
        let name = change.subject.split(" => ").next().unwrap_or_default();
        let Some(at) = self.removed(change, name) else { return (Impact::Major, None) };
        if self.witnesses.possible(self.walk.old, &at) == Some(false) {
            return (Impact::Minor, None);
        }
        let witness = self.refutation(change);
        let shows = match self.walk.direction {
            Direction::Input => format!("`{name}` was read before and is not any more"),
            Direction::Output => format!("`{name}` could be read here before and is never there now"),
        };
        let trial = Trial::With(name.to_owned(), at);
        (Impact::Major, witness.or_else(|| self.witnesses.meaning(change.place, &trial, self.walk.old, &shows)))
    }

    fn removed(&self, change: &Change, name: &str) -> Option<String> {
        let view = View::new(self.walk.old, &self.walk.places[change.place].old);
        view.properties().get(name).map(|(at, _)| at.clone())
    }

    /// A witness against inclusion, where there can be one.
    fn refutation(&mut self, change: &Change) -> Option<Witness> {
        let witness = if matches!(self.whole, Whole::Holds(_)) { None } else { self.witnesses.of(change) };
        self.explained |= witness.is_some();
        witness
    }
}

fn is_addition(rule: Rule) -> bool {
    matches!(rule, Rule::PropAddedOptional | Rule::PropAddedToClosed | Rule::PropAddedRequired)
}
