//! The last good result of a call, where its tool lets one stand in: kept while all is well, and offered when
//! nothing else is.

use std::time::Duration;

use serde_json::{Map, Value};

use super::execute;
use crate::{
    call::{Degraded, DegradedMode, Notes, Outcome, Stop},
    caller::Caller,
    catalogue::Served,
    engine::Engine,
    hash::Digest,
    stale,
};

/// See the module.
pub(super) struct LastGood<'a> {
    engine: &'a Engine,
    /// How old it may be, and what it is found by; none where the tool wants no such thing.
    kept: Option<(Duration, Digest)>,
}

impl<'a> LastGood<'a> {
    /// Of a call with these arguments, in the form of the current major.
    pub(super) fn of(engine: &'a Engine, served: Served<'_>, caller: &Caller, arguments: &Map<String, Value>) -> Self {
        let limit = engine.policy(served.tool).stale;
        Self { engine, kept: limit.map(|limit| (limit, stale::key(caller, served, arguments))) }
    }

    /// Keeps what the function itself came to.
    pub(super) fn keep(self, outcome: &Outcome, notes: &Notes) {
        if let (Some((_, key)), None, Outcome::Done { content, structured }) = (self.kept, &notes.degraded, outcome) {
            self.engine.stale.keep(key, content, structured.as_ref(), self.engine.clock.now());
        }
    }

    /// What was right before, if a call that ended so may be answered with it.
    pub(super) fn instead_of(&self, failed: &Stop, notes: &mut Notes) -> Option<Outcome> {
        let (limit, key) = self.kept.as_ref()?;
        let reason = execute::reason(failed)?;
        let (last, age) = self.engine.stale.find(key, *limit, self.engine.clock.now())?;
        notes.degraded = Some(Degraded { mode: DegradedMode::Stale { age }, reason });
        Some(Outcome::Done { content: last.content, structured: last.structured })
    }
}
