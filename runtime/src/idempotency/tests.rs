//! Keys while the store is slow, away, or does not say what it did; on a paused clock.

use std::{
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use futures_util::{FutureExt as _, future::join_all};
use rmcp::model::{ClientCapabilities, InputRequests, InputResponses};
use serde_json::{Map, Value, json};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    Server, ToolError,
    call::{Called, Outcome, Stop, ToolCall},
    clock::Clock,
    config::Settings,
    context::{BoxFuture, Channel, Interaction, LogLevel},
    engine::{Engine, Seams},
    mcp_tool, pipeline,
    principal::Principal,
    reliability::{Quota, Random},
    store::{Expect, Key, Kind, Memory, Put, Store, StoreError, Stored, Taken, Trouble},
    tool::State,
    tools,
};

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);
/// What a store in a server takes at most.
const STORE: Duration = Duration::from_millis(250);
const LEASE: Duration = Duration::from_secs(6);

/// How a change is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
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
struct Line {
    memory: Arc<Memory>,
    way: Mutex<Way>,
    claims: AtomicU32,
}

impl Line {
    fn to(memory: &Arc<Memory>) -> Arc<Self> {
        Arc::new(Self { memory: Arc::clone(memory), way: Mutex::new(Way::Open), claims: AtomicU32::new(0) })
    }

    fn set(&self, way: Way) {
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
struct Paid(Arc<AtomicU32>);

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
struct Replica {
    engine: Arc<Engine>,
    line: Arc<Line>,
}

impl Replica {
    fn of(memory: &Arc<Memory>, paid: &Paid) -> Self {
        let clock = Clock::system();
        let line = Line::to(memory);
        let server = Server::builder("test", paid.clone()).tools(tools![pay, pay_late]).build();
        let settings = "[idempotency]\nlease = '6s'\n[limits]\nconcurrency = 2000\nconcurrency_per_caller = 2000";
        let settings = Settings::from_text(settings).unwrap();
        let seams = Seams { clock, random: Random::seeded(1), store: Arc::clone(&line) as Arc<dyn Store> };
        let engine = Engine::new(server.into_parts().unwrap(), &settings, seams).unwrap();
        Self { engine: Arc::new(engine), line }
    }

    async fn call(&self, tool: &str, arguments: Value) -> Told {
        let object = |value| if let Value::Object(object) = value { object } else { Map::new() };
        let call = ToolCall {
            name: tool.into(),
            arguments: object(arguments),
            meta: object(json!({"dev.steadfast/idempotencyKey": "k"})),
            request_id: "test".into(),
            principal: Principal::Local,
            surface: None,
            cancellation: CancellationToken::new(),
            channel: Arc::new(Nobody),
            responses: InputResponses::default(),
            request_state: None,
        };
        Told::from(pipeline::call(&self.engine, call).await)
    }

    async fn pay(&self, seconds: u64) -> Told {
        self.call("pay", json!({"seconds": seconds})).await
    }
}

/// A server without others.
fn alone() -> (Replica, Paid) {
    let paid = Paid::default();
    (Replica::of(&Arc::new(Memory::new(Clock::system())), &paid), paid)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
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

#[tokio::test(start_paused = true)]
async fn a_thousand_claims_of_one_key_ask_the_store_once() {
    let (replica, paid) = alone();
    replica.line.set(Way::After(STORE));
    let told = join_all((0..1_000).map(|_| replica.pay(1))).await;
    assert_eq!(told.iter().filter(|told| **told == Told::Paid).count(), 1);
    assert_eq!(told.iter().filter(|told| **told == Told::InFlight).count(), 999);
    assert_eq!(replica.line.claims.load(Ordering::SeqCst), 2, "the claim and its end");
    assert_eq!(replica.pay(1).await, Told::Replayed);
    assert_eq!(paid.0.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_another_goes_by_what_it_learns_and_by_its_own_arguments() {
    let (replica, _) = alone();
    replica.line.set(Way::After(STORE));
    assert_eq!(
        tokio::join!(replica.pay(1), replica.pay(1), replica.pay(2)),
        (Told::Paid, Told::InFlight, Told::Reused)
    );
    let again = tokio::join!(replica.pay(1), replica.pay(2), replica.pay(1));
    assert_eq!(again, (Told::Replayed, Told::Reused, Told::Replayed));
    replica.line.set(Way::Away);
    assert_eq!(tokio::join!(replica.pay(1), replica.pay(2)), (Told::Away, Told::Away));
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_another_that_goes_away_asks_itself() {
    let (replica, paid) = alone();
    replica.line.set(Way::After(STORE));
    let (gone, told) = tokio::join!(timeout(STORE / 2, replica.pay(1)), replica.pay(1));
    assert!(gone.is_err());
    assert_eq!((told, paid.0.load(Ordering::SeqCst)), (Told::Paid, 1));
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_may_have_been_made_is_taken_back() {
    let (replica, paid) = alone();
    replica.line.set(Way::Unsaid);
    assert_eq!(replica.pay(0).await, Told::Away);
    replica.line.set(Way::Open);
    assert_eq!(replica.pay(0).now_or_never(), Some(Told::InFlight), "it was made");
    sleep(SECOND).await;
    assert_eq!(replica.pay(0).await, Told::Paid);
    assert_eq!(paid.0.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_may_have_been_made_is_taken_back_when_the_store_comes_back() {
    let (replica, _) = alone();
    replica.line.set(Way::Unsaid);
    assert_eq!(replica.pay(0).await, Told::Away);
    replica.line.set(Way::Away);
    sleep(LEASE / 3).await;
    replica.line.set(Way::Open);
    sleep(LEASE / 2).await;
    assert_eq!(replica.pay(0).await, Told::Paid);
}

#[tokio::test(start_paused = true)]
async fn a_claim_whose_caller_left_while_it_was_made_is_taken_back() {
    let (replica, _) = alone();
    replica.line.set(Way::SaidLate);
    assert!(timeout(STORE / 2, replica.pay(0)).await.is_err());
    sleep(SECOND).await;
    assert_eq!(replica.pay(0).await, Told::Paid);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_kept_once_the_store_is_back_and_its_caller_does_not_wait_for_that() {
    let (replica, paid) = alone();
    let clock = Clock::system();
    let began = clock.now();
    let cut = async {
        sleep(SECOND / 2).await;
        replica.line.set(Way::After(SECOND));
    };
    let (told, ()) = tokio::join!(replica.pay(1), cut);
    assert_eq!((told, clock.now() - began), (Told::Paid, SECOND + STORE), "the first attempt");
    assert_eq!(replica.pay(1).await, Told::InFlight, "which needs no store");
    sleep(SECOND).await;
    replica.line.set(Way::Open);
    sleep(3 * SECOND).await;
    assert_eq!((replica.pay(1).await, paid.0.load(Ordering::SeqCst)), (Told::Replayed, 1));
}

#[tokio::test(start_paused = true)]
async fn who_is_out_of_time_does_not_wait_for_the_store() {
    let (replica, _) = alone();
    let clock = Clock::system();
    let began = clock.now();
    let cut = async {
        sleep(SECOND / 2).await;
        replica.line.set(Way::After(STORE));
    };
    let (told, ()) = tokio::join!(replica.call("pay_late", json!({})), cut);
    assert_eq!(told, Told::Unknown);
    let took = clock.now() - began;
    assert!(took <= SECOND + Duration::from_millis(55), "{took:?}");
    sleep(SECOND).await;
    assert_eq!(replica.call("pay_late", json!({})).await, Told::Unknown);
}

#[tokio::test(start_paused = true)]
async fn how_a_call_ended_whose_caller_is_gone_is_written_when_the_store_is_back() {
    let paid = Paid::default();
    let memory = Arc::new(Memory::new(Clock::system()));
    let (replica, other) = (Replica::of(&memory, &paid), Replica::of(&memory, &paid));
    let gone = timeout(SECOND, async {
        tokio::join!(replica.pay(2), async {
            sleep(SECOND / 2).await;
            replica.line.set(Way::Away);
        })
    });
    assert!(gone.await.is_err());
    assert_eq!(other.pay(2).await, Told::InFlight);
    replica.line.set(Way::Open);
    sleep(SECOND).await;
    assert_eq!(other.pay(2).await, Told::Unknown);
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_while_its_call_runs() {
    let paid = Paid::default();
    let memory = Arc::new(Memory::new(Clock::system()));
    let (replica, other) = (Replica::of(&memory, &paid), Replica::of(&memory, &paid));
    let repeats = async {
        sleep(SECOND / 2).await;
        for second in 0..15 {
            assert_eq!(other.pay(15).await, Told::InFlight, "{second}");
            sleep(SECOND - 50 * MILLISECOND).await;
        }
    };
    assert_eq!(tokio::join!(replica.pay(15), repeats).0, Told::Paid);
    assert_eq!(other.pay(15).await, Told::Replayed);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_gone_is_waited_for_no_longer_than_a_lease_and_nothing_is_done_again() {
    let paid = Paid::default();
    let memory = Arc::new(Memory::new(Clock::system()));
    let (replica, other) = (Replica::of(&memory, &paid), Replica::of(&memory, &paid));
    let repeats = async {
        sleep(SECOND).await;
        replica.line.set(Way::Away);
        assert_eq!(other.pay(19).await, Told::InFlight);
        sleep(LEASE).await;
        assert_eq!(other.pay(19).await, Told::Unknown);
        // It was cut off, and is not gone.
        sleep(LEASE).await;
        replica.line.set(Way::Open);
    };
    let (told, ()) = tokio::join!(replica.pay(19), repeats);
    assert_eq!((told, other.pay(19).await), (Told::Paid, Told::Replayed));
    assert_eq!(paid.0.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_drain_waits_for_what_is_not_yet_written() {
    let (replica, _) = alone();
    let cut = async {
        sleep(SECOND / 2).await;
        replica.line.set(Way::Away);
    };
    assert_eq!(tokio::join!(replica.pay(1), cut).0, Told::Paid);
    assert!(timeout(SECOND, replica.engine.idempotency.idle()).await.is_err());
    replica.line.set(Way::Open);
    assert!(timeout(3 * SECOND, replica.engine.idempotency.idle()).await.is_ok());
}
