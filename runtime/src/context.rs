//! What a tool's function knows about its call, and what it can do with the client while it runs.

mod deadline;

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use rmcp::model::ClientCapabilities;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

pub(crate) use self::deadline::{Deadline, Time};
#[cfg(feature = "egress")]
use crate::egress::{Egress, Outlet};
use crate::{
    blocking::Threads,
    caller::Caller,
    confirm::{Confirmed, Shown},
    error::ToolError,
    hygiene::Hygiene,
    input_required::{self, Answers, InputRequests, InputResponses, Inputs},
    principal::Principal,
    secrets::{NamedSecrets, Secret},
};

pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The call that a function serves. Cheap to clone.
///
/// Take it as a parameter of type `CallContext`; it is no argument and does not appear in the schema.
#[derive(Clone)]
pub struct CallContext {
    call: Arc<Call>,
    /// Which attempt this is, from 1; 0 is none: a fallback, or nothing yet.
    attempt: u32,
    /// Of this attempt; cancelled with the call.
    cancellation: CancellationToken,
}

/// What the pipeline knows of a call when the function starts.
pub(crate) struct Call {
    pub(crate) tool: Arc<str>,
    pub(crate) request_id: String,
    pub(crate) caller: Caller,
    pub(crate) meta: Map<String, Value>,
    pub(crate) deadline: Deadline,
    pub(crate) cancellation: CancellationToken,
    pub(crate) responses: InputResponses,
    pub(crate) idempotency_key: Option<String>,
    /// What it did to be confirmed, where that was needed.
    pub(crate) confirmed: Option<Confirmed>,
    pub(crate) channel: Arc<dyn Channel>,
    pub(crate) bounds: Bounds,
}

/// What one run of a function may take of the server.
#[derive(Debug, Clone)]
pub(crate) struct Bounds {
    /// For what it returns.
    pub(crate) result_bytes: usize,
    /// For a function that is not `async`.
    pub(crate) threads: Arc<Threads>,
    /// What it may reach; none where it lists nothing.
    #[cfg(feature = "egress")]
    pub(crate) outlet: Option<Outlet>,
    /// What text goes through that it sends, with the secrets of the call.
    pub(crate) hygiene: Hygiene,
    /// `[secrets]` of the configuration.
    pub(crate) named: Arc<NamedSecrets>,
}

/// What a transport can do with the client during a call. Implemented by each caller of the pipeline.
pub(crate) trait Channel: Send + Sync {
    /// Sends `notifications/progress`, if the client asked for it.
    fn progress(&self, progress: f64, total: Option<f64>, message: Option<String>) -> BoxFuture<'_, ()>;

    /// Sends `notifications/message`, if the client wants messages of that level.
    fn log(&self, level: LogLevel, data: Value) -> BoxFuture<'_, ()>;

    /// What the client declared it can do.
    fn capabilities(&self) -> ClientCapabilities;

    /// How the client can be asked for input.
    fn interaction(&self) -> Interaction;

    /// Asks the client while the call waits; only for [`Interaction::Live`]. The answers are under the same keys.
    /// `attempt` is the attempt at the call that asks.
    fn request(&self, attempt: u32, requests: InputRequests) -> BoxFuture<'_, Result<InputResponses, ToolError>>;

    /// Asks a person at hand whether a destructive call may be done; none where nobody is at hand.
    fn confirm<'a>(&'a self, _plan: &'a Shown) -> BoxFuture<'a, Option<bool>> {
        Box::pin(std::future::ready(None))
    }

    /// Lets the caller go, who asks for the result later; the time that the call has from then on. None where the call
    /// stays as it is, because the client knows of no tasks.
    fn become_task(&self) -> BoxFuture<'_, Result<Option<Time>, ToolError>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

/// How severe a message to the client is (RFC 5424, section 6.2.1), least severe first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// For somebody who looks for a mistake.
    Debug,
    /// What happens normally.
    Info,
    /// Normal, and worth a look.
    Notice,
    /// Not yet a mistake.
    Warning,
    /// A mistake.
    Error,
    /// A part of the server does not work.
    Critical,
    /// Somebody must act at once.
    Alert,
    /// Nothing works.
    Emergency,
}

/// How a client can be asked for input during a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interaction {
    /// By requests while the call waits (protocols before 2026-07-28).
    Live,
    /// By an `input_required` result and a repeated call (2026-07-28, SEP-2322).
    Rounds,
}

impl CallContext {
    pub(crate) fn new(call: Call) -> Self {
        let cancellation = call.cancellation.clone();
        Self { call: Arc::new(call), attempt: 0, cancellation }
    }

    /// The same call for one attempt at it.
    pub(crate) fn attempt_of(&self, attempt: u32) -> Self {
        Self { call: Arc::clone(&self.call), attempt, cancellation: self.call.cancellation.child_token() }
    }

    pub(crate) fn deadline(&self) -> &Deadline {
        &self.call.deadline
    }

    pub(crate) fn cancellation(&self) -> &CancellationToken {
        &self.cancellation
    }

    pub(crate) fn threads(&self) -> &Arc<Threads> {
        &self.call.bounds.threads
    }

    /// The tool's published name, to keep.
    pub(crate) fn shared_tool(&self) -> &Arc<str> {
        &self.call.tool
    }

    /// How many bytes the result may take.
    pub(crate) fn result_bytes(&self) -> usize {
        self.call.bounds.result_bytes
    }

    /// How the call was confirmed.
    pub(crate) fn confirmed(&self) -> Option<Confirmed> {
        self.call.confirmed
    }

    /// What text goes through that comes of the call.
    pub(crate) fn hygiene(&self) -> &Hygiene {
        &self.call.bounds.hygiene
    }

    /// The answers that the client gave before.
    pub(crate) fn responses(&self) -> &InputResponses {
        &self.call.responses
    }

    /// The tool's published name.
    pub fn tool(&self) -> &str {
        &self.call.tool
    }

    /// The request's id, as the client chose it.
    pub fn request_id(&self) -> &str {
        &self.call.request_id
    }

    /// On whose behalf the call is made.
    pub fn principal(&self) -> &Principal {
        self.call.caller.principal()
    }

    /// Who makes the call, with its tenant and what was proved of it.
    pub fn caller(&self) -> &Caller {
        &self.call.caller
    }

    /// Which attempt at the call this is, from 1; more than 1 where `retry` is declared and earlier ones failed. In a
    /// fallback it is 0.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The caller's idempotency key, for an upstream that takes one, too. It is checked, and bound to this caller.
    pub fn idempotency_key(&self) -> Option<&str> {
        self.call.idempotency_key.as_deref()
    }

    /// The request's `_meta`. It is the client's word: nothing in it is verified.
    pub fn meta(&self) -> &Map<String, Value> {
        &self.call.meta
    }

    /// What the client declared it can do.
    pub fn client_capabilities(&self) -> ClientCapabilities {
        self.call.channel.capabilities()
    }

    /// Goes on only if the client declared `needed`.
    ///
    /// # Errors
    /// When it did not; returned with `?`, the client is told with -32021 which capability it would take.
    pub fn require(&self, needed: ClientCapabilities) -> Result<(), ToolError> {
        if input_required::covers(&self.client_capabilities(), &needed) {
            Ok(())
        } else {
            Err(ToolError::missing_capability(needed))
        }
    }

    /// The HTTP client of the tool: it reaches what the tool lists (`egress = [..]`), and nothing else.
    #[cfg(feature = "egress")]
    pub fn egress(&self) -> Egress {
        Egress::new(self.call.bounds.outlet.clone(), Arc::clone(&self.call.tool), self.call.deadline.at())
    }

    /// A secret of the configuration: `[secrets]`, `<name> = "file:/run/secrets/api_key"`. It was read when the server
    /// started.
    ///
    /// # Errors
    /// `internal` when the configuration has no secret of this name.
    pub fn secret(&self, name: &str) -> Result<&Secret<String>, ToolError> {
        let missing =
            || ToolError::internal(format!("the configuration has no secret `{name}`: add it to `[secrets]`"));
        self.call.bounds.named.get(name).ok_or_else(missing)
    }

    /// How much time is left. Pass it on to what the tool calls.
    pub fn remaining(&self) -> Duration {
        self.call.deadline.remaining()
    }

    /// Resolves when the caller gave up or the server stops waiting. The function is dropped at its next `await`
    /// anyway; use this to stop work that runs elsewhere.
    pub async fn cancelled(&self) {
        self.cancellation.cancelled().await;
    }

    /// Whether the caller gave up.
    pub fn is_cancelled(&self) -> bool {
        self.cancellation.is_cancelled()
    }

    /// Reports progress: `progress` of `total` in any unit, growing. It pushes the tool's `timeout` back, but not
    /// the server's hard maximum.
    pub async fn progress(&self, progress: f64, total: impl Into<Option<f64>>, message: impl Into<String>) {
        self.call.deadline.touch();
        let mut message = message.into();
        self.hygiene().string(&mut message);
        let message = Some(message).filter(|message| !message.is_empty());
        self.call.channel.progress(progress, total.into(), message).await;
    }

    /// Sends a message to the client's log (`notifications/message`). For the server's own log use `tracing`.
    pub async fn log(&self, level: LogLevel, data: impl Into<Value>) {
        let mut data = data.into();
        self.hygiene().value(&mut data);
        self.call.channel.log(level, data).await;
    }

    /// Asks the client for input: forms for its user, samples of its model, its roots.
    ///
    /// Ask before anything is changed. With a client of protocol 2026-07-28 the first `ask` ends the call with an
    /// `input_required` result, and the client's answer comes with a *new* call that runs the function from its
    /// beginning; answers given before are found again by their keys. With an older client the call waits, and the
    /// tool's `timeout` stands still meanwhile; the server's hard maximum does not.
    ///
    /// # Errors
    /// When the client did not declare that it can be asked for one of these. The error goes to the client as
    /// -32021 when it is returned with `?`.
    pub async fn ask(&self, inputs: Inputs) -> Result<Answers, ToolError> {
        let _asking = self.call.deadline.asking();
        let inputs = inputs.clean(self.hygiene());
        input_required::ask(&*self.call.channel, self.attempt, &self.call.responses, inputs).await
    }

    /// Answers the caller with a task, in a tool that declares `task(manual)`: the function goes on in the background,
    /// under the time of tasks, and its caller asks for the result later. Ask the client what comes first before. It
    /// does nothing where the call is a task, and where the client does not know tasks: then the caller waits.
    ///
    /// # Errors
    /// `unavailable` when no further task can be taken on now. Nothing was begun then, so return it with `?`.
    pub async fn become_task(&self) -> Result<(), ToolError> {
        if let Some(time) = self.call.channel.become_task().await? {
            self.call.deadline.extend(time);
        }
        Ok(())
    }
}

impl std::fmt::Debug for CallContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallContext")
            .field("tool", &self.call.tool)
            .field("request_id", &self.call.request_id)
            .field("caller", &self.call.caller)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    /// A client of an older protocol whose user takes an hour.
    struct Slow;

    impl Channel for Slow {
        fn progress(&self, _progress: f64, _total: Option<f64>, _message: Option<String>) -> BoxFuture<'_, ()> {
            Box::pin(std::future::ready(()))
        }

        fn log(&self, _level: LogLevel, _data: Value) -> BoxFuture<'_, ()> {
            Box::pin(std::future::ready(()))
        }

        fn capabilities(&self) -> ClientCapabilities {
            ClientCapabilities::builder().enable_roots().build()
        }

        fn interaction(&self) -> Interaction {
            Interaction::Live
        }

        fn request(&self, _attempt: u32, asked: InputRequests) -> BoxFuture<'_, Result<InputResponses, ToolError>> {
            Box::pin(async {
                tokio::time::sleep(Duration::from_secs(3600)).await;
                Ok(asked.into_keys().map(|key| (key, serde_json::json!({"roots": []}))).collect())
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_timeout_stands_still_while_the_client_is_asked_and_the_hard_maximum_does_not() {
        let clock = Clock::system();
        let (second, day) = (Duration::from_secs(1), Duration::from_secs(86_400));
        let start = clock.now();
        let context = CallContext::new(Call {
            tool: "ask".into(),
            request_id: "1".into(),
            caller: Caller::local("default".into()),
            meta: Map::new(),
            deadline: Deadline::new(clock, start, second, day),
            cancellation: CancellationToken::new(),
            responses: InputResponses::new(),
            idempotency_key: None,
            confirmed: None,
            channel: Arc::new(Slow),
            bounds: Bounds {
                result_bytes: 1024,
                threads: Arc::new(Threads::new(1)),
                #[cfg(feature = "egress")]
                outlet: None,
                hygiene: Hygiene::default(),
                named: Arc::default(),
            },
        });
        assert_eq!(context.deadline().at(), start + second);
        let answers = tokio::select! {
            biased;
            () = tokio::time::sleep(2 * second) => None,
            answers = context.ask(Inputs::new().roots("roots")) => Some(answers),
        };
        assert!(answers.is_none());
        assert_eq!(context.deadline().at(), start + 3 * second, "the idle clock starts anew");
        let (asked, at) = tokio::join!(context.ask(Inputs::new().roots("roots")), async {
            tokio::task::yield_now().await;
            context.deadline().at()
        });
        assert!(asked.is_ok());
        assert_eq!(at, start + day);
    }
}
