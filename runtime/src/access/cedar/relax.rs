//! Policies without what a call says: whether a caller could use a tool at all.
//!
//! A policy is cut down to what is known before a call is made: who asks, for which tool. Invariant: whenever a `permit`
//! lets some call pass, it lets the same caller pass here; and whenever a `forbid` stops a caller here, it stops all its
//! calls. So a tool that is denied here is denied whatever the arguments, and may be hidden. The opposite does not hold:
//! a tool may be shown whose every call is denied, where only the arguments could tell.

use cedar_policy::{Effect, Policy};
use serde_json::{Value, json};

/// The policy, cut down.
pub(super) fn relaxed(policy: &Policy) -> Result<Policy, String> {
    let mut cut = policy.to_json().map_err(|error| error.to_string())?;
    // What is not known lets a `permit` pass, and does not make a `forbid` stop anybody.
    let unknown = policy.effect() == Effect::Permit;
    for condition in cut["conditions"].as_array_mut().into_iter().flatten() {
        let unless = condition["kind"] == "unless";
        condition["body"] = known(&condition["body"], unknown != unless);
    }
    Policy::from_json(Some(policy.id().clone()), cut).map_err(|error| error.to_string())
}

/// The expression with `unknown` for every part that looks at the call. It is not less often true than the whole where
/// `unknown` is true, and not more often where it is false.
fn known(expression: &Value, unknown: bool) -> Value {
    if !looks_at_the_call(expression) {
        return expression.clone();
    }
    for operator in ["&&", "||"] {
        if let Some(sides) = expression.get(operator) {
            return json!({ operator: { "left": known(&sides["left"], unknown), "right": known(&sides["right"], unknown) } });
        }
    }
    if let Some(negated) = expression.get("!") {
        return json!({ "!": { "arg": known(&negated["arg"], !unknown) } });
    }
    json!({ "Value": unknown })
}

fn looks_at_the_call(expression: &Value) -> bool {
    match expression {
        Value::Object(members) => {
            members.iter().any(|(name, member)| (name == "Var" && member == "context") || looks_at_the_call(member))
        }
        Value::Array(items) => items.iter().any(looks_at_the_call),
        _ => false,
    }
}
