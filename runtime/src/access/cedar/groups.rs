//! `entities.json`: who is in which group.
//!
//! The format is Cedar's own, of which only this is taken: users, tenants and groups, and the groups that they are in.
//! What users are is known from their tokens, and what tools are from the catalogue.
//! Invariant: the ancestors of everybody are found out once, when the file is read.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::names::{GROUP, TENANT, USER};

/// See the module: the groups of users and of tenants, by kind and id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Groups(BTreeMap<Id, BTreeSet<String>>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
struct Id {
    #[serde(rename = "type")]
    kind: String,
    id: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entity {
    uid: Id,
    #[serde(default)]
    attrs: Map<String, Value>,
    #[serde(default)]
    parents: Vec<Id>,
}

impl Groups {
    /// Reads the file; everything that is wrong with it at once, each as what is wrong and the way out.
    pub(super) fn read(text: &str) -> Result<Self, Vec<(String, &'static str)>> {
        let entities: Vec<Entity> = serde_json::from_str(text).map_err(|error| {
            vec![(format!("it can't be read: {error}"), "write a list of `{\"uid\", \"attrs\", \"parents\"}`")]
        })?;
        let mut wrong = Vec::new();
        let mut parents: BTreeMap<Id, BTreeSet<String>> = BTreeMap::new();
        for Entity { uid, attrs, parents: its } in entities {
            let Id { kind, id } = &uid;
            if ![USER, TENANT, GROUP].contains(&kind.as_str()) {
                wrong.push((
                    format!("`{kind}::{id:?}` is neither a user, a tenant nor a group"),
                    "leave it out: the server knows its tools itself",
                ));
            }
            if !attrs.is_empty() {
                wrong.push((
                    format!("`{kind}::{id:?}` has attributes"),
                    "leave them out: a user's attributes come from its token; make it a member of a group",
                ));
            }
            for parent in its.iter().filter(|parent| parent.kind != GROUP) {
                wrong.push((
                    format!("`{kind}::{id:?}` is in `{}::{:?}`, which is no group", parent.kind, parent.id),
                    "name a parent of the type `Group`",
                ));
            }
            parents.entry(uid).or_default().extend(its.into_iter().map(|parent| parent.id));
        }
        let groups = Self(parents.keys().map(|id| (id.clone(), ancestors(id, &parents))).collect());
        for (Id { kind, id }, above) in &groups.0 {
            if kind == GROUP && above.contains(id) {
                wrong.push((format!("the group {id:?} is in itself"), "take one of the groups on the way out"));
            }
        }
        if wrong.is_empty() { Ok(groups) } else { Err(wrong) }
    }

    /// All groups that somebody is in, directly or through another group.
    pub(super) fn of(&self, kind: &str, id: &str) -> impl Iterator<Item = &str> {
        let id = Id { kind: kind.to_owned(), id: id.to_owned() };
        self.0.get(&id).into_iter().flatten().map(String::as_str)
    }
}

fn ancestors(id: &Id, parents: &BTreeMap<Id, BTreeSet<String>>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut waiting: Vec<&String> = parents.get(id).into_iter().flatten().collect();
    while let Some(group) = waiting.pop() {
        if found.insert(group.clone()) {
            let id = Id { kind: GROUP.to_owned(), id: group.clone() };
            waiting.extend(parents.get(&id).into_iter().flatten());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_in_groups_are_followed() {
        let groups = Groups::read(
            r#"[{"uid": {"type": "User", "id": "default/ada"}, "parents": [{"type": "Group", "id": "editors"}]},
                {"uid": {"type": "Group", "id": "editors"}, "parents": [{"type": "Group", "id": "staff"}]},
                {"uid": {"type": "Tenant", "id": "acme"}, "attrs": {}, "parents": [{"type": "Group", "id": "trial"}]}]"#,
        )
        .unwrap();
        let of = |kind, id| groups.of(kind, id).collect::<Vec<_>>();
        assert_eq!(of(USER, "default/ada"), ["editors", "staff"]);
        assert_eq!(of(TENANT, "acme"), ["trial"]);
        assert_eq!(of(USER, "acme"), [""; 0]);
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let wrong = Groups::read(
            r#"[{"uid": {"type": "Tool", "id": "x"}},
                {"uid": {"type": "User", "id": "a"}, "attrs": {"admin": true}, "parents": [{"type": "User", "id": "b"}]},
                {"uid": {"type": "Group", "id": "g"}, "parents": [{"type": "Group", "id": "h"}]},
                {"uid": {"type": "Group", "id": "h"}, "parents": [{"type": "Group", "id": "g"}]}]"#,
        )
        .unwrap_err();
        let what: Vec<&str> = wrong.iter().map(|(what, _)| what.as_str()).collect();
        for part in ["`Tool::\"x\"`", "has attributes", "is no group", "\"g\" is in itself", "\"h\" is in itself"] {
            assert!(what.iter().any(|what| what.contains(part)), "{part} is not in {what:?}");
        }
        assert!(Groups::read("{}").unwrap_err()[0].0.contains("can't be read"));
        assert!(Groups::read(r#"[{"uid": {"type": "User", "id": "a"}, "parent": []}]"#).is_err());
    }
}
