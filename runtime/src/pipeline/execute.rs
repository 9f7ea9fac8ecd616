//! Runs the function: bulkhead( breaker( attempt )), again where that is safe and the upstream's budget allows it, and
//! the declared fallback where it is of no use.
//!
//! Invariants: it returns within the deadline, whatever the function does, as long as the function gives the thread
//! back at its `await`s; a call that changes something and is not idempotent is attempted once; retries of an upstream
//! stay within its budget. What a stale result can do is decided by whoever calls this.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::attempt::{self, Attempt};
use crate::{
    call::{Degraded, DegradedMode, Notes, Stop},
    catalogue::{Run, Served},
    context::CallContext,
    engine::Engine,
    error::{ErrorKind, ToolError},
    policy::ToolPolicy,
    reliability::{Full, Transition, Verdict},
    tool::{Arguments, Effect, Output},
    upstreams::Upstream,
};

/// The part of a call's time that is kept for its fallback.
const KEPT_FOR_FALLBACK: u32 = 5;

/// A call that is run, and what it is held to.
pub(super) struct Execution<'a> {
    pub(super) engine: &'a Engine,
    pub(super) served: Served<'a>,
    pub(super) policy: &'a ToolPolicy,
    pub(super) context: &'a CallContext,
}

impl Execution<'_> {
    /// Runs the function, and its fallback where it fails for a reason that is not the caller's.
    pub(super) async fn run(&self, arguments: Arguments, notes: &mut Notes) -> Result<Output, Stop> {
        let fallback = self.served.tool.fallback.as_ref();
        let kept = fallback.map(|_| arguments.clone());
        let failed = match self.attempts(arguments, notes).await {
            Ok(output) => return Ok(output),
            Err(stop) => stop,
        };
        let (Some(fallback), Some(arguments), Some(reason)) = (fallback, kept, reason(&failed)) else {
            return Err(failed);
        };
        // Why the function failed is what its caller and its owner have to know, not why its stand-in did.
        let output = self.fall_back(fallback, arguments).await.map_err(|_| failed)?;
        notes.degraded = Some(Degraded { mode: DegradedMode::Fallback, reason });
        Ok(output)
    }

    async fn attempts(&self, mut arguments: Arguments, notes: &mut Notes) -> Result<Output, Stop> {
        let upstream = self.policy.upstream.map(|at| &self.engine.upstreams[at]);
        for retry in 0.. {
            let again = (retry < self.policy.retries).then(|| arguments.clone());
            let stop = match self.attempt(upstream, arguments, notes).await {
                Ok(output) => return Ok(output),
                Err(stop) => stop,
            };
            let (Some(again), Some(pause)) = (again, self.pause(&stop, retry, upstream, notes)) else {
                return Err(self.known(stop, notes));
            };
            self.wait(pause).await.map_err(|stop| self.known(stop, notes))?;
            arguments = again;
        }
        unreachable!("the last attempt returns")
    }

    /// A call that changes something, and was begun and not finished, may have had its effect.
    fn known(&self, stop: Stop, notes: &Notes) -> Stop {
        if notes.attempts == 0 || self.served.tool.declaration.effect == Effect::ReadOnly {
            return stop;
        }
        match stop {
            Stop::Cancelled => Stop::EffectUnknown { why: "cancelled while it ran".into() },
            Stop::Tool(error) if error.kind() == ErrorKind::Timeout => {
                Stop::EffectUnknown { why: error.message().to_owned() }
            }
            stop => stop,
        }
    }

    /// How long to wait before the next attempt, if there should be one.
    fn pause(&self, stop: &Stop, retry: u32, upstream: Option<&Upstream>, notes: &Notes) -> Option<Duration> {
        let Stop::Tool(error) = stop else { return None };
        if notes.attempts == 0 || !matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout) {
            return None;
        }
        let now = self.engine.clock.now();
        let jitter = self.engine.backoff.delay(retry, &self.engine.random);
        let pause = error.retry_after().map_or(jitter, |after| after.max(jitter));
        if now + pause >= self.ends() {
            return None;
        }
        match upstream {
            Some(upstream) if !upstream.budget.withdraw(now) => {
                self.engine.metrics.retry_refused(&upstream.policy.name);
                None
            }
            _ => {
                self.engine.metrics.retried(&self.served.tool.name);
                Some(pause)
            }
        }
    }

    async fn wait(&self, pause: Duration) -> Result<(), Stop> {
        let until = self.engine.clock.now() + pause;
        tokio::select! {
            biased;
            () = self.context.cancellation().cancelled() => Err(Stop::Cancelled),
            () = sleep_until(until) => Ok(()),
        }
    }

    /// One attempt, if the upstream takes one.
    async fn attempt(
        &self,
        upstream: Option<&Upstream>,
        arguments: Arguments,
        notes: &mut Notes,
    ) -> Result<Output, Stop> {
        let Some(upstream) = upstream else {
            notes.attempts += 1;
            return self.once(arguments, notes).await;
        };
        let name = &upstream.policy.name;
        let full = |full: Full| Stop::BulkheadFull { upstream: name.clone(), retry_after: full.retry_after };
        let entering = upstream.bulkhead.enter(&self.context.principal().shared()).map_err(full)?;
        let _slot = tokio::select! {
            biased;
            () = self.context.cancellation().cancelled() => return Err(Stop::Cancelled),
            slot = entering => slot.map_err(full)?,
            () = attempt::passed(self.context.deadline(), None, self.kept()) => return Err(self.late()),
        };
        let entered = upstream.breaker.enter(self.engine.clock.now());
        let permit = match entered {
            Ok(permit) => permit,
            Err(open) => return Err(Stop::BreakerOpen { upstream: name.clone(), retry_after: open.retry_after }),
        };
        self.changed(upstream, permit.transition());
        if notes.attempts == 0 {
            upstream.budget.offered(self.engine.clock.now());
        }
        notes.attempts += 1;
        let result = self.once(arguments, notes).await;
        match verdict(&result) {
            Some(verdict) => self.changed(upstream, permit.finish(self.engine.clock.now(), verdict)),
            None => drop(permit),
        }
        result
    }

    async fn once(&self, arguments: Arguments, notes: &Notes) -> Result<Output, Stop> {
        let context = self.context.attempt_of(notes.attempts);
        let attempt = Attempt {
            deadline: self.context.deadline(),
            limit: self.policy.attempt_timeout.map(|limit| (self.engine.clock.now(), limit)),
            kept: self.kept(),
        };
        match attempt.run(&self.served.tool.run, &context, arguments).await {
            Ok(result) => Ok(result?),
            Err(attempt::Ended::Panicked(message)) => Err(Stop::Panicked(message)),
            Err(attempt::Ended::Cancelled) => Err(Stop::Cancelled),
            Err(attempt::Ended::Late) => Err(self.late()),
        }
    }

    async fn fall_back(&self, fallback: &Run, arguments: Arguments) -> Result<Output, Stop> {
        let context = self.context.attempt_of(0);
        let attempt = Attempt { deadline: self.context.deadline(), limit: None, kept: Duration::ZERO };
        match attempt.run(fallback, &context, arguments).await {
            Ok(result) => Ok(result?),
            Err(attempt::Ended::Panicked(message)) => {
                tracing::error!(panic = message, "the fallback panicked");
                Err(Stop::Panicked(message))
            }
            Err(attempt::Ended::Cancelled) => Err(Stop::Cancelled),
            Err(attempt::Ended::Late) => Err(self.late()),
        }
    }

    fn late(&self) -> Stop {
        let idle = self.context.deadline().idle();
        let limit = self.policy.attempt_timeout.map_or(idle, |limit| limit.min(idle));
        Stop::Tool(ToolError::new(
            ErrorKind::Timeout,
            format!("`{}` did not answer within {limit:?}", self.served.name),
        ))
    }

    /// When attempts end: a little before the call, where a fallback may follow.
    fn ends(&self) -> Instant {
        self.context.deadline().at() - self.kept()
    }

    fn kept(&self) -> Duration {
        match self.served.tool.fallback {
            Some(_) => self.context.deadline().idle() / KEPT_FOR_FALLBACK,
            None => Duration::ZERO,
        }
    }

    /// Tells whoever is on call that a breaker changed.
    fn changed(&self, upstream: &Upstream, transition: Option<Transition>) {
        let Some(Transition { from, to }) = transition else { return };
        let name = upstream.policy.name.as_str();
        let (from, to) = (from.as_str(), to.as_str());
        tracing::warn!(upstream = name, from, to, "breaker");
        self.engine.metrics.breaker_changed(name, to);
    }
}

/// What a result says of the upstream; nothing when the caller gave up or asks its client first. An error that its
/// author gave no kind is `internal`, and is most often the upstream's.
fn verdict(result: &Result<Output, Stop>) -> Option<Verdict> {
    match result {
        Ok(_) => Some(Verdict::Succeeded),
        Err(Stop::Panicked(_)) => Some(Verdict::Failed),
        Err(Stop::Tool(error)) => match error.kind() {
            ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Internal => Some(Verdict::Failed),
            ErrorKind::InputRequired | ErrorKind::MissingCapability | ErrorKind::Cancelled => None,
            _ => Some(Verdict::Succeeded),
        },
        Err(_) => None,
    }
}

/// Why something else may stand in for the function, if it may: it can't be had, and that is nobody's answer.
pub(super) fn reason(stop: &Stop) -> Option<&'static str> {
    match stop {
        Stop::BreakerOpen { .. } => Some("breaker_open"),
        Stop::BulkheadFull { .. } => Some("bulkhead_full"),
        Stop::Tool(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout) => {
            Some(error.kind().as_str())
        }
        _ => None,
    }
}
