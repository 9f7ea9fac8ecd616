//! Tasks of processes whose store fails in every way, whose functions don't yield, and whose releases differ. What
//! callers see of tasks that fare well is tested from outside.

mod faulty;
mod places;
mod records;
mod releases;
mod sealed;
mod store;
mod threads;

use std::{
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use rmcp::model::{ClientCapabilities, DetailedTask, InputRequests, InputResponses, TaskStatus};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use self::faulty::{Fault, Faulty};
use crate::{
    call::{Outcome, Stop, ToolCall},
    caller::Caller,
    clock::Clock,
    config::Settings,
    context::{BoxFuture, CallContext, Channel, Interaction, LogLevel},
    engine::{Engine, Seams},
    error::ToolError,
    keyring::Keyring,
    mcp_tool, pipeline,
    secrets::Secret,
    server::Server,
    store::{Kind, Memory, Store},
    tasks,
    tool::State,
    tools,
};

fn local() -> Caller {
    Caller::local("default".into())
}

/// What the functions of a test do, shared by all its processes.
#[derive(Clone, Default)]
struct Bench(Arc<Inner>);

#[derive(Default)]
struct Inner {
    begun: AtomicUsize,
    running: AtomicUsize,
    /// Threads don't end.
    held: Mutex<bool>,
    free: Condvar,
}

/// Keeps threads from their ends until this is dropped.
struct Held(Bench);

struct Running(Bench);

impl Bench {
    fn begin(&self) -> Running {
        self.0.begun.fetch_add(1, Ordering::SeqCst);
        self.0.running.fetch_add(1, Ordering::SeqCst);
        Running(self.clone())
    }

    fn hold(&self) -> Held {
        *self.0.held.lock().unwrap() = true;
        Held(self.clone())
    }

    fn begun(&self) -> usize {
        self.0.begun.load(Ordering::SeqCst)
    }

    fn running(&self) -> usize {
        self.0.running.load(Ordering::SeqCst)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        *self.0.0.held.lock().unwrap() = false;
        self.0.0.free.notify_all();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Read for so long.
#[mcp_tool(version = "1.0.0", effect = read_only, task, timeout = "1h", crate = crate)]
async fn read(State(bench): State<Bench>, seconds: u64, text: Option<String>) -> String {
    let _running = bench.begin();
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    format!("read {} bytes", text.unwrap_or_default().len())
}

/// Read what a password opens, for so long.
#[mcp_tool(version = "1.0.0", effect = read_only, task, timeout = "1h", crate = crate)]
async fn unlock(State(bench): State<Bench>, seconds: u64, password: Secret<String>, word: Option<String>) -> String {
    let _running = bench.begin();
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    format!("{} {}", password.expose().len(), word.unwrap_or_default())
}

/// Change something for so long.
#[mcp_tool(version = "1.0.0", effect = additive, task, timeout = "1h", crate = crate)]
async fn change(State(bench): State<Bench>, seconds: u64) -> String {
    let _running = bench.begin();
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    "changed".into()
}

/// Give a result that is so long.
#[mcp_tool(version = "1.0.0", effect = additive, task, timeout = "1h", crate = crate)]
async fn fill(State(bench): State<Bench>, bytes: usize) -> String {
    let _running = bench.begin();
    "a".repeat(bytes)
}

/// Read on a thread of its own, for as long as the test wants.
#[mcp_tool(version = "1.0.0", effect = read_only, task, timeout = "1m", crate = crate)]
fn block(State(bench): State<Bench>) -> String {
    let _running = bench.begin();
    drop(bench.0.free.wait_while(bench.0.held.lock().unwrap(), |held| *held));
    "read".into()
}

/// Compute without a pause until told to stop.
#[mcp_tool(version = "1.0.0", effect = read_only, task, timeout = "1h", crate = crate)]
async fn compute(cx: CallContext, State(bench): State<Bench>) -> String {
    let _running = bench.begin();
    for _ in 0..10_000_000 {
        if cx.is_cancelled() {
            return "stopped".into();
        }
        std::thread::yield_now();
    }
    panic!("nobody told it to stop");
}

/// A process of the test's server.
struct Process {
    engine: Arc<Engine>,
    store: Arc<Faulty>,
}

impl Process {
    fn first(bench: &Bench) -> Self {
        let clock = Clock::starting_at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600));
        Self::on(bench, Arc::new(Memory::new(clock)), Arc::new(Keyring::fresh().unwrap()), clock)
    }

    /// Another one with the same records and keys, and a way to them of its own.
    fn another(&self, bench: &Bench) -> Self {
        self.another_with(bench, Arc::clone(&self.engine.keyring))
    }

    /// The same with other keys.
    fn another_with(&self, bench: &Bench, keyring: Arc<Keyring>) -> Self {
        Self::on(bench, Arc::clone(&self.store.memory), keyring, self.engine.clock)
    }

    fn on(bench: &Bench, memory: Arc<Memory>, keyring: Arc<Keyring>, clock: Clock) -> Self {
        let store = Arc::new(Faulty::new(memory));
        let server =
            Server::builder("bench", bench.clone()).tools(tools![read, unlock, change, fill, block, compute]).build();
        let seams = Seams { store: Arc::clone(&store) as Arc<dyn Store>, keyring, ..Seams::of_test(clock) };
        let engine = Engine::new(server.into_parts().unwrap(), &Settings::from_text("").unwrap(), seams).unwrap();
        Self { engine: Arc::new(engine), store }
    }

    /// Makes a call that becomes a task.
    async fn call(&self, tool: &str, arguments: Value) -> Result<String, Stop> {
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        let call = ToolCall {
            name: tool.into(),
            arguments,
            meta: Map::new(),
            request_id: "1".into(),
            caller: local(),
            surface: None,
            cancellation: CancellationToken::new(),
            channel: Arc::new(KnowsTasks),
            responses: InputResponses::new(),
            request_state: None,
        };
        match pipeline::call(&self.engine, call).await.outcome? {
            Outcome::Task(task) => Ok(task.task_id),
            _ => panic!("no task"),
        }
    }

    async fn task(&self, id: &str) -> DetailedTask {
        tasks::get(&self.engine, &local(), id).await.unwrap()
    }

    async fn status(&self, id: &str) -> TaskStatus {
        self.task(id).await.task.status
    }

    async fn sweep(&self) {
        tasks::sweep(&self.engine).await.unwrap();
    }
}

/// A client that knows tasks.
struct KnowsTasks;

impl Channel for KnowsTasks {
    fn progress(&self, _progress: f64, _total: Option<f64>, _message: Option<String>) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn log(&self, _level: LogLevel, _data: Value) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn capabilities(&self) -> ClientCapabilities {
        ClientCapabilities::builder().enable_tasks().build()
    }

    fn interaction(&self) -> Interaction {
        Interaction::Rounds
    }

    fn request(&self, _attempt: u32, _requests: InputRequests) -> BoxFuture<'_, Result<InputResponses, ToolError>> {
        Box::pin(std::future::ready(Err(ToolError::internal("nobody is asked"))))
    }
}

/// Lets everything happen that can without the clock moving.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

/// Lets time pass in small steps, so that everything happens in its order.
async fn pass(seconds: u64) {
    for _ in 0..seconds * 10 {
        tokio::time::advance(Duration::from_millis(100)).await;
        settle().await;
    }
}

/// Lets threads do what they do, however long the machine takes for it, until something holds.
async fn until(what: impl Fn() -> bool) {
    for _ in 0..1_000_000 {
        if what() {
            return settle().await;
        }
        std::thread::yield_now();
        tokio::task::yield_now().await;
    }
    panic!("it never holds");
}
