//! Lists: positions, elements of which one must be wrong, counts, equal and different elements.

use serde_json::Value;

use super::{
    branch::{Facts, Place, Wrong},
    goal::Goal,
    search::{Any, Found, STEP, Search},
};
use crate::schema::Id;

/// The most elements that a list is given.
const ELEMENTS: u64 = 20_000;

/// The most where each is to be compared with the others.
const DIFFERENT: u64 = 300;

/// The most elements that must each be something special.
const SPECIAL: u64 = 200;

/// Something that some element must be.
#[derive(Debug, Clone)]
struct Task {
    place: Place,
    holds: Option<(Id, bool)>,
    wrong: Option<Wrong>,
    /// Tasks of one group go to different elements.
    group: usize,
}

struct List<'a> {
    search: &'a mut Search,
    facts: &'a Facts,
    /// At most so many elements are valid under these.
    at_most: Vec<(Id, bool, u64)>,
    /// From here on every position is like the next.
    tail: usize,
}

/// Elements by position, each with what it must fulfil.
type Elements = std::collections::BTreeMap<usize, (Goal, Vec<usize>)>;

/// Whether every position that must be there can be there.
pub(super) fn is_promising(search: &mut Search, facts: &Facts) -> bool {
    let mut list = List::new(search, facts);
    let positions = usize::try_from(facts.least).unwrap_or(usize::MAX).min(list.tail + 1);
    (0..positions).all(|at| {
        let Some(goal) = list.element(at) else { return false };
        !matches!(list.search.find(&goal), Found::Nothing)
    })
}

/// A list that meets the facts and fulfils the goal.
pub(super) fn solve(search: &mut Search, goal: &Goal, facts: &Facts) -> Found {
    let mut tasks = Vec::new();
    for (at, (place, wrong)) in facts.elements.iter().enumerate() {
        tasks.push(Task { place: *place, holds: None, wrong: Some(wrong.clone()), group: at });
    }
    let mut list = List::new(search, facts);
    for (at, (id, declared_only, least, most)) in facts.contains.iter().enumerate() {
        if *least > SPECIAL {
            return Found::Unknown("`minContains` is too large".into());
        }
        let group = facts.elements.len() + at;
        let task = Task { place: Place::From(0), holds: Some((*id, *declared_only)), wrong: None, group };
        tasks.extend(std::iter::repeat_n(task, usize::try_from(*least).unwrap_or(usize::MAX)));
        list.at_most.extend(most.map(|most| (*id, *declared_only, most)));
    }
    list.assign(goal, &tasks, Elements::new(), tasks.len())
}

impl<'a> List<'a> {
    fn new(search: &'a mut Search, facts: &'a Facts) -> Self {
        let prefix = facts.nodes.keys().map(|id| search.graph.node(*id).prefix.len()).max().unwrap_or(0);
        let tasks = facts.elements.iter().map(|(place, _)| match place {
            Place::At(at) => at + 1,
            Place::From(at) => *at,
        });
        let tail = tasks.max().unwrap_or(0).max(prefix);
        Self { search, facts, at_most: Vec::new(), tail }
    }

    /// What an element must fulfil by its position; none when there can be none.
    fn element(&mut self, at: usize) -> Option<Goal> {
        if self.facts.most.is_some_and(|most| at as u64 >= most) {
            return None;
        }
        let mut goal = Goal::any();
        for (id, declared_only) in &self.facts.nodes {
            let node = self.search.graph.node(*id);
            if let Some(schema) = node.prefix.get(at).copied().or(node.items) {
                goal.holds(schema, *declared_only);
            } else if let Some(schema) = node.unevaluated_items
                && !self.may_be_evaluated(*id, at)
            {
                goal.holds(schema, *declared_only);
            }
        }
        if goal.holds.keys().any(|id| self.search.graph.trivial(*id) == Some(false)) {
            return None;
        }
        goal.holds.retain(|id, _| self.search.graph.trivial(*id) != Some(true));
        Some(goal)
    }

    /// Whether some part of a schema may evaluate the position (JSON Schema Core 2020-12, section 11.2).
    fn may_be_evaluated(&self, id: Id, at: usize) -> bool {
        let (mut waiting, mut seen) = (vec![id], std::collections::BTreeSet::new());
        while let Some(part) = waiting.pop() {
            if !seen.insert(part) {
                continue;
            }
            let node = self.search.graph.node(part);
            let rest = part != id && node.unevaluated_items.is_some();
            if at < node.prefix.len() || node.items.is_some() || node.contains.is_some() || rest {
                return true;
            }
            waiting.extend(node.all_of.iter().chain(&node.any_of).chain(&node.one_of));
            if let Some(condition) = &node.condition {
                waiting.extend([Some(condition.test), condition.then, condition.otherwise].into_iter().flatten());
            }
        }
        false
    }

    /// Gives each task an element, one after the other.
    fn assign(&mut self, goal: &Goal, tasks: &[Task], elements: Elements, all: usize) -> Found {
        if !self.search.spend(STEP) {
            return Search::exhausted();
        }
        let Some((task, rest)) = tasks.split_first() else { return self.pair(goal, elements) };
        let mut any = Any::default();
        let (first, last) = match task.place {
            Place::At(at) => (at, at),
            // Behind the tail it is enough to look at elements that are in use and at one that is not.
            Place::From(at) => {
                let used = elements.keys().next_back().map_or(0, |last| last + 1);
                (at, used.max(self.tail).max(at).min(self.tail.max(at) + all))
            }
        };
        for at in first..=last {
            let known = elements.get(&at);
            if known.is_some_and(|(_, groups)| groups.contains(&task.group)) {
                continue;
            }
            let Some(mut element) = known.map(|(goal, _)| goal.clone()).or_else(|| self.element(at)) else { continue };
            task.holds.into_iter().for_each(|(id, declared_only)| element.holds(id, declared_only));
            task.wrong.iter().for_each(|wrong| wrong.ask(&mut element));
            let found = self.search.find(&element);
            if any.tried(found).is_some() {
                let mut groups = known.map(|(_, groups)| groups.clone()).unwrap_or_default();
                groups.push(task.group);
                let mut elements = elements.clone();
                elements.insert(at, (element, groups));
                let found = self.assign(goal, rest, elements, all);
                if let Some(value) = any.tried(found) {
                    return Found::Value(value);
                }
            }
        }
        any.none()
    }

    /// Makes two elements equal, where that is asked for.
    fn pair(&mut self, goal: &Goal, elements: Elements) -> Found {
        if !self.facts.repeated {
            return self.fill(goal, &elements, None);
        }
        let mut any = Any::default();
        let last = elements.keys().next_back().map_or(0, |last| last + 1).max(self.tail) + 1;
        for second in 1..=last {
            for first in 0..second {
                let mut both = Goal::any();
                let mut possible = true;
                for at in [first, second] {
                    match elements.get(&at).map(|(goal, _)| goal.clone()).or_else(|| self.element(at)) {
                        Some(one) => both.and(&one),
                        None => possible = false,
                    }
                }
                if !possible {
                    continue;
                }
                let mut elements = elements.clone();
                elements.insert(first, (both.clone(), Vec::new()));
                elements.insert(second, (both, Vec::new()));
                let found = self.fill(goal, &elements, Some((first, second)));
                if let Some(value) = any.tried(found) {
                    return Found::Value(value);
                }
            }
        }
        any.none()
    }

    /// Fills the positions that are left and writes the list.
    fn fill(&mut self, goal: &Goal, elements: &Elements, equal: Option<(usize, usize)>) -> Found {
        let length = elements.keys().next_back().map_or(0, |last| *last as u64 + 1).max(self.facts.least);
        if self.facts.most.is_some_and(|most| length > most) {
            return Found::Nothing;
        }
        if length > if self.facts.unique { DIFFERENT } else { ELEMENTS } {
            let Some(tail) = self.element(self.tail) else { return Found::Nothing };
            return match self.search.find(&tail) {
                Found::Nothing => Found::Nothing,
                _ => Found::Unknown("the list is too long to be written down".into()),
            };
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let mut list: Vec<Value> = Vec::with_capacity(length);
        // Elements that count whichever value they get, and elements that do count.
        let (mut forced, mut counted) = (vec![0_u64; self.at_most.len()], vec![0_u64; self.at_most.len()]);
        for at in 0..length {
            if !self.search.spend(STEP) {
                return Search::exhausted();
            }
            let base = elements.get(&at).map(|(goal, _)| goal.clone()).or_else(|| self.element(at));
            let Some(mut element) = base else { return Found::Nothing };
            let mut sparing = Vec::new();
            for (which, (id, _, most)) in self.at_most.clone().into_iter().enumerate() {
                let mut without = element.clone();
                without.fails(id);
                if matches!(self.search.find(&without), Found::Nothing) {
                    forced[which] += 1;
                    if forced[which] > most {
                        return Found::Nothing;
                    }
                } else {
                    sparing.push(id);
                }
            }
            let value = if let Some((first, _)) = equal.filter(|(_, second)| *second == at) {
                list[first].clone()
            } else {
                if self.facts.unique {
                    list.iter().for_each(|earlier| element.is_not(earlier));
                }
                let mut preferred = element.clone();
                sparing.into_iter().for_each(|id| preferred.fails(id));
                let found = match self.search.find(&preferred) {
                    Found::Nothing => self.search.find(&element),
                    found => found,
                };
                match found {
                    Found::Value(value) => value,
                    // What was chosen before takes a value away only where all must be different.
                    Found::Nothing if self.facts.unique && !self.is_alike(elements, at) => return chosen_badly(),
                    found => return found,
                }
            };
            self.count(&value, &mut counted);
            list.push(value);
            if self.at_most.iter().zip(&counted).any(|((.., most), count)| count > most) {
                return chosen_badly();
            }
        }
        self.search.checked(goal, Value::Array(list))
    }

    /// Whether all positions up to this one ask for the same, so that the choice of values does not matter.
    fn is_alike(&mut self, elements: &Elements, at: usize) -> bool {
        if elements.keys().any(|special| *special <= at) {
            return false;
        }
        let first = self.element(0).map(|goal| goal.key());
        (1..=at).all(|at| self.element(at).map(|goal| goal.key()) == first)
    }

    fn count(&mut self, value: &Value, counts: &mut [u64]) {
        for ((id, ..), count) in self.at_most.clone().iter().zip(counts) {
            let search = &mut *self.search;
            if super::eval::valid(&search.graph, &mut search.texts, *id, value) == Some(true) {
                *count += 1;
            }
        }
    }
}

fn chosen_badly() -> Found {
    Found::Unknown("no list could be constructed, though none could be excluded".into())
}
