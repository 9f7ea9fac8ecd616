//! For a server's own tests: a client in the process, a paused clock, contract snapshots.
//!
//! Feature `testing`; add it to the dev-dependency: `steadfast = { version = "..", features = ["testing"] }`.

mod contracts;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use rmcp::model::{CallToolResponse, ClientCapabilities, InputRequests, InputResponses};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

pub use self::contracts::assert_contracts;
use crate::{
    access::Asked,
    answer,
    blocking::Threads,
    call::ToolCall,
    caller::{Caller, Proved, Scopes},
    catalogue::SurfaceId,
    clock::Clock,
    config::{ConfigProblem, Settings},
    confirm::{self, Decision, QUESTION},
    context::{Bounds, BoxFuture, Call, CallContext, Channel, Deadline, Interaction, LogLevel},
    date::Date,
    engine::{Engine, Seams},
    error::ToolError,
    hygiene::Hygiene,
    keyring::Keyring,
    pipeline,
    principal::Principal,
    problem::Problem,
    reliability::Random,
    server::Server,
    store::{Memory, Store},
    switches::{self, Switch, Target},
    tasks::{self, TaskError},
    tool::Declaration,
};

/// The time of day at which a paused clock starts: 2026-01-01T00:00:00Z.
const START: Duration = Duration::from_secs(1_767_225_600);

/// What chance begins with in a test.
const SEED: u64 = 1;

/// Calls a server's tools in the process, through the whole pipeline.
///
/// Time is tokio's: under `#[tokio::test(start_paused = true)]` no timeout waits, and [`advance`] moves the clock.
///
/// ```
/// use steadfast::{prelude::*, testing::Client};
/// # use serde_json::json;
///
/// /// Add two numbers.
/// #[mcp_tool(version = "1.0.0", effect = read_only)]
/// async fn add(a: i32, b: i32) -> Result<i32, ToolError> {
///     Ok(a + b)
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let client = Client::new(Server::builder("calculator", ()).tools(tools![add]).build()).unwrap();
/// let answer = client.call("add", json!({"a": 2, "b": 3})).await;
/// assert_eq!(answer.structured(), Some(&json!({"result": 5})));
/// # });
/// ```
pub struct Client {
    engine: Arc<Engine>,
    store: Arc<Memory>,
    caller: Caller,
    surface: Option<SurfaceId>,
    capabilities: ClientCapabilities,
    /// Its user says yes to every plan.
    confirming: bool,
    progress: Arc<Mutex<Vec<Progress>>>,
}

/// A progress notification that a tool sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// How far it is.
    pub progress: f64,
    /// Of how much.
    pub total: Option<f64>,
    /// What it says.
    pub message: Option<String>,
}

/// What a server answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    message: Value,
}

impl Client {
    /// A client of `server`, with default settings.
    ///
    /// # Errors
    /// Everything that keeps the server from being started.
    pub fn new<S>(server: Server<S>) -> Result<Self, Vec<Problem>> {
        Self::with(server, "")
    }

    /// A client of `server`, configured by the text of a `steadfast.toml`.
    ///
    /// # Errors
    /// Everything that keeps the server from being started.
    pub fn with<S>(server: Server<S>, configuration: &str) -> Result<Self, Vec<Problem>> {
        let clock = Clock::starting_at(SystemTime::UNIX_EPOCH + START);
        let keyring = Keyring::fresh()
            .map_err(|error| vec![Problem::new("the test", error.to_string(), "run it where there is randomness")])?;
        Self::on(server, configuration, Arc::new(Memory::new(clock)), Arc::new(keyring), clock)
    }

    fn on<S>(
        server: Server<S>,
        configuration: &str,
        store: Arc<Memory>,
        keyring: Arc<Keyring>,
        clock: Clock,
    ) -> Result<Self, Vec<Problem>> {
        let settings = Settings::from_text(configuration).map_err(|problems| {
            let problem = |problem: ConfigProblem| Problem::new(problem.key, problem.what, problem.help);
            problems.into_iter().map(problem).collect::<Vec<_>>()
        })?;
        let seams = Seams { clock, random: Random::seeded(SEED), store: Arc::clone(&store) as Arc<dyn Store>, keyring };
        let engine = Arc::new(Engine::new(server.into_parts()?, &settings, seams)?);
        let (surface, capabilities) = (None, ClientCapabilities::default());
        let caller = Caller::local(Arc::clone(&engine.tenant));
        Ok(Self { engine, store, caller, surface, capabilities, confirming: false, progress: Arc::default() })
    }

    /// Another caller of the same server, in the same tenant.
    #[must_use]
    pub fn as_caller(&self, name: &str) -> Self {
        self.called_by(Principal::Named(name.into()), Arc::clone(self.caller.tenant()), self.caller.proved().clone())
    }

    /// The same caller in another tenant.
    #[must_use]
    pub fn of_tenant(&self, tenant: &str) -> Self {
        self.called_by(self.caller.principal().clone(), tenant.into(), self.caller.proved().clone())
    }

    /// The same caller, who was granted these scopes and no others.
    #[must_use]
    pub fn with_scopes(&self, scopes: &[&str]) -> Self {
        let scopes = Scopes::Granted(scopes.iter().map(|scope| (*scope).to_owned()).collect());
        let proved = Proved { scopes, ..self.caller.proved().clone() };
        self.called_by(self.caller.principal().clone(), Arc::clone(self.caller.tenant()), proved)
    }

    fn called_by(&self, principal: Principal, tenant: Arc<str>, proved: Proved) -> Self {
        Self {
            engine: Arc::clone(&self.engine),
            store: Arc::clone(&self.store),
            caller: Caller::new(principal, tenant, proved),
            surface: self.surface,
            capabilities: self.capabilities.clone(),
            confirming: self.confirming,
            progress: Arc::default(),
        }
    }

    /// Another process of the same server, on the same store: a replica, or the next start.
    ///
    /// # Errors
    /// Everything that keeps the server from being started.
    pub fn replica<S>(&self, server: Server<S>, configuration: &str) -> Result<Self, Vec<Problem>> {
        let (store, keyring) = (Arc::clone(&self.store), Arc::clone(&self.engine.keyring));
        Self::on(server, configuration, store, keyring, self.engine.clock).map(|replica| Self {
            caller: self.caller.clone(),
            capabilities: self.capabilities.clone(),
            confirming: self.confirming,
            ..replica
        })
    }

    /// Ends the server's tasks as the end of its process would: without a word, and whatever they are at.
    pub fn crash(&self) {
        self.engine.tasks.crash();
    }

    /// Ends the server's tasks as SIGTERM does: they are given a grace period, and then to another process.
    pub async fn drain(&self, grace: Duration) {
        self.engine.gate.close();
        self.engine.tasks.drain(grace).await;
    }

    /// Takes over the tasks that have lost their process, as a server does when it starts and every now and then.
    ///
    /// # Panics
    /// When the store is away: the test would not be the one that it means.
    pub async fn adopt(&self) {
        let swept = tasks::sweep(&self.engine).await;
        assert!(swept.is_ok(), "the store is away");
    }

    /// A task, as `tasks/get` shows it.
    pub async fn task(&self, id: &str) -> Answer {
        Answer::of(tasks::get(&self.engine, &self.caller, id).await.map(|task| serde_json::json!(task)))
    }

    /// Answers what a task asks.
    pub async fn update_task(&self, id: &str, answers: Value) -> Answer {
        let answers = object(answers).into_iter().collect();
        Answer::of(tasks::update(&self.engine, &self.caller, id, answers).await.map(|()| serde_json::json!({})))
    }

    /// Cancels a task.
    pub async fn cancel_task(&self, id: &str) -> Answer {
        Answer::of(tasks::cancel(&self.engine, &self.caller, id).await.map(|()| serde_json::json!({})))
    }

    /// Puts the server's store away, or back: claims are refused, limits are each process's own.
    pub fn put_store_away(&self, away: bool) {
        self.store.put_away(away);
    }

    /// Switches something off, as the command `switch off` does: `all`, `read-only`, `class:destructive`, `tool:NAME`.
    ///
    /// # Panics
    /// When there is no such target, or the store is away: the test would not be the one that it means.
    pub async fn switch_off(&self, target: &str, reason: Option<&str>) {
        let target = Target::parse(target).unwrap_or_else(|| panic!("`{target}` can't be switched"));
        let switch = Switch { reason: reason.map(str::to_owned), since_ms: self.engine.clock.unix_millis() };
        let Engine { store, tenant, switches: set, .. } = &*self.engine;
        let done = switches::off(&**store, tenant, &target, &switch).await;
        assert!(done.is_ok() && set.refresh(&**store, tenant).await.is_ok(), "the store is away");
    }

    /// Switches something on again.
    ///
    /// # Panics
    /// As [`switch_off`](Self::switch_off).
    pub async fn switch_on(&self, target: &str) {
        let target = Target::parse(target).unwrap_or_else(|| panic!("`{target}` can't be switched"));
        let Engine { store, tenant, switches: set, .. } = &*self.engine;
        let done = switches::on(&**store, tenant, &target).await;
        assert!(done.is_ok() && set.refresh(&**store, tenant).await.is_ok(), "the store is away");
    }

    /// Grants a request for an approval, as the command `approve grant ID --as NAME` does; whether it was.
    pub async fn approve(&self, id: &str, name: &str) -> bool {
        self.decide(id, name, Decision::Grant).await
    }

    /// Denies a request for an approval.
    pub async fn deny(&self, id: &str, name: &str) -> bool {
        self.decide(id, name, Decision::Deny).await
    }

    async fn decide(&self, id: &str, name: &str, decision: Decision) -> bool {
        let (store, tenant, now_ms) = (&*self.engine.store, self.caller.tenant(), self.engine.clock.unix_millis());
        confirm::decide(store, tenant, id, decision, name, now_ms).await.is_ok()
    }

    /// The server's metrics, as OpenMetrics text.
    pub fn metrics(&self) -> String {
        self.engine.metrics_text()
    }

    /// Comes in on the surface of a release, as a client of its endpoint does.
    ///
    /// # Panics
    /// When the server has no such surface: the test would not be the one that it means.
    #[must_use]
    pub fn on_surface(mut self, release: &str) -> Self {
        let surface = self.engine.catalogue.surface(release);
        assert!(surface.is_some(), "the server has no surface `{release}`");
        self.surface = surface;
        self
    }

    /// Declares what the client can do, as a client would in its requests.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: ClientCapabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Says yes to the plan of every destructive call, as a client does whose user agrees: it is asked by an
    /// `input_required` result, and repeats the call.
    #[must_use]
    pub fn confirming(mut self) -> Self {
        self.capabilities.elicitation.get_or_insert_default().form = Some(Default::default());
        self.confirming = true;
        self
    }

    /// Calls a tool.
    pub async fn call(&self, tool: &str, arguments: Value) -> Answer {
        self.call_with(tool, arguments, Value::Null, InputResponses::new(), None).await
    }

    /// Calls a tool with a `_meta`.
    pub async fn call_with_meta(&self, tool: &str, arguments: Value, meta: Value) -> Answer {
        self.call_with(tool, arguments, meta, InputResponses::new(), None).await
    }

    /// Repeats a call that asked for input, with the client's answers and the state that came with the questions.
    pub async fn answer(&self, tool: &str, arguments: Value, answers: Value, asked: &Answer) -> Answer {
        self.answer_with_meta(tool, arguments, answers, asked, Value::Null).await
    }

    /// The same with a `_meta`.
    pub async fn answer_with_meta(
        &self,
        tool: &str,
        arguments: Value,
        answers: Value,
        asked: &Answer,
        meta: Value,
    ) -> Answer {
        let state = asked.message["requestState"].as_str().map(str::to_owned);
        self.call_with(tool, arguments, meta, object(answers).into_iter().collect(), state).await
    }

    /// What tools reported while they ran.
    pub fn progress(&self) -> Vec<Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the attributes of the tools say, sorted by name.
    pub fn declarations(&self) -> impl Iterator<Item = &Declaration> {
        self.engine.catalogue.entries().iter().map(|entry| &entry.declaration)
    }

    /// The tools as `tools/list` shows them.
    pub fn list(&self) -> Vec<rmcp::model::Tool> {
        let Engine { catalogue, access, .. } = &*self.engine;
        let listing = catalogue.list(self.surface, Date::today(&self.engine.clock));
        let shown = |tool: &&rmcp::model::Tool| {
            catalogue.listed(self.surface, &tool.name).is_some_and(|tool| access.may_use(&self.caller, tool))
        };
        listing.tools.iter().filter(shown).cloned().collect()
    }

    /// Whether policies permit a call of a tool in its current major; what they say is for tests of policies, and no
    /// function is run. Where there are no policies, every call is permitted.
    ///
    /// # Panics
    /// When there is no such tool: the test would not be the one that it means.
    pub fn permits(&self, tool: &str, arguments: &Value) -> bool {
        let Engine { catalogue, access, .. } = &*self.engine;
        let tool = catalogue.find(tool).unwrap_or_else(|| panic!("the server has no tool `{tool}`"));
        let surface = self.surface.map(|surface| catalogue.release(surface));
        let (empty, version) = (Map::new(), tool.current.label.as_str());
        let arguments = arguments.as_object().unwrap_or(&empty);
        let policies = access.policies.as_ref();
        policies.is_none_or(|policies| {
            policies.cedar.decide(&self.caller, &Asked { tool, version, surface, arguments }).permitted
        })
    }

    /// Looks at the directory of policies now, as a server does every `policy.refresh`.
    pub fn reload_policies(&self) {
        if let Some(policies) = &self.engine.access.policies {
            policies.refresh(&self.engine.metrics);
        }
    }

    async fn call_with(
        &self,
        tool: &str,
        arguments: Value,
        meta: Value,
        responses: InputResponses,
        request_state: Option<String>,
    ) -> Answer {
        let answer = self.once(tool, arguments.clone(), meta.clone(), responses, request_state).await;
        if !self.confirming || answer.message["inputRequests"].get(QUESTION).is_none() {
            return answer;
        }
        let yes = serde_json::json!({ "action": "accept", "content": { "confirm": true } });
        let state = answer.message["requestState"].as_str().map(str::to_owned);
        self.once(tool, arguments, meta, InputResponses::from([(QUESTION.to_owned(), yes)]), state).await
    }

    async fn once(
        &self,
        tool: &str,
        arguments: Value,
        meta: Value,
        responses: InputResponses,
        request_state: Option<String>,
    ) -> Answer {
        let call = ToolCall {
            name: tool.to_owned(),
            arguments: object(arguments),
            meta: object(meta),
            request_id: "test".into(),
            caller: self.caller.clone(),
            surface: self.surface,
            cancellation: CancellationToken::new(),
            channel: Arc::new(TestChannel { capabilities: self.capabilities.clone(), progress: self.progress.clone() }),
            responses,
            request_state,
        };
        let message = match answer::to_call(pipeline::call(&self.engine, call).await, "test") {
            Ok(CallToolResponse::Complete(result)) => serde_json::json!(result),
            Ok(CallToolResponse::InputRequired(result)) => serde_json::json!(result),
            Ok(CallToolResponse::Task(result)) => serde_json::json!(result),
            Ok(_) => Value::Null,
            Err(error) => serde_json::json!({ "error": error }),
        };
        Answer { message }
    }
}

impl Answer {
    fn of(outcome: Result<Value, TaskError>) -> Self {
        let message = outcome.unwrap_or_else(|error| serde_json::json!({ "error": answer::no_task(&error) }));
        Self { message }
    }

    /// The id of the task that the call became.
    pub fn task_id(&self) -> Option<&str> {
        self.message["taskId"].as_str()
    }

    /// How far a task is: `working`, `input_required`, `completed`, `failed` or `cancelled`.
    pub fn status(&self) -> Option<&str> {
        self.message["status"].as_str()
    }

    /// The structured content.
    pub fn structured(&self) -> Option<&Value> {
        self.message.get("structuredContent")
    }

    /// All text of the content.
    pub fn text(&self) -> String {
        let blocks = self.message["content"].as_array().into_iter().flatten();
        blocks.filter_map(|block| block["text"].as_str()).collect::<Vec<_>>().join("\n")
    }

    /// Whether the tool answered with an error that a model can read.
    pub fn is_error(&self) -> bool {
        self.message["isError"] == Value::Bool(true)
    }

    /// The code of a JSON-RPC error, when the request was refused.
    pub fn code(&self) -> Option<i64> {
        self.message["error"]["code"].as_i64()
    }

    /// The whole message, as it would go over the wire; a refusal is under `error`.
    pub fn message(&self) -> &Value {
        &self.message
    }
}

/// A context for calling a tool's plain function in a unit test.
pub fn context(tool: &str) -> CallContext {
    let clock = Clock::starting_at(SystemTime::UNIX_EPOCH + START);
    let hour = Duration::from_secs(3600);
    CallContext::new(Call {
        tool: tool.into(),
        request_id: "test".into(),
        caller: Caller::local("default".into()),
        meta: Map::new(),
        deadline: Deadline::new(clock, clock.now(), hour, hour),
        cancellation: CancellationToken::new(),
        responses: InputResponses::new(),
        idempotency_key: None,
        confirmed: None,
        channel: Arc::new(TestChannel { capabilities: ClientCapabilities::default(), progress: Arc::default() }),
        bounds: Bounds {
            result_bytes: usize::MAX,
            threads: Arc::new(Threads::new(1)),
            #[cfg(feature = "egress")]
            outlet: None,
            hygiene: Hygiene::default(),
            named: Arc::default(),
        },
    })
}

/// Moves a paused clock; only in a test that is `#[tokio::test(start_paused = true)]`.
pub async fn advance(by: Duration) {
    tokio::time::advance(by).await;
}

/// The published definition of a tool, for a snapshot; use [`assert_contract!`](crate::assert_contract).
///
/// # Panics
/// When the server can't be built or has no such tool: the test that asked should fail.
pub fn contract<S>(server: Server<S>, tool: &str) -> Value {
    let catalogue = match server.catalogue {
        Ok(catalogue) => catalogue,
        Err(problems) => panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    };
    let entry = catalogue.find(tool).unwrap_or_else(|| panic!("the server has no tool `{tool}`"));
    steadfast_contract::sorted(serde_json::json!({
        "version": entry.declaration.version,
        "effect": entry.declaration.effect.as_str(),
        "definition": entry.current.definition,
    }))
}

/// Holds a tool's contract to its insta snapshot, which is named after the tool.
///
/// ```text
/// #[test]
/// fn contracts_are_as_reviewed() {
///     steadfast::assert_contract!(server(), "search_notes");
///     steadfast::assert_contract!(server(), "add_note");
/// }
/// ```
#[macro_export]
macro_rules! assert_contract {
    ($server:expr, $tool:expr) => {{
        let contract = $crate::testing::contract($server, $tool);
        let text = ::std::format!("{contract:#}");
        ::insta::assert_snapshot!($tool, text);
    }};
}

struct TestChannel {
    capabilities: ClientCapabilities,
    progress: Arc<Mutex<Vec<Progress>>>,
}

impl Channel for TestChannel {
    fn progress(&self, progress: f64, total: Option<f64>, message: Option<String>) -> BoxFuture<'_, ()> {
        let mut seen = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push(Progress { progress, total, message });
        Box::pin(std::future::ready(()))
    }

    fn log(&self, _level: LogLevel, _data: Value) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn capabilities(&self) -> ClientCapabilities {
        self.capabilities.clone()
    }

    fn interaction(&self) -> Interaction {
        Interaction::Rounds
    }

    fn request(&self, _attempt: u32, _requests: InputRequests) -> BoxFuture<'_, Result<InputResponses, ToolError>> {
        Box::pin(std::future::ready(Err(ToolError::internal("a test answers by repeating the call"))))
    }
}

/// # Panics
/// When a test passes something else than an object, or nothing: the call would not be the one that it means.
fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        Value::Null => Map::new(),
        other => panic!("a JSON object is needed here, not {other}"),
    }
}
