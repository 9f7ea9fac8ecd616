//! A circuit breaker: stops calling an upstream that fails or hangs, and finds out when it is well again.
//!
//! After Nygard, *Release It!*, with the window and ratios of resilience4j. Invariants:
//! - Between two changes of state the breaker has one generation, or, half open, several. The result of a call counts
//!   only in the generation that admitted it, so late answers of calls from before it opened say nothing about the
//!   upstream's recovery.
//! - Half open, at most `half_open_calls` probes of the generation are out or have succeeded. All must succeed before it
//!   closes. Where they keep everybody waiting for as long as the breaker would be open, or as makes a call slow, they
//!   are given up: a new generation of probes begins.
//! - Each change of state is handed out exactly once, to the call that caused it.
//!
//! It does not run calls, wait, or log, and knows nothing of errors: the caller says what counts as a failure.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    sync::{Mutex, lock},
    window::Window,
};

/// When a breaker opens, and how it closes again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct BreakerPolicy {
    /// How far back calls count.
    pub(crate) window: Duration,
    /// With fewer calls in the window their ratios say nothing.
    pub(crate) minimum_calls: u32,
    /// Opens when this part of the calls in the window failed.
    pub(crate) failure_ratio: f64,
    /// Opens after this many failures without a success in between, however slowly they come: calls that all run into
    /// a long timeout would never fill the window.
    pub(crate) failures_in_a_row: u32,
    /// A call that takes this long is slow, however it ends.
    pub(crate) slow_call: Duration,
    /// Opens when this part of the calls in the window was slow.
    pub(crate) slow_ratio: f64,
    /// How long nothing is tried once it is open.
    pub(crate) open_for: Duration,
    /// How many calls are tried then, and must all succeed; zero counts as one.
    pub(crate) half_open_calls: u32,
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(10),
            minimum_calls: 10,
            failure_ratio: 0.5,
            failures_in_a_row: 20,
            slow_call: Duration::from_secs(5),
            slow_ratio: 0.9,
            open_for: Duration::from_secs(5),
            half_open_calls: 3,
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Breaker {
    policy: BreakerPolicy,
    inner: Mutex<Inner>,
}

/// What a breaker does with calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum BreakerState {
    /// Lets them through.
    Closed,
    /// Refuses them.
    Open,
    /// Lets a few through to see how they end.
    HalfOpen,
}

impl BreakerState {
    /// Every state there is.
    pub(crate) const ALL: [Self; 3] = [Self::Closed, Self::Open, Self::HalfOpen];

    /// The name in logs, metrics and tables.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// A change of state, to be logged and counted by whoever gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Transition {
    /// The state before.
    pub(crate) from: BreakerState,
    /// The state after.
    pub(crate) to: BreakerState,
}

/// How a call ended; whether it was slow the breaker sees itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The upstream did its part.
    Succeeded,
    /// The upstream did not answer, or not as it should.
    Failed,
}

/// The breaker lets no call through now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused {
    /// When it may let one through: exact while open, a guess while probes are out.
    pub(crate) retry_after: Duration,
}

/// Leave to make one call. Dropped without [`Permit::finish`], the call counts as neither failed nor succeeded.
#[derive(Debug)]
#[must_use = "a permit that is dropped at once counts nothing"]
pub(crate) struct Permit<'a> {
    breaker: &'a Breaker,
    generation: u64,
    entered: Instant,
    transition: Option<Transition>,
    finished: bool,
}

impl Breaker {
    /// A closed breaker.
    pub(crate) fn new(policy: BreakerPolicy) -> Self {
        let policy = BreakerPolicy { half_open_calls: policy.half_open_calls.max(1), ..policy };
        let window = Window::new(policy.window);
        Self { policy, inner: Mutex::new(Inner { generation: 0, phase: Phase::Closed, window, in_a_row: 0 }) }
    }

    /// Lets a call through, unless the breaker is open or all probes are out.
    ///
    /// # Errors
    /// [`Refused`]; nothing was counted.
    pub(crate) fn enter(&self, now: Instant) -> Result<Permit<'_>, Refused> {
        let mut inner = lock(&self.inner);
        let mut transition = None;
        if let Phase::Open { since } = inner.phase {
            let left = self.policy.open_for.saturating_sub(now.saturating_duration_since(since));
            if !left.is_zero() {
                return Err(Refused { retry_after: left });
            }
            transition = Some(inner.turn(Phase::probing(now)));
        }
        if let Phase::HalfOpen { out, succeeded, latest, .. } = inner.phase
            && out + succeeded >= self.policy.half_open_calls
        {
            let given = self.policy.open_for.max(self.policy.slow_call);
            let left = given.saturating_sub(now.saturating_duration_since(latest));
            if !left.is_zero() {
                return Err(Refused { retry_after: left.min(self.policy.open_for).min(self.policy.slow_call) });
            }
            // Every probe that is out has been for that long. It is no change of state, so nobody is told.
            let _half_open_still = inner.turn(Phase::probing(now));
        }
        if let Phase::HalfOpen { out, latest, .. } = &mut inner.phase {
            *out += 1;
            *latest = now;
        }
        Ok(Permit { breaker: self, generation: inner.generation, entered: now, transition, finished: false })
    }

    /// The state at this time: an open breaker whose time is over shows as half open, although only the next call's
    /// [`Permit::transition`] will say so.
    pub(crate) fn state(&self, now: Instant) -> BreakerState {
        match lock(&self.inner).phase {
            Phase::Open { since } if now.saturating_duration_since(since) >= self.policy.open_for => {
                BreakerState::HalfOpen
            }
            ref phase => phase.state(),
        }
    }

    fn finish(&self, generation: u64, now: Instant, verdict: Verdict, slow: bool) -> Option<Transition> {
        let mut inner = lock(&self.inner);
        if inner.generation != generation {
            return None;
        }
        let next = match inner.phase {
            // No permit is given in this phase, so none has its generation.
            Phase::Open { .. } => return None,
            Phase::Closed => {
                inner.count(now, verdict, slow);
                inner.is_tripped(&self.policy, now).then_some(Phase::Open { since: now })
            }
            Phase::HalfOpen { .. } if verdict == Verdict::Failed => Some(Phase::Open { since: now }),
            Phase::HalfOpen { out, succeeded, slow: before, latest } => {
                let (succeeded, slow) = (succeeded + 1, before + u32::from(slow));
                if succeeded < self.policy.half_open_calls {
                    inner.phase = Phase::HalfOpen { out: out - 1, succeeded, slow, latest };
                    return None;
                }
                let hangs = reaches(slow, succeeded, self.policy.slow_ratio);
                Some(if hangs { Phase::Open { since: now } } else { Phase::Closed })
            }
        };
        next.map(|phase| inner.turn(phase))
    }

    fn cancel(&self, generation: u64) {
        let mut inner = lock(&self.inner);
        if inner.generation == generation
            && let Phase::HalfOpen { out, .. } = &mut inner.phase
        {
            *out -= 1;
        }
    }
}

impl Permit<'_> {
    /// The change of state that letting this call through was, from open to half open.
    pub(crate) fn transition(&self) -> Option<Transition> {
        self.transition
    }

    /// Counts how the call ended, and says whether that changed the breaker's state.
    pub(crate) fn finish(mut self, now: Instant, verdict: Verdict) -> Option<Transition> {
        self.finished = true;
        let slow = now.saturating_duration_since(self.entered) >= self.breaker.policy.slow_call;
        self.breaker.finish(self.generation, now, verdict, slow)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.breaker.cancel(self.generation);
        }
    }
}

#[derive(Debug)]
struct Inner {
    generation: u64,
    phase: Phase,
    window: Window<3>,
    in_a_row: u32,
}

#[derive(Debug)]
enum Phase {
    Closed,
    Open {
        since: Instant,
    },
    /// `latest`: when the last probe went out.
    HalfOpen {
        out: u32,
        succeeded: u32,
        slow: u32,
        latest: Instant,
    },
}

impl Phase {
    /// Half open, without a probe.
    fn probing(now: Instant) -> Self {
        Self::HalfOpen { out: 0, succeeded: 0, slow: 0, latest: now }
    }

    fn state(&self) -> BreakerState {
        match self {
            Self::Closed => BreakerState::Closed,
            Self::Open { .. } => BreakerState::Open,
            Self::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }
}

/// The counters of the window.
const CALLS: usize = 0;
const FAILED: usize = 1;
const SLOW: usize = 2;

impl Inner {
    fn count(&mut self, now: Instant, verdict: Verdict, slow: bool) {
        self.window.add(now, CALLS);
        if verdict == Verdict::Failed {
            self.window.add(now, FAILED);
            self.in_a_row = self.in_a_row.saturating_add(1);
        } else {
            self.in_a_row = 0;
        }
        if slow {
            self.window.add(now, SLOW);
        }
    }

    fn is_tripped(&mut self, policy: &BreakerPolicy, now: Instant) -> bool {
        let [calls, failed, slow] = self.window.totals(now);
        let ratios = reaches(failed, calls, policy.failure_ratio) || reaches(slow, calls, policy.slow_ratio);
        (calls >= policy.minimum_calls && ratios) || self.in_a_row >= policy.failures_in_a_row.max(1)
    }

    /// The only place where the state changes, and the generation.
    fn turn(&mut self, phase: Phase) -> Transition {
        let transition = Transition { from: self.phase.state(), to: phase.state() };
        self.phase = phase;
        self.generation += 1;
        self.window.clear();
        self.in_a_row = 0;
        transition
    }
}

/// Whether some, and this ratio or more of the whole.
fn reaches(part: u32, whole: u32, ratio: f64) -> bool {
    part > 0 && f64::from(part) >= ratio * f64::from(whole)
}
