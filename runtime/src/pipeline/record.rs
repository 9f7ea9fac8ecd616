//! Records a call: one span while it runs and one event when it ends, on every way out.
//!
//! Invariant: exactly one event for each call. A record that is dropped without being closed (the future that served
//! the call was dropped) says `abandoned`. Arguments and results are not recorded here.

use std::sync::OnceLock;

use tokio::time::Instant;
use tracing::{Span, field};

use crate::{
    call::{Outcome, Stop, ToolCall},
    catalogue::{Contract, Entry},
    clock::Clock,
    error::ErrorKind,
    names,
    request_state::StateError,
};

/// See the module.
pub(super) struct Record {
    clock: Clock,
    started: Instant,
    span: Span,
    outcome: OnceLock<()>,
}

impl Record {
    /// Opens the record of a call of `tool`. An unknown name is the client's word and is not recorded.
    pub(super) fn open(clock: Clock, call: &ToolCall, tool: Option<&Entry>) -> Self {
        let span = tracing::info_span!(
            "tools/call",
            tool = tool.map_or(names::UNKNOWN_TOOL, |tool| &*tool.name),
            request = call.request_id.as_str(),
            principal = call.principal.as_str(),
            version = field::Empty,
        );
        Self { clock, started: clock.now(), span, outcome: OnceLock::new() }
    }

    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    pub(super) fn close(&self, outcome: &Result<Outcome, Stop>) {
        match outcome {
            Ok(Outcome::Done { .. }) => self.event(Level::Quiet, "ok", None),
            Ok(Outcome::InputRequired { .. }) => self.event(Level::Quiet, "input_required", None),
            Err(stop) => {
                let (level, name) = describe(stop);
                self.event(level, name, Some(stop));
            }
        }
    }

    fn event(&self, level: Level, outcome: &str, stop: Option<&Stop>) {
        if self.outcome.set(()).is_err() {
            return;
        }
        let us = self.clock.now().saturating_duration_since(self.started).as_micros();
        let _entered = self.span.enter();
        match level {
            Level::Quiet => tracing::debug!(outcome, us, "call"),
            Level::Caller => tracing::info!(outcome, us, "call"),
            Level::Server => {
                let error = stop.map(field::display);
                let source = stop.and_then(cause).map(field::debug);
                tracing::error!(outcome, us, error, source, "call");
            }
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.event(Level::Caller, "abandoned", None);
    }
}

/// Notes which version serves the call that is recorded.
pub(super) fn serving(contract: &Contract) {
    Span::current().record("version", contract.label.as_str());
}

/// Who should look at it. What went wrong is told in words only where the words are the server's: the message of an
/// error that is the caller's may repeat what the caller sent.
enum Level {
    /// Nobody.
    Quiet,
    /// The caller; the server worked as it should.
    Caller,
    /// Whoever is on call.
    Server,
}

fn describe(stop: &Stop) -> (Level, &'static str) {
    match stop {
        Stop::Draining => (Level::Caller, "draining"),
        Stop::TooLarge { .. }
        | Stop::TooDeep { .. }
        | Stop::BadMeta { .. }
        | Stop::Violations { .. }
        | Stop::Untranslatable { .. } => (Level::Caller, "invalid"),
        Stop::Retired(_) => (Level::Caller, "retired"),
        Stop::BadShim { .. } => (Level::Server, "bad_shim"),
        Stop::UnknownTool { .. } | Stop::UnknownVersion { .. } => (Level::Caller, "not_found"),
        Stop::State(StateError::NoRandomness | StateError::Exhausted) => (Level::Server, "internal"),
        Stop::State(_) => (Level::Caller, "invalid_state"),
        Stop::MissingCapability(_) => (Level::Caller, "missing_capability"),
        Stop::Cancelled => (Level::Caller, "cancelled"),
        Stop::Panicked(_) => (Level::Server, "panicked"),
        Stop::BadOutput(_) => (Level::Server, "bad_output"),
        Stop::Tool(error) => {
            let level = match error.kind() {
                ErrorKind::Internal | ErrorKind::Timeout | ErrorKind::Unavailable => Level::Server,
                _ => Level::Caller,
            };
            (level, error.kind().as_str())
        }
    }
}

fn cause(stop: &Stop) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
    match stop {
        Stop::Tool(error) => error.source(),
        _ => None,
    }
}
