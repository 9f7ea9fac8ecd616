//! The life of a tool call, top to bottom.
//!
//! Each stage is a call into its own module. Invariant: whatever happens (a refusal, a panic, a cancellation, this
//! future being dropped), the call is recorded exactly once. Nothing here knows a transport; HTTP's own concerns
//! stay in `protocol`.

mod admit;
mod attempt;
mod bootstrap;
mod compose;
mod confirm;
mod execute;
mod guard;
mod limits;
mod normalise;
mod record;
mod resolve;
mod size;
mod translate;

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value};
use tokio::time::Instant;
use tracing::Instrument as _;

pub(crate) use self::{
    admit::{enter, full, pass},
    attempt::message as panic_message,
    bootstrap::bounds,
    guard::allowed,
    limits::{Admission, Limits},
    record::{Record, TARGET as RECORD_TARGET, is_quiet, words},
    size::{bytes, of_answer},
};
use self::{
    confirm::{Confirming, Step, Used},
    execute::Execution,
    guard::{Guarded, Unbegun},
    normalise::Normal,
    resolve::Choice,
};
use crate::{
    call::{Called, Degraded, DegradedMode, Notes, Outcome, Stop, ToolCall},
    caller::Caller,
    catalogue::Served,
    confirm::QUESTION,
    context::{Call, CallContext},
    engine::Engine,
    hash::Digest,
    idempotency::Claim,
    request_state::{Binding, Held, Planned, Purpose, Spent},
    secrets::Secrets,
    stale,
    store::Kind,
    tasks::{self, Start},
    tool::Arguments,
};

/// Serves one call.
pub(crate) async fn call(engine: &Arc<Engine>, call: ToolCall) -> Called<'_> {
    // record: opened first, so that every way out below closes it.
    let record = Record::open(engine.clock, &call.request_id, &call.caller, engine.catalogue.find(&call.name));
    let span = record.span();
    let mut known = Known::default();
    let outcome = stages(engine, call, &record, &mut known).instrument(span).await;
    let Known { served, notes, secrets } = known;
    record.close(&engine.metrics, &outcome, &notes);
    drop(secrets);
    Called { contract: served.map(|served| served.echo()), notes, outcome }
}

/// Refuses a call for want of a place as [`call`] would, recorded and counted, but without what it takes to serve one:
/// when there is too much to do, a refusal must cost little. None where there is a place, or room to wait.
pub(crate) fn shed(engine: &Engine, caller: &Caller, request_id: &str, tool: &str) -> Option<Stop> {
    refuse(engine, caller, request_id, tool, admit::full(engine, caller)?)
}

/// Records and counts a call that is refused for this reason, and gives the reason back.
pub(crate) fn refuse(engine: &Engine, caller: &Caller, request_id: &str, tool: &str, stop: Stop) -> Option<Stop> {
    let record = Record::open(engine.clock, request_id, caller, engine.catalogue.find(tool));
    let refused = Err(stop);
    record.close(&engine.metrics, &refused, &Notes::default());
    refused.err()
}

/// What is found out about a call on its way.
#[derive(Default)]
struct Known<'a> {
    /// What it is held to.
    served: Option<Served<'a>>,
    notes: Notes,
    /// Masked until the call is recorded.
    secrets: Secrets,
}

async fn stages<'a>(
    engine: &'a Arc<Engine>,
    mut call: ToolCall,
    record: &Record,
    known: &mut Known<'a>,
) -> Result<Outcome, Stop> {
    // bootstrap: bounds and the caller's own wishes come before anything is looked up, since they are the caller's word
    // and cost nothing to check.
    let wishes = bootstrap::check(&engine.limits, &call)?;
    let (named, sight) = resolve::sight(engine, &call.caller, &call.name);
    let policy = named.map(|tool| engine.policy(tool));
    let began = engine.clock.now();

    // admit: a draining server takes no new call, and waits for those that it let in. Callers wait here in turn, and no
    // longer than their calls may take.
    let until = began + wishes.time(&engine.limits, policy);
    let _admitted = admit::enter(engine, &call.caller, until, &call.cancellation).await?;

    // resolve: surface, version and name to one tool and, where they say it, one major of it. What an operator switched
    // off ends here, and so do calls above the tool's own rate.
    let choice = resolve::choose(engine, &call.caller, call.surface, &call.name, &wishes, sight)?;
    let tool = choice.assumed().tool;
    let policy = engine.policy(tool);

    // guard: what the caller was granted comes before all else that is said of the tool.
    guard::scopes(engine, &call.caller, tool)?;
    let long = tasks::support(tool, &*call.channel)?;
    engine.switches.check(tool)?;
    let cancellation = call.cancellation.clone();
    admit::within(until, &cancellation, admit::tool(engine, policy, &tool.name, &call.caller)).await?;

    // normalise: the published schema itself is what arguments are validated by, all violations at once. What is of an
    // older major goes up to the current one, which is the only one that has a function.
    let (asked, surface) = (asked(&call, long.is_some() || policy.confirmation.is_some()), call.surface);
    let key = wishes.idempotency_key.clone();
    let keyed = key.as_deref().map(|key| (key, Digest::of(Value::Object(call.arguments.clone()))));
    let Normal { served, arguments, secrets } =
        normalise::arguments(choice, call.arguments, &engine.clock, |served| {
            known.served = Some(served);
            record.serving(served.contract());
        })?;
    known.secrets = secrets.clone();

    // guard: policies decide on the arguments that the function would get, and before an earlier answer is given again.
    guard::policies(engine, &call.caller, served, surface, &arguments)?;

    // Of all calls with one idempotency key one runs, and the others get its answer.
    let deadline = bootstrap::deadline(engine, policy, &wishes, began);
    let guarded = guard::claim(engine, served, &call.caller, keyed, deadline.hard(), &mut known.notes);
    let claim = match admit::within(until, &cancellation, guarded).await? {
        Guarded::Answered(outcome) => return Ok(outcome),
        Guarded::Run(claim) => Unbegun(claim),
    };

    // A repeated call brings back what it was given, sealed for the arguments as the caller wrote them and for the
    // version that they were meant for. It is looked at after the claim, since a call that was answered gets its answer
    // again, with all that it was called with.
    let binding = binding(&call.caller, served, &asked);
    let (held, state) = match &call.request_state {
        None => (Held::default(), None),
        Some(state) => match bring_back(engine, &binding, state).await {
            Ok((held, state)) => (held, Some(state)),
            Err(stop) => return turn_away(engine, claim, Err(stop), &known.notes, until).await,
        },
    };

    // confirm: what may change or remove something waits until somebody has said yes to its plan.
    let answer = call.responses.remove(QUESTION);
    let confirming = Confirming {
        engine,
        served,
        policy,
        caller: &call.caller,
        request_id: &call.request_id,
        meta: &call.meta,
        channel: &call.channel,
        cancellation: &cancellation,
        binding,
        arguments: &arguments,
        secrets: &secrets,
        until: began + deadline.hard(),
        held: &held,
        answer,
    };
    let (confirmed, used) = match Box::pin(confirming.check()).await {
        Ok(Step::Go(confirmed, used)) => (confirmed, used),
        Ok(Step::Ask(outcome)) => return turn_away(engine, claim, Ok(outcome), &known.notes, until).await,
        Err(stop) => {
            // Who said no is not asked for a second answer to the same question.
            if let Some(state) = state.filter(|_| !matches!(stop, Stop::NotConfirmed(_))) {
                Used::Token(state).give_back(engine).await;
            }
            return turn_away(engine, claim, Err(stop), &known.notes, until).await;
        }
    };
    known.notes.confirmed = confirmed.map(|confirmed| confirmed.by);
    deadline.touch();
    let mut responses = held.answers;
    responses.extend(call.responses);

    let call = Call {
        tool: served.tool.name.clone(),
        deadline,
        request_id: call.request_id,
        caller: call.caller,
        meta: call.meta,
        cancellation: call.cancellation,
        responses,
        idempotency_key: key,
        confirmed,
        channel: call.channel,
        bounds: engine.bounds(served.tool, secrets),
    };
    let claim = claim.begin();
    // What takes long goes on apart from its request, through the same `run`.
    let outcome = if let Some(support) = long {
        let start = Start { served, support, surface, call, arguments, asked, claim };
        Box::pin(tasks::begin(engine, start, &mut known.notes)).await
    } else {
        let context = CallContext::new(call);
        run(engine, served, Ready { context, arguments, asked, claim }, &mut known.notes).await
    };
    // A call that was refused before anything began can be made again as it is.
    if outcome.is_err() && !known.notes.begun {
        for used in [state.map_or(Used::Nothing, Used::Token), used] {
            used.give_back(engine).await;
        }
    }
    outcome
}

/// Opens what a call brought back, and uses it up.
async fn bring_back(engine: &Engine, binding: &Binding<'_>, state: &str) -> Result<(Held, Spent), Stop> {
    let opened = engine.states.open(binding, Purpose::State, state).await?;
    let spent = engine.states.spend(binding, &opened).await.map_err(Stop::from).inspect_err(|stop| {
        if let Stop::StoreAway(error) = stop {
            engine.store_failed(Kind::Nonce, error);
        }
    })?;
    Ok((opened.held, spent))
}

/// Answers a call of which nothing was begun, and frees its idempotency key.
async fn turn_away(
    engine: &Engine,
    claim: Unbegun,
    outcome: Result<Outcome, Stop>,
    notes: &Notes,
    until: Instant,
) -> Result<Outcome, Stop> {
    if let Some(claim) = claim.begin() {
        settle(engine, claim, &outcome, notes, until).await;
    }
    outcome
}

/// A call that passed every check.
pub(crate) struct Ready {
    pub(crate) context: CallContext,
    /// In the form of the current major.
    pub(crate) arguments: Map<String, Value>,
    /// As the caller wrote them; kept only for a client that could be asked for input, or was, and for tasks.
    pub(crate) asked: Map<String, Value>,
    pub(crate) claim: Option<Claim>,
}

/// Runs a call that passed every check, and settles its claim by what came of it.
pub(crate) async fn run(engine: &Engine, served: Served<'_>, ready: Ready, notes: &mut Notes) -> Result<Outcome, Stop> {
    let Ready { context, arguments, asked, claim } = ready;
    let outcome = execute_and_compose(engine, served, &context, arguments, &asked, notes).await;
    if let Some(claim) = claim {
        settle(engine, claim, &outcome, notes, context.deadline().at()).await;
    }
    outcome
}

/// What a caller waits beyond the deadline for its answer to be kept.
const KEPT_WITHIN: Duration = Duration::from_millis(50);

/// Keeps what came of a call for its idempotency key. The call had its effect, so its caller gets the answer in any
/// case, and in time: it waits for the first attempt and no longer than until its deadline, and the rest goes on
/// without it. Where the answer can't be kept, a repeat is told that it is unknown.
pub(crate) async fn settle(
    engine: &Engine,
    claim: Claim,
    outcome: &Result<Outcome, Stop>,
    notes: &Notes,
    deadline: Instant,
) {
    let written = claim.settle(outcome, notes.begun);
    if let Ok(Err(error)) = tokio::time::timeout_at(deadline + KEPT_WITHIN, written).await {
        engine.metrics.store_failed(Kind::Claim, &error);
        tracing::warn!(%error, "the answer is not yet kept for its idempotency key");
    }
}

/// The arguments of a call that is run again, as they were written, in the form of the current major, and what is secret
/// among them.
pub(crate) fn arguments(
    engine: &Engine,
    served: Served<'_>,
    arguments: Map<String, Value>,
) -> Result<(Map<String, Value>, Secrets), Stop> {
    let Normal { arguments, secrets, .. } =
        normalise::arguments(Choice::Said(served), arguments, &engine.clock, |_| {})?;
    Ok((arguments, secrets))
}

async fn execute_and_compose(
    engine: &Engine,
    served: Served<'_>,
    context: &CallContext,
    arguments: Map<String, Value>,
    asked: &Map<String, Value>,
    notes: &mut Notes,
) -> Result<Outcome, Stop> {
    let policy = engine.policy(served.tool);
    let stale = policy.stale.map(|limit| (limit, stale::key(context.caller(), served, &arguments)));

    // execute: under the deadline, behind the breaker of the upstream, with panics caught; or the fallback.
    let execution = Execution { engine, served, policy, context, function: &served.tool.run };
    let failed = match execution.run(Arguments::new(arguments), notes).await {
        // compose: the result goes down to the major that was called, is cleaned of what nobody should see, is held to
        // its published output schema, and is then shaped for the client.
        Ok(output) => {
            let outcome = compose::outcome(served, output, engine.limits.result_bytes, context.hygiene())?;
            if let (Some((_, key)), None, Outcome::Done { content, structured }) = (stale, &notes.degraded, &outcome) {
                engine.stale.keep(key, content, structured.as_ref(), engine.clock.now());
            }
            return Ok(outcome);
        }
        Err(stop) => stop,
    };
    // What was right before is the last that can be offered.
    if let (Some((limit, key)), Some(reason)) = (stale, execute::reason(&failed))
        && let Some((last, age)) = engine.stale.find(&key, limit, engine.clock.now())
    {
        notes.degraded = Some(Degraded { mode: DegradedMode::Stale { age }, reason });
        return Ok(Outcome::Done { content: last.content, structured: last.structured });
    }
    let requests = compose::requests(failed)?;
    let plan = context.confirmed().map(Planned::Confirmed);
    let held = Held { answers: context.responses().clone(), plan };
    let state = engine.states.seal(&binding(context.caller(), served, asked), Purpose::State, held).await?;
    Ok(Outcome::InputRequired { requests, state })
}

fn binding<'a>(caller: &'a Caller, served: Served<'a>, asked: &'a Map<String, Value>) -> Binding<'a> {
    Binding {
        tenant: caller.tenant(),
        principal: caller.principal().as_str(),
        tool: &served.tool.name,
        version: &served.contract().label,
        arguments: asked,
    }
}

/// The arguments as they were written, where they are needed again: `kept` says so of the tool.
fn asked(call: &ToolCall, kept: bool) -> Map<String, Value> {
    let declared = call.channel.capabilities();
    let can_be_asked = declared.elicitation.is_some() || declared.sampling.is_some() || declared.roots.is_some();
    if can_be_asked || kept || call.request_state.is_some() { call.arguments.clone() } else { Map::new() }
}
