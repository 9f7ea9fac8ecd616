//! Two documents as one graph in which schemas that are written alike are one node.
//!
//! Equality is bisimulation: two nodes are one when their keywords agree and their edges lead to nodes that are one.
//! References vanish, so it does not matter what is written in place and what is moved into `$defs`, also where schemas
//! refer to themselves.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use crate::{
    Document,
    schema::{Id, Kind, Kinds, Node, Values},
};

/// How often nodes are looked at, in all, before those are left apart that might be one.
const LOOKS: usize = 400_000;

/// How many variants of a union are compared pair by pair; more of them are told apart by one common member only.
const PAIRS: usize = 64;

/// How many schemas that must all hold are looked at to find what tells a variant apart.
const PARTS: usize = 64;

/// See the module.
#[derive(Debug)]
pub(super) struct Graph {
    nodes: Vec<Node>,
    /// Class of each node of the first document, then of the second.
    classes: Vec<Id>,
    first: usize,
    /// The variants of its `oneOf` exclude each other.
    exclusive: Vec<bool>,
    /// It accepts everything, or nothing, whatever the value.
    trivial: Vec<Option<bool>>,
}

impl Graph {
    pub(super) fn new(first: &Document, second: &Document) -> Self {
        let offset = first.nodes().len();
        let mut nodes: Vec<Node> = first.nodes().to_vec();
        nodes.extend(second.nodes().iter().cloned().map(|mut node| {
            node.each_edge(|edge| *edge += Id::try_from(offset).unwrap_or(Id::MAX));
            node
        }));
        nodes.iter_mut().for_each(normalise);
        let aliases = aliases(&nodes);
        for node in &mut nodes {
            node.each_edge(|edge| *edge = aliases[*edge as usize]);
        }
        enumerate(&mut nodes);
        let classes = classes(&nodes);
        let count = classes.iter().max().map_or(0, |last| *last as usize + 1);
        let mut merged: Vec<Option<Node>> = vec![None; count];
        for (at, mut node) in nodes.into_iter().enumerate() {
            let class = &mut merged[classes[at] as usize];
            if class.is_none() {
                node.each_edge(|edge| *edge = classes[*edge as usize]);
                *class = Some(node);
            }
        }
        let classes = aliases.iter().map(|alias| classes[*alias as usize]).collect();
        let nodes: Vec<Node> = merged.into_iter().flatten().collect();
        let exclusive = nodes.iter().map(|node| exclusive(&nodes, &node.one_of)).collect();
        let mut open = Node::open(String::new());
        let mut says_nothing = |node: &Node| {
            open.pointer.clone_from(&node.pointer);
            (*node == open).then_some(true)
        };
        let trivial = nodes.iter().map(|node| node.always.or_else(|| says_nothing(node))).collect();
        Self { nodes, classes, first: offset, exclusive, trivial }
    }

    pub(super) fn node(&self, id: Id) -> &Node {
        &self.nodes[id as usize]
    }

    pub(super) fn is_exclusive(&self, id: Id) -> bool {
        self.exclusive[id as usize]
    }

    /// Whether it accepts everything or nothing; none when it depends on the value.
    pub(super) fn trivial(&self, id: Id) -> Option<bool> {
        self.trivial[id as usize]
    }

    /// Whether schemas are nested deeper than this, or without end because they refer to themselves.
    pub(super) fn is_deeper_than(&self, most: usize) -> bool {
        // Peels the nodes that lead nowhere any more, layer by layer; what is left after the last layer is deeper.
        let edges: Vec<Vec<Id>> = self
            .nodes
            .iter()
            .map(|node| {
                let mut edges = Vec::new();
                node.clone().each_edge(|edge| edges.push(*edge));
                edges
            })
            .collect();
        let mut peeled = vec![false; edges.len()];
        for _ in 0..=most {
            let layer: Vec<usize> = (0..edges.len())
                .filter(|at| !peeled[*at] && edges[*at].iter().all(|edge| peeled[*edge as usize]))
                .collect();
            if layer.is_empty() {
                break;
            }
            layer.into_iter().for_each(|at| peeled[at] = true);
        }
        !peeled.into_iter().all(|peeled| peeled)
    }

    /// The class of a node of one of the two documents.
    pub(super) fn class(&self, of_second: bool, id: Id) -> Id {
        self.classes[if of_second { self.first } else { 0 } + id as usize]
    }
}

/// Unions of one variant are that variant.
fn normalise(node: &mut Node) {
    for list in [&mut node.any_of, &mut node.one_of] {
        if list.len() == 1 {
            node.all_of.append(list);
        }
    }
    if node.always == Some(true) {
        node.always = None;
    }
}

/// Unions of nothing but values are enumerations.
fn enumerate(nodes: &mut [Node]) {
    for at in 0..nodes.len() {
        let node = &nodes[at];
        let union = if node.one_of.is_empty() { &node.any_of } else { &node.one_of };
        if union.is_empty() || !(node.one_of.is_empty() || node.any_of.is_empty()) {
            continue;
        }
        let Some(variants) = union.iter().map(|id| only_values(&nodes[*id as usize])).collect::<Option<Vec<_>>>()
        else {
            continue;
        };
        let list: Vec<_> = variants.iter().flat_map(|values| values.list.iter().cloned()).collect();
        let count: usize = variants.iter().map(|values| values.keys.len()).sum();
        let values = Values::new(list);
        // A value that is in two variants of a `oneOf` is in none.
        if node.one_of.is_empty() || values.keys.len() == count {
            nodes[at].values.push(Arc::new(values));
            nodes[at].any_of.clear();
            nodes[at].one_of.clear();
        }
    }
}

/// The values of a schema that enumerates them and says nothing else but, perhaps, their type.
fn only_values(node: &Node) -> Option<Arc<Values>> {
    let [values] = node.values.as_slice() else { return None };
    let mut alone = Node::open(node.pointer.clone());
    alone.kinds = node.kinds;
    alone.values.push(Arc::clone(values));
    let typed = values.list.iter().all(|value| node.kinds.has(Kind::of(value)));
    (typed && alone == *node).then(|| Arc::clone(values))
}

/// For each node the node that it only repeats. Documents have no loops in place, so every chain ends.
fn aliases(nodes: &[Node]) -> Vec<Id> {
    let next: Vec<Option<Id>> = nodes.iter().map(repeats).collect();
    let mut known: Vec<Option<Id>> = vec![None; nodes.len()];
    for start in 0..nodes.len() {
        let (mut path, mut at) = (Vec::new(), start);
        let end = loop {
            path.push(at);
            match (known[at], next[at]) {
                (Some(end), _) => break end,
                (None, Some(to)) => at = to as usize,
                (None, None) => break Id::try_from(at).unwrap_or(Id::MAX),
            }
        };
        path.into_iter().for_each(|at| known[at] = Some(end));
    }
    known.into_iter().flatten().collect()
}

fn repeats(node: &Node) -> Option<Id> {
    let [target] = *node.all_of.as_slice() else { return None };
    let mut alone = Node::open(node.pointer.clone());
    alone.all_of.push(target);
    (alone == *node).then_some(target)
}

/// All of a node but its edges and its place.
fn local(node: &Node) -> Node {
    let mut node = node.clone();
    node.pointer.clear();
    node.each_edge(|edge| *edge = 0);
    node
}

fn classes(nodes: &[Node]) -> Vec<Id> {
    let mut names: HashMap<Node, Id> = HashMap::new();
    let mut classes: Vec<Id> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let next = Id::try_from(names.len()).unwrap_or(Id::MAX);
        classes.push(*names.entry(local(node)).or_insert(next));
    }
    let mut count = names.len();
    let edges: Vec<Edges> = nodes.iter().map(Edges::of).collect();
    for _ in 0..=LOOKS / nodes.len().max(1) {
        let mut refined: HashMap<Vec<Id>, Id> = HashMap::new();
        let mut next_classes = Vec::with_capacity(nodes.len());
        for (at, edges) in edges.iter().enumerate() {
            let next = Id::try_from(refined.len()).unwrap_or(Id::MAX);
            next_classes.push(*refined.entry(edges.signature(classes[at], &classes)).or_insert(next));
        }
        classes = next_classes;
        if refined.len() == count {
            return classes;
        }
        count = refined.len();
    }
    // Not settled: classes may still hold different nodes, so each node stays by itself.
    (0..nodes.len()).map(|at| Id::try_from(at).unwrap_or(Id::MAX)).collect()
}

/// A node's edges; those of lists whose order means nothing are in ranges of their own.
struct Edges {
    all: Vec<Id>,
    unordered: [std::ops::Range<usize>; 3],
}

impl Edges {
    fn of(node: &Node) -> Self {
        let mut all = Vec::new();
        node.clone().each_edge(|edge| all.push(*edge));
        let mut from = node.prefix.len();
        let unordered = [&node.all_of, &node.any_of, &node.one_of].map(|list| {
            let start = from;
            from += list.len();
            start..from
        });
        Self { all, unordered }
    }

    /// The node's class and those of its edges.
    fn signature(&self, class: Id, classes: &[Id]) -> Vec<Id> {
        let mut signature: Vec<Id> = self.all.iter().map(|edge| classes[*edge as usize]).collect();
        for range in &self.unordered {
            signature[range.clone()].sort_unstable();
        }
        signature.push(class);
        signature
    }
}

/// Whether no value matches two of the variants: their kinds differ, or their values, or those of a member that both
/// require.
fn exclusive(nodes: &[Node], variants: &[Id]) -> bool {
    let variants: Vec<_> = variants.iter().map(|id| flat(nodes, *id)).collect();
    if variants.len() > PAIRS {
        let tags = variants.first().map(|variant| variant.tags.keys()).into_iter().flatten();
        return distinct(variants.iter().map(|variant| variant.values.as_ref()))
            || variants.iter().all(|variant| variant.kinds == Kinds::only(Kind::Object))
                && tags.into_iter().any(|tag| distinct(variants.iter().map(|variant| variant.tags.get(tag))));
    }
    let mut pairs =
        variants.iter().enumerate().flat_map(|(at, one)| variants[..at].iter().map(move |other| (one, other)));
    pairs.all(|(one, other)| apart(one, other))
}

fn apart(one: &Variant, other: &Variant) -> bool {
    let common = one.kinds.and(other.kinds);
    let values = one.values.as_ref().zip(other.values.as_ref()).is_some_and(|(one, other)| one.is_disjoint(other));
    let tagged =
        || one.tags.iter().any(|(tag, values)| other.tags.get(tag).is_some_and(|more| more.is_disjoint(values)));
    common.is_empty() || values || (common == Kinds::only(Kind::Object) && tagged())
}

/// Every set is there and no value is in two.
fn distinct<'a>(sets: impl Iterator<Item = Option<&'a BTreeSet<String>>>) -> bool {
    let mut seen = BTreeSet::new();
    for set in sets {
        let Some(set) = set else { return false };
        if !set.iter().all(|value| seen.insert(value)) {
            return false;
        }
    }
    true
}

/// What of a variant can tell it apart.
struct Variant {
    kinds: Kinds,
    values: Option<BTreeSet<String>>,
    /// Required members with the values that they may have.
    tags: HashMap<String, BTreeSet<String>>,
}

fn flat(nodes: &[Node], id: Id) -> Variant {
    let mut variant = Variant { kinds: Kinds::ALL, values: None, tags: HashMap::new() };
    let (mut waiting, mut seen) = (vec![id], BTreeSet::new());
    let (mut required, mut members) = (BTreeSet::new(), Vec::new());
    while let Some(id) = waiting.pop().filter(|_| seen.len() < PARTS) {
        if !seen.insert(id) {
            continue;
        }
        let node = &nodes[id as usize];
        variant.kinds = variant.kinds.and(node.kinds);
        if let Some(values) = node.values.first() {
            let kinds = values.list.iter().fold(Kinds::NONE, |kinds, value| kinds.with(Kind::of(value)));
            variant.kinds = variant.kinds.and(kinds);
            variant.values.get_or_insert_with(|| values.keys.clone());
        }
        required.extend(node.required.iter().cloned());
        for (name, member) in &node.properties {
            members.push((name.clone(), *member));
        }
        waiting.extend(&node.all_of);
    }
    for (name, member) in members {
        let member = &nodes[member as usize];
        if let Some(values) = member.values.first().filter(|_| required.contains(&name)) {
            variant.tags.insert(name.to_string(), values.keys.clone());
        }
    }
    variant
}
