//! The life of a tool call, top to bottom.
//!
//! Each stage is a call into its own module. Invariant: whatever happens (a refusal, a panic, a cancellation, this
//! future being dropped), the call is recorded exactly once. Nothing here knows a transport; HTTP's own concerns
//! stay in `protocol`.

mod admit;
mod again;
mod attempt;
mod bootstrap;
mod claim;
mod compose;
mod confirm;
mod execute;
mod guard;
mod last_good;
mod limits;
mod normalise;
mod record;
mod repeat;
mod resolve;
mod size;
mod translate;

use std::sync::Arc;

use serde_json::{Map, Value};
use tracing::Instrument as _;

pub(crate) use self::{
    admit::{enter, full, pass},
    again::{allowed, arguments},
    attempt::message as panic_message,
    bootstrap::bounds,
    claim::settle,
    limits::{Admission, Limits},
    record::{Record, TARGET as RECORD_TARGET, WORDS as RECORD_WORDS, is_quiet, words},
    size::{bytes, of_answer},
};
use self::{
    claim::Claimed,
    confirm::{Confirming, Step},
    execute::Execution,
    last_good::LastGood,
    normalise::Normal,
};
use crate::{
    call::{Called, Notes, Outcome, Stop, ToolCall},
    caller::Caller,
    catalogue::Served,
    confirm::QUESTION,
    context::{Call, CallContext},
    engine::Engine,
    idempotency::Claim,
    secrets::Secrets,
    tasks::{self, Start},
    tool::{Arguments, Effect},
};

/// Serves one call.
pub(crate) async fn call(engine: &Arc<Engine>, call: ToolCall) -> Called<'_> {
    // record: opened first, so that every way out below closes it.
    let record = Record::open(engine.clock, &call.request_id, &call.caller, engine.catalogue.find(&call.name));
    let span = record.span();
    let mut known = Known::default();
    let outcome = stages(engine, call, &record, &mut known).instrument(span).await;
    let Known { served, notes, secrets } = known;
    // record: whatever came of it, before the reply.
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

/// Everything up to the function, and the way to it.
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
    let began = engine.clock.now();

    // admit: a draining server takes no new call, and waits for those that it let in. Callers wait here in turn, and no
    // longer than their calls may take.
    let until = began + wishes.time(&engine.limits, named.map(|tool| engine.policy(tool)));
    let _admitted = admit::enter(engine, &call.caller, until, &call.cancellation).await?;

    // resolve: surface, version and name to one tool and, where they say it, one major of it.
    let choice = resolve::choose(engine, &call.caller, call.surface, &call.name, &wishes, sight)?;
    let tool = choice.assumed().tool;
    let policy = engine.policy(tool);

    // guard: what the caller was granted comes before all else that is said of the tool. What an operator switched off
    // ends here, and so do calls above the tool's own rate.
    guard::scopes(engine, &call.caller, tool)?;
    let long = tasks::support(tool, &*call.channel)?;
    engine.switches.check(tool)?;
    admit::within(until, &call.cancellation, admit::tool(engine, policy, &tool.name, &call.caller)).await?;

    // normalise: the published schema itself is what arguments are validated by, all violations at once. What is of an
    // older major goes up to the current one, which is the only one that has a function.
    let asked = repeat::asked(&call, long.is_some() || policy.confirmation.is_some());
    let digest = claim::digest(wishes.idempotency_key.as_deref(), &call.arguments);
    let written = std::mem::take(&mut call.arguments);
    let Normal { served, arguments, secrets } =
        normalise::arguments(choice, &call.caller, written, &engine.clock, |served, secrets| {
            known.served = Some(served);
            known.secrets = secrets.clone();
            record.masks(secrets);
            record.serving(served.contract());
        })?;
    known.secrets = secrets.clone();
    record.masks(&secrets);

    // guard: policies decide on the arguments that the function would get, and before an earlier answer is given again.
    guard::policies(engine, &call.caller, served, call.surface, &arguments)?;

    // admit: what is kept of a call stays in a store that others share, long after the call.
    let changes = tool.declaration.effect != Effect::ReadOnly;
    if long.is_some() || changes && wishes.idempotency_key.is_some() {
        admit::within(until, &call.cancellation, admit::kept(engine, &call.caller)).await?;
    }

    // claim: of all calls with one idempotency key one runs, and the others get its answer.
    let deadline = bootstrap::deadline(engine, policy, &wishes, began);
    let keyed = wishes.idempotency_key.as_deref().zip(digest);
    let claiming = claim::claim(engine, served, &call.caller, keyed, deadline.hard(), &mut known.notes);
    let claim = match admit::within(until, &call.cancellation, claiming).await? {
        Claimed::Answered(outcome) => return Ok(outcome),
        Claimed::Run(claim) => claim,
    };

    // repeat: a repeated call brings back what it was given, sealed for the arguments as the caller wrote them and for
    // the version that they were meant for. It is looked at after the claim, since a call that was answered gets its
    // answer again, with all that it was called with.
    let binding = repeat::binding(&call.caller, served, &asked);
    let brought = match repeat::open(engine, &binding, call.request_state.as_deref()).await {
        Ok(brought) => brought,
        Err(stop) => return claim.turn_away(engine, Err(stop), &known.notes, until).await,
    };

    // confirm: what may change or remove something waits until somebody has said yes to its plan.
    let confirming = Confirming {
        engine,
        served,
        call: &call,
        binding,
        arguments: &arguments,
        secrets: &secrets,
        until: began + deadline.hard(),
        held: &brought.held,
    };
    let (confirmed, used) = match Box::pin(confirming.check()).await {
        Ok(Step::Go(confirmed, used)) => (confirmed, used),
        Ok(Step::Ask(outcome)) => return claim.turn_away(engine, Ok(outcome), &known.notes, until).await,
        Err(stop) => {
            brought.give_back_after(engine, &stop).await;
            return claim.turn_away(engine, Err(stop), &known.notes, until).await;
        }
    };
    known.notes.confirmed = confirmed.map(|confirmed| confirmed.by);

    // From here on the call is the function's: it passed every check.
    deadline.touch();
    call.responses.remove(QUESTION);
    let (surface, claim) = (call.surface, claim.begin());
    let (mut responses, state) = brought.into_answers();
    responses.extend(call.responses);
    let call = Call {
        tool: served.tool.name.clone(),
        deadline,
        request_id: call.request_id,
        caller: call.caller,
        meta: call.meta,
        cancellation: call.cancellation,
        responses,
        idempotency_key: wishes.idempotency_key,
        confirmed,
        channel: call.channel,
        bounds: engine.bounds(served.tool, secrets),
    };
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
        state.give_back(engine).await;
        used.give_back(engine).await;
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

/// The function and what comes of it, for a call that passed every check.
pub(crate) async fn run(engine: &Engine, served: Served<'_>, ready: Ready, notes: &mut Notes) -> Result<Outcome, Stop> {
    let Ready { context, arguments, asked, claim } = ready;
    let policy = engine.policy(served.tool);
    let last_good = LastGood::of(engine, served, context.caller(), &arguments);

    // execute: from here on something may happen. Under the deadline, behind the breaker of the upstream, with panics
    // caught; or the fallback.
    let execution = Execution { engine, served, policy, context: &context, function: &served.tool.run };
    let executed = execution.run(Arguments::new(arguments), notes).await;

    // compose: the result goes down to the major that was called, is cleaned of what nobody should see, is held to its
    // published output schema, and is then shaped for the client. What was right before is the last that can be offered
    // instead, and a function that asks its client is no failure.
    let outcome = match executed {
        Ok(output) => compose::outcome(served, output, engine.limits.result_bytes, context.hygiene())
            .inspect(|outcome| last_good.keep(outcome, notes)),
        Err(ended) => match last_good.instead_of(&ended, notes) {
            Some(outcome) => Ok(outcome),
            None => repeat::ask(engine, served, &context, &asked, ended).await,
        },
    };

    // The claim is settled by what came of it, whatever that is.
    if let Some(claim) = claim {
        settle(engine, claim, &outcome, notes, context.deadline().at()).await;
    }
    outcome
}
