//! The phases of a drill, one after the other: how many calls each makes, how fast, and when it is over.

use std::{sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::sleep};

use super::{
    caller::Caller,
    fault::Fault,
    report::{End, Report, Seen},
    screen::Screen,
    stage::Stage,
};
use crate::{catalogue::Entry, engine::Engine, reliability::BreakerState};

/// Between calls, where nothing asks for more of them.
const INTERVAL: Duration = Duration::from_millis(50);

/// How often it is looked what happened.
const TICK: Duration = Duration::from_millis(10);

/// Calls of a phase without a fault.
const CALLS: u32 = 20;

/// Calls of a phase with a fault, at least; some of them after the breaker opened.
const FAULTY_CALLS: u32 = 30;
const AFTER_OPENING: u32 = 10;

/// The longest that calls are made to a dead upstream, and that the others take.
const LONGEST_DEAD: Duration = Duration::from_secs(6);
const LONGEST: Duration = Duration::from_millis(1500);

/// What is done to the upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Healthy,
    Latency,
    Errors,
    Panics,
    Dead,
    Recovery,
}

/// What the phases of a tool are like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// How long an attempt may take.
    pub(super) attempt: Duration,
    /// How much longer it takes in the phase of latency.
    pub(super) latency: Duration,
    /// Failures that open the breaker.
    failures: u32,
    /// How many attempts run at once.
    concurrency: u32,
    pub(super) open_for: Duration,
    probes: u32,
}

impl Phase {
    pub(super) const ALL: [Self; 6] =
        [Self::Healthy, Self::Latency, Self::Errors, Self::Panics, Self::Dead, Self::Recovery];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Latency => "latency",
            Self::Errors => "errors",
            Self::Panics => "panics",
            Self::Dead => "dead upstream",
            Self::Recovery => "recovery",
        }
    }

    fn fault(self, plan: &Plan) -> Fault {
        match self {
            Self::Healthy | Self::Recovery => Fault::None,
            Self::Latency => Fault::Slow(plan.latency),
            Self::Errors => Fault::Unavailable,
            Self::Panics => Fault::Panics,
            Self::Dead => Fault::Dead,
        }
    }

    /// Whether it begins with a server that knows nothing of the phase before: what a breaker does about one fault
    /// would otherwise hide what it does about the next.
    pub(super) fn is_fresh(self) -> bool {
        matches!(self, Self::Errors | Self::Panics | Self::Dead)
    }
}

impl Plan {
    pub(super) fn of(engine: &Engine, tool: &Entry) -> Self {
        let policy = engine.policy(tool);
        let upstream = policy.upstream.map(|at| &engine.upstreams[at].policy);
        let attempt = policy.attempt_timeout.unwrap_or(policy.timeout);
        let breaker = upstream.map(|upstream| upstream.breaker).unwrap_or_default();
        let concurrency =
            upstream.map_or(u32::MAX, |upstream| u32::try_from(upstream.bulkhead.concurrency).unwrap_or(u32::MAX));
        Self {
            attempt,
            latency: attempt * 2 / 5,
            failures: breaker.minimum_calls.min(breaker.failures_in_a_row),
            concurrency: concurrency.max(1),
            open_for: breaker.open_for,
            probes: breaker.half_open_calls,
        }
    }

    /// How many calls a phase makes at most, and the time between them.
    fn pace(&self, phase: Phase) -> (u32, Duration) {
        let enough = self.failures.saturating_add(AFTER_OPENING).clamp(FAULTY_CALLS, 400);
        match phase {
            Phase::Healthy | Phase::Latency => (CALLS, INTERVAL),
            Phase::Errors | Phase::Panics => (enough, INTERVAL.min(LONGEST / enough)),
            // Failures come no faster than attempts end.
            Phase::Dead => {
                let rounds = self.failures.div_ceil(self.concurrency).saturating_add(1);
                let time = self.attempt.saturating_mul(rounds).saturating_add(LONGEST).min(LONGEST_DEAD);
                let calls = u32::try_from(time.as_millis() / INTERVAL.as_millis()).unwrap_or(u32::MAX);
                (calls.max(FAULTY_CALLS), INTERVAL)
            }
            Phase::Recovery => {
                let probes = INTERVAL.saturating_mul(self.probes);
                let time = self.open_for.saturating_add(probes).saturating_add(LONGEST);
                (u32::try_from(time.as_millis() / INTERVAL.as_millis()).unwrap_or(u32::MAX), INTERVAL)
            }
        }
    }

    /// Whether there is nothing more to see, before the last call is made.
    fn is_over(&self, report: &Report) -> bool {
        let closed = report.breaker.last().is_none_or(|(state, _)| *state == BreakerState::Closed);
        match report.phase {
            Phase::Dead => {
                let seen = report.opened().is_some_and(|opened| report.took >= opened + INTERVAL * AFTER_OPENING);
                report.offered >= FAULTY_CALLS && seen
            }
            Phase::Recovery => closed && report.count(End::Ok) >= AFTER_OPENING,
            _ => false,
        }
    }
}

/// Plays one phase.
pub(super) async fn play(
    phase: Phase,
    plan: &Plan,
    stage: &Stage,
    engine: &Arc<Engine>,
    screen: &mut Screen<'_>,
) -> std::io::Result<Report> {
    let tool = stage.tool(engine);
    let policy = engine.policy(tool);
    let breaker = policy.upstream.map(|at| &engine.upstreams[at].breaker);
    let caller =
        Caller { engine: Arc::clone(engine), tool: Arc::clone(&tool.name), arguments: stage.arguments.clone() };
    if phase.is_fresh() && policy.stale.is_some() {
        // There is no last good result where there was none.
        stage.faults.set(Fault::None);
        caller.clone().call().await;
    }
    stage.faults.set(phase.fault(plan));
    let (calls, interval) = plan.pace(phase);
    let began = stage.clock.now();
    let (mut report, mut next) = (Report::new(phase), began);
    let mut running = JoinSet::new();
    loop {
        let now = stage.clock.now();
        report.took = now.saturating_duration_since(began);
        report.attempts = stage.faults.attempts();
        if let Some(breaker) = breaker
            && report.state(breaker.state(now), report.took)
        {
            screen.changed(&report)?;
        }
        while let Some(seen) = running.try_join_next() {
            report.add(seen.unwrap_or_else(|_panic| Seen::lost()));
        }
        let over = report.offered >= calls || plan.is_over(&report);
        if over && running.is_empty() {
            return screen.done(&report).map(|()| report);
        }
        screen.progress(&report, now)?;
        while !over && report.offered < calls && next <= now {
            running.spawn(caller.clone().call());
            report.offered += 1;
            next += interval;
        }
        sleep(TICK).await;
    }
}
