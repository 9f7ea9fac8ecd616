//! How many levels a value of each node has at least, so that recursive schemas come to an end.

use crate::schema::{Id, Kind, Node};

/// Rounds of improvement. Schemas that need more levels than this are as good as endless here.
const ROUNDS: u32 = 40;

/// The least height of each node; `u32::MAX` where no end was found.
pub(super) fn of(nodes: &[Node]) -> Vec<u32> {
    let mut heights = vec![u32::MAX; nodes.len()];
    for _ in 0..ROUNDS {
        let mut changed = false;
        // Children come after their parents, mostly.
        for index in (0..nodes.len()).rev() {
            let height = height(&nodes[index], &heights);
            changed |= height < heights[index];
            heights[index] = height.min(heights[index]);
        }
        if !changed {
            break;
        }
    }
    heights
}

fn height(node: &Node, heights: &[u32]) -> u32 {
    let of = |id: &Id| heights.get(*id as usize).copied().unwrap_or(u32::MAX);
    match node.always {
        Some(true) => return 0,
        Some(false) => return u32::MAX,
        None => {}
    }
    let highest = |ids: &mut dyn Iterator<Item = &Id>| ids.map(of).max().unwrap_or(0);
    let lowest = |ids: &[Id]| if ids.is_empty() { 0 } else { ids.iter().map(of).min().unwrap_or(0) };
    let combined = highest(&mut node.all_of.iter()).max(lowest(&node.any_of)).max(lowest(&node.one_of));
    combined.max(own(node, &highest))
}

/// Of the keywords of the node itself.
fn own(node: &Node, highest: &dyn Fn(&mut dyn Iterator<Item = &Id>) -> u32) -> u32 {
    let scalar = Kind::ALL.into_iter().any(|kind| !matches!(kind, Kind::Array | Kind::Object) && node.kinds.has(kind));
    if scalar || !node.values.is_empty() {
        return 0;
    }
    let mut least = u32::MAX;
    if node.kinds.has(Kind::Object) {
        let needed = &mut node.required.iter().filter_map(|name| node.properties.get(name));
        least = least.min(highest(needed).saturating_add(1));
    }
    if node.kinds.has(Kind::Array) {
        let contains = node.contains.iter().filter(|contains| contains.min > 0).map(|contains| &contains.schema);
        let items = node.items.iter().chain(&node.prefix).filter(|_| node.min_items > 0);
        least = least.min(highest(&mut contains.chain(items)).saturating_add(1));
    }
    least
}
