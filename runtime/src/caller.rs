//! Who calls, and what was proved of it.
//!
//! Invariant: what is here was proved by the transport before anything of a call is looked at, and no word of the
//! request changes it; a caller of whom nothing was proved where something must be has no scopes. What a caller may do
//! with it is not decided here.

use std::{collections::BTreeSet, fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::principal::Principal;

/// What separates tenant and principal in [`Caller::key`]: no text has a length before it that is another's.
const SEPARATOR: char = ':';

/// The caller of a request. Cheap to clone.
#[derive(Clone, PartialEq)]
pub struct Caller(Arc<Inner>);

#[derive(PartialEq)]
struct Inner {
    principal: Principal,
    tenant: Arc<str>,
    key: Arc<str>,
    proved: Proved,
}

/// What was proved of a caller beside its name and tenant.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Proved {
    pub(crate) scopes: Scopes,
    /// The OAuth client that it uses (`client_id`, RFC 9068).
    #[serde(default)]
    pub(crate) client: Option<String>,
    /// Claims of its token that the configuration keeps.
    #[serde(default)]
    pub(crate) claims: Map<String, Value>,
    /// When the proof ends, in seconds since 1970-01-01T00:00:00Z.
    #[serde(default)]
    pub(crate) expires: Option<u64>,
}

/// What a caller was granted (RFC 6749, section 3.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Scopes {
    /// Nobody grants scopes: the user who started the server, and whoever reaches one without authentication, which
    /// listens on loopback only.
    Unchecked,
    /// These.
    Granted(BTreeSet<String>),
}

impl Scopes {
    /// Those of `needed` that are not granted, in their order.
    pub fn missing<'a>(&self, needed: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        match self {
            Self::Unchecked => Vec::new(),
            Self::Granted(granted) => needed.into_iter().filter(|scope| !granted.contains(*scope)).collect(),
        }
    }
}

impl Default for Scopes {
    fn default() -> Self {
        Self::Granted(BTreeSet::new())
    }
}

impl Caller {
    /// A caller of whom this was proved.
    pub(crate) fn new(principal: Principal, tenant: Arc<str>, proved: Proved) -> Self {
        let key = Self::key_of(&tenant, principal.as_str());
        Self(Arc::new(Inner { principal, tenant, key, proved }))
    }

    /// A caller where nobody grants scopes.
    pub(crate) fn unchecked(principal: Principal, tenant: Arc<str>) -> Self {
        Self::new(principal, tenant, Proved { scopes: Scopes::Unchecked, ..Proved::default() })
    }

    /// The user who started the process.
    pub(crate) fn local(tenant: Arc<str>) -> Self {
        Self::unchecked(Principal::Local, tenant)
    }

    /// The name of the caller, which it has in its tenant.
    pub fn principal(&self) -> &Principal {
        &self.0.principal
    }

    /// Whose data the caller works with. It comes from the caller's token or from the configuration, never from
    /// arguments.
    pub fn tenant(&self) -> &Arc<str> {
        &self.0.tenant
    }

    /// What the caller was granted.
    pub fn scopes(&self) -> &Scopes {
        &self.0.proved.scopes
    }

    /// The OAuth client that the caller uses, if its token names one.
    pub fn client(&self) -> Option<&str> {
        self.0.proved.client.as_deref()
    }

    /// A claim of the caller's token, if the configuration keeps it.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims().get(name)
    }

    /// All claims of the caller's token that the configuration keeps.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.0.proved.claims
    }

    /// The [`key`](Self::key) of whoever has this name in this tenant.
    pub(crate) fn key_of(tenant: &str, principal: &str) -> Arc<str> {
        format!("{}{SEPARATOR}{tenant}{SEPARATOR}{principal}", tenant.len()).into()
    }

    /// One name for the caller over all tenants.
    pub(crate) fn key(&self) -> &Arc<str> {
        &self.0.key
    }

    pub(crate) fn proved(&self) -> &Proved {
        &self.0.proved
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("principal", &self.0.principal)
            .field("tenant", &self.0.tenant)
            .field("scopes", &self.0.proved.scopes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn caller(tenant: &str, name: &str) -> Caller {
        Caller::new(Principal::Named(name.into()), tenant.into(), Proved::default())
    }

    proptest! {
        #[test]
        fn callers_that_differ_have_different_keys(a in "[ab:12]{0,4}", b in "[ab:12]{0,4}", c in "[ab:12]{0,4}", d in "[ab:12]{0,4}") {
            prop_assert_eq!(caller(&a, &b).key() == caller(&c, &d).key(), (a, b) == (c, d));
        }
    }

    #[test]
    fn every_scope_that_is_missing_is_named_and_none_where_nobody_grants_any() {
        let granted = |scopes: &[&str]| Scopes::Granted(scopes.iter().map(|scope| (*scope).to_owned()).collect());
        for (scopes, needed, missing) in [
            (granted(&[]), vec!["b", "a"], vec!["b", "a"]),
            (granted(&["a"]), vec!["b", "a", "c"], vec!["b", "c"]),
            (granted(&["a", "b"]), vec!["a", "b"], vec![]),
            (granted(&["A"]), vec!["a"], vec!["a"]),
            (Scopes::Unchecked, vec!["a"], vec![]),
            (Scopes::default(), vec!["a"], vec!["a"]),
        ] {
            assert_eq!(scopes.missing(needed), missing, "{scopes:?}");
        }
    }
}
