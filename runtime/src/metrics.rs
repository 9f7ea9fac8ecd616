//! What is counted for whoever is on call, as OpenMetrics text on the admin port.
//!
//! Invariant: label values are the server's own words (tools, upstreams, kinds, reasons), never a client's. Names that
//! leave the process are in [`names::metric`](crate::names::metric). Counted is what is not as it should be: a call
//! that is served as usual costs nothing here.

use prometheus_client::{
    encoding::text,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use crate::{
    names::metric,
    reliability::BreakerState,
    store::{Kind, StoreError},
};

/// A counter by `N` labels.
type Counters<const N: usize> = Family<[(&'static str, String); N], Counter>;

/// See the module.
pub(crate) struct Metrics {
    registry: Registry,
    refusals: Counters<2>,
    failures: Counters<2>,
    degraded: Counters<2>,
    replays: Counters<1>,
    retries: Counters<1>,
    retries_refused: Counters<1>,
    breaker_changes: Counters<2>,
    breakers: Family<[(&'static str, String); 2], Gauge>,
    store_failures: Counters<2>,
    running: Gauge,
    waiting: Gauge,
    tasks: Gauge,
    denials_logged: Counters<1>,
    policies_refused: Counter,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix(metric::PREFIX);
        let metrics = Self {
            refusals: Family::default(),
            failures: Family::default(),
            degraded: Family::default(),
            replays: Family::default(),
            retries: Family::default(),
            retries_refused: Family::default(),
            breaker_changes: Family::default(),
            breakers: Family::default(),
            store_failures: Family::default(),
            running: Gauge::default(),
            waiting: Gauge::default(),
            tasks: Gauge::default(),
            denials_logged: Family::default(),
            policies_refused: Counter::default(),
            registry: Registry::default(),
        };
        registry.register(metric::REFUSALS, "Calls that were not run, by reason", metrics.refusals.clone());
        let help = "Calls that failed, and not by what their callers sent, by reason";
        registry.register(metric::FAILURES, help, metrics.failures.clone());
        registry.register(
            metric::DEGRADED,
            "Calls that something else answered than the tool",
            metrics.degraded.clone(),
        );
        registry.register(metric::REPLAYS, "Answers given again for an idempotency key", metrics.replays.clone());
        registry.register(metric::RETRIES, "Attempts after the first", metrics.retries.clone());
        let help = "Attempts that were not made because the retry budget was spent";
        registry.register(metric::RETRIES_REFUSED, help, metrics.retries_refused.clone());
        registry.register(metric::BREAKER_CHANGES, "Changes of breakers", metrics.breaker_changes.clone());
        let help = "Whether a breaker is in a state: 1 for the one it is in, 0 for the others";
        registry.register(metric::BREAKERS, help, metrics.breakers.clone());
        let help = "Operations that the store did not do, by the kind of record";
        registry.register(metric::STORE_FAILURES, help, metrics.store_failures.clone());
        registry.register(metric::RUNNING, "Requests that are served", metrics.running.clone());
        registry.register(metric::WAITING, "Requests that wait to be served", metrics.waiting.clone());
        registry.register(metric::TASKS, "Tasks that run in this process", metrics.tasks.clone());
        let help = "Calls that policies would deny, were they enforced";
        registry.register(metric::DENIALS_LOGGED, help, metrics.denials_logged.clone());
        let help = "New policies that were not taken because of problems";
        registry.register(metric::POLICIES_REFUSED, help, metrics.policies_refused.clone());
        Self { registry, ..metrics }
    }

    /// A call was not run.
    pub(crate) fn refused(&self, tool: &str, reason: &str) {
        self.refusals.get_or_create(&[(metric::TOOL, tool.into()), (metric::REASON, reason.into())]).inc();
    }

    /// A call did not come to what it should.
    pub(crate) fn failed(&self, tool: &str, reason: &str) {
        self.failures.get_or_create(&[(metric::TOOL, tool.into()), (metric::REASON, reason.into())]).inc();
    }

    /// Something else answered than the tool.
    pub(crate) fn degraded(&self, tool: &str, mode: &str) {
        self.degraded.get_or_create(&[(metric::TOOL, tool.into()), (metric::MODE, mode.into())]).inc();
    }

    /// An answer was given again.
    pub(crate) fn replayed(&self, tool: &str) {
        self.replays.get_or_create(&[(metric::TOOL, tool.into())]).inc();
    }

    /// An attempt after the first is made.
    pub(crate) fn retried(&self, tool: &str) {
        self.retries.get_or_create(&[(metric::TOOL, tool.into())]).inc();
    }

    /// An attempt after the first would be made, had its upstream a budget for it.
    pub(crate) fn retry_refused(&self, upstream: &str) {
        self.retries_refused.get_or_create(&[(metric::UPSTREAM, upstream.into())]).inc();
    }

    /// A breaker changed.
    pub(crate) fn breaker_changed(&self, upstream: &str, to: &str) {
        self.breaker_changes.get_or_create(&[(metric::UPSTREAM, upstream.into()), (metric::TO, to.into())]).inc();
    }

    /// The store did not do what it was asked.
    pub(crate) fn store_failed(&self, kind: Kind, error: &StoreError) {
        let state = if error.is_away() { "away" } else { "broken" };
        self.store_failures.get_or_create(&[(metric::KIND, kind.as_str().into()), (metric::STATE, state.into())]).inc();
    }

    /// Policies would deny a call, were they enforced.
    pub(crate) fn denial_logged(&self, tool: &str) {
        self.denials_logged.get_or_create(&[(metric::TOOL, tool.into())]).inc();
    }

    /// New policies have problems, and were not taken.
    pub(crate) fn policies_refused(&self) {
        self.policies_refused.inc();
    }

    /// So many tasks run.
    pub(crate) fn tasks(&self, running: usize) {
        self.tasks.set(i64::try_from(running).unwrap_or(i64::MAX));
    }

    /// Everything, as OpenMetrics 1.0 text; the gauges are as given.
    pub(crate) fn text<'a>(
        &self,
        running: usize,
        waiting: usize,
        breakers: impl Iterator<Item = (&'a str, BreakerState)>,
    ) -> String {
        for (upstream, is) in breakers {
            for state in BreakerState::ALL {
                let labels = [(metric::UPSTREAM, upstream.into()), (metric::STATE, state.as_str().into())];
                self.breakers.get_or_create(&labels).set(i64::from(state == is));
            }
        }
        self.running.set(i64::try_from(running).unwrap_or(i64::MAX));
        self.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
        let mut out = String::new();
        // Writing to a `String` does not fail.
        let _ = text::encode(&mut out, &self.registry);
        out
    }
}
