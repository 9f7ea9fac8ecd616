//! The schema of a server's policies, made from its catalogue: every tool is an action with its arguments as context.

use std::collections::BTreeMap;

use cedar_policy::{Schema, SchemaFragment};
use serde_json::{Map, Value, json};

use super::{
    kind::{self, Kind, Member, Members},
    names::{ACTION, EVERY, GROUP, SERVER, TENANT, TOOL, USER, class},
};
use crate::{
    catalogue::{Catalogue, Entry},
    tool::Effect,
};

/// The members of `context`.
pub(super) const INPUT: &str = "input";
pub(super) const VERSION: &str = "version";
pub(super) const SURFACE: &str = "surface";

/// What policies can speak of. `claims` are those of tokens that are kept for policies.
pub(super) fn of(catalogue: &Catalogue, claims: &[String]) -> Result<Schema, String> {
    Schema::from_json_value(as_json(catalogue, claims)).map_err(|error| error.to_string())
}

/// The same, as people read it.
pub(super) fn text(catalogue: &Catalogue, claims: &[String]) -> Result<String, String> {
    let fragment = SchemaFragment::from_json_value(as_json(catalogue, claims)).map_err(|error| error.to_string())?;
    let text = fragment.to_cedarschema().map_err(|error| error.to_string())?;
    // The long names of Cedar's own types, which no type here hides.
    Ok(text.replace(": __cedar::", ": ").replace("<__cedar::", "<"))
}

/// The same, as Cedar's tools read it.
pub(super) fn as_json(catalogue: &Catalogue, claims: &[String]) -> Value {
    let text = |required: bool| json!({ "type": "String", "required": required });
    let flag = json!({ "type": "Boolean" });
    // A claim is a text or several; which of the two is the issuer's choice, and one text is a set of one.
    let claims = claims
        .iter()
        .map(|claim| (claim.clone(), json!({ "type": "Set", "element": { "type": "String" }, "required": false })));
    let user = json!({
        "tenant": text(true),
        "scopes": { "type": "Set", "element": { "type": "String" } },
        "client": text(false),
        "claims": { "type": "Record", "attributes": claims.collect::<Map<_, _>>() },
    });
    let tool = json!({ "owner": text(false), "effect": text(true), "open_world": flag, "idempotent": flag });
    let record = |attributes: Value| json!({ "type": "Record", "attributes": attributes });
    let classes = [Effect::ReadOnly, Effect::Additive, Effect::Destructive].map(class);
    let mut actions: BTreeMap<String, Value> =
        classes.into_iter().map(|class| (class, json!({ "memberOf": [{ "id": EVERY }] }))).collect();
    actions.insert(EVERY.to_owned(), json!({}));
    actions.extend(catalogue.entries().iter().map(|entry| (entry.name.to_string(), action(entry))));
    json!({ "": {
        "entityTypes": {
            USER: { "memberOfTypes": [TENANT, GROUP], "shape": record(user) },
            TENANT: {},
            GROUP: { "memberOfTypes": [GROUP] },
            SERVER: {},
            TOOL: { "memberOfTypes": [SERVER], "shape": record(tool) },
        },
        "actions": actions,
    } })
}

fn action(entry: &Entry) -> Value {
    let text = |always| Member { kind: Kind::Text, always, default: None };
    let input = Member { kind: Kind::Record(input(entry)), always: true, default: None };
    let context =
        Members::from([(INPUT.to_owned(), input), (VERSION.to_owned(), text(true)), (SURFACE.to_owned(), text(false))]);
    json!({
        "memberOf": [{ "id": class(entry.declaration.effect), "type": ACTION }],
        "appliesTo": { "principalTypes": [USER], "resourceTypes": [TOOL], "context": kind::record(&context) },
    })
}

/// What policies see of a tool's arguments. They are those of the current major: a call of an older one was translated
/// by then.
pub(super) fn input(entry: &Entry) -> Members {
    kind::of_input(&entry.current.input_schema)
}
