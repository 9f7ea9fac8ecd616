//! What a repeated call brings back of the rounds before it (`requestState`), and what it is given for the next.
//!
//! Invariant: a state opens for the caller, tool, version and arguments that it was sealed for, and once.

use rmcp::model::InputResponses;
use serde_json::{Map, Value};

use super::{compose, confirm::Used};
use crate::{
    call::{Outcome, Stop, ToolCall},
    caller::Caller,
    catalogue::Served,
    context::CallContext,
    engine::Engine,
    request_state::{Binding, Held, Planned, Purpose},
    store::Kind,
};

/// What came with a call, and was used up by that.
pub(super) struct Brought {
    pub(super) held: Held,
    used: Used,
}

/// The arguments as the caller wrote them, where they are needed again: `kept` says so of the tool.
pub(super) fn asked(call: &ToolCall, kept: bool) -> Map<String, Value> {
    let declared = call.channel.capabilities();
    let can_be_asked = declared.elicitation.is_some() || declared.sampling.is_some() || declared.roots.is_some();
    if can_be_asked || kept || call.request_state.is_some() { call.arguments.clone() } else { Map::new() }
}

/// What a state is sealed for.
pub(super) fn binding<'a>(caller: &'a Caller, served: Served<'a>, asked: &'a Map<String, Value>) -> Binding<'a> {
    Binding {
        tenant: caller.tenant(),
        principal: caller.principal().as_str(),
        tool: &served.tool.name,
        version: &served.contract().label,
        arguments: asked,
    }
}

/// Opens what a call brought back, if it did, and uses it up.
pub(super) async fn open(engine: &Engine, binding: &Binding<'_>, state: Option<&str>) -> Result<Brought, Stop> {
    let Some(state) = state else { return Ok(Brought { held: Held::default(), used: Used::Nothing }) };
    let opened = engine.states.open(binding, Purpose::State, state).await?;
    let spent = engine.states.spend(binding, &opened).await.map_err(Stop::from).inspect_err(|stop| {
        if let Stop::StoreAway(error) = stop {
            engine.store_failed(Kind::Nonce, error);
        }
    })?;
    Ok(Brought { held: opened.held, used: Used::Token(spent) })
}

impl Brought {
    /// The answers of the client so far, and how the state is given back.
    pub(super) fn into_answers(self) -> (InputResponses, Used) {
        (self.held.answers, self.used)
    }

    /// Lets the state be used once more, unless its call was refused by somebody's word: who said no is not asked for a
    /// second answer to the same question.
    pub(super) async fn give_back_after(self, engine: &Engine, stop: &Stop) {
        if !matches!(stop, Stop::NotConfirmed(_)) {
            self.used.give_back(engine).await;
        }
    }
}

/// Asks the client what the function wants to know, and gives it what it is to bring back; or what the function ended with
/// otherwise.
pub(super) async fn ask(
    engine: &Engine,
    served: Served<'_>,
    context: &CallContext,
    asked: &Map<String, Value>,
    ended: Stop,
) -> Result<Outcome, Stop> {
    let requests = compose::requests(ended)?;
    let plan = context.confirmed().map(Planned::Confirmed);
    let held = Held { answers: context.responses().clone(), plan };
    let state = engine.states.seal(&binding(context.caller(), served, asked), Purpose::State, held).await?;
    Ok(Outcome::InputRequired { requests, state })
}
