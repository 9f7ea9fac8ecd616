//! Whether a value is valid under a schema of the graph: the semantics of JSON Schema 2020-12, in three values.
//!
//! None means that something is not understood. This decides about subschemas while an instance is being looked for;
//! what leaves the crate as a witness is checked by the `jsonschema` crate as well.

use std::collections::BTreeSet;

use num_integer::Integer as _;
use num_rational::BigRational;
use serde_json::{Map, Value};

use super::{graph::Graph, text::Texts};
use crate::schema::{Bound, Id, Kind, Node, key, rational};

/// How deep schemas may lead into each other for one value.
const DEPTH: usize = 400;

/// How many schemas may be visited for one value.
const VISITS: u32 = 20_000;

/// Whether the value is valid.
pub(super) fn valid(graph: &Graph, texts: &mut Texts, id: Id, value: &Value) -> Option<bool> {
    Evaluation { graph, texts, depth: 0, left: VISITS, lenient: false }.valid(id, value)
}

/// The same where formats that can't be told are taken for had, as the validator takes them.
pub(super) fn accepted(graph: &Graph, texts: &mut Texts, id: Id, value: &Value) -> Option<bool> {
    Evaluation { graph, texts, depth: 0, left: VISITS, lenient: true }.valid(id, value)
}

struct Evaluation<'a> {
    graph: &'a Graph,
    texts: &'a mut Texts,
    depth: usize,
    left: u32,
    lenient: bool,
}

/// All of the answers: false if one is, else unknown if one is.
struct All {
    sure: bool,
}

impl All {
    /// True when the answer is a refusal.
    fn refuses(&mut self, answer: Option<bool>) -> bool {
        self.sure &= answer.is_some();
        answer == Some(false)
    }
}

impl Evaluation<'_> {
    fn valid(&mut self, id: Id, value: &Value) -> Option<bool> {
        self.left = self.left.saturating_sub(1);
        if self.depth > DEPTH || self.left == 0 {
            return None;
        }
        self.depth += 1;
        let answer = self.node(id, value);
        self.depth -= 1;
        answer
    }

    fn node(&mut self, id: Id, value: &Value) -> Option<bool> {
        let graph = self.graph;
        let node = graph.node(id);
        if let Some(always) = node.always {
            return Some(always);
        }
        if !node.kinds.has(Kind::of(value)) {
            return Some(false);
        }
        let mut all = All { sure: node.opaque.is_none() };
        if !node.values.is_empty() {
            let key = key(value);
            if node.values.iter().any(|values| !values.keys.contains(&key)) {
                return Some(false);
            }
        }
        if node.written_whole && value.is_f64() {
            return Some(false);
        }
        let refused = match value {
            Value::Number(number) => all.refuses(rational(number).map(|exact| number_valid(node, &exact))),
            Value::String(text) => self.text(node, text, &mut all),
            Value::Array(items) => self.list(id, node, items, value, &mut all),
            Value::Object(members) => self.object(id, node, members, value, &mut all),
            Value::Null | Value::Bool(_) => false,
        };
        if refused || self.parts(node, value, &mut all) {
            return Some(false);
        }
        all.sure.then_some(true)
    }

    fn parts(&mut self, node: &Node, value: &Value, all: &mut All) -> bool {
        for id in &node.all_of {
            if all.refuses(self.valid(*id, value)) {
                return true;
            }
        }
        if !node.any_of.is_empty() && all.refuses(self.count(&node.any_of, value, 1).map(|count| count > 0)) {
            return true;
        }
        if !node.one_of.is_empty() && all.refuses(self.count(&node.one_of, value, 2).map(|count| count == 1)) {
            return true;
        }
        if let Some(not) = node.not {
            let answer = self.valid(not, value).map(|valid| !valid);
            if all.refuses(answer) {
                return true;
            }
        }
        if let Some(condition) = &node.condition {
            let part = match self.valid(condition.test, value) {
                Some(true) => condition.then,
                Some(false) => condition.otherwise,
                None => {
                    all.sure = false;
                    None
                }
            };
            if let Some(part) = part {
                let answer = self.valid(part, value);
                return all.refuses(answer);
            }
        }
        false
    }

    /// How many of the schemas hold, up to `enough`.
    fn count(&mut self, schemas: &[Id], value: &Value, enough: usize) -> Option<usize> {
        let (mut count, mut unknown) = (0, false);
        for id in schemas {
            match self.valid(*id, value) {
                Some(true) => count += 1,
                Some(false) => {}
                None => unknown = true,
            }
            if count >= enough {
                return Some(count);
            }
        }
        (!unknown).then_some(count)
    }

    fn text(&mut self, node: &Node, text: &str, all: &mut All) -> bool {
        if node.min_length > 0 || node.max_length.is_some() {
            let length = text.chars().count() as u64;
            if length < node.min_length || node.max_length.is_some_and(|most| length > most) {
                return true;
            }
        }
        if let Some(pattern) = &node.pattern
            && all.refuses(self.texts.matches(pattern, text))
        {
            return true;
        }
        node.format.as_ref().is_some_and(|format| {
            let has = self.texts.has_format(format, text);
            all.refuses(has.or(self.lenient.then_some(true)))
        })
    }

    fn list(&mut self, id: Id, node: &Node, items: &[Value], value: &Value, all: &mut All) -> bool {
        let length = items.len() as u64;
        if length < node.min_items || node.max_items.is_some_and(|most| length > most) {
            return true;
        }
        if node.unique {
            let mut seen = BTreeSet::new();
            if !items.iter().all(|item| seen.insert(key(item))) {
                return true;
            }
        }
        for (at, item) in items.iter().enumerate() {
            if let Some(schema) = node.prefix.get(at).copied().or(node.items)
                && all.refuses(self.valid(schema, item))
            {
                return true;
            }
        }
        if let Some(contains) = &node.contains {
            let (mut least, mut most) = (0, 0);
            for item in items {
                match self.valid(contains.schema, item) {
                    Some(true) => (least, most) = (least + 1, most + 1),
                    Some(false) => {}
                    None => most += 1,
                }
            }
            let answer = match contains.max {
                Some(max) if least > max => Some(false),
                _ if most < contains.min => Some(false),
                Some(max) if most > max => None,
                _ if least < contains.min => None,
                _ => Some(true),
            };
            if all.refuses(answer) {
                return true;
            }
        }
        let Some(rest) = node.unevaluated_items else { return false };
        let mut evaluated = BTreeSet::new();
        if !self.evaluated_items(id, value, items, &mut evaluated) {
            all.sure = false;
            return false;
        }
        let left = items.iter().enumerate().filter(|(at, _)| !evaluated.contains(at));
        left.into_iter().any(|(_, item)| all.refuses(self.valid(rest, item)))
    }

    fn object(&mut self, id: Id, node: &Node, members: &Map<String, Value>, value: &Value, all: &mut All) -> bool {
        let count = members.len() as u64;
        if count < node.min_properties || node.max_properties.is_some_and(|most| count > most) {
            return true;
        }
        if node.required.iter().any(|name| !members.contains_key(&**name)) {
            return true;
        }
        for (name, needs) in &node.dependent_required {
            if members.contains_key(&**name) && needs.iter().any(|needed| !members.contains_key(&**needed)) {
                return true;
            }
        }
        for (name, member) in members {
            if let Some(names) = node.names
                && all.refuses(self.valid(names, &Value::String(name.clone())))
            {
                return true;
            }
            let (schemas, matched) = self.schemas_of(node, name);
            all.sure &= matched.is_some();
            for schema in schemas {
                if all.refuses(self.valid(schema, member)) {
                    return true;
                }
            }
            if matched == Some(false)
                && let Some(rest) = node.additional
                && all.refuses(self.valid(rest, member))
            {
                return true;
            }
        }
        for (name, schema) in &node.dependent_schemas {
            if members.contains_key(&**name) && all.refuses(self.valid(*schema, value)) {
                return true;
            }
        }
        let Some(rest) = node.unevaluated_properties else { return false };
        let mut evaluated = BTreeSet::new();
        if !self.evaluated_members(id, value, members, &mut evaluated, false) {
            all.sure = false;
            return false;
        }
        let left = members.iter().filter(|(name, _)| !evaluated.contains(*name));
        left.into_iter().any(|(_, member)| all.refuses(self.valid(rest, member)))
    }

    /// The schemas of a member by its name, and whether there are any; none when a pattern can't be told.
    fn schemas_of(&mut self, node: &Node, name: &str) -> (Vec<Id>, Option<bool>) {
        let mut schemas: Vec<Id> = node.properties.get(name).copied().into_iter().collect();
        let mut sure = true;
        for (pattern, schema) in &node.patterns {
            match self.texts.matches(pattern, name) {
                Some(true) => schemas.push(*schema),
                Some(false) => {}
                None => sure = false,
            }
        }
        let matched = !schemas.is_empty();
        (schemas, (sure || matched).then_some(matched))
    }

    /// Adds the members that the schema evaluates in a value that is valid under it; false when it can't be told.
    fn evaluated_members(
        &mut self,
        id: Id,
        value: &Value,
        members: &Map<String, Value>,
        evaluated: &mut BTreeSet<String>,
        with_rest: bool,
    ) -> bool {
        let graph = self.graph;
        let node = graph.node(id);
        let everything = node.additional.is_some() || (with_rest && node.unevaluated_properties.is_some());
        for name in members.keys() {
            match self.schemas_of(node, name).1 {
                Some(true) => {
                    evaluated.insert(name.clone());
                }
                Some(false) if everything => {
                    evaluated.insert(name.clone());
                }
                Some(false) => {}
                None => return false,
            }
        }
        let dependent = node.dependent_schemas.iter().filter(|(name, _)| members.contains_key(&**name));
        let dependent: Vec<Id> = dependent.map(|(_, schema)| *schema).collect();
        let Some(parts) = self.parts_that_hold(node, value, dependent) else { return false };
        parts.into_iter().all(|part| self.evaluated_members(part, value, members, evaluated, true))
    }

    fn evaluated_items(&mut self, id: Id, value: &Value, items: &[Value], evaluated: &mut BTreeSet<usize>) -> bool {
        let graph = self.graph;
        let node = graph.node(id);
        let everything = node.items.is_some();
        evaluated.extend(0..if everything { items.len() } else { node.prefix.len().min(items.len()) });
        if let Some(contains) = &node.contains {
            for (at, item) in items.iter().enumerate() {
                match self.valid(contains.schema, item) {
                    Some(true) => {
                        evaluated.insert(at);
                    }
                    Some(false) => {}
                    None => return false,
                }
            }
        }
        let Some(parts) = self.parts_that_hold(node, value, Vec::new()) else { return false };
        parts.into_iter().all(|part| {
            if graph.node(part).unevaluated_items.is_some() {
                evaluated.extend(0..items.len());
            }
            self.evaluated_items(part, value, items, evaluated)
        })
    }

    fn parts_that_hold(&mut self, node: &Node, value: &Value, mut parts: Vec<Id>) -> Option<Vec<Id>> {
        parts.extend(&node.all_of);
        for id in node.any_of.iter().chain(&node.one_of) {
            if self.valid(*id, value)? {
                parts.push(*id);
            }
        }
        if let Some(condition) = &node.condition {
            if self.valid(condition.test, value)? {
                parts.push(condition.test);
                parts.extend(condition.then);
            } else {
                parts.extend(condition.otherwise);
            }
        }
        Some(parts)
    }
}

fn number_valid(node: &Node, value: &BigRational) -> bool {
    let above = |bound: &Bound| if bound.exclusive { *value > bound.value } else { *value >= bound.value };
    let below = |bound: &Bound| if bound.exclusive { *value < bound.value } else { *value <= bound.value };
    node.min.as_ref().is_none_or(above)
        && node.max.as_ref().is_none_or(below)
        && node.multiple_of.as_ref().is_none_or(|step| is_multiple(value, step))
}

/// Whether a number is a whole multiple of a step.
pub(super) fn is_multiple(value: &BigRational, step: &BigRational) -> bool {
    (value.numer() * step.denom()).is_multiple_of(&(value.denom() * step.numer()))
}
