//! What a caller was granted, and what policies say.
//!
//! Scopes are refused with an error that names all that are missing, so that a client can ask for them at once. Of a denial
//! by policies the caller learns nothing but that.

use serde_json::{Map, Value};

use crate::{
    access::{self, Asked},
    call::Stop,
    caller::Caller,
    catalogue::{Entry, Served, SurfaceId},
    engine::Engine,
    violations::Violation,
};

/// Refuses a caller who was not granted what the tool needs.
pub(super) fn scopes(engine: &Engine, caller: &Caller, tool: &Entry) -> Result<(), Stop> {
    match engine.access.missing(caller, tool) {
        missing if missing.is_empty() => Ok(()),
        missing => Err(Stop::InsufficientScope { missing }),
    }
}

/// Refuses what policies deny, and what they can't see. `arguments` are in the form of the current major.
pub(super) fn policies(
    engine: &Engine,
    caller: &Caller,
    served: Served<'_>,
    surface: Option<SurfaceId>,
    arguments: &Map<String, Value>,
) -> Result<(), Stop> {
    if engine.access.enforces_policies()
        && let Some(path) = access::undeclared(&served.tool.current.input_schema, arguments)
    {
        let (expected, found) = ("a member that the schema declares: others policies can't see", "another member");
        let violation = Violation { path, expected: expected.into(), found: found.into() };
        return Err(Stop::Violations { tool: served.name.to_owned(), violations: vec![violation] });
    }
    let surface = surface.map(|surface| engine.catalogue.release(surface));
    let asked = Asked { tool: served.tool, version: &served.contract().label, surface, arguments };
    engine.access.decide(&engine.metrics, caller, &asked)
}
