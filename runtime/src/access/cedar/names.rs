//! The names that policies use: types of entities, and the actions.
//!
//! An action is a tool, or a class of tools. Invariant: no class is called as a tool can be; a tool's name has no colon.

use std::sync::LazyLock;

use cedar_policy::{EntityId, EntityTypeName, EntityUid};

use crate::tool::Effect;

pub(super) const USER: &str = "User";
pub(super) const TENANT: &str = "Tenant";
pub(super) const GROUP: &str = "Group";
pub(super) const SERVER: &str = "Server";
pub(super) const TOOL: &str = "Tool";
pub(super) const ACTION: &str = "Action";

/// The class of every tool.
pub(super) const EVERY: &str = "class:all";

/// The class of tools of an effect, as `switch off` has it too.
pub(super) fn class(effect: Effect) -> String {
    format!("class:{}", effect.as_str())
}

/// The entity of a type and an id.
pub(super) fn uid(kind: &str, id: &str) -> EntityUid {
    static TYPES: LazyLock<[(&str, EntityTypeName); 6]> =
        LazyLock::new(|| [USER, TENANT, GROUP, SERVER, TOOL, ACTION].map(|name| (name, type_name(name))));
    let known = TYPES.iter().find(|(name, _)| *name == kind).map(|(_, known)| known.clone());
    EntityUid::from_type_name_and_id(known.unwrap_or_else(|| type_name(kind)), EntityId::new(id))
}

/// # Panics
/// Where the name is not an identifier; those above are.
fn type_name(name: &str) -> EntityTypeName {
    match name.parse() {
        Ok(name) => name,
        Err(error) => panic!("`{name}` is no name of a type: {error}"),
    }
}
