//! Who may use what: scopes and policies, through the whole pipeline.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use steadfast::{
    PolicyFiles, policies,
    prelude::*,
    rmcp::model::ClientCapabilities,
    testing::{Answer, Client, advance},
};

/// How often something was done.
#[derive(Debug, Clone, Default)]
struct Done(Arc<AtomicU32>);

impl Done {
    fn once(&self) -> u32 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn times(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Find notes.
#[mcp_tool(version = "1.0.0", effect = read_only, scopes = ["notes:read"], task)]
async fn find_notes(State(done): State<Done>, query: String) -> String {
    done.once();
    // sleep: what takes long is what is run again, on a paused clock
    tokio::time::sleep(Duration::from_secs(query.len() as u64)).await;
    format!("found {query}")
}

/// Add a note.
#[mcp_tool(version = "1.0.0", effect = additive)]
async fn add_note(State(done): State<Done>, text: String) -> String {
    format!("{}: {text}", done.once())
}

/// Delete notes.
#[mcp_tool(version = "1.0.0", effect = additive)]
async fn delete_notes(State(done): State<Done>, #[arg(default)] force: bool) -> String {
    format!("{}: {force}", done.once())
}

const POLICIES: PolicyFiles = policies!("access-policies");

fn server(done: &Done) -> Server<Done> {
    let tools = tools![find_notes, add_note, delete_notes];
    Server::builder("notes", done.clone()).version("1.0.0").tools(tools).policies(POLICIES).build()
}

fn client(settings: &str) -> (Client, Done) {
    let done = Done::default();
    let client = Client::with(server(&done), settings).unwrap_or_else(|problems| panic!("{problems:?}"));
    (client, done)
}

/// What came of a call: `ok`, the kind of an error that a model reads, or the code of one that a client reads.
fn outcome(answer: &Answer) -> Value {
    let message = answer.message();
    match (answer.is_error(), message.get("error")) {
        (_, Some(error)) => error["code"].clone(),
        (true, _) => message["_meta"]["dev.steadfast/error"]["kind"].clone(),
        _ => json!("ok"),
    }
}

#[tokio::test(start_paused = true)]
async fn scopes_come_first_then_policies() {
    let [ok, denied, unknown, scope] = [json!("ok"), json!("denied"), json!(-32602), json!(-32051)];
    for (who, scopes, tool, arguments, expected) in [
        ("ada", &["notes:read"][..], "find_notes", json!({"query": ""}), &ok),
        ("ada", &[], "find_notes", json!({"query": ""}), &scope),
        ("ada", &[], "find_notes", json!({}), &scope),
        ("eve", &["notes:read"], "find_notes", json!({"query": ""}), &unknown),
        ("eve", &[], "find_notes", json!({"query": ""}), &unknown),
        ("ada", &[], "add_note", json!({"text": "milk"}), &ok),
        ("bob", &[], "add_note", json!({"text": "milk"}), &ok),
        ("bob", &[], "add_note", json!({"text": ""}), &denied),
        ("bob", &[], "add_note", json!({"text": "secret"}), &denied),
        ("bob", &[], "add_note", json!({}), &json!("invalid")),
        ("eve", &[], "add_note", json!({"text": "milk"}), &unknown),
        ("eve", &[], "add_note", json!({}), &unknown),
        ("ada", &[], "delete_notes", json!({}), &ok),
        ("ada", &[], "delete_notes", json!({"force": true}), &denied),
        ("bob", &[], "delete_notes", json!({}), &unknown),
    ] {
        for surface in [None, Some("1.0.0")] {
            let (client, done) = client("");
            let mut client = client.as_caller(who).with_scopes(scopes);
            if let Some(release) = surface {
                client = client.on_surface(release);
            }
            let answer = client.call(tool, arguments.clone()).await;
            assert_eq!(&outcome(&answer), expected, "{who} {scopes:?} {tool} {arguments} {surface:?}: {answer:?}");
            assert_eq!(done.times(), u32::from(expected == &ok));
        }
    }
}

#[tokio::test]
async fn the_caller_learns_that_it_is_denied_and_nothing_else() {
    let (client, _) = client("");
    let answer = client.as_caller("bob").call("add_note", json!({"text": "secret plan"})).await;
    let contract = &answer.message()["_meta"]["dev.steadfast/contract"];
    assert_eq!(
        answer.message(),
        &json!({
            "resultType": "complete",
            "content": [{"type": "text", "text": "The call is denied."}],
            "isError": true,
            "_meta": {"dev.steadfast/error": {"kind": "denied"}, "dev.steadfast/contract": contract},
        })
    );
    assert!(client.metrics().contains("tool=\"add_note\",reason=\"policy_denied\"} 1"), "{}", client.metrics());
}

#[tokio::test]
async fn lists_have_what_some_call_could_use() {
    let (client, _) = client("");
    for (who, scopes, tools) in [
        ("ada", &["notes:read"][..], &["add_note", "delete_notes", "find_notes"][..]),
        ("ada", &[], &["add_note", "delete_notes"]),
        ("bob", &["notes:read"], &["add_note", "find_notes"]),
        ("eve", &["notes:read"], &[]),
    ] {
        let list = client.as_caller(who).with_scopes(scopes).list();
        assert_eq!(list.iter().map(|tool| &*tool.name).collect::<Vec<_>>(), tools, "{who} {scopes:?}");
    }
}

#[tokio::test]
async fn in_log_mode_everything_passes_and_what_would_be_denied_is_counted() {
    let (client, done) = client("[policy]\nmode = 'log'");
    let eve = client.as_caller("eve");
    assert_eq!(eve.list().len(), 3);
    assert_eq!(outcome(&eve.call("add_note", json!({"text": "secret"})).await), "ok");
    assert!(!eve.permits("add_note", &json!({"text": "secret"})));
    assert_eq!(done.times(), 1);
    assert!(client.metrics().contains("policy_denials_logged_total{tool=\"add_note\"} 1"), "{}", client.metrics());
}

#[tokio::test]
async fn an_answer_is_not_given_again_to_a_caller_who_is_denied_by_now() {
    let dir = directory("again", &[("all.cedar", "permit (principal, action, resource);")]);
    let (client, done) = client(&format!("[policy]\ndir = {dir:?}"));
    let meta = json!({"dev.steadfast/idempotencyKey": "1"});
    let add = || client.call_with_meta("add_note", json!({"text": "milk"}), meta.clone());
    let first = add().await;
    assert_eq!(outcome(&first), "ok");
    assert_eq!(add().await.message()["_meta"]["dev.steadfast/replayed"], true);
    std::fs::write(
        dir.join("never.cedar"),
        "forbid (principal, action, resource) when { context.version == \"1.0.0\" };",
    )
    .unwrap();
    client.reload_policies();
    assert_eq!(outcome(&add().await), "denied");
    assert_eq!(done.times(), 1);
}

/// A directory of policies.
fn directory(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("access").join(name);
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    for (name, text) in files {
        std::fs::write(dir.join(name), text).unwrap();
    }
    dir
}

#[tokio::test]
async fn policies_are_replaced_as_a_whole_and_never_by_broken_ones() {
    let dir = directory("replaced", &[("a.cedar", "permit (principal, action, resource);")]);
    let (client, _) = client(&format!("[policy]\ndir = {dir:?}"));
    let permits = || client.permits("add_note", &json!({"text": "milk"}));
    assert!(permits());
    let forbid = "forbid (principal, action == Action::\"add_note\", resource);";
    for (name, text, expected, refused) in [
        ("b.cedar", Some("forbid (principal, action, resource"), true, 1),
        // The same mistake is told once.
        ("b.cedar", Some("forbid (principal, action, resource"), true, 1),
        ("b.cedar", Some(forbid), false, 1),
        ("entities.json", Some("[{}]"), false, 2),
        ("b.cedar", None, false, 3),
        // A file that was in force is no longer there.
        ("entities.json", None, false, 4),
        ("b.cedar", Some("permit (principal, action, resource);"), true, 4),
    ] {
        match text {
            Some(text) => std::fs::write(dir.join(name), text).unwrap(),
            None => std::fs::remove_file(dir.join(name)).unwrap(),
        }
        client.reload_policies();
        assert_eq!(permits(), expected, "{name} {text:?}");
        let counted = format!("policy_reloads_refused_total {refused}");
        assert!(client.metrics().contains(&counted), "{name} {text:?}: {}", client.metrics());
    }
    std::fs::remove_dir_all(&dir).unwrap();
    client.reload_policies();
    assert!(permits(), "a directory that is gone takes nothing away");
}

#[test]
fn what_is_wrong_with_policies_keeps_a_server_from_being_started() {
    let done = Done::default();
    let problems = |settings: &str| Client::with(server(&done), settings).err().unwrap_or_default();
    let missing = problems("[policy]\ndir = '/nowhere/at/all'");
    assert!(missing[0].place.contains("policy.dir") && missing.len() == 1, "{missing:?}");
    let dir = directory("wrong", &[("a.cedar", "permit (principal, action == Action::\"ad_note\", resource);")]);
    let wrong = problems(&format!("[policy]\ndir = {dir:?}"));
    assert!(wrong[0].place.ends_with("wrong/a.cedar:1:30") && wrong[0].help.contains("add_note"), "{wrong:?}");
}

/// Where something is put.
#[derive(Debug, Deserialize, JsonSchema)]
struct Place {
    /// The shelf.
    #[serde(default, alias = "board")]
    shelf: String,
}

/// Put a note somewhere.
#[mcp_tool(version = "1.0.0", effect = additive)]
async fn put_note(State(done): State<Done>, place: Place) -> String {
    format!("{}: {}", done.once(), place.shelf)
}

#[tokio::test]
async fn what_a_type_reads_under_another_name_gets_past_no_policy() {
    let rules = "permit (principal, action, resource);
        forbid (principal, action, resource)
        when { context.input.place has shelf && context.input.place.shelf == \"secret\" };";
    let dir = directory("alias", &[("a.cedar", rules)]);
    for (mode, arguments, expected) in [
        ("enforce", json!({ "place": { "shelf": "open" } }), "ok"),
        ("enforce", json!({ "place": { "shelf": "secret" } }), "denied"),
        ("enforce", json!({ "place": { "board": "secret" } }), "invalid"),
        ("log", json!({ "place": { "board": "secret" } }), "ok"),
    ] {
        let server = Server::builder("notes", Done::default()).version("1.0.0").tools(tools![put_note]).build();
        let client = Client::with(server, &format!("[policy]\ndir = {dir:?}\nmode = '{mode}'")).unwrap();
        let answer = client.call("put_note", arguments.clone()).await;
        assert_eq!(outcome(&answer), expected, "{mode} {arguments}: {}", answer.text());
        assert!(expected != "invalid" || answer.text().contains("/place/board"), "{}", answer.text());
    }
}

/// A client that knows tasks.
fn able(client: Client) -> Client {
    client.with_capabilities(ClientCapabilities::builder().enable_tasks().build())
}

#[tokio::test(start_paused = true)]
async fn a_task_is_its_callers_for_as_long_as_the_caller_may_use_the_tool() {
    let (client, _) = client("");
    let ada = client.as_caller("ada").with_scopes(&["notes:read"]);
    let id = able(ada).call("find_notes", json!({"query": "milk"})).await.task_id().unwrap().to_owned();
    for (scopes, shown) in
        [(&["notes:read"][..], true), (&["notes:read", "more"], true), (&[], false), (&["more"], false)]
    {
        let ada = client.as_caller("ada").with_scopes(scopes);
        assert_eq!(ada.task(&id).await.status().is_some(), shown, "{scopes:?}");
        if !shown {
            let unknown = ada.task("0123456789abcdef0123456789abcdef").await;
            assert_eq!(ada.task(&id).await, unknown);
            assert_eq!(ada.cancel_task(&id).await.code(), unknown.code());
            assert_eq!(ada.update_task(&id, json!({})).await.code(), unknown.code());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_is_run_again_only_where_its_call_would_be_let_in_now() {
    let rest = "permit (principal, action, resource);";
    let long =
        "forbid (principal, action == Action::\"find_notes\", resource) when { context.input.query like \"*milk*\" };";
    for (policies, begun) in [(&[("a.cedar", rest)][..], 2), (&[("a.cedar", rest), ("b.cedar", long)], 1)] {
        let (first, done) = client("");
        let first = able(first);
        let id =
            first.call("find_notes", json!({"query": "a lot of milk and more"})).await.task_id().unwrap().to_owned();
        advance(Duration::from_secs(1)).await;
        first.crash();
        let dir = directory(&format!("task{begun}"), policies);
        let second = able(first.replica(server(&done), &format!("[policy]\ndir = {dir:?}")).unwrap());
        advance(Duration::from_secs(20)).await;
        second.adopt().await;
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        assert_eq!((done.times(), second.task(&id).await.status()), (begun, Some("working")), "{policies:?}");
    }
}
