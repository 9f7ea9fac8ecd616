//! What a caller was granted, and what policies say.
//!
//! Scopes are refused with an error that names all that are missing, so that a client can ask for them at once. Of a denial
//! by policies the caller learns nothing but that.

use serde_json::{Map, Value};

use crate::{
    access::Asked,
    call::Stop,
    caller::Caller,
    catalogue::{Entry, Served, SurfaceId},
    engine::Engine,
};

/// Refuses a caller who was not granted what the tool needs.
pub(super) fn scopes(engine: &Engine, caller: &Caller, tool: &Entry) -> Result<(), Stop> {
    match engine.access.missing(caller, tool) {
        missing if missing.is_empty() => Ok(()),
        missing => Err(Stop::InsufficientScope { missing }),
    }
}

/// Refuses what policies deny. `arguments` are in the form of the current major.
pub(super) fn policies(
    engine: &Engine,
    caller: &Caller,
    served: Served<'_>,
    surface: Option<SurfaceId>,
    arguments: &Map<String, Value>,
) -> Result<(), Stop> {
    let surface = surface.map(|surface| engine.catalogue.release(surface));
    let asked = Asked { tool: served.tool, version: &served.contract().label, surface, arguments };
    engine.access.decide(&engine.metrics, caller, &asked)
}
