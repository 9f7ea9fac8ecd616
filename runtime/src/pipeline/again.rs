//! What the call of a task goes through when it is run again by another process: less than a call does, since it was let in
//! before.

use serde_json::{Map, Value};

use super::{guard, normalise, resolve::Choice};
use crate::{
    call::Stop,
    caller::Caller,
    catalogue::{Served, SurfaceId},
    engine::Engine,
    secrets::Secrets,
};

/// The arguments of a call that is run again, as they were written, in the form of the current major, and what is secret
/// among them.
pub(crate) fn arguments(
    engine: &Engine,
    caller: &Caller,
    served: Served<'_>,
    arguments: Map<String, Value>,
) -> Result<(Map<String, Value>, Secrets), Stop> {
    let normal = normalise::arguments(Choice::Said(served), caller, arguments, &engine.clock, |_, _| {})?;
    Ok((normal.arguments, normal.secrets))
}

/// Lets a call pass that is run again, if it would be let in now.
pub(crate) fn allowed(
    engine: &Engine,
    caller: &Caller,
    served: Served<'_>,
    surface: Option<SurfaceId>,
    arguments: &Map<String, Value>,
) -> Result<(), Stop> {
    guard::scopes(engine, caller, served.tool)?;
    guard::policies(engine, caller, served, surface, arguments)
}
