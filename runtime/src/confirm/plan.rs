//! What a destructive call would do, for whoever confirms it.
//!
//! Invariants: the digest covers everything that was said, also what is too much to be shown; what is shown is bounded
//! and clean, and has no known secret in it. Two plans with one digest say the same.

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{arguments, mask, text::clean};
use crate::{catalogue::Served, hash::Digest, hygiene::Hygiene};

/// How much of a plan is shown, in characters and changes.
const LONGEST_SUMMARY: usize = 500;
const LONGEST_PART: usize = 200;
const MOST_CHANGES: usize = 100;

/// What a destructive tool would do, as the function that its `plan` names says it.
///
/// The same world must give the same plan: when the call is confirmed the plan is made again, and another one is asked
/// for anew. So say what would change and in a fixed order, not when, how long or how likely.
///
/// ```
/// use steadfast::Plan;
/// let plan = Plan::new("Deletes 2 notes").change("notes/1", "deleted").change("notes/2", "deleted");
/// ```
#[derive(Debug, Clone)]
pub struct Plan {
    /// As they were said: a secret that was cut would not be found.
    summary: String,
    changes: Vec<(String, String)>,
    /// With those that are not shown.
    count: usize,
    said: Sha256,
}

/// A plan with the call that it is for, as people and clients are shown it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shown {
    tool: String,
    version: String,
    summary: String,
    changes: Vec<(String, String)>,
    more: usize,
    /// As JSON, without secrets.
    arguments: String,
    /// Not all of them is shown.
    cut: bool,
    digest: Digest,
}

impl Plan {
    /// A plan of which this is the summary: what happens to how much, in one line of at most 500 characters.
    pub fn new(summary: impl Into<String>) -> Self {
        let summary = summary.into();
        let mut said = Sha256::new();
        say(&mut said, &summary);
        Self { summary, changes: Vec::new(), count: 0, said }
    }

    /// Adds a change: to what, and what happens to it. The first hundred are shown, with 200 characters of each part;
    /// all count.
    #[must_use]
    pub fn change(mut self, what: impl Into<String>, change: impl Into<String>) -> Self {
        let (what, change) = (what.into(), change.into());
        say(&mut self.said, &what);
        say(&mut self.said, &change);
        self.count += 1;
        if self.changes.len() < MOST_CHANGES {
            self.changes.push((what, change));
        }
        self
    }

    /// What is known of a call of a tool that has no plan of its own: what the tool says of itself.
    pub(crate) fn derived(served: Served<'_>) -> Self {
        let declaration = &served.tool.declaration;
        let what = declaration.description.lines().next().unwrap_or_default();
        match declaration.title {
            Some(title) => Self::new(format!("{title}: {what}")),
            None => Self::new(what),
        }
    }

    fn digest(&self) -> Digest {
        Digest::new(self.said.clone().finalize().into())
    }
}

/// A length before each part, so that no two plans are the same bytes.
fn say(said: &mut Sha256, part: &str) {
    said.update((part.len() as u64).to_be_bytes());
    said.update(part);
}

/// Masked twice: as it was said, and on one line, without the rest of what nobody sees.
fn shown(text: &str, limit: usize, hygiene: &Hygiene) -> String {
    let line = clean(&hygiene.text(text), usize::MAX);
    clean(&hygiene.text(&line), limit)
}

impl Shown {
    /// A plan for a call with arguments as the caller wrote them, and as the function gets them; what is secret is masked
    /// before anything is cut.
    pub(crate) fn new(
        plan: Plan,
        served: Served<'_>,
        asked: &Map<String, Value>,
        current: &Map<String, Value>,
        hygiene: &Hygiene,
    ) -> Self {
        let digest = plan.digest();
        let Plan { summary, changes, count, .. } = plan;
        let contract = served.contract();
        let mut arguments = steadfast_contract::sorted(mask::shown(served, asked, current));
        hygiene.value(&mut arguments);
        let (arguments, cut) = arguments::shown(&arguments, |text, limit| shown(text, limit, hygiene));
        let part = |text: &str| shown(text, LONGEST_PART, hygiene);
        Self {
            tool: served.name.to_owned(),
            version: contract.label.clone(),
            summary: shown(&summary, LONGEST_SUMMARY, hygiene),
            more: count - changes.len(),
            changes: changes.iter().map(|(what, change)| (part(what), part(change))).collect(),
            arguments,
            cut,
            digest,
        }
    }

    pub(crate) fn digest(&self) -> Digest {
        self.digest
    }

    /// As JSON, without secrets, as much as is shown.
    pub(crate) fn arguments(&self) -> &str {
        &self.arguments
    }

    /// For a person.
    pub(crate) fn text(&self) -> String {
        let Self { tool, version, summary, changes, more, arguments, cut, .. } = self;
        let mut text = format!("`{tool}` {version} would change or remove something.\n\n{summary}");
        for (what, change) in changes {
            text.push_str(&format!("\n- {what}: {change}"));
        }
        if *more > 0 {
            text.push_str(&format!("\n- and {more} more"));
        }
        let not_all = if *cut { " (too long to be shown whole)" } else { "" };
        text.push_str(&format!("\n\nArguments{not_all}: {arguments}"));
        text
    }

    /// For a program: `{tool, version, summary, changes: [{what, change}], more?, argumentsCut?, digest}`.
    pub(crate) fn json(&self) -> Value {
        let Self { tool, version, summary, changes, more, cut, digest, .. } = self;
        let changes: Value = changes.iter().map(|(what, change)| json!({ "what": what, "change": change })).collect();
        let mut plan = json!({
            "tool": tool,
            "version": version,
            "summary": summary,
            "changes": changes,
            "digest": format!("sha256:{digest}"),
        });
        if *more > 0 {
            plan["more"] = (*more).into();
        }
        if *cut {
            plan["argumentsCut"] = true.into();
        }
        plan
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plan(parts: &[String]) -> Plan {
        let mut plan = Plan::new(parts.first().cloned().unwrap_or_default());
        for pair in parts.get(1..).unwrap_or_default().chunks(2) {
            plan = plan.change(&pair[0], pair.get(1).cloned().unwrap_or_default());
        }
        plan
    }

    proptest! {
        #[test]
        fn two_plans_have_one_digest_only_if_they_say_the_same(
            a in prop::collection::vec("[ab]{0,2}", 1..6),
            b in prop::collection::vec("[ab]{0,2}", 1..6),
        ) {
            // An odd number of parts is a summary and whole changes.
            let whole = |parts: Vec<String>| if parts.len().is_multiple_of(2) { parts[1..].to_vec() } else { parts };
            let (a, b) = (whole(a), whole(b));
            prop_assert_eq!(plan(&a).digest() == plan(&b).digest(), a == b);
        }
    }

    #[test]
    fn what_is_not_shown_counts_all_the_same() {
        let changes = |last: &str| {
            let plan = (0..MOST_CHANGES).fold(Plan::new("Deletes"), |plan, n| plan.change(n.to_string(), "deleted"));
            plan.change(last, "deleted")
        };
        let (a, b) = (changes("a"), changes("b"));
        assert_eq!(a.changes, b.changes);
        assert_ne!(a.digest(), b.digest());
        let (a, b) = (Plan::new("x".repeat(600)), Plan::new("x".repeat(601)));
        let short = |plan: &Plan| shown(&plan.summary, LONGEST_SUMMARY, &Hygiene::default());
        assert_eq!(short(&a), short(&b));
        assert_ne!(a.digest(), b.digest());
    }
}
