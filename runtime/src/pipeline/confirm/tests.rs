//! Clients that are asked while the call waits. Those that repeat the call are in the integration tests.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::SystemTime,
};

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    call::{Called, ToolCall},
    caller::Caller,
    clock::Clock,
    config::Settings,
    engine::Seams,
    mcp_tool, pipeline,
    server::Server,
    tool::State,
    tools,
};

/// What there is to delete, and how often it was deleted.
#[derive(Clone, Default)]
struct World(Arc<(AtomicU32, AtomicU32)>);

impl World {
    fn acted(&self) -> u32 {
        self.0.1.load(Ordering::SeqCst)
    }

    fn grow(&self) {
        self.0.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Delete everything.
#[mcp_tool(version = "1.0.0", effect = destructive, timeout = "2s", plan = plan, crate = crate)]
async fn delete(State(world): State<World>) {
    // It has its own time, however long the person took.
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.0.1.fetch_add(1, Ordering::SeqCst);
}

/// Take something away.
#[mcp_tool(version = "1.0.0", effect = destructive, plan = careless_plan, crate = crate)]
async fn take_away(#[arg(secret)] key: String, place: String) {
    drop((key, place));
}

/// Says its secret, in each part where the part is cut and behind what nobody sees.
fn careless_plan(key: String, place: String) -> Plan {
    let (start, end) = key.split_at(6);
    let plan = Plan::new(format!("{}{key} of {place}", "x".repeat(490)));
    plan.change(format!("{}{key}", "y".repeat(190)), format!("by {key}")).change(format!("{start}\u{ad}{end}"), place)
}

fn plan(State(world): State<World>) -> Plan {
    Plan::new(format!("Deletes {}", world.0.0.load(Ordering::SeqCst)))
}

/// A person who takes a minute for each answer.
struct Person {
    world: World,
    /// What the person says, last first; silent when there is nothing left.
    says: Mutex<Vec<Value>>,
    /// How often the world changes while the person thinks.
    changes: AtomicU32,
    asked: AtomicU32,
}

impl Person {
    async fn answer(&self, requests: InputRequests) -> Result<InputResponses, ToolError> {
        assert!(requests.keys().all(|key| key == QUESTION));
        self.asked.fetch_add(1, Ordering::SeqCst);
        let says = self.says.lock().unwrap().pop();
        let Some(says) = says else { return std::future::pending().await };
        tokio::time::sleep(Duration::from_secs(60)).await;
        if self.changes.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
            self.world.grow();
        }
        Ok(InputResponses::from([(QUESTION.to_owned(), says)]))
    }
}

impl Channel for Person {
    fn progress(&self, _progress: f64, _total: Option<f64>, _message: Option<String>) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn log(&self, _level: LogLevel, _data: Value) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn capabilities(&self) -> ClientCapabilities {
        form()
    }

    fn interaction(&self) -> Interaction {
        Interaction::Live
    }

    fn request(&self, _attempt: u32, requests: InputRequests) -> BoxFuture<'_, Result<InputResponses, ToolError>> {
        Box::pin(self.answer(requests))
    }
}

fn yes() -> Value {
    json!({ "action": "accept", "content": { "confirm": true } })
}

fn engine(world: &World) -> Arc<Engine> {
    let server = Server::builder("test", world.clone()).tools(tools![delete, take_away]).build();
    let settings = Settings::from_text("").unwrap();
    let seams = Seams::of_test(Clock::starting_at(SystemTime::UNIX_EPOCH));
    Arc::new(Engine::new(server.into_parts().unwrap(), &settings, seams).unwrap())
}

fn call(engine: &Engine, person: &Arc<Person>, meta: Value) -> ToolCall {
    ToolCall {
        name: "delete".into(),
        arguments: Map::new(),
        meta: meta.as_object().cloned().unwrap_or_default(),
        request_id: "1".into(),
        caller: Caller::local(Arc::clone(&engine.tenant)),
        surface: None,
        cancellation: CancellationToken::new(),
        channel: Arc::clone(person) as Arc<dyn Channel>,
        responses: InputResponses::new(),
        request_state: None,
    }
}

fn person(world: &World, says: Vec<Value>, changes: u32) -> Arc<Person> {
    let (changes, asked) = (AtomicU32::new(changes), AtomicU32::new(0));
    Arc::new(Person { world: world.clone(), says: Mutex::new(says), changes, asked })
}

#[tokio::test(start_paused = true)]
async fn a_person_who_is_asked_during_the_call_decides_about_the_plan_of_now() {
    for (says, changes, outcome, asked) in [
        (vec![yes()], 0, "ok", 1),
        (vec![json!({ "action": "accept", "content": { "confirm": false } })], 0, "not_confirmed", 1),
        (vec![json!({ "action": "decline" })], 0, "not_confirmed", 1),
        (vec![yes(), yes()], 1, "ok", 2),
        (vec![json!({ "action": "cancel" }), yes()], 1, "not_confirmed", 2),
        (vec![yes(), yes(), yes(), yes()], 9, "not_confirmed", 3),
        (vec![], 0, "timeout", 1),
    ] {
        let world = World::default();
        let (engine, person) = (engine(&world), person(&world, says.clone(), changes));
        let Called { outcome: found, notes, .. } = pipeline::call(&engine, call(&engine, &person, Value::Null)).await;
        let name = found.as_ref().map_or_else(Stop::name, |_| "ok");
        assert_eq!((name, person.asked.load(Ordering::SeqCst)), (outcome, asked), "{says:?} {changes}");
        assert_eq!(world.acted(), u32::from(outcome == "ok"));
        assert_eq!(notes.confirmed, (outcome == "ok").then_some(Attested::Client));
    }
}

#[tokio::test(start_paused = true)]
async fn who_goes_away_while_asked_leaves_nothing_behind() {
    let world = World::default();
    let (engine, person) = (engine(&world), person(&world, vec![yes()], 0));
    let key = json!({ meta::IDEMPOTENCY_KEY: "k1" });
    let given_up = pipeline::call(&engine, call(&engine, &person, key.clone()));
    assert!(tokio::time::timeout(Duration::from_secs(30), given_up).await.is_err());
    engine.idempotency.idle().await;
    person.says.lock().unwrap().push(yes());
    let again = pipeline::call(&engine, call(&engine, &person, key)).await;
    assert!(again.outcome.is_ok(), "its key is free: {:?}", again.outcome);
    assert_eq!(world.acted(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_says_a_secret_is_shown_without_it_and_counts_with_it() {
    let world = World::default();
    let (engine, person) = (engine(&world), person(&world, vec![], 0));
    let secret = "plan-hunter2-\"canary";
    let plan = |key: &str| {
        let arguments = json!({ "key": key, "place": format!("behind {key}") });
        let call = ToolCall {
            name: "take_away".into(),
            arguments: arguments.as_object().cloned().unwrap(),
            channel: Arc::new(Silent),
            ..call(&engine, &person, Value::Null)
        };
        pipeline::call(&engine, call)
    };
    let shown = |called: Called<'_>| match called.outcome {
        Err(Stop::Unconfirmed(unconfirmed)) => unconfirmed.shown,
        other => panic!("{other:?}"),
    };
    let first = shown(plan(secret).await);
    let told = format!("{}\n{}\n{}", first.text(), first.json(), first.arguments());
    assert!(
        ["plan-h", "unter", "canary"].iter().all(|part| !told.contains(part)) && told.contains("[secret]"),
        "{told}"
    );
    assert_ne!(first.digest(), shown(plan("plan-hunter3-other").await).digest());
}
