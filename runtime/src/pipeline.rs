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
mod translate;

use rmcp::model::InputResponses;
use serde_json::{Map, Value};
use tracing::Instrument as _;

pub(crate) use self::bootstrap::{Limits, bounds};
use self::record::Record;
use crate::{
    call::{Called, Outcome, Stop, ToolCall},
    catalogue::Served,
    context::{Call, CallContext},
    engine::Engine,
    request_state::Binding,
    tool::Arguments,
};

/// Serves one call.
pub(crate) async fn call(engine: &Engine, call: ToolCall) -> Called<'_> {
    // record: opened first, so that every way out below closes it.
    let record = Record::open(engine.clock, &call, engine.catalogue.find(&call.name));
    let span = record.span();
    let mut served = None;
    let outcome = stages(engine, call, &record, &mut served).instrument(span).await;
    record.close(&outcome);
    Called { contract: served.map(|served| served.echo()), outcome }
}

/// `held` is what the call is held to, as soon as that is known.
async fn stages<'a>(
    engine: &'a Engine,
    call: ToolCall,
    record: &Record,
    held: &mut Option<Served<'a>>,
) -> Result<Outcome, Stop> {
    // bootstrap: bounds and the caller's own deadline come before anything is looked up, since both are the
    // caller's word and cost nothing to check.
    let caller = bootstrap::check(&engine.limits, &call)?;

    // admit: a draining server takes no new call, and waits for those that hold a ticket.
    let _ticket = engine.gate.enter().ok_or(Stop::Draining)?;

    // resolve: surface, version and name to one tool and, where they say it, one major of it.
    let choice = resolve::choose(&engine.catalogue, &engine.clock, call.surface, &call.name, &caller)?;

    // normalise: the published schema itself is what arguments are validated by, all violations at once. What is of an
    // older major goes up to the current one, which is the only one that has a function.
    let asked = Asked::of(&call);
    let (served, arguments) = normalise::arguments(choice, call.arguments, &engine.clock, |served| {
        *held = Some(served);
        record.serving(served.contract());
    })?;

    // A repeated call brings back what it was given, sealed for the arguments as the caller wrote them and for the
    // version that they were meant for.
    let binding = Binding {
        principal: call.principal.as_str(),
        tool: &served.tool.name,
        version: &served.contract().label,
        arguments: &asked.arguments,
    };
    let mut responses = match &call.request_state {
        Some(state) => engine.states.open(&binding, state)?,
        None => InputResponses::new(),
    };
    responses.extend(call.responses);

    // execute: under the deadline, with panics caught.
    let context = CallContext::new(Call {
        tool: served.tool.name.clone(),
        deadline: bootstrap::deadline(engine, served.tool, &caller),
        request_id: call.request_id,
        principal: call.principal.clone(),
        meta: call.meta,
        cancellation: call.cancellation,
        responses: responses.clone(),
        channel: call.channel,
    });
    let output = match execute::run(served, context, Arguments::new(arguments)).await {
        Ok(output) => output,
        Err(stop) => {
            return compose::instead(stop, |requests| {
                let state = engine.states.seal(&binding, &responses)?;
                Ok(Outcome::InputRequired { requests, state })
            });
        }
    };

    // compose: the result goes down to the major that was called, is held to its published output schema, and is then
    // shaped for the client.
    compose::outcome(served, output)
}

/// The arguments as the caller wrote them, kept only for a client that could be asked for input, or was.
struct Asked {
    arguments: Map<String, Value>,
}

impl Asked {
    fn of(call: &ToolCall) -> Self {
        let declared = call.channel.capabilities();
        let can_be_asked = declared.elicitation.is_some() || declared.sampling.is_some() || declared.roots.is_some();
        let arguments = if can_be_asked || call.request_state.is_some() { call.arguments.clone() } else { Map::new() };
        Self { arguments }
    }
}
