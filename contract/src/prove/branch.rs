//! One kind of value, and one choice at each point where schemas leave one: what is asked of it is taken apart until
//! only facts are left, which `number`, `text`, `list` and `object` know how to meet.
//!
//! This is the method of analytic tableaux: what must hold is split into its parts, what must not hold into the ways in
//! which it can fail, and of several ways one after the other is tried.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use num_rational::BigRational;
use serde_json::Value;

use super::{
    goal::Goal,
    graph::Graph,
    list, number, object,
    search::{Any, Found, STEP, Search},
    text,
};
use crate::schema::{Bound, Id, Kind, Node, Values};

/// How many variants of a `oneOf` are taken in pairs, when two of them at once are one way to fail.
const PAIRS: usize = 40;

/// How many lists or objects of an enumeration are told apart from what is looked for by their parts.
const EXCLUDED: usize = 24;

/// A schema that holds (with `true`, for a value without undeclared members) or does not.
#[derive(Debug, Clone, Copy)]
pub(super) enum Literal {
    Holds(Id, bool),
    Fails(Id),
}

/// Which members are meant.
#[derive(Debug, Clone)]
pub(super) enum Which {
    Name(Arc<str>),
    Pattern(Arc<str>),
    /// Those that the node's `properties` and `patternProperties` leave.
    Rest(Id),
    /// Those that the node leaves unevaluated.
    Unevaluated(Id),
}

/// Which elements are meant.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    At(usize),
    From(usize),
}

/// What is wrong with an element or a member.
#[derive(Debug, Clone)]
pub(super) enum Wrong {
    /// It is not valid.
    Fails(Id),
    /// It is another value than this.
    IsNot(Arc<Value>),
}

impl Wrong {
    /// Asks for it.
    pub(super) fn ask(&self, goal: &mut Goal) {
        match self {
            Self::Fails(id) => goal.fails(*id),
            Self::IsNot(value) => goal.is_not(value),
        }
    }
}

/// Something that is asked of a value of one kind.
#[derive(Debug, Clone)]
pub(super) enum Fact {
    OneOf(Arc<Values>),
    NoneOf(Arc<Values>),
    Min(Bound),
    Max(Bound),
    Multiple(BigRational, bool),
    /// Of characters, elements or members.
    Least(u64),
    Most(u64),
    Pattern(Arc<str>, bool),
    Format(Arc<str>, bool),
    /// Two elements are equal.
    Repeated,
    /// At least, and at most, so many elements are valid.
    Contains(Id, bool, u64, Option<u64>),
    /// An element is there and wrong.
    Element(Place, Wrong),
    Has(Arc<str>),
    Lacks(Arc<str>),
    /// A member is there and wrong.
    Member(Which, Wrong),
    /// A member's name is not valid.
    Name(Id),
    /// An integer is written as a number with a fraction, such as 1.0.
    WrittenAsFraction,
    /// Nothing that is known, but something.
    Opaque,
}

#[derive(Debug, Clone)]
enum Step {
    Literal(Literal),
    Fact(Fact),
}

/// Steps that are taken together.
type Way = Vec<Step>;

/// All facts about the value.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    pub(super) one_of: Vec<Arc<Values>>,
    pub(super) none_of: Vec<Arc<Values>>,
    pub(super) number: number::Wanted,
    pub(super) least: u64,
    pub(super) most: Option<u64>,
    pub(super) patterns: BTreeMap<Arc<str>, bool>,
    pub(super) formats: BTreeMap<Arc<str>, bool>,
    /// Nodes that hold and say something about elements or members; with `true`, undeclared ones are left out.
    pub(super) nodes: BTreeMap<Id, bool>,
    pub(super) unique: bool,
    pub(super) repeated: bool,
    pub(super) contains: Vec<(Id, bool, u64, Option<u64>)>,
    pub(super) elements: Vec<(Place, Wrong)>,
    pub(super) has: BTreeSet<Arc<str>>,
    pub(super) lacks: BTreeSet<Arc<str>>,
    pub(super) members: Vec<(Which, Wrong)>,
    pub(super) names_fail: Vec<Id>,
    /// Nodes that speak of members although it is not known whether they hold.
    pub(super) declaring: BTreeSet<Id>,
    /// How an integer is written, where draft 4 tells that apart.
    as_whole: bool,
    as_fraction: bool,
    contradictory: bool,
}

/// See the module.
#[derive(Debug, Clone)]
pub(super) struct Branch<'a> {
    goal: &'a Goal,
    kind: Kind,
    todo: Vec<Literal>,
    holds: BTreeMap<Id, bool>,
    fails: BTreeSet<Id>,
    choices: Vec<Vec<Way>>,
    facts: Facts,
}

impl<'a> Branch<'a> {
    /// The branch of a goal for one kind; none when it is contradictory at first sight.
    pub(super) fn new(search: &mut Search, goal: &'a Goal, kind: Kind) -> Option<Self> {
        let mut branch = Self {
            goal,
            kind,
            todo: Vec::new(),
            holds: BTreeMap::new(),
            fails: BTreeSet::new(),
            choices: Vec::new(),
            facts: Facts { patterns: goal.patterns.clone(), ..Facts::default() },
        };
        for value in goal.except.values() {
            branch.choices.extend(other_than(kind, value));
        }
        branch.todo.extend(goal.fails.iter().map(|id| Literal::Fails(*id)));
        branch.todo.extend(goal.holds.iter().map(|(id, declared_only)| Literal::Holds(*id, *declared_only)));
        branch.settle(search).then_some(branch)
    }

    /// Finds a value.
    pub(super) fn solve(mut self, search: &mut Search) -> Found {
        let size = self.choices.iter().flatten().map(|way| way.len() + 1).sum::<usize>() / 12;
        if !search.spend(STEP.saturating_mul(1 + u32::try_from(size).unwrap_or(STEP))) {
            return Search::exhausted();
        }
        loop {
            if !self.settle(search) {
                return Found::Nothing;
            }
            if self.choices.is_empty() || !self.look_ahead(search) {
                break;
            }
        }
        if let Some(fewest) = (0..self.choices.len()).min_by_key(|at| self.choices[*at].len()) {
            if !self.is_promising(search) {
                return Found::Nothing;
            }
            let mut any = Any::default();
            for way in self.choices.swap_remove(fewest) {
                let mut branch = self.clone();
                branch.take(way);
                let found = branch.solve(search);
                if let Some(value) = any.tried(found) {
                    return Found::Value(value);
                }
            }
            return any.none();
        }
        self.leaf(search)
    }

    /// Drops ways that fail for a single member, such as a tag with another value; whether there were any. That is
    /// cheap, since questions about members are remembered, and saves going down each of them.
    fn look_ahead(&mut self, search: &mut Search) -> bool {
        if self.kind != Kind::Object {
            return false;
        }
        let mut dropped = false;
        let mut object = object::Object::new(search, &self.facts);
        for ways in &mut self.choices {
            let before = ways.len();
            // What is wrong in any case leaves no choice: the tag of another variant, above all.
            if ways.iter().any(|way| match way.as_slice() {
                [Step::Fact(Fact::Member(Which::Name(name), Wrong::Fails(id)))] => {
                    self.facts.has.contains(name) && !object.may_be_right(name, *id)
                }
                _ => false,
            }) {
                *ways = vec![Way::new()];
                dropped = true;
                continue;
            }
            ways.retain(|way| {
                way.iter().all(|step| match step {
                    Step::Fact(Fact::Member(Which::Name(name), wrong)) => object.may_be_wrong(name, wrong),
                    Step::Literal(Literal::Holds(id, declared_only)) => object.may_hold(*id, *declared_only),
                    _ => true,
                })
            });
            dropped |= ways.len() < before;
        }
        dropped
    }

    /// Whether what must be there can be there, before choices multiply.
    fn is_promising(&self, search: &mut Search) -> bool {
        match self.kind {
            Kind::Object => object::is_promising(search, &self.facts),
            Kind::Array => list::is_promising(search, &self.facts),
            _ => true,
        }
    }

    fn take(&mut self, way: Way) {
        for step in way {
            match step {
                Step::Literal(literal) => self.todo.push(literal),
                Step::Fact(fact) => {
                    if let Fact::NoneOf(values) = &fact
                        && values.list.len() <= EXCLUDED
                    {
                        self.choices.extend(values.list.iter().filter_map(|value| other_than(self.kind, value)));
                    }
                    self.facts.add(fact);
                }
            }
        }
    }

    /// Takes apart what can be taken apart without choosing; false when there is a contradiction.
    fn settle(&mut self, search: &mut Search) -> bool {
        loop {
            while let Some(literal) = self.todo.pop() {
                let possible = match literal {
                    Literal::Holds(id, declared_only) => self.holds(&search.graph, id, declared_only),
                    Literal::Fails(id) => self.fails(&search.graph, id),
                };
                if !possible || self.facts.is_contradictory() {
                    return false;
                }
            }
            if self.facts.is_contradictory() {
                return false;
            }
            // Ways that are closed drop out; where one is left it is taken.
            let mut settled = true;
            for mut ways in std::mem::take(&mut self.choices) {
                if ways.iter().any(|way| self.is_taken(way)) {
                    continue;
                }
                ways.retain(|way| !self.is_closed(&search.graph, way));
                match ways.len() {
                    0 => return false,
                    1 => {
                        ways.into_iter().for_each(|way| self.take(way));
                        settled = false;
                    }
                    _ => self.choices.push(ways),
                }
            }
            if settled && self.todo.is_empty() {
                return !self.facts.is_contradictory();
            }
        }
    }

    fn is_taken(&self, way: &Way) -> bool {
        way.iter().all(|step| match step {
            Step::Literal(Literal::Holds(id, declared_only)) => {
                self.holds.get(id).is_some_and(|known| *known || !declared_only)
            }
            Step::Literal(Literal::Fails(id)) => self.fails.contains(id),
            Step::Fact(Fact::Has(name)) => self.facts.has.contains(name),
            Step::Fact(Fact::Lacks(name)) => self.facts.lacks.contains(name),
            Step::Fact(_) => false,
        })
    }

    fn is_closed(&self, graph: &Graph, way: &Way) -> bool {
        way.iter().any(|step| match step {
            Step::Literal(Literal::Holds(id, _)) => {
                self.fails.contains(id) || graph.trivial(*id) == Some(false) || !graph.node(*id).kinds.has(self.kind)
            }
            Step::Literal(Literal::Fails(id)) => self.holds.contains_key(id) || graph.trivial(*id) == Some(true),
            Step::Fact(Fact::Has(name)) => self.facts.lacks.contains(name),
            Step::Fact(Fact::Member(Which::Name(name), wrong)) => {
                self.facts.lacks.contains(name) || self.is_granted(graph, name, wrong)
            }
            Step::Fact(Fact::Lacks(name)) => self.facts.has.contains(name),
            Step::Fact(Fact::Least(least)) => self.facts.most.is_some_and(|most| most < *least),
            Step::Fact(Fact::Most(most)) => self.facts.least > *most,
            Step::Fact(_) => false,
        })
    }

    /// Whether a schema that holds says of a member what is asked to be wrong with it.
    fn is_granted(&self, graph: &Graph, name: &Arc<str>, wrong: &Wrong) -> bool {
        let Wrong::Fails(id) = wrong else { return false };
        self.facts.nodes.keys().any(|node| graph.node(*node).properties.get(name) == Some(id))
    }

    /// A schema holds.
    fn holds(&mut self, graph: &Graph, id: Id, declared_only: bool) -> bool {
        match self.holds.insert(id, declared_only) {
            Some(known) if known || !declared_only => {
                self.holds.insert(id, known);
                return true;
            }
            _ => {}
        }
        let node = graph.node(id);
        if self.fails.contains(&id) || node.always == Some(false) || !node.kinds.has(self.kind) {
            return false;
        }
        for values in &node.values {
            self.facts.add(Fact::OneOf(Arc::clone(values)));
        }
        self.facts.hold(self.kind, id, node, declared_only);
        self.todo.extend(node.all_of.iter().map(|part| Literal::Holds(*part, declared_only)));
        if !node.any_of.is_empty() {
            if declared_only {
                self.facts.declaring.extend(&node.any_of);
            }
            self.choices.push(node.any_of.iter().map(|part| vec![holds(*part, declared_only)]).collect());
        }
        if !node.one_of.is_empty() {
            let exclusive = graph.is_exclusive(id);
            let way = |chosen: &Id| {
                let others = node.one_of.iter().filter(|other| !exclusive && *other != chosen);
                std::iter::once(holds(*chosen, declared_only)).chain(others.map(|other| fails(*other))).collect()
            };
            let repeated = node.one_of.iter().collect::<BTreeSet<_>>().len() < node.one_of.len();
            let once = |chosen: &&Id| !repeated || node.one_of.iter().filter(|other| other == chosen).count() == 1;
            let ways: Vec<Way> = node.one_of.iter().filter(once).map(way).collect();
            if ways.is_empty() {
                return false;
            }
            self.choices.push(ways);
        }
        if let Some(not) = node.not {
            self.todo.push(Literal::Fails(not));
        }
        if let Some(condition) = &node.condition {
            if declared_only {
                self.facts
                    .declaring
                    .extend([Some(condition.test), condition.then, condition.otherwise].into_iter().flatten());
            }
            let part = |part: Option<Id>| part.map(|part| holds(part, declared_only));
            if condition.then.is_some() || condition.otherwise.is_some() {
                self.choices.push(vec![
                    [holds(condition.test, false)].into_iter().chain(part(condition.then)).collect(),
                    [fails(condition.test)].into_iter().chain(part(condition.otherwise)).collect(),
                ]);
            }
        }
        if self.kind == Kind::Object {
            for (name, needs) in &node.dependent_required {
                let all = needs.iter().map(|needed| Step::Fact(Fact::Has(Arc::clone(needed)))).collect();
                self.choices.push(vec![vec![Step::Fact(Fact::Lacks(Arc::clone(name)))], all]);
            }
            for (name, schema) in &node.dependent_schemas {
                if declared_only {
                    self.facts.declaring.insert(*schema);
                }
                self.choices.push(vec![
                    vec![Step::Fact(Fact::Lacks(Arc::clone(name)))],
                    vec![Step::Fact(Fact::Has(Arc::clone(name))), holds(*schema, declared_only)],
                ]);
            }
        }
        true
    }

    /// A schema does not hold.
    fn fails(&mut self, graph: &Graph, id: Id) -> bool {
        if !self.fails.insert(id) {
            return true;
        }
        let node = graph.node(id);
        match node.always {
            Some(false) => return true,
            Some(true) => return false,
            None => {}
        }
        if self.holds.contains_key(&id) {
            return false;
        }
        if !node.kinds.has(self.kind) {
            return true;
        }
        let mut ways: Vec<Way> = facts_against(self.kind, id, node, graph);
        ways.extend(node.values.iter().map(|values| vec![Step::Fact(Fact::NoneOf(Arc::clone(values)))]));
        ways.extend(node.all_of.iter().map(|part| vec![fails(*part)]));
        if !node.any_of.is_empty() {
            ways.push(node.any_of.iter().map(|part| fails(*part)).collect());
        }
        if !node.one_of.is_empty() {
            ways.push(node.one_of.iter().map(|part| fails(*part)).collect());
            if !graph.is_exclusive(id) {
                if node.one_of.len() > PAIRS {
                    ways.push(vec![Step::Fact(Fact::Opaque)]);
                } else {
                    let pairs = node.one_of.iter().enumerate();
                    ways.extend(pairs.flat_map(|(at, one)| {
                        node.one_of[..at].iter().map(|other| vec![holds(*one, false), holds(*other, false)])
                    }));
                }
            }
        }
        if let Some(not) = node.not {
            ways.push(vec![holds(not, false)]);
        }
        if let Some(condition) = &node.condition {
            ways.extend(condition.then.map(|then| vec![holds(condition.test, false), fails(then)]));
            ways.extend(condition.otherwise.map(|otherwise| vec![fails(condition.test), fails(otherwise)]));
        }
        if node.opaque.is_some() {
            ways.push(vec![Step::Fact(Fact::Opaque)]);
        }
        if node.written_whole && self.kind == Kind::Integer {
            ways.push(vec![Step::Fact(Fact::WrittenAsFraction)]);
        }
        self.choices.push(ways);
        true
    }

    /// Meets the facts.
    fn leaf(self, search: &mut Search) -> Found {
        let Self { goal, kind, facts, .. } = self;
        if let Some(values) = facts.one_of.iter().min_by_key(|values| values.list.len()) {
            let of_kind: Vec<Value> = values.list.iter().filter(|value| Kind::of(value) == kind).cloned().collect();
            return search.choose(goal, &of_kind);
        }
        match kind {
            Kind::Null => search.choose(goal, &[Value::Null]),
            Kind::Boolean => search.choose(goal, &[Value::Bool(true), Value::Bool(false)]),
            Kind::Integer => number::whole(&facts.number, |value| search.fulfils(goal, value)),
            Kind::Fraction => number::fraction(&facts.number, |value| search.fulfils(goal, value)),
            Kind::String => text(search, goal, facts),
            Kind::Array => list::solve(search, goal, &facts),
            Kind::Object => object::solve(search, goal, &facts),
        }
    }
}

fn text(search: &mut Search, goal: &Goal, facts: Facts) -> Found {
    let mut wanted = text::Wanted {
        least: facts.least,
        most: facts.most,
        patterns: facts.patterns,
        formats: facts.formats,
        except: Vec::new(),
    };
    let excluded = facts.none_of.iter().flat_map(|values| &values.list).chain(goal.except.values());
    wanted.except.extend(excluded.filter_map(Value::as_str).map(str::to_owned));
    let mut texts = std::mem::take(&mut search.texts);
    let found = texts.find(&wanted, |texts, text| {
        // The search borrows its automata back for the check.
        std::mem::swap(&mut search.texts, texts);
        let answer = search.fulfils(goal, &Value::String(text.to_owned()));
        std::mem::swap(&mut search.texts, texts);
        answer
    });
    search.texts = texts;
    found
}

fn holds(id: Id, declared_only: bool) -> Step {
    Step::Literal(Literal::Holds(id, declared_only))
}

fn fails(id: Id) -> Step {
    Step::Literal(Literal::Fails(id))
}

impl Facts {
    fn is_contradictory(&self) -> bool {
        self.contradictory || self.most.is_some_and(|most| self.least > most) || self.number.is_crossed()
    }

    fn add(&mut self, fact: Fact) {
        match fact {
            Fact::OneOf(values) => self.one_of.push(values),
            Fact::NoneOf(values) => self.none_of.push(values),
            Fact::Min(bound) => self.number.at_least(bound),
            Fact::Max(bound) => self.number.at_most(bound),
            Fact::Multiple(step, true) => self.number.multiple_of.push(step),
            Fact::Multiple(step, false) => self.number.not_multiple_of.push(step),
            Fact::Least(least) => self.least = self.least.max(least),
            Fact::Most(most) => self.most = Some(self.most.map_or(most, |known| known.min(most))),
            Fact::Pattern(pattern, wanted) => {
                self.contradictory |= self.patterns.insert(pattern, wanted).is_some_and(|known| known != wanted);
            }
            Fact::Format(format, wanted) => {
                self.contradictory |= self.formats.insert(format, wanted).is_some_and(|known| known != wanted);
            }
            Fact::Repeated => self.repeated = true,
            Fact::Contains(id, declared_only, least, most) => {
                self.contradictory |= most.is_some_and(|most| least > most);
                self.contains.push((id, declared_only, least, most));
            }
            Fact::Element(place, wrong) => self.elements.push((place, wrong)),
            Fact::Has(name) => {
                self.contradictory |= self.lacks.contains(&name);
                self.has.insert(name);
            }
            Fact::Lacks(name) => {
                self.contradictory |= self.has.contains(&name);
                self.lacks.insert(name);
            }
            Fact::Member(which, wrong) => {
                if let Which::Name(name) = &which {
                    self.add(Fact::Has(Arc::clone(name)));
                }
                self.members.push((which, wrong));
            }
            Fact::Name(id) => self.names_fail.push(id),
            Fact::WrittenAsFraction => self.as_fraction = true,
            Fact::Opaque => {}
        }
        self.contradictory |= (self.unique && self.repeated) || (self.as_whole && self.as_fraction);
    }

    /// What a schema that holds says about a kind by itself.
    fn hold(&mut self, kind: Kind, id: Id, node: &Node, declared_only: bool) {
        match kind {
            Kind::Null | Kind::Boolean => {}
            Kind::Integer | Kind::Fraction => {
                self.as_whole |= node.written_whole;
                self.contradictory |= self.as_whole && self.as_fraction;
                node.min.iter().for_each(|bound| self.add(Fact::Min(bound.clone())));
                node.max.iter().for_each(|bound| self.add(Fact::Max(bound.clone())));
                node.multiple_of.iter().for_each(|step| self.add(Fact::Multiple(step.clone(), true)));
            }
            Kind::String => {
                self.add(Fact::Least(node.min_length));
                node.max_length.iter().for_each(|most| self.add(Fact::Most(*most)));
                node.pattern.iter().for_each(|pattern| self.add(Fact::Pattern(Arc::clone(pattern), true)));
                node.format.iter().for_each(|format| self.add(Fact::Format(Arc::clone(format), true)));
            }
            Kind::Array => {
                self.add(Fact::Least(node.min_items));
                node.max_items.iter().for_each(|most| self.add(Fact::Most(*most)));
                self.unique |= node.unique;
                self.contradictory |= self.unique && self.repeated;
                if let Some(contains) = &node.contains {
                    self.add(Fact::Contains(contains.schema, declared_only, contains.min, contains.max));
                }
                *self.nodes.entry(id).or_default() |= declared_only;
            }
            Kind::Object => {
                self.add(Fact::Least(node.min_properties));
                node.max_properties.iter().for_each(|most| self.add(Fact::Most(*most)));
                node.required.iter().for_each(|name| self.add(Fact::Has(Arc::clone(name))));
                *self.nodes.entry(id).or_default() |= declared_only;
            }
        }
    }
}

/// The ways in which a schema can fail for a kind by itself.
fn facts_against(kind: Kind, id: Id, node: &Node, graph: &Graph) -> Vec<Way> {
    let mut ways: Vec<Way> = Vec::new();
    let mut way = |fact: Fact| ways.push(vec![Step::Fact(fact)]);
    let says_something = |id: Id| graph.trivial(id) != Some(true);
    match kind {
        Kind::Null | Kind::Boolean => {}
        Kind::Integer | Kind::Fraction => {
            let other = |bound: &Bound| Bound { value: bound.value.clone(), exclusive: !bound.exclusive };
            node.min.iter().for_each(|min| way(Fact::Max(other(min))));
            node.max.iter().for_each(|max| way(Fact::Min(other(max))));
            node.multiple_of.iter().for_each(|step| way(Fact::Multiple(step.clone(), false)));
        }
        Kind::String => {
            fewer_or_more(node.min_length, node.max_length, &mut way);
            node.pattern.iter().for_each(|pattern| way(Fact::Pattern(Arc::clone(pattern), false)));
            node.format.iter().for_each(|format| way(Fact::Format(Arc::clone(format), false)));
        }
        Kind::Array => {
            fewer_or_more(node.min_items, node.max_items, &mut way);
            if node.unique {
                way(Fact::Repeated);
            }
            let positions = node.prefix.iter().enumerate().filter(|(_, schema)| says_something(**schema));
            positions.for_each(|(at, schema)| way(Fact::Element(Place::At(at), Wrong::Fails(*schema))));
            if let Some(items) = node.items.filter(|items| says_something(*items)) {
                way(Fact::Element(Place::From(node.prefix.len()), Wrong::Fails(items)));
            }
            if let Some(contains) = &node.contains {
                if contains.min > 0 {
                    way(Fact::Contains(contains.schema, false, 0, Some(contains.min - 1)));
                }
                contains.max.iter().for_each(|max| way(Fact::Contains(contains.schema, false, max + 1, None)));
            }
            let rest = node.unevaluated_items.filter(|_| node.items.is_none());
            if let Some(rest) = rest.filter(|rest| says_something(*rest)) {
                way(Fact::Element(Place::From(node.prefix.len()), Wrong::Fails(rest)));
            }
        }
        Kind::Object => {
            fewer_or_more(node.min_properties, node.max_properties, &mut way);
            node.required.iter().for_each(|name| way(Fact::Lacks(Arc::clone(name))));
            for (name, schema) in node.properties.iter().filter(|(_, schema)| says_something(**schema)) {
                way(Fact::Member(Which::Name(Arc::clone(name)), Wrong::Fails(*schema)));
            }
            for (pattern, schema) in node.patterns.iter().filter(|(_, schema)| says_something(*schema)) {
                way(Fact::Member(Which::Pattern(Arc::clone(pattern)), Wrong::Fails(*schema)));
            }
            if let Some(rest) = node.additional.filter(|rest| says_something(*rest)) {
                way(Fact::Member(Which::Rest(id), Wrong::Fails(rest)));
            }
            if let Some(rest) = node.unevaluated_properties.filter(|rest| says_something(*rest)) {
                way(Fact::Member(Which::Unevaluated(id), Wrong::Fails(rest)));
            }
            node.names.filter(|names| says_something(*names)).into_iter().for_each(|names| way(Fact::Name(names)));
            for (name, needs) in &node.dependent_required {
                for needed in needs {
                    ways.push(vec![
                        Step::Fact(Fact::Has(Arc::clone(name))),
                        Step::Fact(Fact::Lacks(Arc::clone(needed))),
                    ]);
                }
            }
            for (name, schema) in &node.dependent_schemas {
                ways.push(vec![Step::Fact(Fact::Has(Arc::clone(name))), fails(*schema)]);
            }
        }
    }
    ways
}

/// The ways in which a list or an object can be another one than this; none for a value without parts.
fn other_than(kind: Kind, value: &Value) -> Option<Vec<Way>> {
    if Kind::of(value) != kind {
        return None;
    }
    let count = match value {
        Value::Array(items) => items.len() as u64,
        Value::Object(members) => members.len() as u64,
        _ => return None,
    };
    let mut ways: Vec<Way> = vec![vec![Step::Fact(Fact::Least(count + 1))]];
    if let Some(fewer) = count.checked_sub(1) {
        ways.push(vec![Step::Fact(Fact::Most(fewer))]);
    }
    let is_not = |value: &Value| Wrong::IsNot(Arc::new(value.clone()));
    match value {
        Value::Array(items) => {
            let items = items.iter().enumerate();
            ways.extend(items.map(|(at, item)| vec![Step::Fact(Fact::Element(Place::At(at), is_not(item)))]));
        }
        Value::Object(members) => {
            for (name, member) in members {
                let name: Arc<str> = name.as_str().into();
                ways.push(vec![Step::Fact(Fact::Lacks(Arc::clone(&name)))]);
                ways.push(vec![Step::Fact(Fact::Member(Which::Name(name), is_not(member)))]);
            }
        }
        _ => {}
    }
    Some(ways)
}

fn fewer_or_more(least: u64, most: Option<u64>, way: &mut impl FnMut(Fact)) {
    if least > 0 {
        way(Fact::Most(least - 1));
    }
    if let Some(most) = most.and_then(|most| most.checked_add(1)) {
        way(Fact::Least(most));
    }
}
