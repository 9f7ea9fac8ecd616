//! Servers in one process, each with its own way to a store that they share.

use std::{
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use rmcp::model::{ClientCapabilities, InputRequests, InputResponses};
use serde_json::{Map, Value, json};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::STORE;
use crate::{
    Server, ToolError,
    call::{Called, Outcome, Stop, ToolCall},
    caller::Caller,
    clock::Clock,
    config::Settings,
    context::{BoxFuture, Channel, Interaction, LogLevel},
    engine::{Engine, Seams},
    mcp_tool, pipeline,
    reliability::Quota,
    store::{Expect, Key, Kind, Memory, Put, Store, StoreError, Stored, Taken, Trouble},
    tool::State,
    tools,
};

/// How a change is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Open,
    /// It is not made, which is said.
    Away,
    /// It is made, and said to have failed.
    Unsaid,
    /// It is made, and said a little later.
    SaidLate,
    /// It is made once that long has passed.
    After(Duration),
}

/// One process's way to a store that others share.
pub(super) struct Line {
    memory: Arc<Memory>,
    way: Mutex<Way>,
    /// How often something was asked of claims.
    pub(super) claims: AtomicU32,
}

impl Line {
    fn to(memory: &Arc<Memory>) -> Arc<Self> {
        Arc::new(Self { memory: Arc::clone(memory), way: Mutex::new(Way::Open), claims: AtomicU32::new(0) })
    }

    pub(super) fn set(&self, way: Way) {
        *self.way.lock().unwrap() = way;
    }

    async fn through<T>(
        &self,
        kind: Kind,
        change: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        if kind == Kind::Claim {
            self.claims.fetch_add(1, Ordering::SeqCst);
        }
        let (store, what, help) = ("test".into(), "the line is cut".into(), "mend it".into());
        let away = Err(StoreError::Away(Trouble { store, what, help, source: None }));
        let way = *self.way.lock().unwrap();
        match way {
            Way::Open => change.await,
            Way::Away => away,
            Way::Unsaid => {
                change.await?;
                away
            }
            Way::SaidLate => {
                let made = change.await;
                sleep(STORE).await;
                made
            }
            Way::After(time) => {
                sleep(time.min(STORE)).await;
                if time > STORE { away } else { change.await }
            }
        }
    }
}

impl Store for Line {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        Box::pin(self.through(key.kind, self.memory.get(key)))
    }

    fn put<'a>(
        &'a self,
        key: &'a Key,
        expect: Expect,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Result<Put, StoreError>> {
        Box::pin(self.through(key.kind, async move { self.memory.put(key, expect, value, ttl).await }))
    }

    fn remove<'a>(&'a self, key: &'a Key, expect: Expect) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(self.through(key.kind, async move { self.memory.remove(key, expect).await }))
    }

    fn list<'a>(
        &'a self,
        tenant: &'a str,
        kind: Kind,
        after: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<(Key, Stored)>, StoreError>> {
        self.memory.list(tenant, kind, after, limit)
    }

    fn take<'a>(&'a self, key: &'a Key, quota: Quota) -> BoxFuture<'a, Result<Taken, StoreError>> {
        self.memory.take(key, quota)
    }
}

/// How often something was paid.
#[derive(Clone, Default)]
pub(super) struct Paid(pub(super) Arc<AtomicU32>);

/// Pay, which takes its time.
#[mcp_tool(version = "1.0.0", effect = additive, timeout = "20s", crate = crate)]
async fn pay(State(paid): State<Paid>, seconds: u64) -> Result<u32, ToolError> {
    sleep(Duration::from_secs(seconds)).await;
    Ok(paid.0.fetch_add(1, Ordering::SeqCst) + 1)
}

/// Pay in the last moment that there is.
#[mcp_tool(version = "1.0.0", effect = additive, timeout = "1s", crate = crate)]
async fn pay_late(State(paid): State<Paid>) -> Result<u32, ToolError> {
    paid.0.fetch_add(1, Ordering::SeqCst);
    pending().await
}

/// A server, and its way to the store.
pub(super) struct Replica {
    pub(super) engine: Arc<Engine>,
    pub(super) line: Arc<Line>,
}

impl Replica {
    pub(super) fn of(memory: &Arc<Memory>, paid: &Paid) -> Self {
        let clock = Clock::system();
        let line = Line::to(memory);
        let server = Server::builder("test", paid.clone()).tools(tools![pay, pay_late]).build();
        let settings = "[idempotency]\nlease = '6s'\n[limits]\nconcurrency = 2000\nconcurrency_per_caller = 2000";
        let settings = Settings::from_text(settings).unwrap();
        let seams = Seams { store: Arc::clone(&line) as Arc<dyn Store>, ..Seams::of_test(clock) };
        let engine = Engine::new(server.into_parts().unwrap(), &settings, seams).unwrap();
        Self { engine: Arc::new(engine), line }
    }

    pub(super) async fn call(&self, tool: &str, arguments: Value) -> Told {
        self.keyed("k", tool, arguments).await
    }

    pub(super) async fn keyed(&self, key: &str, tool: &str, arguments: Value) -> Told {
        let object = |value| if let Value::Object(object) = value { object } else { Map::new() };
        let call = ToolCall {
            name: tool.into(),
            arguments: object(arguments),
            meta: object(json!({"dev.steadfast/idempotencyKey": key})),
            request_id: "test".into(),
            caller: Caller::local("default".into()),
            surface: None,
            cancellation: CancellationToken::new(),
            channel: Arc::new(Nobody),
            responses: InputResponses::default(),
            request_state: None,
        };
        Told::from(pipeline::call(&self.engine, call).await)
    }

    pub(super) async fn pay(&self, seconds: u64) -> Told {
        self.call("pay", json!({"seconds": seconds})).await
    }
}

/// A server without others.
pub(super) fn alone() -> (Replica, Paid) {
    let paid = Paid::default();
    (Replica::of(&Arc::new(Memory::new(Clock::system())), &paid), paid)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Paid,
    Replayed,
    InFlight,
    Unknown,
    Reused,
    Away,
    Other,
}

impl From<Called<'_>> for Told {
    fn from(called: Called<'_>) -> Self {
        match called.outcome {
            Ok(Outcome::Done { .. }) if called.notes.replayed => Self::Replayed,
            Ok(Outcome::Done { .. }) => Self::Paid,
            Err(Stop::InFlight { .. }) => Self::InFlight,
            Err(Stop::EffectUnknown { .. }) => Self::Unknown,
            Err(Stop::KeyReused) => Self::Reused,
            Err(Stop::StoreAway(_)) => Self::Away,
            _ => Self::Other,
        }
    }
}

struct Nobody;

impl Channel for Nobody {
    fn progress(&self, _: f64, _: Option<f64>, _: Option<String>) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn log(&self, _: LogLevel, _: Value) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn capabilities(&self) -> ClientCapabilities {
        ClientCapabilities::default()
    }

    fn interaction(&self) -> Interaction {
        Interaction::Rounds
    }

    fn request(&self, _: u32, _: InputRequests) -> BoxFuture<'_, Result<InputResponses, ToolError>> {
        Box::pin(pending())
    }
}
