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
    error::{ErrorKind, Own, ToolError},
    policy::ToolPolicy,
    reliability::{Full, Transition, Verdict},
    tool::{Arguments, Effect, Output},
    upstreams::Upstream,
    violations,
};

/// The part of a call's time that is kept for its fallback.
const KEPT_FOR_FALLBACK: u32 = 5;

/// A call that is run, and what it is held to.
pub(super) struct Execution<'a> {
    pub(super) engine: &'a Engine,
    pub(super) served: Served<'a>,
    pub(super) policy: &'a ToolPolicy,
    pub(super) context: &'a CallContext,
    /// What is run: the tool's function, or what makes its plan.
    pub(super) function: &'a Run,
}

impl Execution<'_> {
    /// Runs the function, and its fallback where it fails for a reason that is not the caller's.
    pub(super) async fn run(&self, arguments: Arguments, notes: &mut Notes) -> Result<Output, Stop> {
        let fallback = self.fallback();
        let kept = fallback.map(|_| arguments.clone());
        let failed = match self.attempts(arguments, notes).await {
            Ok(output) => return Ok(output),
            Err(stop) => stop,
        };
        let (Some(fallback), Some(arguments), Some(reason)) = (fallback, kept, reason(&failed)) else {
            return Err(failed);
        };
        // Why the function failed is what its caller and its owner have to know, not why its stand-in did.
        let begun = std::mem::replace(&mut notes.begun, true);
        let output = match self.fall_back(fallback, arguments).await {
            Ok(output) => output,
            Err(stop) if self.is_lost(&stop) => return Err(self.unknown(stop)),
            Err(stop) => {
                // There was no thread for the fallback, so it was not begun.
                notes.begun = begun || !matches!(stop, Stop::NoThread { .. });
                return Err(failed);
            }
        };
        notes.degraded = Some(Degraded { mode: DegradedMode::Fallback, reason });
        Ok(output)
    }

    /// Runs a function that only looks: once, behind the upstream's bulkhead and breaker as any attempt, with no fallback.
    pub(super) async fn look(&self, arguments: Arguments) -> Result<Output, Stop> {
        let upstream = self.policy.upstream.map(|at| &self.engine.upstreams[at]);
        self.attempt(upstream, arguments, &mut Notes::default()).await
    }

    /// What serves when the function can't, unless it was switched off.
    fn fallback(&self) -> Option<&Run> {
        self.served.tool.fallback.as_ref().filter(|_| self.policy.fallback)
    }

    async fn attempts(&self, mut arguments: Arguments, notes: &mut Notes) -> Result<Output, Stop> {
        let upstream = self.policy.upstream.map(|at| &self.engine.upstreams[at]);
        let mut lost = false;
        for retry in 0.. {
            let before = notes.attempts;
            let again = (retry < self.policy.retries).then(|| arguments.clone());
            let stop = match self.attempt(upstream, arguments, notes).await {
                Ok(output) => return Ok(output),
                Err(stop) => stop,
            };
            // Who waited in vain for an upstream did nothing this time.
            lost |= notes.attempts > before && self.is_lost(&stop);
            let pause = again.as_ref().and_then(|_| self.pause(&stop, retry, upstream, notes));
            let (Some(again), Some(pause)) = (again, pause) else {
                return Err(if lost { self.unknown(stop) } else { stop });
            };
            // What may be tried again and was answered left nothing behind that is not known.
            notes.begun = lost;
            self.wait(pause).await.map_err(|stop| if lost { self.unknown(stop) } else { stop })?;
            arguments = again;
        }
        unreachable!("the last attempt returns")
    }

    /// Whether nobody knows what a run that ended so did, and that matters.
    fn is_lost(&self, stop: &Stop) -> bool {
        let unanswered = match stop {
            Stop::Cancelled | Stop::Panicked(_) => true,
            Stop::Tool(error) => error.kind() == ErrorKind::Timeout,
            _ => false,
        };
        unanswered && self.served.tool.declaration.effect != Effect::ReadOnly
    }

    /// A call that changes something, and was begun and not finished, may have had its effect. A panic stays one: its
    /// claim says the rest.
    fn unknown(&self, stop: Stop) -> Stop {
        match stop {
            Stop::Cancelled => Stop::EffectUnknown { why: "cancelled while it ran".into() },
            Stop::Panicked(_) => stop,
            stop => Stop::EffectUnknown { why: stop.to_string() },
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
        if now.checked_add(pause).is_none_or(|at| at >= self.ends()) {
            return None;
        }
        // A tool that names no upstream is its own.
        let (budget, name) = match upstream {
            Some(upstream) => (&upstream.budget, upstream.policy.name.as_str()),
            None => (self.engine.own_budget(self.served.tool), &*self.served.tool.name),
        };
        if budget.withdraw(now) {
            return Some(pause);
        }
        self.engine.metrics.retry_refused(name);
        None
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
            self.time_left()?;
            if notes.attempts == 0 {
                self.engine.own_budget(self.served.tool).offered(self.engine.clock.now());
            }
            return self.once(arguments, notes).await.0;
        };
        let name = &upstream.policy.name;
        let full = |full: Full| Stop::BulkheadFull { upstream: name.clone(), retry_after: full.retry_after };
        let entering = upstream.bulkhead.enter(self.context.caller().key()).map_err(full)?;
        let _slot = tokio::select! {
            biased;
            () = self.context.cancellation().cancelled() => return Err(Stop::Cancelled),
            slot = entering => slot.map_err(full)?,
            () = attempt::passed(self.context.deadline(), None, self.kept()) => return Err(self.late()),
        };
        let given = self.time_left()?;
        let began = self.engine.clock.now();
        let entered = upstream.breaker.enter(began);
        let permit = match entered {
            Ok(permit) => permit,
            Err(open) => return Err(Stop::BreakerOpen { upstream: name.clone(), retry_after: open.retry_after }),
        };
        self.changed(upstream, permit.transition());
        if notes.attempts == 0 {
            upstream.budget.offered(self.engine.clock.now());
        }
        let (result, cut) = self.once(arguments, notes).await;
        let took = self.engine.clock.now().saturating_duration_since(began);
        match self.verdict(upstream, &result, cut.then_some(given), took) {
            Some(verdict) => self.changed(upstream, permit.finish(self.engine.clock.now(), verdict)),
            None => drop(permit),
        }
        result
    }

    /// How long an attempt that begins now has. One that has no time is not begun, so that nothing of it is unknown.
    fn time_left(&self) -> Result<Duration, Stop> {
        if self.context.cancellation().is_cancelled() {
            return Err(Stop::Cancelled);
        }
        let left = self.ends().saturating_duration_since(self.engine.clock.now());
        if left.is_zero() {
            return Err(self.late());
        }
        Ok(self.policy.attempt_timeout.map_or(left, |limit| limit.min(left)))
    }

    /// Runs the function; also whether it was cut off because its time was over.
    async fn once(&self, arguments: Arguments, notes: &mut Notes) -> (Result<Output, Stop>, bool) {
        let before = (notes.attempts, notes.begun);
        (notes.attempts, notes.begun) = (notes.attempts + 1, true);
        let context = self.context.attempt_of(notes.attempts);
        let attempt = Attempt {
            deadline: self.context.deadline(),
            limit: self.policy.attempt_timeout.map(|limit| (self.engine.clock.now(), limit)),
            kept: self.kept(),
        };
        let ended = attempt.run(self.function, &context, arguments.clone()).await;
        let ended = ended.map(|result| result.map_err(|error| self.stop(error, &arguments)));
        if matches!(ended, Ok(Err(Stop::NoThread { .. } | Stop::Violations { .. }))) {
            // It was not begun, so nothing of it is unknown.
            (notes.attempts, notes.begun) = before;
        } else if notes.attempts > 1 {
            self.engine.metrics.retried(&self.served.tool.name);
        }
        match ended {
            Ok(result) => (result, false),
            Err(attempt::Ended::Panicked(message)) => (Err(Stop::Panicked(message)), false),
            Err(attempt::Ended::Cancelled) => (Err(Stop::Cancelled), false),
            Err(attempt::Ended::Late) => (Err(self.late()), true),
        }
    }

    /// Why a function did not do what it should. Arguments that it could not read are the caller's, as those are that the
    /// schema does not take.
    fn stop(&self, error: ToolError, arguments: &Arguments) -> Stop {
        match error.own() {
            Some(Own::Unread { path }) => Stop::Violations {
                tool: self.served.name.to_owned(),
                violations: vec![violations::unread(self.served, path, arguments.value())],
            },
            _ => Stop::from(error),
        }
    }

    /// What a result says of the upstream. Nothing when the client is asked first, and when the call was cut off (after
    /// `cut`, or by its caller) clearly sooner than the upstream may take: callers must not be able to open a breaker.
    /// A little of a call's time has always passed before an attempt begins.
    fn verdict(
        &self,
        upstream: &Upstream,
        result: &Result<Output, Stop>,
        cut: Option<Duration>,
        took: Duration,
    ) -> Option<Verdict> {
        let slow = upstream.policy.breaker.slow_call;
        let fair = self.policy.attempt_timeout.unwrap_or(self.policy.timeout).saturating_sub(self.kept()).min(slow);
        match result {
            _ if cut.is_some_and(|cut| cut < fair - fair / 10) => None,
            Ok(_) | Err(Stop::ResultTooLarge { .. }) => Some(Verdict::Succeeded),
            Err(Stop::Panicked(_)) => Some(Verdict::Failed),
            Err(Stop::Cancelled) => (took >= slow).then_some(Verdict::Failed),
            // An error that its author gave no kind is `internal`, and is most often the upstream's.
            Err(Stop::Tool(error)) => match error.kind() {
                ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Internal => Some(Verdict::Failed),
                ErrorKind::InputRequired | ErrorKind::MissingCapability | ErrorKind::Cancelled => None,
                _ => Some(Verdict::Succeeded),
            },
            Err(_) => None,
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
        match self.fallback() {
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

/// Why something else may stand in for the function, if it may: it can't be had, and that is nobody's answer.
pub(super) fn reason(stop: &Stop) -> Option<&'static str> {
    match stop {
        Stop::BreakerOpen { .. } => Some("breaker_open"),
        Stop::BulkheadFull { .. } => Some("bulkhead_full"),
        Stop::NoThread { .. } => Some("no_thread"),
        Stop::Tool(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout) => {
            Some(error.kind().as_str())
        }
        _ => None,
    }
}
