//! Destructive control: a call that may change or remove something goes on only once its plan was confirmed.
//!
//! It comes after the idempotency claim, so that a call that was answered gets its answer again, and before anything of
//! the call begins, be it a function or a task. Invariants: what is confirmed is a plan of this very call, made again
//! when the confirmation comes; a confirmation counts once in all replicas; whoever can't be asked is not asked, and the
//! call is refused. Refuses with `isError` results that carry the plan, and with -32021 where the client can't confirm in
//! any way that the configuration allows.

#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use rmcp::model::{ClientCapabilities, ElicitResult, ElicitationAction, ElicitationSchema, InputResponses};
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::execute::Execution;
use crate::{
    call::{Outcome, Stop, ToolCall, Unapproved, Unconfirmed},
    catalogue::Served,
    confirm::{Attested, ConfirmBy, Confirmed, Plan, QUESTION, Shown, Standing, Taken},
    context::{BoxFuture, Call, CallContext, Channel, Deadline, Interaction, LogLevel},
    duration::millis,
    engine::Engine,
    error::{ErrorKind, ToolError},
    input_required::{self, InputRequests, Inputs},
    names::meta,
    policy::ToolPolicy,
    request_state::{Binding, Held, Planned, Purpose, STATE_TTL, Spent, StateError},
    secrets::Secrets,
    store::{Kind, StoreError},
    tool::{Arguments, Output},
};

/// How often a plan that changes while a person looks at it is shown anew.
const ROUNDS: usize = 3;

/// A call that is to be confirmed.
pub(super) struct Confirming<'a> {
    pub(super) engine: &'a Engine,
    pub(super) served: Served<'a>,
    pub(super) call: &'a ToolCall,
    pub(super) binding: Binding<'a>,
    /// In the form of the current major.
    pub(super) arguments: &'a Map<String, Value>,
    /// What is secret in them.
    pub(super) secrets: &'a Secrets,
    /// When the call ends, whatever happens.
    pub(super) until: Instant,
    /// What the call brought back.
    pub(super) held: &'a Held,
}

/// What is to be done with a call.
pub(super) enum Step {
    /// It goes on.
    Go(Option<Confirmed>, Used),
    /// Its client is asked first.
    Ask(Outcome),
}

/// What a confirmation used up.
pub(super) enum Used {
    Nothing,
    Token(Spent),
    Approval(Box<Taken>),
}

impl Used {
    /// Lets it be used once more: the call was refused before anything of it began. Where the store does not take this,
    /// the call has to be confirmed anew.
    pub(super) async fn give_back(self, engine: &Engine) {
        let (kind, given) = match self {
            Self::Nothing => return,
            Self::Token(spent) => (Kind::Nonce, engine.states.give_back(spent).await),
            Self::Approval(taken) => (Kind::Approval, engine.approvals.give_back(*taken).await),
        };
        if let Err(error) = given {
            engine.store_failed(kind, &error);
        }
    }
}

impl Confirming<'_> {
    /// Looks for the confirmation of the call, if it needs one.
    pub(super) async fn check(self) -> Result<Step, Stop> {
        let mode = match self.policy().confirmation {
            None | Some(ConfirmBy::Off) => return Ok(Step::Go(None, Used::Nothing)),
            Some(mode) => mode,
        };
        let shown = self.plan().await?;
        // It was confirmed before, and its function asked something of its own since.
        if let Some(Planned::Confirmed(confirmed)) = self.held.plan
            && confirmed.plan == shown.digest()
            && confirmed.is_enough(mode)
            && self.engine.clock.unix_millis() < confirmed.until_ms
        {
            return Ok(Step::Go(Some(confirmed), Used::Nothing));
        }
        match mode {
            ConfirmBy::Approver => self.by_approver(shown).await,
            _ => self.by_client(shown).await,
        }
    }

    async fn by_client(self, shown: Shown) -> Result<Step, Stop> {
        let by_token = self.engine.confirmation.by_token;
        let mut reason = None;
        if let (true, Some(token)) = (by_token, self.text(meta::CONFIRMATION)?) {
            match self.token(token, &shown).await? {
                Ok(used) => return Ok(Step::Go(Some(self.confirmed(Attested::Client, &shown)), used)),
                Err(why) => reason = Some(why),
            }
        }
        if let Some(answer) = self.call.channel.confirm(&shown).await {
            return self.at_hand(shown, answer).await;
        }
        let form = form();
        if input_required::covers(&self.call.channel.capabilities(), &form) {
            return match self.call.channel.interaction() {
                Interaction::Live => self.live(shown).await,
                Interaction::Rounds => self.round(shown).await,
            };
        }
        if !by_token {
            return Err(Stop::MissingCapability(Box::new(form)));
        }
        let held = Held { plan: Some(Planned::Asked(shown.digest())), ..Held::default() };
        let states = &self.engine.states;
        let token = states.seal(&self.binding, Purpose::Confirmation, held).await?;
        let expires = states.ttl(Purpose::Confirmation);
        Err(Stop::Unconfirmed(Box::new(Unconfirmed { shown, token, expires, reason })))
    }

    /// Uses the token that came with the call; or why it does not count, where a new one may be asked for.
    async fn token(&self, token: &str, shown: &Shown) -> Result<Result<Used, &'static str>, Stop> {
        let states = &self.engine.states;
        let refused = |error| match error {
            StateError::Forged(_) => {
                Stop::NotConfirmed("the confirmation is not one that this server gave for this call")
            }
            StateError::Used(_) => Stop::NotConfirmed("the confirmation was used before"),
            StateError::Store(error) => self.away(Kind::Nonce, error),
            other => other.into(),
        };
        let opened = match states.open(&self.binding, Purpose::Confirmation, token).await {
            Err(StateError::Expired(_)) => return Ok(Err("expired")),
            opened => opened.map_err(refused)?,
        };
        if opened.held.plan != Some(Planned::Asked(shown.digest())) {
            return Ok(Err("plan_changed"));
        }
        Ok(Ok(Used::Token(states.spend(&self.binding, &opened).await.map_err(refused)?)))
    }

    /// A client that is asked while the call waits.
    async fn live(self, mut shown: Shown) -> Result<Step, Stop> {
        for _ in 0..ROUNDS {
            let context = self.context(Arc::clone(&self.call.channel), InputResponses::new());
            let asked = async { context.ask(question(&shown)?).await?.elicited(QUESTION) };
            let answer = tokio::select! {
                biased;
                () = self.call.cancellation.cancelled() => return Err(Stop::Cancelled),
                answer = asked => answer?,
                () = tokio::time::sleep_until(self.until) => {
                    return Err(Stop::Tool(ToolError::new(ErrorKind::Timeout, "the call was not confirmed in time")));
                }
            };
            if !says_yes(&answer) {
                return Err(declined());
            }
            match self.still(shown).await? {
                Ok(step) => return Ok(step),
                Err(changed) => shown = changed,
            }
        }
        Err(Stop::NotConfirmed("what the call would do changes all the time"))
    }

    /// A person at the terminal, who has answered to the first plan.
    async fn at_hand(self, mut shown: Shown, mut yes: bool) -> Result<Step, Stop> {
        for _ in 0..ROUNDS {
            if !yes {
                return Err(declined());
            }
            match self.still(shown).await? {
                Ok(step) => return Ok(step),
                Err(changed) => shown = changed,
            }
            yes = self.call.channel.confirm(&shown).await.unwrap_or_default();
        }
        Err(Stop::NotConfirmed("what the call would do changes all the time"))
    }

    /// Goes on if the plan that was confirmed still holds; else the new one.
    async fn still(&self, shown: Shown) -> Result<Result<Step, Shown>, Stop> {
        let again = self.plan().await?;
        if again.digest() != shown.digest() {
            return Ok(Err(again));
        }
        Ok(Ok(Step::Go(Some(self.confirmed(Attested::Client, &shown)), Used::Nothing)))
    }

    /// A client that is asked by an `input_required` result, and repeats the call. What it brought back was used up when
    /// it was opened.
    async fn round(self, shown: Shown) -> Result<Step, Stop> {
        let answer = self.call.responses.get(QUESTION);
        let answer = answer.and_then(|answer| serde_json::from_value::<ElicitResult>(answer.clone()).ok());
        if let (Some(Planned::Asked(plan)), Some(answer)) = (self.held.plan, answer)
            && plan == shown.digest()
        {
            let yes = says_yes(&answer);
            let go = || Step::Go(Some(self.confirmed(Attested::Client, &shown)), Used::Nothing);
            return yes.then(go).ok_or_else(declined);
        }
        let held = Held { answers: self.held.answers.clone(), plan: Some(Planned::Asked(shown.digest())) };
        let state = self.engine.states.seal(&self.binding, Purpose::State, held).await?;
        Ok(Step::Ask(Outcome::InputRequired { requests: question(&shown)?.into_requests(), state }))
    }

    /// Somebody else than the caller.
    async fn by_approver(self, shown: Shown) -> Result<Step, Stop> {
        let approvals = &self.engine.approvals;
        let request = approvals.of(&self.binding, shown.digest());
        let away = |error| self.away(Kind::Approval, error);
        let named = self.text(meta::APPROVAL)?;
        if named == Some(request.id())
            && let Some(taken) = approvals.take(&request).await.map_err(away)?
        {
            let confirmed = self.confirmed(Attested::Approver, &shown);
            return Ok(Step::Go(Some(confirmed), Used::Approval(Box::new(taken))));
        }
        let Binding { tool, version, .. } = self.binding;
        let asked = approvals.ask(&request, &self.call.caller, &shown, (tool, version)).await.map_err(away)?;
        let approval = asked.map_err(|retry_after| Stop::TooManyApprovals { retry_after })?;
        if let Standing::Denied { .. } = approval.state {
            return Err(Stop::NotConfirmed("an approver denied the call"));
        }
        Err(Stop::Unapproved(Box::new(Unapproved {
            shown,
            id: request.id().to_owned(),
            granted: matches!(approval.state, Standing::Granted { .. }),
            expires: Duration::from_millis(approval.expires_ms.saturating_sub(self.engine.clock.unix_millis())),
            reason: named.filter(|named| *named != request.id()).map(|_| "not_this_plan"),
        })))
    }

    /// Somebody said yes. That holds for as long as a client may take to answer one question of the function's own,
    /// however many it is asked.
    fn confirmed(&self, by: Attested, shown: &Shown) -> Confirmed {
        let until_ms = self.engine.clock.unix_millis().saturating_add(millis(STATE_TTL));
        Confirmed { by, plan: shown.digest(), until_ms }
    }

    /// What the call would do, as its tool's own function says it, or as the tool is described.
    async fn plan(&self) -> Result<Shown, Stop> {
        let plan = match &self.served.tool.plan {
            None => Plan::derived(self.served),
            Some(function) => {
                let context = self.context(Arc::new(Silent), InputResponses::new());
                let Self { engine, served, .. } = *self;
                let execution = Execution { engine, served, policy: self.policy(), context: &context, function };
                match execution.look(Arguments::new(self.arguments.clone())).await? {
                    Output::Plan(plan) => *plan,
                    _ => return Err(Stop::BadOutput("the plan is none".into())),
                }
            }
        };
        let hygiene = self.engine.hygiene.with(self.secrets.clone());
        Ok(Shown::new(plan, self.served, self.binding.arguments, self.arguments, &hygiene))
    }

    /// A context of its own: what is done here does not take the function's time.
    fn context(&self, channel: Arc<dyn Channel>, responses: InputResponses) -> CallContext {
        let clock = self.engine.clock;
        let now = clock.now();
        CallContext::new(Call {
            tool: Arc::clone(&self.served.tool.name),
            request_id: self.call.request_id.to_owned(),
            caller: self.call.caller.clone(),
            meta: self.call.meta.clone(),
            deadline: Deadline::new(clock, now, self.policy().timeout, self.until.saturating_duration_since(now)),
            cancellation: self.call.cancellation.child_token(),
            responses,
            idempotency_key: None,
            confirmed: None,
            channel,
            bounds: self.engine.bounds(self.served.tool, self.secrets.clone()),
        })
    }

    fn policy(&self) -> &ToolPolicy {
        self.engine.policy(self.served.tool)
    }

    /// A text of the request's `_meta`.
    fn text(&self, key: &'static str) -> Result<Option<&str>, Stop> {
        match self.call.meta.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Stop::BadMeta { key, expected: "text, as an earlier answer gave it" }),
        }
    }

    fn away(&self, kind: Kind, error: StoreError) -> Stop {
        self.engine.store_failed(kind, &error);
        Stop::StoreAway(error)
    }
}

fn declined() -> Stop {
    Stop::NotConfirmed("the user did not confirm")
}

fn says_yes(answer: &ElicitResult) -> bool {
    let confirmed = answer.content.as_ref().is_some_and(|content| content["confirm"] == true);
    answer.action == ElicitationAction::Accept && confirmed
}

/// The plan as a message, and one thing to say to it.
fn question(shown: &Shown) -> Result<Inputs, ToolError> {
    let form: ElicitationSchema = serde_json::from_value(serde_json::json!({
        "type": "object",
        "properties": { "confirm": { "type": "boolean", "title": "Do it", "description": "Do what the plan says" } },
        "required": ["confirm"],
    }))?;
    Ok(Inputs::new().elicit(QUESTION, shown.text(), form))
}

/// What a client declares that can be asked.
fn form() -> ClientCapabilities {
    let mut needed = ClientCapabilities::default();
    needed.elicitation.get_or_insert_default().form = Some(Default::default());
    needed
}

/// The channel of a plan: it is made for whoever confirms, and nobody is told or asked meanwhile.
struct Silent;

impl Channel for Silent {
    fn progress(&self, _progress: f64, _total: Option<f64>, _message: Option<String>) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn log(&self, _level: LogLevel, _data: Value) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn capabilities(&self) -> ClientCapabilities {
        ClientCapabilities::default()
    }

    fn interaction(&self) -> Interaction {
        Interaction::Rounds
    }

    fn request(&self, _attempt: u32, _requests: InputRequests) -> BoxFuture<'_, Result<InputResponses, ToolError>> {
        Box::pin(std::future::ready(Err(ToolError::internal("nobody can be asked for a plan"))))
    }
}
