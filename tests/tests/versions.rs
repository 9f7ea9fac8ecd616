//! Older majors: which version a call gets, how it is served, and how it ends. The server is the library's.

mod shims;
mod wire;

use std::time::Duration;

use serde_json::{Value, json};
use steadfast::{
    prelude::*,
    rmcp::model::ClientCapabilities,
    testing::{Answer, Client, advance},
};
use steadfast_tests::library;

/// The digest of the definition in `contracts/search/2.json`.
const LOCK_OF_SEARCH_2: &str = "sha256:8cce6c9ee789675134646e66e400139e187e3deb012fbb35e4a712171333573e";

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn client() -> Client {
    Client::new(library::server()).unwrap()
}

fn version(version: &str) -> Value {
    json!({ "dev.steadfast/toolVersion": version })
}

/// The version that the answer says it was served in.
fn served(answer: &Answer) -> &str {
    answer.message()["_meta"]["dev.steadfast/contract"]["version"].as_str().unwrap_or_default()
}

fn error(answer: &Answer) -> &Value {
    &answer.message()["_meta"]["dev.steadfast/error"]
}

#[tokio::test]
async fn callers_of_every_major_get_what_they_were_promised() {
    let client = client();
    for (version, arguments, result) in [
        ("1.2.0", json!({"q": "crime", "max": 5}), json!({"hits": ["crime 1", "crime 2"]})),
        ("1.2.0", json!({"q": "crime"}), json!({"hits": ["crime 1", "crime 2"]})),
        ("2.1.0", json!({"query": "crime", "limit": 1}), json!({"items": ["crime 1"], "total": 2})),
        (
            "3.0.0",
            json!({"filter": {"text": "crime"}, "limit": 1}),
            json!({"items": [{"title": "crime 1"}], "total": 2}),
        ),
    ] {
        let answer = client.call("search", arguments).await;
        assert_eq!(answer.structured(), Some(&result), "{:?}", answer.message());
        assert_eq!(
            serde_json::from_str::<Value>(&answer.text()).unwrap(),
            result,
            "the text form is of the same version"
        );
        assert_eq!(served(&answer), version);
    }
}

#[tokio::test]
async fn a_version_is_asked_for_by_major_or_by_requirement_and_the_newest_match_serves() {
    let client = client();
    let arguments = |version: &str| match version {
        "1.2.0" => json!({"q": "x"}),
        "2.1.0" => json!({"query": "x"}),
        _ => json!({"filter": {"text": "x"}}),
    };
    for (wanted, got) in [
        ("1", "1.2.0"),
        ("2", "2.1.0"),
        ("3", "3.0.0"),
        ("^1.1", "1.2.0"),
        ("~2.1", "2.1.0"),
        (">=1, <3", "2.1.0"),
        ("*", "3.0.0"),
        ("=2.1.0", "2.1.0"),
    ] {
        for meta in [version(wanted), json!({"fastmcp": {"version": wanted}})] {
            let answer = client.call_with_meta("search", arguments(got), meta).await;
            assert_eq!((served(&answer), answer.is_error()), (got, false), "{wanted}: {:?}", answer.message());
        }
    }
    for wanted in ["4", "^2.2", "=1.0.0", "nonsense", ""] {
        let answer = client.call_with_meta("search", arguments("3.0.0"), version(wanted)).await;
        assert_eq!(answer.code(), Some(-32602), "{wanted}");
        assert_eq!(answer.message()["error"]["data"]["available"], json!(["3.0.0", "2.1.0", "1.2.0"]), "{wanted}");
    }
    for meta in [json!({"dev.steadfast/toolVersion": 2}), json!({"fastmcp": {"version": 2}})] {
        let answer = client.call_with_meta("search", arguments("2.1.0"), meta).await;
        assert_eq!(answer.code(), Some(-32602), "{:?}", answer.message());
    }
    let others = json!({"fastmcp": {"tags": []}, "dev.steadfast/toolVersion": "1"});
    assert_eq!(served(&client.call_with_meta("search", arguments("1.2.0"), others).await), "1.2.0");
}

#[tokio::test]
async fn what_fits_no_version_is_told_by_the_current_one_and_what_was_asked_for_by_its_own() {
    let client = client();
    let paths = |answer: &Answer| -> Vec<String> {
        let list = answer.message()["_meta"]["dev.steadfast/violations"].as_array().cloned().unwrap_or_default();
        list.iter().map(|violation| violation["path"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let answer = client.call("search", json!({"q": 7})).await;
    assert_eq!((paths(&answer), served(&answer)), (vec!["/filter".into(), "/q".into()], "3.0.0"));
    let answer = client.call_with_meta("search", json!({"q": 7}), version("1")).await;
    assert_eq!((paths(&answer), served(&answer)), (vec!["/q".into()], "1.2.0"));
    let answer = client.call_with_meta("search", json!({"q": "x"}), version("2")).await;
    assert_eq!((paths(&answer), served(&answer)), (vec!["/q".into(), "/query".into()], "2.1.0"));
}

#[tokio::test]
async fn an_alias_and_a_tombstone_are_names_that_answer() {
    let client = client();
    let answer = client.call("find", json!({"q": "x"})).await;
    assert_eq!(served(&answer), "1.2.0");
    let answer = client.call("find", json!({"query": 1})).await;
    assert!(answer.text().starts_with("Invalid arguments for `find`"), "{}", answer.text());
    for meta in [json!({}), version("1"), version("7")] {
        let answer = client.call_with_meta("burn", json!({"title": "x"}), meta).await;
        assert!(answer.is_error() && answer.text().contains("use `weed`"), "{}", answer.text());
        assert_eq!((&error(&answer)["kind"], &error(&answer)["available"]), (&json!("gone"), &json!([])));
    }
    for (name, wanted) in [("search", "0"), ("find", "0"), ("search", "^0.4"), ("search", "<1")] {
        let answer = client.call_with_meta(name, json!({"text": "x"}), version(wanted)).await;
        assert!(answer.text().starts_with(&format!("`{name}` 0 is no longer served")), "{}", answer.text());
        assert_eq!(
            error(&answer),
            &json!({
                "kind": "gone", "sunset": "2025-01-01", "note": "`text` is now `filter.text`",
                "available": ["3.0.0", "2.1.0", "1.2.0"],
            })
        );
    }
}

#[tokio::test]
async fn what_was_retired_before_a_tool_was_renamed_is_found_by_all_its_names() {
    const TOMBSTONES: &str =
        r#"{"format":1,"tools":{"find":{"majors":{"0":{"sunset":"2025-01-01","note":"move on"}}}}}"#;
    static SURFACES: [(&str, &str); 1] = [("0.0.1", r#"{"format":1,"release":"0.0.1","tools":{"find":0,"search":0}}"#)];
    let contracts = steadfast::Contracts::new(Some(TOMBSTONES), &SURFACES);
    let server =
        || Server::builder("library", ()).version("0.3.0").tools(library::tools()).contracts(contracts).build();
    let on_surface = Client::new(server()).unwrap().on_surface("0.0.1");
    let anywhere = Client::new(server()).unwrap();
    for name in ["find", "search"] {
        let text = format!("`{name}` 0 is no longer served since 2025-01-01. move on.");
        let answer = on_surface.call(name, json!({"text": "x"})).await;
        assert_eq!(answer.text(), text, "the major is gone, not the tool");
        let answer = anywhere.call_with_meta(name, json!({"text": "x"}), version("0")).await;
        assert_eq!(answer.text(), format!("{text} Served now: 3.0.0, 2.1.0, 1.2.0."));
    }
}

#[tokio::test(start_paused = true)]
async fn a_major_is_served_until_its_day_and_told_to_move_from_then_on() {
    let client = client();
    let last = client.call("lend", json!({"book": "Emma"})).await;
    assert_eq!(last.text(), "Emma, for two weeks");
    let about = &last.message()["_meta"]["dev.steadfast/contract"];
    assert_eq!(
        (&about["deprecated"], &about["sunset"], &about["note"]),
        (&json!("2025-06-01"), &json!("2026-02-01"), &json!("`book` is now `title`"))
    );
    advance(DAY * 31 - Duration::from_millis(1)).await;
    assert!(!client.call("lend", json!({"book": "Emma"})).await.is_error(), "the day before");
    advance(Duration::from_millis(1)).await;
    for answer in [
        client.call("lend", json!({"book": "Emma"})).await,
        client.call_with_meta("lend", json!({"book": "Emma"}), version("1")).await,
    ] {
        assert!(answer.is_error());
        let text = "`lend` 1.0.0 is no longer served since 2026-02-01. `book` is now `title`. Served now: 2.0.0.";
        assert_eq!(answer.text(), text);
        assert_eq!(answer.message()["_meta"].get("dev.steadfast/contract"), None, "no contract served it");
        let about = json!({
            "kind": "sunset", "sunset": "2026-02-01", "note": "`book` is now `title`", "available": ["2.0.0"],
        });
        assert_eq!(error(&answer), &about);
    }
    assert_eq!(client.call("lend", json!({"title": "Emma"})).await.text(), "Emma, for two weeks");
    let answer = client.call_with_meta("lend", json!({"book": "Emma"}), version(">=1, <2")).await;
    assert_eq!(error(&answer)["kind"], "sunset");
    let answer = client.call_with_meta("lend", json!({"title": "Emma"}), version(">=1")).await;
    assert_eq!(served(&answer), "2.0.0", "what is served comes before what is over");
}

#[tokio::test(start_paused = true)]
async fn a_whole_tool_goes_from_the_list_on_its_day() {
    let client = client();
    let about = |client: &Client, tool: &str| {
        let tools = client.list();
        let tool = tools.iter().find(|listed| *listed.name == *tool)?;
        Some(json!(tool.meta)["dev.steadfast/contract"].clone())
    };
    assert_eq!(about(&client, "weed").unwrap()["state"], "active");
    assert_eq!(about(&client, "guess").unwrap()["state"], "preview");
    let search = about(&client, "search").unwrap();
    assert_eq!((&search["version"], &search["served"]), (&json!("3.0.0"), &json!(["3.0.0", "2.1.0", "1.2.0"])));
    assert_eq!(about(&client, "lend").unwrap()["served"], json!(["2.0.0", "1.0.0"]));
    advance(DAY * 31).await;
    let weed = about(&client, "weed").unwrap();
    assert_eq!((&weed["state"], &weed["sunset"]), (&json!("deprecated"), &json!("2026-03-01")));
    assert_eq!(weed["note"], "librarians do this by hand");
    assert_eq!(about(&client, "lend").unwrap()["served"], json!(["2.0.0"]));
    advance(DAY * 28).await;
    assert_eq!(about(&client, "weed"), None);
    let answer = client.call("weed", json!({"title": "Emma"})).await;
    assert_eq!((&error(&answer)["kind"], &error(&answer)["available"]), (&json!("sunset"), &json!([])));
}

#[tokio::test]
async fn a_surface_is_the_set_of_majors_of_its_release() {
    let listed = |client: &Client| -> Vec<String> {
        let tools = client.list();
        let about = |tool: &steadfast::rmcp::model::Tool| json!(tool.meta)["dev.steadfast/contract"].clone();
        tools.iter().map(|tool| format!("{}@{}", tool.name, about(tool)["served"][0].as_str().unwrap())).collect()
    };
    let first = client().on_surface("0.1.0");
    assert_eq!(listed(&first), ["lend@1.0.0", "renew@1.0.0", "search@1.2.0"]);
    let search = first.list().into_iter().find(|tool| tool.name == "search").unwrap();
    assert!(search.input_schema["properties"].get("q").is_some(), "the definition is that of the lock");
    assert_eq!(served(&first.call("search", json!({"q": "x"})).await), "1.2.0");
    let answer = first.call("search", json!({"filter": {"text": "x"}})).await;
    assert!(answer.is_error() && served(&answer) == "1.2.0", "the shape of arguments changes nothing");
    for (wanted, code) in [("1", None), ("3", Some(-32602))] {
        let answer = first.call_with_meta("search", json!({"q": "x"}), version(wanted)).await;
        assert_eq!(answer.code(), code, "{wanted}");
    }
    assert_eq!(error(&first.call("burn", json!({})).await)["kind"], "gone");
    assert_eq!(first.call("give_back", json!({})).await.code(), Some(-32602), "it came later");

    let second = client().on_surface("0.2.0");
    assert_eq!(listed(&second), ["find@2.1.0", "lend@2.0.0", "renew@1.0.0"]);
    for name in ["find", "search"] {
        let answer = second.call(name, json!({"query": "x"})).await;
        assert_eq!(served(&answer), "2.1.0", "{name}");
        let listed = json!(second.list()[0].meta)["dev.steadfast/contract"]["digest"].clone();
        assert_eq!(answer.message()["_meta"]["dev.steadfast/contract"]["digest"], listed, "{name}");
        assert_ne!(listed, LOCK_OF_SEARCH_2, "that is of the definition with the name `search`");
        let answer = second.call(name, json!({})).await;
        assert!(answer.text().starts_with(&format!("Invalid arguments for `{name}`")), "{}", answer.text());
    }
    let third = client().on_surface("0.3.0");
    assert_eq!(
        listed(&third),
        ["give_back@2.0.0", "lend@2.0.0", "renew@2.0.0", "search@3.0.0", "weed@1.0.0"],
        "nothing is promised about previews"
    );
}

#[test]
fn a_surface_that_can_not_be_served_keeps_the_server_from_being_built() {
    static SURFACES: [(&str, &str); 1] = [("0.1.0", r#"{"format":1,"release":"0.1.0","tools":{"burn":1,"search":9}}"#)];
    let contracts = steadfast::Contracts::new(None, &SURFACES);
    let server = Server::builder("library", ()).version("0.3.0").tools(library::tools()).contracts(contracts).build();
    let problems: Vec<String> = server.problems().iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(problems[0].contains("contracts/surfaces/0.1.0.json") && problems[0].contains("major 1 of `burn`"));
    assert!(problems[1].contains("major 9 of `search`") && problems[1].contains("help:"));
}

#[tokio::test]
async fn a_state_belongs_to_the_version_that_it_was_given_for() {
    let elicitation: ClientCapabilities = serde_json::from_value(json!({"elicitation": {}})).unwrap();
    let client = client().with_capabilities(elicitation).on_surface("0.3.0");
    let asked = client.call("give_back", json!({})).await;
    assert_eq!(served(&asked), "2.0.0", "{:?}", asked.message());
    let answers = || json!({"opinion": {"action": "accept", "content": {"word": "fine"}}});
    let done = client.answer("give_back", json!({}), answers(), &asked).await;
    assert!(done.text().contains("fine"), "{:?}", done.message());
    let again = client.call("give_back", json!({})).await;
    let other = client.answer_with_meta("give_back", json!({}), answers(), &again, version("2")).await;
    assert!(other.text().contains("fine"), "the same version, said in another way");
}
