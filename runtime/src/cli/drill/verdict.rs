//! Whether a tool degraded as it declares: what held, what did not and what to change, what is not declared at all.

use serde_json::{Value, json};

use super::{
    phase::{Phase, Plan},
    report::{End, Report},
    screen::seconds,
    stage::Stage,
};
use crate::{
    duration,
    engine::Engine,
    reliability::{BreakerState, BudgetPolicy},
    tool::Effect,
    upstreams::Upstream,
};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) held: Vec<String>,
    pub(super) notes: Vec<String>,
    pub(super) findings: Vec<Finding>,
}

/// Something that is not as it was declared.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) what: String,
    pub(super) help: String,
}

impl Verdict {
    /// Of a drill that came to its end, or to a tool that does not even work when nothing is wrong.
    pub(super) fn of(reports: &[Report], plan: &Plan, stage: &Stage, engine: &Engine) -> Self {
        let tool = stage.tool(engine);
        let policy = engine.policy(tool);
        let upstream = policy.upstream.map(|at| &engine.upstreams[at]);
        let mut verdict = Self { notes: stage.differences.clone(), ..Self::default() };
        if let Some(finding) = reports.first().and_then(is_unwell) {
            verdict.findings.push(finding);
            return verdict;
        }
        match upstream {
            Some(upstream) => verdict.breaker(reports, upstream, plan),
            None => verdict.notes.push(
                "no upstream is declared, so no breaker opens, and the retry budget is the tool's own: \
                 `upstream = \"..\"`"
                    .into(),
            ),
        }
        let budget = upstream.map_or_else(|| engine.own_budget(tool), |upstream| &upstream.budget);
        verdict.budget(reports, budget.policy(), policy.stale.is_some());
        let stands_in = [(policy.fallback, "fallback"), (policy.stale.is_some(), "stale result")];
        match stands_in.into_iter().find(|(declared, _)| *declared) {
            Some((_, what)) => verdict.stand_in(reports, what),
            None => {
                let ways = match tool.declaration.effect {
                    Effect::ReadOnly => "`fallback = path`, `stale = \"5m\"`",
                    _ => "`fallback = path`",
                };
                verdict.notes.push(format!("nothing stands in for the function, so these calls fail: {ways}"));
            }
        }
        verdict.recovery(reports, upstream.is_some());
        verdict
    }

    pub(super) fn passed(&self) -> bool {
        self.findings.is_empty()
    }

    pub(super) fn as_json(&self) -> Value {
        let findings = self.findings.iter().map(|finding| json!({ "what": finding.what, "help": finding.help }));
        json!({
            "passed": self.passed(),
            "held": self.held,
            "notes": self.notes,
            "findings": findings.collect::<Value>(),
        })
    }

    fn fail(&mut self, what: String, help: String) {
        self.findings.push(Finding { what, help });
    }

    fn breaker(&mut self, reports: &[Report], upstream: &Upstream, plan: &Plan) {
        let name = &upstream.policy.name;
        let mut opened = Vec::new();
        for report in reports.iter().filter(|report| report.phase.is_fresh()) {
            match report.opened() {
                Some(after) => opened.push(format!("{} into {}", seconds(after), report.phase.as_str())),
                None => {
                    let attempts = report.attempts;
                    self.fail(
                        format!("the breaker `{name}` did not open in {attempts} attempts: {}", report.phase.as_str()),
                        match report.phase {
                            Phase::Dead => format!(
                                "it sees a failure only when an attempt ends, after {}: declare a shorter \
                                 `attempt_timeout`, more `concurrency`, or fewer `minimum_calls`",
                                duration::text(plan.attempt)
                            ),
                            _ => format!("lower `minimum_calls` or `failure_ratio` in `[upstreams.{name}]`"),
                        },
                    );
                }
            }
        }
        if !opened.is_empty() {
            self.held.push(format!("the breaker `{name}` opened: {}", opened.join(", ")));
        }
    }

    /// Of first attempts no more than calls, and of retries no more than the budget. `stale`: a fresh phase began with a
    /// call that is none of its own.
    fn budget(&mut self, reports: &[Report], budget: BudgetPolicy, stale: bool) {
        let most = reports.iter().map(Report::load).fold(0.0, f64::max);
        for report in reports {
            let (calls, attempts) = (report.calls(), report.attempts);
            let retries = f64::from(attempts.saturating_sub(calls));
            let paying = calls + u32::from(stale && report.phase.is_fresh());
            if retries > (budget.ratio * f64::from(paying)).max(f64::from(budget.floor)) {
                self.fail(
                    format!("{attempts} attempts of {calls} calls reached the upstream: {}", report.phase.as_str()),
                    "retries went beyond their budget, which is a defect of Steadfast: please report it".into(),
                );
            }
        }
        self.held.push(format!("at most {most:.2}x of the offered load reached the upstream"));
    }

    /// Whatever says that the upstream can't be had is answered by what is declared for that. A panic says nothing of
    /// the kind.
    fn stand_in(&mut self, reports: &[Report], what: &str) {
        let served: u32 = reports.iter().map(|report| report.count(End::Fallback) + report.count(End::Stale)).sum();
        let away = reports.iter().filter(|report| matches!(report.phase, Phase::Errors | Phase::Dead));
        let mut held = true;
        for report in away {
            let not = report.count(End::Failed) + report.count(End::Refused);
            if not > 0 {
                held = false;
                let text = report.worst().map(|(_, answer)| words(answer)).unwrap_or_default();
                self.fail(
                    format!(
                        "the {what} did not serve {not} of {} calls: {} ({text})",
                        report.calls(),
                        report.phase.as_str()
                    ),
                    "see that it can answer these arguments without the upstream, and in a fifth of the timeout; or \
                     give the drill other arguments"
                        .into(),
                );
            }
        }
        if held {
            self.held.push(format!("the {what} served {served} calls that the upstream could not"));
        }
    }

    fn recovery(&mut self, reports: &[Report], guarded: bool) {
        let Some(report) = reports.iter().find(|report| report.phase == Phase::Recovery) else { return };
        let closed = report.breaker.iter().skip(1).find(|(state, _)| *state == BreakerState::Closed);
        let recovered =
            report.count(End::Ok) > 0 && report.breaker.last().is_none_or(|(state, _)| *state == BreakerState::Closed);
        match (recovered, closed) {
            (true, Some((_, after))) => {
                self.held.push(format!("the breaker closed {} after the upstream was back", seconds(*after)));
            }
            (true, None) => self.held.push("calls were answered as soon as the upstream was back".into()),
            (false, _) if guarded => self.fail(
                format!("the breaker was not closed {} after the upstream was back", seconds(report.took)),
                "see that the tool answers within `slow_call`, and lower `open_for` or `half_open`".into(),
            ),
            (false, _) => self
                .fail("no call was answered after the upstream was back".into(), "see what a client saw above".into()),
        }
    }
}

/// A tool that does not work when nothing is wrong shows nothing when something is.
fn is_unwell(healthy: &Report) -> Option<Finding> {
    if healthy.count(End::Ok) == healthy.calls() {
        return None;
    }
    let (_, answer) = healthy.worst()?;
    Some(Finding {
        what: format!("the tool itself does not answer, before anything is done to it: {}", words(answer)),
        help: "start what it leans on, give the drill other arguments, or make results up with `--simulate`".into(),
    })
}

/// The text of an answer.
fn words(answer: &Value) -> String {
    let text = answer["content"][0]["text"].as_str().or_else(|| answer["error"]["message"].as_str());
    text.map_or_else(|| answer.to_string(), str::to_owned)
}
