//! What each tool and each upstream is held to: what the attributes declare, under what the configuration says.
//!
//! Invariant: decided once, when a server starts; every conflict and every name that does not exist is reported at
//! once. Limits of the server as a whole are [`Limits`](crate::pipeline::Limits).

#[cfg(feature = "egress")]
use std::sync::Arc;
use std::{collections::BTreeMap, time::Duration};

#[cfg(feature = "egress")]
use crate::egress::Origin;
use crate::{
    catalogue::{Catalogue, Entry},
    config::{ToolSettings, UpstreamSettings},
    confirm::ConfirmBy,
    context::Time,
    duration,
    nearest::nearest_name,
    problem::Problem,
    reliability::{BreakerPolicy, BudgetPolicy, BulkheadPolicy, Quota},
    tool::{Effect, Upstream},
};

/// How many calls of an upstream run at once, where nothing is said.
const CONCURRENCY: usize = 64;

/// What a tool is held to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ToolPolicy {
    /// How long a call may go without progress.
    pub(crate) timeout: Duration,
    /// How long it may take as a task.
    pub(crate) task_time: Time,
    /// How long one attempt may go without progress; none: as long as the call.
    pub(crate) attempt_timeout: Option<Duration>,
    /// Attempts after the first.
    pub(crate) retries: u32,
    /// The declared fallback serves.
    pub(crate) fallback: bool,
    /// Of each caller.
    pub(crate) rate: Option<Quota>,
    /// How old a result may be that serves when the tool can't.
    pub(crate) stale: Option<Duration>,
    /// Who confirms its calls; none where they change nothing, or only add.
    pub(crate) confirmation: Option<ConfirmBy>,
    /// The place of its upstream in [`Policies::upstreams`].
    pub(crate) upstream: Option<usize>,
    /// The servers that it may reach.
    #[cfg(feature = "egress")]
    pub(crate) egress: Arc<[Origin]>,
}

/// What the calls of an upstream are held to, whatever tool makes them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct UpstreamPolicy {
    pub(crate) name: String,
    pub(crate) breaker: BreakerPolicy,
    pub(crate) budget: BudgetPolicy,
    pub(crate) bulkhead: BulkheadPolicy,
}

/// What everything is held to.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Policies {
    /// By [`Entry::id`].
    pub(crate) tools: Vec<ToolPolicy>,
    pub(crate) upstreams: Vec<UpstreamPolicy>,
}

/// What the configuration says of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Configured<'a> {
    pub(crate) tools: &'a [(String, ToolSettings)],
    pub(crate) upstreams: &'a [(String, UpstreamSettings)],
    /// For a tool that declares none.
    pub(crate) timeout: Duration,
    /// The longest a call may take.
    pub(crate) deadline: Duration,
    /// The longest a task may take.
    pub(crate) task_deadline: Duration,
    /// Who confirms the calls of destructive tools.
    pub(crate) confirmation: ConfirmBy,
}

impl Policies {
    /// The policies of a catalogue's tools and of the upstreams that they name.
    pub(crate) fn of(catalogue: &Catalogue, configured: Configured<'_>) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let declared = declared(catalogue, &mut problems);
        let names: Vec<&str> = declared.keys().copied().collect();
        let upstreams =
            declared.values().map(|upstream| upstream_policy(upstream, settings(configured.upstreams, upstream.name)));
        let upstreams = upstreams.collect();
        let tools = catalogue.entries().iter().map(|entry| {
            let policy = tool_policy(entry, settings(configured.tools, &entry.name), configured);
            problems.extend(conflicts(entry, settings(configured.tools, &entry.name), &policy));
            let upstream =
                entry.declaration.upstream.and_then(|upstream| names.iter().position(|name| *name == upstream.name));
            ToolPolicy { upstream, ..policy }
        });
        let tools = tools.collect();
        let known: Vec<&str> = catalogue.entries().iter().map(|entry| &*entry.name).collect();
        unknown("tools", "tool", configured.tools.iter().map(|(name, _)| name), &known, &mut problems);
        unknown("upstreams", "upstream", configured.upstreams.iter().map(|(name, _)| name), &names, &mut problems);
        if problems.is_empty() { Ok(Self { tools, upstreams }) } else { Err(problems) }
    }
}

/// Every upstream by its name. Tools that share one may each say a part of what it is held to, or say the same.
fn declared(catalogue: &Catalogue, problems: &mut Vec<Problem>) -> BTreeMap<&'static str, Upstream> {
    let mut all: BTreeMap<&'static str, (Upstream, &str)> = BTreeMap::new();
    for entry in catalogue.entries() {
        let Some(upstream) = entry.declaration.upstream else { continue };
        match all.get_mut(upstream.name) {
            None => {
                all.insert(upstream.name, (upstream, &entry.name));
            }
            Some((known, first)) => match known.merged(&upstream) {
                Ok(merged) => *known = merged,
                Err(setting) => problems.push(Problem::new(
                    format!("tool `{}`", entry.name),
                    format!(
                        "its upstream `{}` has another `{setting}` than the tool `{first}` declares",
                        upstream.name
                    ),
                    "say it once, or say the same: an upstream has one breaker and one bulkhead for all its tools",
                )),
            },
        }
    }
    all.into_iter().map(|(name, (upstream, _))| (name, upstream)).collect()
}

fn tool_policy(entry: &Entry, settings: Option<&ToolSettings>, configured: Configured<'_>) -> ToolPolicy {
    let declaration = &entry.declaration;
    let settings = settings.cloned().unwrap_or_default();
    let timeout = settings.timeout.or(declaration.timeout).unwrap_or(configured.timeout).min(configured.deadline);
    let hard = configured.task_deadline;
    // What declares no time of its own, and says that it may take long, is not expected to show progress.
    let idle = settings.timeout.or(declaration.timeout).unwrap_or(hard).min(hard);
    ToolPolicy {
        timeout,
        task_time: Time { idle, hard },
        attempt_timeout: settings.attempt_timeout.or(declaration.attempt_timeout),
        retries: settings.retry.unwrap_or(declaration.retry),
        fallback: settings.fallback.unwrap_or(declaration.fallback.is_some()),
        rate: settings
            .rate_limit
            .unwrap_or_else(|| declaration.rate_limit.and_then(|rate| Quota::parse(&rate.to_string()))),
        stale: settings.stale.or(declaration.stale),
        confirmation: (declaration.effect == Effect::Destructive)
            .then(|| settings.confirmation.unwrap_or(configured.confirmation)),
        upstream: None,
        // What is not an entry is among the conflicts.
        #[cfg(feature = "egress")]
        egress: match &settings.egress {
            Some(set) => set.iter().filter_map(|text| Origin::parse(text)).collect(),
            None => declaration.egress.iter().filter_map(|text| Origin::parse(text)).collect(),
        },
    }
}

fn upstream_policy(declared: &Upstream, settings: Option<&UpstreamSettings>) -> UpstreamPolicy {
    let set = settings.cloned().unwrap_or_default();
    let (breaker, budget) = (BreakerPolicy::default(), BudgetPolicy::default());
    let concurrency = set.concurrency.or(declared.concurrency).map_or(CONCURRENCY, |count| count as usize);
    // Whoever waits for a place behind a whole round of calls waits for as long as an upstream in trouble takes.
    let queue = set.queue.or(declared.queue).map_or(concurrency.div_ceil(4), |count| count as usize);
    let part = |percent: Option<f64>| percent.map(|percent| percent / 100.0);
    UpstreamPolicy {
        name: declared.name.to_owned(),
        breaker: BreakerPolicy {
            window: set.window.or(declared.window).unwrap_or(breaker.window),
            minimum_calls: set.minimum_calls.or(declared.minimum_calls).unwrap_or(breaker.minimum_calls),
            failure_ratio: set.failure_ratio.or(part(declared.failure_ratio)).unwrap_or(breaker.failure_ratio),
            failures_in_a_row: set
                .failures_in_a_row
                .or(declared.failures_in_a_row)
                .unwrap_or(breaker.failures_in_a_row),
            slow_call: set.slow_call.or(declared.slow_call).unwrap_or(breaker.slow_call),
            slow_ratio: set.slow_ratio.or(part(declared.slow_ratio)).unwrap_or(breaker.slow_ratio),
            open_for: set.open_for.or(declared.open_for).unwrap_or(breaker.open_for),
            half_open_calls: set.half_open.or(declared.half_open).unwrap_or(breaker.half_open_calls),
        },
        budget: BudgetPolicy {
            ratio: set.retry_ratio.or(part(declared.retry_ratio)).unwrap_or(budget.ratio),
            floor: set.retry_floor.or(declared.retry_floor).unwrap_or(budget.floor),
            ..budget
        },
        // A caller alone may use all of an upstream; callers take turns, and none keeps the places of others.
        bulkhead: BulkheadPolicy { concurrency, per_caller: concurrency, queue, queue_per_caller: queue },
    }
}

/// What the configuration makes of a tool that its author was not allowed to declare.
fn conflicts(entry: &Entry, settings: Option<&ToolSettings>, policy: &ToolPolicy) -> Vec<Problem> {
    let declaration = &entry.declaration;
    let set = settings.cloned().unwrap_or_default();
    let problem = |setting: &str, what: &str, help: &str| {
        Problem::new(format!("the setting `tools.{}.{setting}`", entry.name), what, help)
    };
    // A call that is a task has the time of tasks.
    let longest = if declaration.task.is_some() { policy.timeout.max(policy.task_time.idle) } else { policy.timeout };
    let text = duration::text;
    let mut problems = Vec::new();
    if policy.retries > 0 && !declaration.idempotent {
        problems.push(problem(
            "retry",
            "a call that changes something and is not idempotent is not repeated",
            "leave it out, or declare the tool `idempotent` where that is true",
        ));
    }
    if policy.stale.is_some() && declaration.effect != Effect::ReadOnly {
        problems.push(problem(
            "stale",
            "an old result can't stand for a call that changes something",
            "leave it out; only tools with `effect = read_only` can have it",
        ));
    }
    if let Some(attempt) = policy.attempt_timeout
        && attempt > longest
    {
        problems.push(problem(
            "attempt_timeout",
            &format!("{} is more than the whole call has, which is {}", text(attempt), text(longest)),
            "set it to less, or give calls more: `timeout`, `limits.default_timeout`, and above them `limits.deadline`",
        ));
    }
    if let Some(timeout) = set.timeout
        && timeout > longest
    {
        problems.push(problem(
            "timeout",
            &format!("{} is more than any call may take, which is {}", text(timeout), text(longest)),
            "set it to less, or raise `limits.deadline`",
        ));
    }
    if set.confirmation.is_some() && declaration.effect != Effect::Destructive {
        problems.push(problem(
            "confirmation",
            "the tool is not destructive, and its calls are not confirmed",
            "leave it out; only tools with `effect = destructive` can have it",
        ));
    }
    if policy.fallback && declaration.fallback.is_none() {
        problems.push(problem(
            "fallback",
            "the tool declares no fallback",
            "leave it out; `false` switches a declared one off",
        ));
    }
    #[cfg(feature = "egress")]
    for text in set.egress.iter().flatten().filter(|text| Origin::parse(text).is_none()) {
        problems.push(problem(
            "egress",
            &format!("{text:?} is no server: it takes a scheme, a host and where it is another a port, and no more"),
            "write \"https://api.example.com\", or \"https://*.example.org:8443\" for all names below one",
        ));
    }
    #[cfg(not(feature = "egress"))]
    if set.egress.is_some() {
        problems.push(problem(
            "egress",
            "this program was built without the client that tools reach others by, the feature `egress`",
            "build it with `steadfast = { features = [\"egress\"] }`",
        ));
    }
    problems
}

fn settings<'a, T>(all: &'a [(String, T)], name: &str) -> Option<&'a T> {
    all.iter().find(|(known, _)| known == name).map(|(_, settings)| settings)
}

fn unknown<'a>(
    table: &str,
    what: &str,
    names: impl Iterator<Item = &'a String>,
    known: &[&str],
    problems: &mut Vec<Problem>,
) {
    for name in names.filter(|name| !known.contains(&name.as_str())) {
        let help = match nearest_name(name, known.iter().copied()) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None if known.is_empty() => format!("the server has no {what}; take the table away"),
            None => format!("the server has {}", known.join(", ")),
        };
        problems.push(Problem::new(
            format!("the table `{table}.{name}`"),
            format!("there is no {what} `{name}`"),
            help,
        ));
    }
}
