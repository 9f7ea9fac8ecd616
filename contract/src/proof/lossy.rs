//! What gets lost when results come down: told by changing a result a little and looking whether its older form
//! changes with it.
//!
//! A loss is what the older contract has a place for:
//! - a leaf that is there in the older form only for some of its values (two newer values become one older value);
//! - a leaf at a place that the older schema declares, and that never shows there;
//! - an element of a list of which other elements show (an `unwrap` of several);
//! - a property that the older schema declares and that never comes down;
//! - what a `map_enum` makes ambiguous by its own words.
//!
//! A member that only the newer contract has is not a loss: the older callers never had it.

mod leaf;
mod places;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use self::{
    leaf::{Alternatives, Leaf, leaves},
    places::Places,
};
use super::{
    Line, ProofOptions, Report, Rule, fix, meaning,
    report::Fault,
    sample::{self, Lane},
};
use crate::{
    Document, Part, Witness,
    generate::{is_valid, shrink},
};

/// Leaves of one result that are changed, at most.
const LEAVES: usize = 48;

/// A loss, and how it was seen.
#[derive(Debug, Clone)]
struct Loss {
    /// The JSON pointer of the leaf.
    pointer: String,
    /// The JSON pointer of the schema there: the same for all elements of a list, and all members of a map.
    place: String,
    /// The value that is as good as the one that is there.
    other: Value,
}

/// One finding for each place.
pub(super) fn prove(line: &Line<'_, '_>, options: ProofOptions, report: &mut Report<'_>) {
    let (Some(old), Some(new)) = (&line.older.output, &line.newer.output) else { return };
    for loss in line.shims().iter().flat_map(|shim| shim.losses()) {
        report.fault(declared(line, loss));
    }
    let mut alternatives = Alternatives::of(new);
    let mut places = Places::new();
    let mut found: BTreeMap<String, Value> = BTreeMap::new();
    let look = |instance: Value| -> Option<()> {
        if let Ok(down) = line.down(&instance) {
            places.observe(&down);
        }
        for loss in losses(line, (old, new), &instance, &mut alternatives) {
            found.entry(loss.place).or_insert_with(|| instance.clone());
        }
        None
    };
    sample::each(new, (options.seed, Lane::Lossy, line.older.major), options.cases, look);
    for (place, instance) in found {
        let mut lost = |candidate: &Value| {
            losses(line, (old, new), candidate, &mut alternatives).into_iter().find(|loss| loss.place == place)
        };
        let instance = shrink(new, instance, |candidate| lost(candidate).is_some());
        if let Some(loss) = lost(&instance) {
            report.fault(fault(line, instance, &loss));
        }
    }
    for path in places.missing(old) {
        report.fault(never(line, old, &path));
    }
}

/// The losses of one result, the first one of each place.
fn losses(
    line: &Line<'_, '_>,
    (old, new): (&Document, &Document),
    result: &Value,
    alternatives: &mut Alternatives,
) -> Vec<Loss> {
    let Ok(down) = line.down(result) else { return Vec::new() };
    let leaves: Vec<Leaf> = leaves(result).into_iter().take(LEAVES).collect();
    // What shows in the older form, and what is as good as another value.
    let (mut shows, mut alike) = (BTreeSet::new(), Vec::new());
    for leaf in &leaves {
        let (mut changed, mut same) = (false, None);
        for other in alternatives.to(leaf) {
            let changed_result = leaf.replaced(result, &other);
            if is_valid(new, &changed_result) != Some(true) {
                continue;
            }
            match line.down(&changed_result) {
                Ok(other_down) if other_down == down => same = same.or(Some(other)),
                Ok(_) => changed = true,
                // The proof of validity tells.
                Err(_) => {}
            }
        }
        if changed {
            shows.insert(leaf.pointer());
        }
        if let Some(other) = same {
            alike.push((leaf, other, changed));
        }
        alternatives.learn(leaf);
    }
    let mut places = BTreeSet::new();
    alike
        .into_iter()
        .filter(|(leaf, _, changed)| {
            *changed || places::declares(old, leaf.place_names()) || leaf.siblings_show(&shows)
        })
        .map(|(leaf, other, _)| {
            let pointer = leaf.pointer();
            Loss { place: meaning::schema_place(new, &pointer), pointer, other }
        })
        .filter(|loss| places.insert(loss.place.clone()))
        .collect()
}

fn fault(line: &Line<'_, '_>, instance: Value, loss: &Loss) -> Fault {
    let (older, newer) = (line.older.major, line.newer.major);
    let down = line.down(&instance).ok();
    let value = instance.pointer(&loss.pointer).cloned().unwrap_or_default();
    let why = format!("what major {newer} returns at `{}` gets lost on its way down to major {older}", loss.pointer);
    let form = down.as_ref().map(Value::to_string).unwrap_or_default();
    let shows =
        format!("with {} in place of {value} at `{}` it comes down as the same {form}", loss.other, loss.pointer);
    Fault {
        rule: Rule::ShimLossy,
        part: Part::Output,
        pointer: loss.place.clone(),
        old: down,
        new: Some(instance.clone()),
        why,
        witness: Some(Witness { instance, shows }),
        fix: reason(older),
    }
}

/// An operation that says so itself.
fn declared(line: &Line<'_, '_>, loss: &str) -> Fault {
    let why = format!("results of major {} lose something on their way down: {loss}", line.newer.major);
    let (rule, part, fix) = (Rule::ShimLossy, Part::Output, reason(line.older.major));
    Fault { rule, part, pointer: String::new(), old: None, new: None, why, witness: None, fix }
}

/// A property that callers of the older major do not get any more.
fn never(line: &Line<'_, '_>, old: &Document, pointer: &str) -> Fault {
    let (older, newer, name) = (line.older.major, line.newer.major, fix::dotted(pointer));
    let why = format!("major {older} may return `{name}`, and no result of major {newer} comes down with it");
    let fix = format!(
        "add to `output = [..]` of `\"{older}\" => {{ .. }}` in `history(..)`: `rename({name} => ..)` when it has \
         another name now; or say why it is gone: `lossy = \"..\"`"
    );
    let pointer = meaning::schema_place(old, pointer);
    Fault { rule: Rule::ShimLossy, part: Part::Output, pointer, old: None, new: None, why, witness: None, fix }
}

fn reason(older: u64) -> String {
    format!("translate it, or say why it may get lost: `lossy = \"..\"` for `\"{older}\"` in `history(..)`")
}
