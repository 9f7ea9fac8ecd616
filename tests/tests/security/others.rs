//! Callers and tenants that try to reach each other, through everything that a server remembers.
//!
//! Each case is tried by everybody who is not the owner: another name in the same tenant, the same name in another
//! tenant, and names made so that tenant and name, put together, read like the owner's.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use serde_json::{Value, json};
use steadfast::{
    Inputs,
    prelude::*,
    rmcp::model::ClientCapabilities,
    testing::{Answer, Client},
};

/// What the tools of a test do.
#[derive(Debug, Clone, Default)]
struct Ledger(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    entries: AtomicU32,
    away: AtomicBool,
}

/// Add an entry.
#[mcp_tool(version = "1.0.0", effect = additive, idempotent)]
async fn enter(State(ledger): State<Ledger>, text: String) -> Result<String, ToolError> {
    let count = ledger.0.entries.fetch_add(1, Ordering::SeqCst) + 1;
    Ok(format!("{text} is entry {count}"))
}

/// Say who asks.
#[mcp_tool(version = "1.0.0", effect = read_only, stale = "1h")]
async fn whoami(cx: CallContext, State(ledger): State<Ledger>) -> Result<String, ToolError> {
    if ledger.0.away.load(Ordering::SeqCst) {
        return Err(ToolError::unavailable("the directory is away"));
    }
    Ok(format!("{} of {}", cx.principal().as_str(), cx.caller().tenant()))
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Name {
    name: String,
}

/// Ask for a name, and greet.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn greet(cx: CallContext) -> Result<String, ToolError> {
    let answers = cx.ask(Inputs::new().form::<Name>("name", "What is your name?")?).await?;
    let Name { name } = answers.filled("name")?;
    Ok(format!("Hello, {name}"))
}

/// Count for long.
#[mcp_tool(version = "1.0.0", effect = additive, idempotent, task)]
async fn count() -> Result<(), ToolError> {
    std::future::pending().await
}

fn owner(ledger: &Ledger, configuration: &str) -> Client {
    let server = Server::builder("ledger", ledger.clone()).version("1.0.0").tools(tools![enter, whoami, greet, count]);
    let client = Client::with(server.build(), configuration).unwrap();
    client
        .as_caller("alice")
        .of_tenant("acme")
        .with_capabilities(ClientCapabilities::builder().enable_elicitation().enable_tasks().build())
}

/// Everybody who is not the owner.
fn others(owner: &Client) -> Vec<(String, Client)> {
    let names = [
        ("acme", "bob"),
        ("bolt", "alice"),
        ("bolt", "bob"),
        ("acme:alice", ""),
        ("", "acme:alice"),
        ("acme", "alice "),
        ("acme", "ALICE"),
        ("acm", "ealice"),
        ("acme\0", "alice"),
        ("default", "alice"),
    ];
    names.map(|(tenant, name)| (format!("{name:?} of {tenant:?}"), owner.as_caller(name).of_tenant(tenant))).into()
}

fn error(answer: &Answer) -> &Value {
    &answer.message()["_meta"]["dev.steadfast/error"]
}

#[tokio::test(start_paused = true)]
async fn an_idempotency_key_is_its_callers_own() {
    let ledger = Ledger::default();
    let alice = owner(&ledger, "");
    let keyed = async |client: &Client, text: &str| {
        client.call_with_meta("enter", json!({"text": text}), json!({"dev.steadfast/idempotencyKey": "k"})).await
    };
    assert_eq!(keyed(&alice, "hers").await.text(), "hers is entry 1");
    for (at, (who, other)) in others(&alice).into_iter().enumerate() {
        // Neither her answer nor the fact that she used the key.
        assert_eq!(keyed(&other, "theirs").await.text(), format!("theirs is entry {}", at + 2), "{who}");
    }
    assert_eq!(keyed(&alice, "hers").await.text(), "hers is entry 1");
}

#[tokio::test(start_paused = true)]
async fn a_last_good_result_is_its_callers_own() {
    let ledger = Ledger::default();
    let alice = owner(&ledger, "");
    assert_eq!(alice.call("whoami", json!({})).await.text(), "alice of acme");
    ledger.0.away.store(true, Ordering::SeqCst);
    for (who, other) in others(&alice) {
        let answer = other.call("whoami", json!({})).await;
        assert_eq!(error(&answer)["kind"], "unavailable", "{who}: {answer:?}");
    }
    assert_eq!(alice.call("whoami", json!({})).await.text(), "alice of acme");
}

#[tokio::test(start_paused = true)]
async fn a_request_state_is_its_callers_own() {
    let alice = owner(&Ledger::default(), "");
    let asked = alice.call("greet", json!({})).await;
    let answers = json!({"name": {"action": "accept", "content": {"name": "Al"}}});
    for (who, other) in others(&alice) {
        let refused = other.answer("greet", json!({}), answers.clone(), &asked).await;
        assert_eq!(refused.code(), Some(-32602), "{who}: {refused:?}");
    }
    assert_eq!(alice.answer("greet", json!({}), answers, &asked).await.text(), "Hello, Al", "it was not used up");
}

#[tokio::test(start_paused = true)]
async fn a_task_is_its_callers_own() {
    let alice = owner(&Ledger::default(), "");
    let begun = alice.call("count", json!({})).await;
    let (id, nothing) = (begun.task_id().unwrap(), "0123456789abcdef0123456789abcdef");
    for (who, other) in others(&alice) {
        for (theirs, unknown) in [
            (other.task(id).await, other.task(nothing).await),
            (other.update_task(id, json!({})).await, other.update_task(nothing, json!({})).await),
            (other.cancel_task(id).await, other.cancel_task(nothing).await),
        ] {
            assert_eq!(theirs.message().to_string(), unknown.message().to_string(), "{who}");
        }
    }
    assert_eq!(alice.task(id).await.status(), Some("working"));
}

#[tokio::test(start_paused = true)]
async fn a_task_of_any_tenant_is_taken_over_when_its_process_is_gone() {
    let ledger = Ledger::default();
    let alice = owner(&ledger, "");
    let begun = alice.call("count", json!({})).await;
    alice.crash();
    let server = Server::builder("ledger", ledger).version("1.0.0").tools(tools![count]).build();
    let next = alice.replica(server, "").unwrap();
    steadfast::testing::advance(std::time::Duration::from_secs(60)).await;
    // The sweep of a server, and not the question of a caller who knows the tenant.
    next.adopt().await;
    assert!(next.metrics().contains("steadfast_tasks_running 1"), "{}", next.metrics());
    assert_eq!(next.task(begun.task_id().unwrap()).await.status(), Some("working"));
}

#[tokio::test(start_paused = true)]
async fn nobody_uses_up_the_rate_of_another_tenant_nor_of_another_caller() {
    let alice = owner(&Ledger::default(), "[limits]\nrate_per_caller = '2/h'\nrate_per_tenant = '3/h'");
    let served = async |client: &Client| !client.call("whoami", json!({})).await.message()["error"].is_object();
    for (who, other) in others(&alice) {
        while served(&other).await {}
        assert!(!served(&other).await, "{who}");
    }
    // Of her tenant two did their best; what is left of its rate is not theirs to take.
    assert!(served(&alice.of_tenant("none")).await);
    assert!(served(&owner(&Ledger::default(), "[limits]\nrate_per_caller = '2/h'")).await);
}

#[tokio::test(start_paused = true)]
async fn a_tenant_gets_its_part_of_the_places_whoever_calls() {
    let alice = owner(&Ledger::default(), "[limits]\nconcurrency = 10\nconcurrency_per_tenant = 2");
    let mut calls: Vec<_> = (0..2).map(|at| alice.as_caller(&format!("clerk {at}"))).map(hanging).collect();
    for call in &mut calls {
        assert!(futures_util::poll!(call.as_mut()).is_pending());
    }
    let refused = alice.call("whoami", json!({})).await;
    assert_eq!(refused.message()["error"]["data"]["reason"], "overloaded", "{refused:?}");
    assert!(!alice.of_tenant("bolt").call("whoami", json!({})).await.is_error());
    drop(calls);
    assert!(!alice.call("whoami", json!({})).await.is_error());
}

fn hanging(client: Client) -> std::pin::Pin<Box<dyn Future<Output = Answer>>> {
    Box::pin(async move {
        let client = client.with_capabilities(ClientCapabilities::default());
        client.call("count", json!({})).await
    })
}
