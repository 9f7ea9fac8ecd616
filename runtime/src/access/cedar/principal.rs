//! A caller as an entity: who it is, what it was granted, which groups it is in.
//!
//! Invariant: a claim that is there and can't be read is never taken for one that is not there, which a `forbid` may be
//! waiting for. Nothing is decided for its caller then.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fmt::Write as _,
    sync::atomic::{AtomicBool, Ordering},
};

use cedar_policy::{Entity, EntityUid, RestrictedExpression as Expression};
use serde_json::Value;

use super::{
    groups::Groups,
    names::{GROUP, TENANT, USER, uid},
};
use crate::caller::{Caller, Scopes};

/// What policies are told of callers.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// What a caller has where nobody grants scopes: every scope that the server asks for.
    pub(super) scopes: BTreeSet<String>,
    /// The claims of tokens that are kept for policies.
    pub(super) claims: Vec<String>,
    /// That claims could not be read was told: it is a matter of the issuer, not of one call.
    pub(super) told: AtomicBool,
}

/// The entity of a caller. None where it can't be made, and nothing can be decided then.
pub(super) fn entity(caller: &Caller, known: &Known, groups: &Groups) -> Option<Entity> {
    let id = id(caller);
    let text = |text: &str| Expression::new_string(text.to_owned());
    let texts = |texts: &BTreeSet<String>| Expression::new_set(texts.iter().map(|one| text(one)));
    let scopes = match caller.scopes() {
        Scopes::Unchecked => &known.scopes,
        Scopes::Granted(scopes) => scopes,
    };
    let mut claims = Vec::with_capacity(known.claims.len());
    for name in &known.claims {
        let Some(claim) = caller.claim(name).filter(|claim| !claim.is_null()) else { continue };
        let Some(texts) = texts_of(claim) else {
            unreadable(name, known);
            return None;
        };
        claims.push((name.clone(), Expression::new_set(texts.into_iter().map(Expression::new_string))));
    }
    let mut attributes = HashMap::from([
        ("tenant".to_owned(), text(caller.tenant())),
        ("scopes".to_owned(), texts(scopes)),
        ("claims".to_owned(), Expression::new_record(claims).ok()?),
    ]);
    if let Some(client) = caller.client() {
        attributes.insert("client".to_owned(), text(client));
    }
    let above = groups.of(USER, &id).chain(groups.of(TENANT, caller.tenant()));
    let mut parents: HashSet<EntityUid> = above.map(|group| uid(GROUP, group)).collect();
    parents.insert(uid(TENANT, caller.tenant()));
    Entity::new(uid(USER, &id), attributes, parents).ok()
}

/// `tenant/name`, as policies write it. A tenant's name with a slash has it as `%2F`, so that no two callers of all
/// tenants have one id.
pub(super) fn id(caller: &Caller) -> String {
    let (tenant, name) = (caller.tenant(), caller.principal().as_str());
    let mut id = String::with_capacity(tenant.len() + 1 + name.len());
    for letter in tenant.chars() {
        // Writing to a `String` does not fail.
        let _ = match letter {
            '/' | '%' => write!(id, "%{:02X}", u32::from(letter)),
            _ => id.write_char(letter),
        };
    }
    id.push('/');
    id.push_str(name);
    id
}

fn unreadable(claim: &str, known: &Known) {
    if !known.told.swap(true, Ordering::Relaxed) {
        tracing::error!(
            claim,
            "a claim is neither a text, a number, a flag nor a list of them, and its callers are denied everything; \
             this is told once"
        );
    }
}

/// A claim as a set of texts: one text is a set of one. None where it is something else.
fn texts_of(claim: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    match claim {
        Value::Array(items) => items.iter().map(text).collect(),
        one => text(one).map(|one| vec![one]),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{caller::Proved, principal::Principal};

    fn caller(tenant: &str, name: &str) -> Caller {
        Caller::new(Principal::Named(name.into()), tenant.into(), Proved::default())
    }

    proptest! {
        #[test]
        fn no_two_callers_of_all_tenants_have_one_id(
            a in "[a/%2F]{0,5}", b in "[a/%2F]{0,5}", c in "[a/%2F]{0,5}", d in "[a/%2F]{0,5}",
        ) {
            prop_assert_eq!(id(&caller(&a, &b)) == id(&caller(&c, &d)), (a, b) == (c, d));
        }
    }

    #[test]
    fn a_claim_is_a_set_of_texts_however_the_issuer_writes_it() {
        for (claim, texts) in [
            (json!("a b"), Some(vec!["a b"])),
            (json!(["a", "b"]), Some(vec!["a", "b"])),
            (json!(7), Some(vec!["7"])),
            (json!(true), Some(vec!["true"])),
            (json!([]), Some(vec![])),
            (json!(null), None),
            (json!({"a": 1}), None),
            (json!(["a", null]), None),
        ] {
            let texts = texts.map(|texts| texts.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(texts_of(&claim), texts, "{claim}");
        }
    }
}
