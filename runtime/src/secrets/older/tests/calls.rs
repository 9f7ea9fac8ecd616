//! Calls of a major that has for text what is a secret now.

use serde_json::{Map, Value, json};
use steadfast_contract::Lock;

use crate::{
    Plan, Secret, Shim, ShimError, mcp_tool,
    server::Server,
    testing::{Answer, Client},
    tool::{History, Tool, Translation},
    tools,
};

mod before {
    use super::*;

    /// Open a door.
    #[mcp_tool(version = "1.0.0", effect = destructive, crate = crate)]
    pub(super) async fn open(user: String, #[arg(length(..=40))] pass: String, floor: u8, doors: Option<Vec<String>>) {
        drop((user, pass, floor, doors));
    }
}

/// Open a door.
#[mcp_tool(version = "2.0.0", effect = destructive, crate = crate, plan = plan)]
async fn open(user: String, key: Secret<String>, floor: u8, doors: Option<Vec<String>>) {
    drop((user, key, floor, doors));
}

fn plan(user: String, key: Secret<String>, floor: u8, doors: Option<Vec<String>>) -> Plan {
    Plan::new(format!("Opens {} doors on {floor} for {user} by {}", doors.unwrap_or_default().len(), key.expose()))
}

struct Renamed;

impl Shim for Renamed {
    fn up(mut arguments: Map<String, Value>) -> Result<Map<String, Value>, ShimError> {
        let pass = arguments.remove("pass").unwrap_or_default();
        if pass.as_str().is_some_and(|pass| pass.contains(' ')) {
            return Err(ShimError::new(format!("there is a blank in {pass}")));
        }
        arguments.insert("key".to_owned(), pass);
        Ok(arguments)
    }

    fn down(result: Value) -> Result<Value, ShimError> {
        Ok(result)
    }
}

fn client(before: Tool<()>) -> Client {
    let published = Server::builder("test", ()).tools(vec![before]).build().published().unwrap().tools.remove(0);
    let history = History {
        major: 1,
        shim: Translation::typed::<Renamed>("Renamed"),
        lock: json!(Lock::of(&published)).to_string().leak(),
        shape: true,
        deprecated: None,
        sunset: None,
        note: None,
        lossy: None,
    };
    let mut tool = tools![open].remove(0);
    tool.declaration.history = vec![history].leak();
    Client::new(Server::builder("test", ()).tools(vec![tool]).build()).unwrap_or_else(|problems| panic!("{problems:?}"))
}

async fn called(arguments: Value) -> String {
    let client = client(tools![before::open].remove(0));
    let answer: Answer = client.call_with_meta("open", arguments, json!({ "dev.steadfast/toolVersion": "1" })).await;
    answer.message().to_string()
}

#[tokio::test]
async fn a_violation_of_an_older_major_does_not_repeat_what_is_a_secret_now() {
    let told = called(json!({ "user": "alice", "pass": "swordfish ".repeat(5), "floor": 2 })).await;
    assert!(told.contains("at most 40 characters") && !told.contains("swordfish"), "{told}");
}

#[tokio::test]
async fn the_plan_of_an_older_call_shows_what_is_in_the_open_now_and_nothing_else() {
    for (pass, user, floor, shown) in [
        ("swordfish-is-long", "alice", 2, r#"{\"doors\":[\"east\"],\"floor\":2,\"pass\":\"…\",\"user\":\"alice\"}"#),
        ("pw1", "alice", 2, r#"{\"doors\":[\"east\"],\"floor\":2,\"pass\":\"…\",\"user\":\"alice\"}"#),
        // Which of the two it is can't be told.
        ("ada", "ada", 7, r#"{\"doors\":[\"east\"],\"floor\":7,\"pass\":\"…\",\"user\":\"…\"}"#),
    ] {
        let told = called(json!({ "user": user, "pass": pass, "floor": floor, "doors": ["east"] })).await;
        assert!(told.contains("Nothing was done yet") && told.contains(shown), "{pass}: {told}");
        assert!(!told.contains("swordfish"), "{told}");
    }
}

#[tokio::test]
async fn what_a_shim_says_does_not_repeat_what_is_a_secret_now() {
    let told = called(json!({ "user": "alice", "pass": "swordfish and more", "floor": 2 })).await;
    assert!(told.contains("have no meaning in its current version") && !told.contains("swordfish"), "{told}");
}
