//! Records a call: one span while it runs and one event when it ends, on every way out.
//!
//! Invariant: exactly one event for each call. A record that is dropped without being closed (the future that served
//! the call was dropped) says `abandoned`. Arguments and results are not recorded here.

use std::sync::{Arc, OnceLock};

use tokio::time::Instant;
use tracing::{Span, field};

use crate::{
    call::{CountsAs, Notes, Outcome, Stop},
    caller::Caller,
    catalogue::{Contract, Entry, Served, State},
    clock::Clock,
    confirm::Attested,
    context::Call,
    error::ErrorKind,
    metrics::Metrics,
    names,
    request_state::StateError,
    secrets::{self, Secrets},
};

/// The target of a record's span and event: what callers call a secret is not taken out of who did what.
pub(crate) const TARGET: &str = module_path!();

/// The fields of its event that are words of an error.
pub(crate) const WORDS: [&str; 2] = ["error", "source"];

/// See the module.
pub(crate) struct Record {
    tool: Arc<str>,
    clock: Clock,
    started: Instant,
    span: Span,
    outcome: OnceLock<()>,
    /// Set once what serves the call is found to be deprecated.
    deprecated: OnceLock<()>,
}

impl Record {
    /// Opens the record of a call of `tool`. An unknown name is the client's word and is not recorded.
    pub(super) fn open(clock: Clock, request_id: &str, caller: &Caller, tool: Option<&Entry>) -> Self {
        let span = tracing::info_span!(
            "tools/call",
            tool = tool.map_or(names::UNKNOWN_TOOL, |tool| &*tool.name),
            task = field::Empty,
            request = request_id,
            principal = caller.principal().as_str(),
            tenant = &**caller.tenant(),
            version = field::Empty,
            state = field::Empty,
            attempts = field::Empty,
            degraded = field::Empty,
            reason = field::Empty,
            policies = field::Empty,
            confirmation = field::Empty,
        );
        let tool = tool.map_or_else(|| names::UNKNOWN_TOOL.into(), |tool| Arc::clone(&tool.name));
        Self::with(tool, clock, span)
    }

    /// Opens the record of what runs apart from its request, as a task or until it is one.
    pub(crate) fn of_task(clock: Clock, served: Served<'_>, call: &Call) -> Self {
        let span = tracing::info_span!(
            "task",
            tool = &*served.tool.name,
            task = field::Empty,
            request = call.request_id.as_str(),
            principal = call.caller.principal().as_str(),
            tenant = &**call.caller.tenant(),
            version = field::Empty,
            state = field::Empty,
            attempts = field::Empty,
            degraded = field::Empty,
            reason = field::Empty,
            policies = field::Empty,
            confirmation = field::Empty,
        );
        let record = Self::with(Arc::clone(&served.tool.name), clock, span);
        record.serving(served.contract());
        record.masks(&call.bounds.hygiene.secrets);
        record.confirmed(call.confirmed.map(|confirmed| confirmed.by));
        record
    }

    fn with(tool: Arc<str>, clock: Clock, span: Span) -> Self {
        Self { tool, clock, started: clock.now(), span, outcome: OnceLock::new(), deprecated: OnceLock::new() }
    }

    /// Notes which task it is.
    pub(crate) fn task(&self, id: &str) {
        self.span.record("task", id);
    }

    /// Masks what is secret in the call in all that is logged while it runs.
    pub(super) fn masks(&self, secrets: &Secrets) {
        secrets.mask_in(&self.span);
    }

    fn confirmed(&self, by: Option<Attested>) {
        if let Some(by) = by {
            self.span.record("confirmation", by.as_str());
        }
    }

    /// Drops it without an event: somebody else records the same.
    pub(crate) fn discard(self) {
        let _ = self.outcome.set(());
    }

    /// Closes it with an outcome that is none of a call.
    pub(crate) fn close_as(self, outcome: &'static str) {
        self.event(Level::Caller, outcome, None);
    }

    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    /// Notes which version the call is held to. Who still calls what is deprecated is what its owner must know before
    /// it ends, so such a call is told where others are not.
    pub(super) fn serving(&self, contract: &Contract) {
        self.span.record("version", contract.label.as_str());
        if contract.lifecycle.is_deprecated(&self.clock) && self.deprecated.set(()).is_ok() {
            self.span.record("state", State::Deprecated.as_str());
        }
    }

    pub(crate) fn close(&self, metrics: &Metrics, outcome: &Result<Outcome, Stop>, notes: &Notes) {
        self.count(metrics, outcome, notes);
        self.confirmed(notes.confirmed);
        if notes.attempts > 1 {
            self.span.record("attempts", notes.attempts);
        }
        if let Some(degraded) = &notes.degraded {
            self.span.record("degraded", degraded.mode.as_str());
            self.span.record("reason", degraded.reason);
        }
        let served = if self.deprecated.get().is_some() { Level::Caller } else { Level::Quiet };
        match outcome {
            Ok(Outcome::Done { .. }) => self.event(served, "ok", None),
            Ok(Outcome::InputRequired { .. }) => self.event(served, "input_required", None),
            Ok(Outcome::Task(task)) => {
                self.span.record("task", task.task_id.as_str());
                self.event(served, "task", None);
            }
            Err(stop) => {
                if let Stop::Retired(retired) = stop {
                    self.span.record("version", retired.version.as_deref());
                    self.span.record("state", State::Sunset.as_str());
                }
                if let Stop::Denied { by, failed } = stop {
                    self.span.record("policies", policies(by, failed));
                }
                let level = if notes.replayed { Level::Caller } else { level(stop, notes.begun) };
                self.event(level, stop.name(), Some(stop));
            }
        }
    }

    /// Counts what was not served as usual.
    fn count(&self, metrics: &Metrics, outcome: &Result<Outcome, Stop>, notes: &Notes) {
        if let Some(degraded) = &notes.degraded {
            metrics.degraded(&self.tool, degraded.mode.as_str());
        }
        if notes.replayed {
            // An error that is given again was counted when it happened.
            metrics.replayed(&self.tool);
            return;
        }
        if let Err(stop) = outcome {
            match stop.counts_as(notes.begun) {
                CountsAs::Refusal => metrics.refused(&self.tool, stop.name()),
                CountsAs::Failure => metrics.failed(&self.tool, stop.name()),
                CountsAs::Nothing => {}
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
            Level::Quiet => tracing::debug!(target: TARGET, outcome, us, "call"),
            Level::Caller => tracing::info!(target: TARGET, outcome, us, "call"),
            Level::Server => {
                let masked = |text: String| secrets::mask_all(&text).into_owned();
                let error = stop.map(words).map(masked);
                let source = stop.and_then(cause).map(|cause| masked(format!("{cause:?}")));
                tracing::error!(target: TARGET, outcome, us, error, source, "call");
            }
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.event(Level::Caller, "abandoned", None);
    }
}

/// Who should look at it. What went wrong is told in words only where the words are the server's: the message of an
/// error that is the caller's may repeat what the caller sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// Nobody.
    Quiet,
    /// The caller; the server worked as it should.
    Caller,
    /// Whoever is on call.
    Server,
}

/// `begun`: the function was run, or its fallback.
fn level(stop: &Stop, begun: bool) -> Level {
    match stop {
        stop if is_quiet(stop) => Level::Quiet,
        // Another call is the one that ended so, and this one repeats it.
        Stop::EffectUnknown { .. } if !begun => Level::Caller,
        Stop::State(StateError::NoRandomness | StateError::Key(_))
        | Stop::BadShim { .. }
        | Stop::Untranslatable { .. }
        | Stop::Panicked(_)
        | Stop::BadOutput(_)
        | Stop::ResultTooLarge { .. }
        | Stop::EffectUnknown { .. } => Level::Server,
        Stop::Tool(error) => match error.kind() {
            ErrorKind::Internal | ErrorKind::Timeout | ErrorKind::Unavailable | ErrorKind::Unknown => Level::Server,
            _ => Level::Caller,
        },
        _ => Level::Caller,
    }
}

/// Whether there may be very many of these, which are counted and not told. Of a store that is away the engine warns.
pub(crate) fn is_quiet(stop: &Stop) -> bool {
    matches!(
        stop,
        Stop::RateLimited { .. }
            | Stop::Overloaded { .. }
            | Stop::BreakerOpen { .. }
            | Stop::BulkheadFull { .. }
            | Stop::StoreAway(_)
            | Stop::InsufficientScope { .. }
    )
}

/// Which policies denied a call: the operator learns it here, and the caller nowhere.
fn policies(by: &[String], failed: &[String]) -> String {
    match (by, failed) {
        ([], []) => "none permits it".into(),
        (by, []) => by.join(" "),
        (_, failed) => format!("can't be evaluated: {}", failed.join(" ")),
    }
}

/// What the log is told. A shim's own words may repeat what the caller sent.
pub(crate) fn words(stop: &Stop) -> String {
    match stop {
        Stop::Untranslatable { tool, version, .. } => {
            format!("the shim of `{tool}` {version} refuses arguments that the input schema of this version takes")
        }
        other => other.to_string(),
    }
}

fn cause(stop: &Stop) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
    match stop {
        Stop::Tool(error) => error.source(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use steadfast_contract::shim::ShimError;

    use super::*;
    use crate::store::{StoreError, Trouble};

    #[test]
    fn what_comes_in_floods_or_repeats_another_call_is_no_error_of_the_servers() {
        let unknown = || Stop::EffectUnknown { why: "cancelled while it ran".into() };
        let trouble = Trouble { store: "db".into(), what: "is away".into(), help: "wait".into(), source: None };
        for (stop, begun, expected) in [
            (unknown(), true, Level::Server),
            (unknown(), false, Level::Caller),
            (Stop::StoreAway(StoreError::Away(trouble.clone())), false, Level::Quiet),
            (Stop::StoreAway(StoreError::Broken(trouble)), false, Level::Quiet),
            (Stop::Overloaded { retry_after: std::time::Duration::ZERO }, false, Level::Quiet),
            (Stop::InsufficientScope { missing: vec!["notes:write".into()] }, false, Level::Quiet),
            (Stop::KeyReused, false, Level::Caller),
            (Stop::Panicked("the fuse was lit".into()), true, Level::Server),
        ] {
            assert_eq!(level(&stop, begun), expected, "{} {begun}", stop.name());
        }
    }

    #[test]
    fn a_shim_that_refuses_what_was_promised_is_the_servers_fault_and_its_words_stay_out_of_the_log() {
        let error = ShimError::new("`hunter2` is no state");
        let stop = Stop::Untranslatable { tool: "search".into(), version: "1.2.0".into(), error };
        assert_eq!(level(&stop, false), Level::Server);
        let words = words(&stop);
        assert!(words.contains("`search` 1.2.0") && !words.contains("hunter2"), "{words}");
    }
}
