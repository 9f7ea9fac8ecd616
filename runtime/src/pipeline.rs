//! The life of a tool call, top to bottom.
//!
//! Each stage is a call into its own module. Invariant: whatever happens (a refusal, a panic, a cancellation, this
//! future being dropped), the call is recorded exactly once. Nothing here knows a transport; HTTP's own concerns
//! stay in `protocol`.

mod bootstrap;
mod compose;
mod execute;
mod normalise;
mod record;
mod resolve;

use rmcp::model::InputResponses;
use serde_json::{Map, Value};
use tracing::Instrument as _;

pub(crate) use self::bootstrap::{Limits, bounds};
use crate::{
    call::{Outcome, Stop, ToolCall},
    catalogue::Entry,
    context::{Call, CallContext},
    engine::Engine,
    principal::Principal,
    request_state::Binding,
    tool::Arguments,
};

/// Serves one call.
pub(crate) async fn call(engine: &Engine, call: ToolCall) -> Result<Outcome, Stop> {
    // record: opened first, so that every way out below closes it.
    let record = record::Record::open(engine.clock, &call, engine.catalogue.find(&call.name));
    let span = record.span();
    let outcome = stages(engine, call).instrument(span).await;
    record.close(&outcome);
    outcome
}

async fn stages(engine: &Engine, call: ToolCall) -> Result<Outcome, Stop> {
    // bootstrap: bounds and the caller's own deadline come before anything is looked up, since both are the
    // caller's word and cost nothing to check.
    let caller = bootstrap::check(&engine.limits, &call)?;

    // admit: a draining server takes no new call, and waits for those that hold a ticket.
    let _ticket = engine.gate.enter().ok_or(Stop::Draining)?;

    // resolve: name and version to one tool, before the arguments are looked at, which only its schema can judge.
    let tool = resolve::tool(&engine.catalogue, &call.name, &caller)?;

    // A repeated call brings back what it was given, sealed for the arguments as the caller wrote them. A client
    // that can't be asked for anything never gets a state, so its arguments need not be kept.
    let asked = Asked::of(&call);
    let mut responses = match &call.request_state {
        Some(state) => engine.states.open(&binding(&call.principal, tool, &call.arguments), state)?,
        None => InputResponses::new(),
    };
    responses.extend(call.responses);

    // normalise: the published schema itself is what arguments are validated by, all violations at once.
    let arguments = normalise::arguments(tool, call.arguments)?;

    // execute: under the deadline, with panics caught.
    let context = CallContext::new(Call {
        tool: tool.name.clone(),
        deadline: bootstrap::deadline(engine, tool, &caller),
        request_id: call.request_id,
        principal: call.principal.clone(),
        meta: call.meta,
        cancellation: call.cancellation,
        responses: responses.clone(),
        channel: call.channel,
    });
    let output = match execute::run(tool, context, Arguments::new(arguments)).await {
        Ok(output) => output,
        Err(stop) => {
            return compose::instead(stop, |requests| {
                let state = engine.states.seal(&binding(&call.principal, tool, &asked.arguments), &responses)?;
                Ok(Outcome::InputRequired { requests, state })
            });
        }
    };

    // compose: the result is held to the published output schema, then shaped for the client.
    compose::outcome(tool, output)
}

/// What a state of this call is bound to.
fn binding<'a>(principal: &'a Principal, tool: &'a Entry, arguments: &'a Map<String, Value>) -> Binding<'a> {
    Binding { principal: principal.as_str(), tool: &tool.name, version: tool.declaration.version, arguments }
}

/// The arguments as the caller wrote them, kept only for a client that could be asked for input.
struct Asked {
    arguments: Map<String, Value>,
}

impl Asked {
    fn of(call: &ToolCall) -> Self {
        let declared = call.channel.capabilities();
        let can_be_asked = declared.elicitation.is_some() || declared.sampling.is_some() || declared.roots.is_some();
        let arguments = if can_be_asked { call.arguments.clone() } else { Map::new() };
        Self { arguments }
    }
}
