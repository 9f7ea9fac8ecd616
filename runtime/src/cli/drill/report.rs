//! What came of the calls of one phase.

use std::{collections::BTreeMap, time::Duration};

use rmcp::model::CallToolResponse;
use serde_json::{Value, json};

use super::phase::Phase;
use crate::{
    answer,
    call::{Called, CountsAs, DegradedMode, Stop},
    error::ErrorKind,
    reliability::BreakerState,
};

/// How a call ended, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    /// The function answered, be it with an error that is its caller's.
    Ok,
    /// The fallback answered.
    Fallback,
    /// An earlier result answered.
    Stale,
    /// It was not run, and nothing stood in.
    Refused,
    /// It was run, and nothing stood in.
    Failed,
}

/// One call, as its client saw it.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) end: End,
    pub(super) took: Duration,
    pub(super) answer: Value,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) phase: Phase,
    /// How long the phase took.
    pub(super) took: Duration,
    /// Calls that were begun.
    pub(super) offered: u32,
    /// How often the function was reached.
    pub(super) attempts: u32,
    /// The breaker's states, each with the time since the phase began; the first is the one that it began with.
    pub(super) breaker: Vec<(BreakerState, Duration)>,
    ends: BTreeMap<End, u32>,
    /// The last answer of each end.
    answers: BTreeMap<End, Value>,
    times: Vec<Duration>,
}

impl End {
    pub(super) const ALL: [Self; 5] = [Self::Ok, Self::Fallback, Self::Stale, Self::Refused, Self::Failed];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Fallback => "fallback",
            Self::Stale => "stale",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }

    fn of(called: &Called<'_>) -> Self {
        match (&called.outcome, called.notes.degraded.as_ref().map(|degraded| degraded.mode)) {
            (Ok(_), None) => Self::Ok,
            (Ok(_), Some(DegradedMode::Fallback)) => Self::Fallback,
            (Ok(_), Some(DegradedMode::Stale { .. })) => Self::Stale,
            (Err(stop), _) if stop.counts_as(called.notes.begun) == CountsAs::Refusal => Self::Refused,
            (Err(Stop::Tool(error)), _) if is_callers(error.kind()) => Self::Ok,
            (Err(_), _) => Self::Failed,
        }
    }
}

fn is_callers(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Invalid | ErrorKind::NotFound | ErrorKind::Conflict | ErrorKind::Denied)
}

impl Seen {
    pub(super) fn of(called: Called<'_>, took: Duration) -> Self {
        let end = End::of(&called);
        let answer = match answer::to_call(called, "drill") {
            Ok(CallToolResponse::Complete(result)) => json!(result),
            Ok(CallToolResponse::InputRequired(result)) => json!(result),
            Ok(_) => Value::Null,
            Err(error) => json!({ "error": error }),
        };
        Self { end, took, answer }
    }

    /// A call that has no end, since what served it panicked.
    pub(super) fn lost() -> Self {
        Self { end: End::Failed, took: Duration::ZERO, answer: Value::Null }
    }
}

impl Report {
    pub(super) fn new(phase: Phase) -> Self {
        Self {
            phase,
            took: Duration::ZERO,
            offered: 0,
            attempts: 0,
            breaker: Vec::new(),
            ends: BTreeMap::new(),
            answers: BTreeMap::new(),
            times: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, seen: Seen) {
        *self.ends.entry(seen.end).or_default() += 1;
        self.answers.insert(seen.end, seen.answer);
        self.times.push(seen.took);
    }

    /// Notes a state of the breaker; true if it is another than before.
    pub(super) fn state(&mut self, state: BreakerState, after: Duration) -> bool {
        let changed = self.breaker.last().is_some_and(|(last, _)| *last != state);
        if changed || self.breaker.is_empty() {
            self.breaker.push((state, after));
        }
        changed
    }

    pub(super) fn calls(&self) -> u32 {
        self.ends.values().sum()
    }

    pub(super) fn count(&self, end: End) -> u32 {
        self.ends.get(&end).copied().unwrap_or(0)
    }

    /// Attempts for each call that was begun.
    pub(super) fn load(&self) -> f64 {
        f64::from(self.attempts) / f64::from(self.offered.max(1))
    }

    /// How long this part of the calls took at most, in percent.
    pub(super) fn percentile(&self, percent: usize) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        let at = (times.len() * percent).div_ceil(100).saturating_sub(1);
        times.get(at).copied().unwrap_or_default()
    }

    /// When the breaker opened first.
    pub(super) fn opened(&self) -> Option<Duration> {
        let mut changes = self.breaker.iter().skip(1);
        changes.find(|(state, _)| *state == BreakerState::Open).map(|(_, after)| *after)
    }

    /// What the client saw in the call that ended worst.
    pub(super) fn worst(&self) -> Option<(End, &Value)> {
        self.answers.last_key_value().map(|(end, answer)| (*end, answer))
    }

    pub(super) fn as_json(&self) -> Value {
        let mut report = json!({
            "phase": self.phase.as_str(),
            "took_ms": millis(self.took),
            "calls": self.calls(),
            "attempts": self.attempts,
            "load": (self.load() * 1e3).round() / 1e3,
            "p50_ms": millis(self.percentile(50)),
            "p99_ms": millis(self.percentile(99)),
        });
        for end in End::ALL {
            report[end.as_str()] = self.count(end).into();
        }
        let breaker = self.breaker.iter();
        report["breaker"] =
            breaker.map(|(state, after)| json!({ "state": state.as_str(), "after_ms": millis(*after) })).collect();
        let answers = self.answers.iter();
        report["answers"] = Value::Object(answers.map(|(end, answer)| (end.as_str().into(), answer.clone())).collect());
        report
    }
}

/// With three decimals: most calls take less than a millisecond.
fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
