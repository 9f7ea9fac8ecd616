//! What keeps validation finite and short: schemas that lead to themselves in place, and schemas that are visited so
//! often for one value that no validator would come to an end.

use serde_json::Value;

use super::node::{Id, Node};

/// How many schemas may be visited for one value.
const VISITS: u32 = 400_000;

impl Node {
    /// Edges to schemas of the same value, as opposed to those of its elements and members.
    fn in_place(&self) -> impl Iterator<Item = Id> + '_ {
        let condition = self
            .condition
            .iter()
            .flat_map(|condition| [Some(condition.test), condition.then, condition.otherwise].into_iter().flatten());
        let lists = self.all_of.iter().chain(&self.any_of).chain(&self.one_of).chain(&self.not).copied();
        lists.chain(condition).chain(self.dependent_schemas.iter().map(|(_, schema)| *schema))
    }
}

/// Opens schemas that lead to themselves without a step into the value (JSON Schema Core 2020-12, section 9.4.1, leaves
/// them without a meaning). Whether there were any.
pub(super) fn cut_loops(nodes: &mut [Node]) -> bool {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut marks = vec![Mark::New; nodes.len()];
    let mut loops = Vec::new();
    for start in 0..nodes.len() {
        // Depth first by hand: chains of references may be longer than the stack.
        let mut stack: Vec<(usize, Vec<Id>)> = Vec::new();
        if marks[start] == Mark::New {
            marks[start] = Mark::Open;
            stack.push((start, nodes[start].in_place().collect()));
        }
        while let Some((at, rest)) = stack.last_mut() {
            let Some(next) = rest.pop() else {
                marks[*at] = Mark::Done;
                stack.pop();
                continue;
            };
            let next = next as usize;
            match marks[next] {
                Mark::New => {
                    marks[next] = Mark::Open;
                    stack.push((next, nodes[next].in_place().collect()));
                }
                Mark::Open => loops.push(next),
                Mark::Done => {}
            }
        }
    }
    for at in &loops {
        let mut open = Node::open(nodes[*at].pointer.clone());
        open.opaque = Some("it refers to itself without a step into the value".into());
        nodes[*at] = open;
    }
    !loops.is_empty()
}

/// Whether a validator comes to an end with this value in reasonable time, at worst.
pub(super) fn is_affordable(nodes: &[Node], value: &Value) -> bool {
    let mut left = VISITS;
    visit(nodes, 0, value, &mut left);
    left > 0
}

fn visit(nodes: &[Node], id: Id, value: &Value, left: &mut u32) {
    *left = left.saturating_sub(1);
    let Some(node) = nodes.get(id as usize).filter(|_| *left > 0) else { return };
    for part in node.in_place() {
        visit(nodes, part, value, left);
    }
    match value {
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                let position = node.prefix.get(at).copied().or(node.items);
                let contains = node.contains.as_ref().map(|contains| contains.schema);
                for schema in [position, contains, node.unevaluated_items].into_iter().flatten() {
                    visit(nodes, schema, item, left);
                }
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let known = node.properties.get(name.as_str()).copied();
                let rest = node.additional.filter(|_| known.is_none());
                let patterns = node.patterns.iter().map(|(_, schema)| *schema);
                for schema in known.into_iter().chain(rest).chain(node.unevaluated_properties).chain(patterns) {
                    visit(nodes, schema, member, left);
                }
            }
        }
        _ => {}
    }
}
