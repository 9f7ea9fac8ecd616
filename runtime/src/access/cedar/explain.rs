//! Says which policies decide a call, and of a call that nothing permits, what came closest.
//!
//! It asks the same policies again, one by one and in parts, and so is for commands, not for calls.

use cedar_policy::{AuthorizationError, Decision as Verdict, Effect, Entities, Policy, PolicyId, PolicySet, Request};
use serde_json::{Value, json};

use super::{Cedar, authorizer, decision, load::Loaded, names, principal, undecided};
use crate::{
    access::{
        decision::Asked,
        explanation::{Explained, Told},
    },
    caller::Caller,
};

impl Cedar {
    /// Decides as [`decide`](Self::decide), and says why.
    pub(crate) fn explain(&self, caller: &Caller, asked: &Asked<'_>) -> Explained {
        let loaded = self.loaded();
        let side = &self.tools[asked.tool.id];
        let hidden = !self.may_use(caller, asked.tool);
        let told = |id: &PolicyId, what: String| {
            let place = loaded.places.get(id).cloned().unwrap_or_default();
            Told { id: id.to_string(), place, what }
        };
        let with = self.with(caller, side, &loaded);
        let with = with.and_then(|(id, entities)| Some((side.request(id, asked)?, entities)));
        let Some((request, entities)) = with else {
            let (decided, failed, close) = (Vec::new(), Vec::new(), Vec::new());
            return Explained { decision: undecided(), decided, failed, close, needed: None, hidden };
        };
        let response = authorizer().is_authorized(&request, &loaded.policies, &entities);
        let why = response.diagnostics();
        let effect = |id: &PolicyId| match loaded.policies.policy(id).map(Policy::effect) {
            Some(Effect::Forbid) => "forbids it".to_owned(),
            _ => "permits it".to_owned(),
        };
        let mut decided: Vec<Told> = why.reason().map(|id| told(id, effect(id))).collect();
        let mut failed: Vec<Told> = why
            .errors()
            .map(|AuthorizationError::PolicyEvaluationError(error)| told(error.policy_id(), error.inner().to_string()))
            .collect();
        let nothing = decided.is_empty();
        let mut close = if nothing { close(&loaded, &request, &entities, told) } else { Vec::new() };
        for told in [&mut decided, &mut failed, &mut close] {
            told.sort_by(|a, b| a.id.cmp(&b.id));
        }
        let needed = nothing.then(|| {
            let (user, tool) = (principal::id(caller), &asked.tool.name);
            format!(
                "permit (\n  principal == {}::{user:?},\n  action == {}::{tool:?},\n  resource\n);",
                names::USER,
                names::ACTION
            )
        });
        Explained { decision: decision(&response), decided, failed, close, needed, hidden }
    }
}

/// The policies that permit calls of the tool, each with what it is about it that is not so.
fn close(
    loaded: &Loaded,
    request: &Request,
    entities: &Entities,
    told: impl Fn(&PolicyId, String) -> Told,
) -> Vec<Told> {
    let permits = loaded.policies.policies().filter(|policy| policy.effect() == Effect::Permit);
    permits.filter_map(|policy| Some(told(policy.id(), unmet(policy, request, entities)?))).collect()
}

/// What of a policy does not hold; none where it is of other tools.
fn unmet(policy: &Policy, request: &Request, entities: &Entities) -> Option<String> {
    let whole = policy.to_json().ok()?;
    let holds = |part: &Value| {
        let set = Policy::from_json(None, part.clone()).ok().and_then(|policy| PolicySet::from_policies([policy]).ok());
        set.is_some_and(|set| authorizer().is_authorized(request, &set, entities).decision() == Verdict::Allow)
    };
    let mut part = whole.clone();
    part["conditions"] = json!([]);
    part["principal"] = json!({ "op": "All" });
    if !holds(&part) {
        return None;
    }
    part["principal"] = whole["principal"].clone();
    if !holds(&part) {
        return Some("it is for other callers".into());
    }
    // Each stands behind those before it, which may say that what it looks at is there.
    let mut conditions = Vec::new();
    for condition in whole["conditions"].as_array().into_iter().flatten() {
        match condition["kind"].as_str() {
            Some("when") => conjuncts(&condition["body"], &mut conditions),
            _ => conditions.push(condition.clone()),
        }
    }
    for until in 1..=conditions.len() {
        part["conditions"] = json!(conditions[..until]);
        if !holds(&part) {
            let last = Policy::from_json(None, part).ok()?.to_pst().ok()?;
            let last = last.body().clauses().last().map(ToString::to_string);
            return Some(format!("`{}` does not hold", last.unwrap_or_default()));
        }
    }
    None
}

fn conjuncts(body: &Value, into: &mut Vec<Value>) {
    match body.get("&&") {
        Some(sides) => {
            conjuncts(&sides["left"], into);
            conjuncts(&sides["right"], into);
        }
        None => into.push(json!({ "kind": "when", "body": body })),
    }
}
