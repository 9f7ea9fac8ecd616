//! What is kept of a task, and how it may change: a state machine without a clock, a store or a runtime.
//!
//! Invariants: a task that has ended does not change any more; at most one process holds it at a time, by a lease that
//! it renews; a question is asked under a key that no other question of the task has; the time to live never gets
//! shorter. Who asks, and that no two changes are made to one version, is the business of whoever calls this. What may
//! be large and never changes is kept beside it: see `original`.

#[cfg(test)]
mod tests;

use std::time::Duration;

use rmcp::model::{InputRequests, InputResponses, JsonObject};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{confirm::Confirmed, duration::millis, input_required};

/// How often a task is run at most: one that ends its process each time would take every replica down in turn.
const MOST_RUNS: u32 = 5;

/// See the module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Whose it is; nobody else finds it.
    pub(crate) principal: String,
    /// What its caller calls the tool.
    pub(crate) tool: String,
    /// The tool changes something.
    pub(crate) mutation: bool,
    /// Milliseconds since 1970-01-01T00:00:00Z, by the clocks of the processes.
    pub(crate) created_ms: u64,
    /// Of the last change that its caller can see.
    pub(crate) updated_ms: u64,
    /// From its creation.
    pub(crate) ttl_ms: u64,
    /// What it does, in the tool's own words, or why it ended.
    pub(crate) message: Option<String>,
    pub(crate) phase: Phase,
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    /// It runs, or will.
    Open(Box<Open>),
    /// With the result as it was answered, errors of the tool included.
    Completed { result: JsonObject },
    /// With a JSON-RPC error.
    Failed { error: JsonObject },
    /// By its caller.
    Cancelled,
}

/// What is kept of a task while it has not ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Open {
    /// None where its process gave it up.
    pub(crate) lease: Option<Lease>,
    /// How often it was begun and not given up.
    pub(crate) runs: u32,
    /// What its caller is asked, by keys that are never used again.
    pub(crate) questions: InputRequests,
    /// What its caller answered.
    pub(crate) answers: InputResponses,
    /// What its call is held to when it is run again; none where that could have an effect twice.
    pub(crate) again: Option<Again>,
}

/// Whose a task is, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lease {
    /// A process.
    pub(crate) owner: String,
    /// Counted from when this version of the record was written, by the store's clock.
    pub(crate) left_ms: u64,
}

/// What a call is held to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Again {
    /// The release whose surface it came in on.
    pub(crate) surface: Option<String>,
    /// The major of the contract.
    pub(crate) major: u64,
    /// How it was confirmed, where that was needed; it is not confirmed again.
    #[serde(default)]
    pub(crate) confirmed: Option<Confirmed>,
}

/// Something that happens to a task.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Event {
    /// A process wants it, whose it is not.
    TakeOver,
    /// Its process is gone and nobody will go on with it; how it ends, and why.
    Abandon(Phase, String),
    /// Its process is still there.
    Renew,
    /// Its process gives it up, so that another can go on.
    Release,
    /// Its process says what it does.
    Say(Option<String>),
    /// Its process asks.
    Ask(InputRequests),
    /// It ended, in one of the phases that are ends.
    End(Phase, Option<String>),
    /// Its caller answers. What was not asked, and what is no answer to what was, does nothing.
    Answer(InputResponses),
    /// Its caller no longer wants it.
    Cancel,
}

/// When something happens, and how long things last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    /// The process that the event comes from.
    pub(crate) process: &'a str,
    /// Since the record was written, by the store's clock.
    pub(crate) age: Duration,
    pub(crate) now_ms: u64,
    pub(crate) lease: Duration,
    pub(crate) ttl: Duration,
}

/// Why something can't happen to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It has ended.
    Ended,
    /// Another process has it.
    NotYours,
}

impl Record {
    /// Whether it has ended.
    pub(crate) fn has_ended(&self) -> bool {
        !matches!(self.phase, Phase::Open(_))
    }

    /// Whether it waits for a process, `age` after it was written.
    pub(crate) fn is_orphaned(&self, age: Duration) -> bool {
        match &self.phase {
            Phase::Open(open) => open.lease.as_ref().is_none_or(|lease| lease.is_over(age)),
            _ => false,
        }
    }

    /// How much is left of the time that it may run, from its creation, however often it is run.
    pub(crate) fn time_left(&self, may_run: Duration, now_ms: u64) -> Duration {
        may_run.saturating_sub(Duration::from_millis(now_ms.saturating_sub(self.created_ms)))
    }

    /// Whether it will soon be past its time to live. A process that runs it gives it more long before.
    pub(crate) fn fades(&self, ttl: Duration, now_ms: u64) -> bool {
        self.created_ms.saturating_add(self.ttl_ms).saturating_sub(now_ms) < millis(ttl) / 4
    }

    /// Whether a process has it.
    pub(crate) fn is_held_by(&self, process: &str) -> bool {
        match &self.phase {
            Phase::Open(open) => open.lease.as_ref().is_some_and(|lease| lease.owner == process),
            _ => false,
        }
    }

    /// The record after an event.
    pub(crate) fn apply(&self, event: Event, at: At<'_>) -> Result<Self, Refused> {
        let mut next = self.clone();
        let Phase::Open(open) = &mut next.phase else { return Err(Refused::Ended) };
        let visible = match event {
            Event::Answer(answers) => {
                if !open.answer(answers) {
                    return Ok(next);
                }
                open.passed(at.age);
                true
            }
            Event::Cancel => {
                next.message = self.mutation.then(|| format!("cancelled while it ran. {UNKNOWN}"));
                next.phase = Phase::Cancelled;
                true
            }
            Event::TakeOver | Event::Abandon(..) if !self.is_orphaned(at.age) => return Err(Refused::NotYours),
            Event::TakeOver => next.take_over(at),
            Event::Abandon(phase, message) => {
                next.phase = phase;
                next.message = Some(message);
                true
            }
            owners => {
                if open.lease.as_ref().is_none_or(|lease| lease.owner != at.process) {
                    return Err(Refused::NotYours);
                }
                open.lease = Some(at.lease());
                next.owned(owners)
            }
        };
        if visible {
            next.updated_ms = at.now_ms.max(self.updated_ms);
        }
        next.live_on(at);
        Ok(next)
    }

    /// What its own process does to it; whether its caller sees a difference.
    fn owned(&mut self, event: Event) -> bool {
        let Phase::Open(open) = &mut self.phase else { return false };
        match event {
            Event::Release => {
                open.lease = None;
                // That a process was stopped says nothing against the task.
                open.runs = open.runs.saturating_sub(1);
                false
            }
            Event::Say(message) => {
                let new = self.message != message;
                self.message = message;
                new
            }
            Event::Ask(questions) => {
                let new = questions.into_iter().filter(|(key, _)| !open.answers.contains_key(key));
                open.questions.extend(new);
                true
            }
            Event::End(phase, message) => {
                self.phase = phase;
                self.message = message;
                true
            }
            _ => false,
        }
    }

    /// Gives it to the process, or ends it where running it again could do harm.
    fn take_over(&mut self, at: At<'_>) -> bool {
        let Phase::Open(open) = &mut self.phase else { return false };
        if open.again.is_some() && open.runs < MOST_RUNS {
            open.lease = Some(at.lease());
            open.runs += 1;
            return false;
        }
        let gone = if open.again.is_some() { "its process ended each time it was run" } else { "its process ended" };
        let message = match self.mutation {
            true => format!("{gone}. {UNKNOWN}"),
            false => format!("{gone}; call the tool again"),
        };
        self.phase = failed(&message, "unknown");
        self.message = Some(message);
        true
    }

    /// A task does not end before its time to live, however long it runs: it is given more once half of it is over.
    fn live_on(&mut self, at: At<'_>) {
        let ttl_ms = millis(at.ttl);
        let passed = at.now_ms.saturating_sub(self.created_ms);
        if self.ttl_ms.saturating_sub(passed) < ttl_ms / 2 {
            self.ttl_ms = self.ttl_ms.max(passed.saturating_add(ttl_ms));
        }
    }
}

/// What is said of an effect that nobody knows.
pub(super) const UNKNOWN: &str = "It may or may not have had its effect: look before you call it again";

/// The end of a task that could not be brought to its own.
pub(super) fn failed(message: &str, kind: &str) -> Phase {
    let error = json!({ "code": -32603, "message": message, "data": { "kind": kind } });
    let Value::Object(error) = error else { return Phase::Cancelled };
    Phase::Failed { error }
}

impl Open {
    /// A lease runs on while others change the record.
    fn passed(&mut self, age: Duration) {
        if let Some(lease) = &mut self.lease {
            lease.left_ms = lease.left_ms.saturating_sub(millis(age));
        }
    }

    fn answer(&mut self, answers: InputResponses) -> bool {
        let before = self.answers.len();
        for (key, answer) in answers {
            if self.questions.get(&key).is_some_and(|question| input_required::answers_to(question, &answer)) {
                self.questions.remove(&key);
                self.answers.insert(key, answer);
            }
        }
        self.answers.len() > before
    }
}

impl Lease {
    fn is_over(&self, age: Duration) -> bool {
        millis(age) >= self.left_ms
    }
}

impl At<'_> {
    fn lease(&self) -> Lease {
        Lease { owner: self.process.to_owned(), left_ms: millis(self.lease) }
    }
}
