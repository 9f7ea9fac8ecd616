//! Objects: members that must be there, members of which one must be wrong, names that are made up.
//!
//! Members don't depend on each other but for their number, so each is a goal of its own. Names that no schema
//! mentions are told apart only by the patterns that they match: one of each region stands for all.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::{Map, Value};

use super::{
    branch::{Facts, Which, Wrong},
    declared::{Names, Purpose},
    eval,
    goal::Goal,
    search::{Any, Found, STEP, Search},
    text::Texts,
};
use crate::schema::{Id, Kind, Kinds};

/// Patterns of names whose regions are all looked at; of more of them only the regions of none and of one.
const PATTERNS: usize = 6;

/// The most members that an object is given.
const MEMBERS: u64 = 300;

/// How many members are made up before it is believed that there are more.
const FEW: u64 = 40;

/// Members by name, each with what it must fulfil.
type Members = BTreeMap<Arc<str>, Goal>;

/// Something that some member must be.
struct Task {
    which: Option<Which>,
    /// What is wrong with its value.
    value: Option<Wrong>,
    /// Its name is not valid under this.
    name: Option<Id>,
}

/// The members that facts leave possible.
pub(super) struct Object<'a> {
    search: &'a mut Search,
    facts: &'a Facts,
    declared: Option<Names>,
    /// By node, the names that it leaves to `unevaluatedProperties`: those that are not in here.
    evaluated: BTreeMap<Id, Names>,
    names_hold: Vec<Id>,
    /// Every name that some schema mentions.
    mentioned: BTreeSet<Arc<str>>,
    patterns: Vec<Arc<str>>,
}

/// Whether every member that must be there can be there.
pub(super) fn is_promising(search: &mut Search, facts: &Facts) -> bool {
    let mut object = Object::new(search, facts);
    facts.has.iter().all(|name| object.may_be(name, |_| {}))
}

/// An object that meets the facts and fulfils the goal.
pub(super) fn solve(search: &mut Search, goal: &Goal, facts: &Facts) -> Found {
    let mut object = Object::new(search, facts);
    let mut members = Members::new();
    for name in &facts.has {
        let Some(member) = object.member(name) else { return Found::Nothing };
        members.insert(Arc::clone(name), member);
    }
    let mut tasks: Vec<Task> = Vec::new();
    for (which, wrong) in &facts.members {
        match which {
            Which::Name(name) => {
                if let Some(member) = members.get_mut(name) {
                    wrong.ask(member);
                }
            }
            which => tasks.push(Task { which: Some(which.clone()), value: Some(wrong.clone()), name: None }),
        }
    }
    tasks.extend(facts.names_fail.iter().map(|id| Task { which: None, value: None, name: Some(*id) }));
    let mut any = Any::default();
    for member in members.values() {
        match object.search.find(member) {
            Found::Nothing => return Found::Nothing,
            Found::Unknown(reason) => any.unknown(reason),
            Found::Value(_) => {}
        }
    }
    let found = object.assign(goal, &tasks, members);
    match (any.tried(found), any) {
        (Some(value), _) => Found::Value(value),
        (None, any) => any.none(),
    }
}

impl<'a> Object<'a> {
    pub(super) fn new(search: &'a mut Search, facts: &'a Facts) -> Self {
        // Whatever is special about a single name makes it a mentioned one: names that are made up are alike.
        let mut mentioned: BTreeSet<Arc<str>> = facts.has.union(&facts.lacks).cloned().collect();
        let mut patterns = BTreeSet::new();
        let mut names_hold = Vec::new();
        let mut evaluated = BTreeMap::new();
        let mut declared: Option<Names> = None;
        for (id, declared_only) in &facts.nodes {
            let node = search.graph.node(*id);
            mentioned.extend(node.properties.keys().cloned());
            patterns.extend(node.patterns.iter().map(|(pattern, _)| Arc::clone(pattern)));
            names_hold.extend(node.names);
            if node.unevaluated_properties.is_some() {
                let mut names = Names::default();
                names.add(&search.graph, *id, Purpose::MayBeEvaluated);
                patterns.extend(names.patterns.iter().cloned());
                mentioned.extend(names.names.iter().cloned());
                evaluated.insert(*id, names);
            }
            if *declared_only {
                declared.get_or_insert_default().add_own(&search.graph, *id, Purpose::Declared);
            }
        }
        if let Some(declared) = &mut declared {
            for id in &facts.declaring {
                declared.add(&search.graph, *id, Purpose::Declared);
            }
            patterns.extend(declared.patterns.iter().cloned());
            mentioned.extend(declared.names.iter().cloned());
        }
        for (which, _) in &facts.members {
            match which {
                Which::Pattern(pattern) => {
                    patterns.insert(Arc::clone(pattern));
                }
                Which::Rest(id) | Which::Unevaluated(id) => {
                    let mut names = Names::default();
                    names.add(&search.graph, *id, Purpose::IsEvaluated);
                    patterns.extend(names.patterns);
                    mentioned.extend(names.names);
                }
                Which::Name(_) => {}
            }
        }
        // A schema that declares no member at all leaves them free: undeclared ones are then what it is for.
        let declared = declared.filter(|declared| !declared.is_empty());
        let patterns = patterns.into_iter().collect();
        Self { search, facts, declared, evaluated, names_hold, mentioned, patterns }
    }

    /// Whether a member can be there and wrong.
    pub(super) fn may_be_wrong(&mut self, name: &Arc<str>, wrong: &Wrong) -> bool {
        self.may_be(name, |goal| wrong.ask(goal))
    }

    /// Whether a member can be there and valid.
    pub(super) fn may_be_right(&mut self, name: &Arc<str>, id: Id) -> bool {
        self.may_be(name, |goal| goal.holds(id, false))
    }

    /// Whether a schema can hold as far as members go that it requires and enumerates.
    pub(super) fn may_hold(&mut self, id: Id, declared_only: bool) -> bool {
        let graph = &self.search.graph;
        let node = graph.node(id);
        let required = |name: &Arc<str>| node.required.contains(name) || self.facts.has.contains(name);
        let tags =
            node.properties.iter().filter(|(name, schema)| required(name) && !graph.node(**schema).values.is_empty());
        let tags: Vec<(Arc<str>, Id)> = tags.map(|(name, schema)| (Arc::clone(name), *schema)).collect();
        tags.into_iter().all(|(name, schema)| self.may_be(&name, |goal| goal.holds(schema, declared_only)))
    }

    /// Whether a member can be there with what is asked of it and something more.
    fn may_be(&mut self, name: &Arc<str>, more: impl FnOnce(&mut Goal)) -> bool {
        if !self.search.spend(2) {
            return true;
        }
        let Some(mut goal) = self.member(name) else { return false };
        for (which, wrong) in &self.facts.members {
            if matches!(which, Which::Name(known) if known == name) {
                wrong.ask(&mut goal);
            }
        }
        more(&mut goal);
        !matches!(self.search.find(&goal), Found::Nothing)
    }

    /// What a member of this name must fulfil; none when there can be no such member.
    fn member(&mut self, name: &Arc<str>) -> Option<Goal> {
        if self.facts.lacks.contains(name) {
            return None;
        }
        let goal = self.member_by(Some(name), |texts, pattern| texts.matches(pattern, name))?;
        let text = Value::String(name.to_string());
        for id in self.names_hold.clone() {
            let search = &mut *self.search;
            if eval::valid(&search.graph, &mut search.texts, id, &text) == Some(false) {
                return None;
            }
        }
        Some(goal)
    }

    /// The same by the patterns that the name matches; without a name, for one that no schema mentions.
    fn member_by(
        &mut self,
        name: Option<&str>,
        mut matches: impl FnMut(&mut Texts, &Arc<str>) -> Option<bool>,
    ) -> Option<Goal> {
        let mut is_in = |names: &Names, texts: &mut Texts| match name {
            Some(name) if names.names.contains(name) => Some(true),
            _ => names.has_by(|pattern| matches(texts, pattern)),
        };
        let mut goal = Goal::any();
        for (id, declared_only) in &self.facts.nodes {
            let node = self.search.graph.node(*id);
            let patterns = node.patterns.clone();
            let (additional, unevaluated) = (node.additional, node.unevaluated_properties);
            let mut known = name.and_then(|name| node.properties.get(name).copied());
            let mut rest = known.is_none();
            for pattern in std::iter::once(None).chain(patterns.iter().map(Some)) {
                if let Some((pattern, schema)) = pattern {
                    match is_in(&Names::of_pattern(pattern), &mut self.search.texts) {
                        Some(true) => known = Some(*schema),
                        Some(false) => continue,
                        // What is not known to apply is left out, on both sides.
                        None => known = None,
                    }
                    rest = false;
                }
                if let Some(schema) = known.take() {
                    goal.holds(schema, *declared_only);
                }
            }
            if rest && let Some(schema) = additional {
                goal.holds(schema, *declared_only);
            }
            if let Some(schema) = unevaluated
                && let Some(names) = self.evaluated.get(id)
                && is_in(names, &mut self.search.texts) == Some(false)
            {
                goal.holds(schema, *declared_only);
            }
        }
        if let Some(declared) = &self.declared
            && is_in(declared, &mut self.search.texts) == Some(false)
        {
            return None;
        }
        if goal.holds.keys().any(|id| self.search.graph.trivial(*id) == Some(false)) {
            return None;
        }
        goal.holds.retain(|id, _| self.search.graph.trivial(*id) != Some(true));
        Some(goal)
    }

    /// Gives each task a member, one after the other.
    fn assign(&mut self, goal: &Goal, tasks: &[Task], members: Members) -> Found {
        if !self.search.spend(STEP) {
            return Search::exhausted();
        }
        if self.facts.most.is_some_and(|most| members.len() as u64 > most) {
            return Found::Nothing;
        }
        let Some((task, rest)) = tasks.split_first() else { return self.finish(goal, members) };
        let mut any = Any::default();
        let candidates: BTreeSet<Arc<str>> = self.mentioned.iter().chain(members.keys()).cloned().collect();
        for name in candidates {
            match self.is_meant(task, &name) {
                Some(true) => {}
                Some(false) => continue,
                None => {
                    any.unknown("it could not be told which members a pattern means");
                    continue;
                }
            }
            let Some(mut member) = members.get(&name).cloned().or_else(|| self.member(&name)) else { continue };
            task.value.iter().for_each(|wrong| wrong.ask(&mut member));
            let found = self.search.find(&member);
            if any.tried(found).is_some() {
                let mut members = members.clone();
                members.insert(name, member);
                let found = self.assign(goal, rest, members);
                if let Some(value) = any.tried(found) {
                    return Found::Value(value);
                }
            }
        }
        let taken: BTreeSet<Arc<str>> = self.mentioned.iter().chain(members.keys()).cloned().collect();
        for fresh in self.fresh(Some(task), &taken) {
            match fresh {
                Err(found) => {
                    any.tried(found);
                }
                Ok((name, member)) => {
                    let mut members = members.clone();
                    members.insert(name, member);
                    let found = self.assign(goal, rest, members);
                    if let Some(value) = any.tried(found) {
                        return Found::Value(value);
                    }
                }
            }
        }
        any.none()
    }

    /// Whether a task can be given to a member of this name.
    fn is_meant(&mut self, task: &Task, name: &Arc<str>) -> Option<bool> {
        if let Some(id) = task.name {
            let search = &mut *self.search;
            let valid = eval::valid(&search.graph, &mut search.texts, id, &Value::String(name.to_string()));
            return valid.map(|valid| !valid);
        }
        match &task.which {
            None => Some(true),
            Some(Which::Name(known)) => Some(known == name),
            Some(Which::Pattern(pattern)) => self.search.texts.matches(pattern, name),
            Some(Which::Rest(id)) => {
                let mut names = Names::default();
                let node = self.search.graph.node(*id);
                if node.properties.contains_key(name) {
                    return Some(false);
                }
                names.patterns.extend(node.patterns.iter().map(|(pattern, _)| Arc::clone(pattern)));
                names.has(&mut self.search.texts, name).map(|has| !has)
            }
            Some(Which::Unevaluated(id)) => {
                let mut names = Names::default();
                names.add(&self.search.graph, *id, Purpose::IsEvaluated);
                names.has(&mut self.search.texts, name).map(|has| !has)
            }
        }
    }

    /// Names that no schema mentions, one for each region of patterns that can have one, with what the member must
    /// fulfil.
    fn fresh(&mut self, task: Option<&Task>, taken: &BTreeSet<Arc<str>>) -> Vec<Result<(Arc<str>, Goal), Found>> {
        let mut fresh = Vec::new();
        for region in self.regions() {
            if !self.search.spend(STEP.saturating_mul(1 + u32::try_from(self.patterns.len()).unwrap_or(STEP))) {
                fresh.push(Err(Search::exhausted()));
                break;
            }
            // Most regions are closed whatever the name is.
            if self.member_by(None, |_, pattern| region.get(pattern).copied()).is_none() {
                continue;
            }
            let mut text = Goal { kinds: Kinds::only(Kind::String), ..Goal::any() };
            region.iter().for_each(|(pattern, wanted)| text.matches(pattern, *wanted));
            self.names_hold.iter().for_each(|id| text.holds(*id, false));
            if let Some(id) = task.and_then(|task| task.name) {
                text.fails(id);
            }
            taken.iter().for_each(|name| text.is_not(&Value::String(name.to_string())));
            let name: Arc<str> = match self.search.find(&text) {
                Found::Value(Value::String(name)) => name.into(),
                Found::Nothing | Found::Value(_) => continue,
                Found::Unknown(reason) => {
                    fresh.push(Err(Found::Unknown(reason)));
                    continue;
                }
            };
            match task.map_or(Some(true), |task| self.is_meant(task, &name)) {
                Some(true) => {}
                Some(false) => continue,
                None => {
                    fresh.push(Err(Found::Unknown("it could not be told which members a pattern means".into())));
                    continue;
                }
            }
            let Some(mut member) = self.member(&name) else { continue };
            if let Some(wrong) = task.and_then(|task| task.value.as_ref()) {
                wrong.ask(&mut member);
            }
            match self.search.find(&member) {
                Found::Value(_) => fresh.push(Ok((name, member))),
                Found::Nothing => {}
                unknown @ Found::Unknown(_) => fresh.push(Err(unknown)),
            }
        }
        if self.patterns.len() > PATTERNS {
            fresh.push(Err(Found::Unknown("there are too many patterns of names".into())));
        }
        fresh
    }

    /// Which patterns a made-up name matches: none first.
    fn regions(&self) -> Vec<BTreeMap<Arc<str>, bool>> {
        let count = self.patterns.len();
        let of = |chosen: &dyn Fn(usize) -> bool| {
            self.patterns.iter().enumerate().map(|(at, pattern)| (Arc::clone(pattern), chosen(at))).collect()
        };
        if count <= PATTERNS {
            return (0..1_usize << count).map(|bits| of(&|at| bits >> at & 1 == 1)).collect();
        }
        let one = (0..count).map(|only| of(&|at| at == only));
        std::iter::once(of(&|_| false)).chain(one).collect()
    }

    /// Fills up to the least number of members and writes the object.
    fn finish(&mut self, goal: &Goal, mut members: Members) -> Found {
        let mut any = Any::default();
        let least = self.facts.least;
        if least > MEMBERS {
            any.unknown("the object is too large to be written down");
        }
        for name in self.mentioned.clone() {
            if members.len() as u64 >= least {
                break;
            }
            if members.contains_key(&name) {
                continue;
            }
            if let Some(member) = self.member(&name) {
                let found = self.search.find(&member);
                if any.tried(found).is_some() {
                    members.insert(name, member);
                }
            }
        }
        // Where there are only a few names, that is seen soon; more than fit are not made up.
        let fill = if least > MEMBERS { FEW } else { least };
        while (members.len() as u64) < fill {
            let taken: BTreeSet<Arc<str>> = self.mentioned.iter().chain(members.keys()).cloned().collect();
            let before = members.len();
            for fresh in self.fresh(None, &taken) {
                match fresh {
                    Ok((name, member)) if (members.len() as u64) < least => {
                        members.insert(name, member);
                    }
                    Ok(_) => break,
                    Err(found) => {
                        any.tried(found);
                    }
                }
            }
            if members.len() == before {
                return any.none();
            }
        }
        if least > MEMBERS {
            return any.none();
        }
        let mut object = Map::new();
        for (name, member) in &members {
            match self.search.find(member) {
                Found::Value(value) => {
                    object.insert(name.to_string(), value);
                }
                found => return found,
            }
        }
        self.search.checked(goal, Value::Object(object))
    }
}
