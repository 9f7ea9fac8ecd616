//! A tool that is hidden from a caller is answered as one that does not exist: by a server that has it exactly as by one
//! that does not.

use super::*;
use crate::{Contracts, mcp_tool, tools};

/// Say hello.
#[mcp_tool(version = "1.2.0", effect = read_only, scopes = ["hello"], task, crate = crate)]
async fn hello() {}

/// Open what is closed.
#[mcp_tool(version = "1.2.0", effect = destructive, scopes = ["vault"], alias = "locker", task(required), crate = crate)]
#[allow(unused_variables, reason = "it is never run")]
async fn vault(#[arg(header = "Region")] region: String, #[arg(length(..=3))] code: Option<String>) {}

/// What was retired of both of them, and of one that is gone.
const TOMBSTONES: &str = r#"{"format": 1, "tools": {
    "vault": {"majors": {"0": {"sunset": "2025-02-01", "note": "use 1"}}},
    "gone": {"sunset": "2025-02-01"}
}}"#;

fn builder() -> crate::ServerBuilder<()> {
    let surfaces = &[("1.0.0", r#"{"format": 1, "release": "1.0.0", "tools": {"hello": 1}}"#)];
    Server::builder("test", ()).version("1.1.0").contracts(Contracts::new(Some(TOMBSTONES), surfaces))
}

/// Whatever is asked, two servers give the same answer to it.
async fn are_alike((one, _): (Router, Arc<Engine>), (other, _): (Router, Arc<Engine>)) {
    let caller = granted(&["hello"]);
    let versions = [json!(null), json!("1"), json!("0"), json!("7"), json!(7)];
    let arguments = [json!({}), json!({"region": "eu"}), json!({"region": "eu", "code": "12345"})];
    let headers = [&[][..], &[("mcp-param-region", "eu")], &[("mcp-param-region", "us")]];
    let paths = ["/mcp", "/mcp/1.1.0"];
    for path in paths {
        let list = ("tools/list", None);
        let [first, second] = [&one, &other].map(|router| ask(router, path, &caller, list, json!({}), &[]));
        assert_eq!(first.await, second.await, "{path}");
        for name in ["vault", "locker", "vaul", "Vault", "hello", "helo", "gone", ""] {
            for version in &versions {
                for arguments in &arguments {
                    for headers in headers {
                        let mut params = json!({"name": name, "arguments": arguments});
                        if !version.is_null() {
                            params["_meta"] = json!({"dev.steadfast/toolVersion": version});
                        }
                        let call = ("tools/call", Some(name));
                        let [first, second] =
                            [&one, &other].map(|router| ask(router, path, &caller, call, params.clone(), headers));
                        assert_eq!(first.await, second.await, "{path} {params} {headers:?}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn a_tool_that_is_hidden_for_want_of_scopes_answers_as_one_that_does_not_exist() {
    let settings = "[auth]\nstep_up = false";
    let with = served(builder().tools(tools![hello, vault]).build(), settings);
    let without = served(builder().tools(tools![hello]).build(), settings);
    let metrics = Arc::clone(&with.1);
    are_alike(with, without).await;
    let text = metrics.metrics_text();
    assert!(text.contains("tool=\"vault\",reason=\"hidden\""), "the operator sees who looks for it: {text}");
}

#[cfg(feature = "cedar")]
#[tokio::test]
async fn a_tool_that_is_hidden_by_policies_answers_as_one_that_does_not_exist() {
    use crate::PolicyFiles;

    const ALL: &str = "permit (principal, action, resource);";
    const NOT_VAULT: &str = "forbid (principal, action == Action::\"vault\", resource);";
    let with = PolicyFiles::new("policies", &[("a.cedar", ALL), ("b.cedar", NOT_VAULT)]);
    let without = PolicyFiles::new("policies", &[("a.cedar", ALL)]);
    let with = served(builder().tools(tools![hello, vault]).policies(with).build(), "");
    let without = served(builder().tools(tools![hello]).policies(without).build(), "");
    are_alike(with, without).await;
}

#[tokio::test]
async fn a_caller_that_only_lacks_scopes_is_told_all_of_them() {
    /// Take two.
    #[mcp_tool(version = "1.0.0", effect = read_only, scopes = ["b", "a", "c"], crate = crate)]
    async fn two() {}

    let (router, engine) = served(Server::builder("test", ()).tools(tools![two]).build(), "");
    let call = ("tools/call", Some("two"));
    for (scopes, missing) in
        [(&[][..], Some(json!(["b", "a", "c"]))), (&["a"], Some(json!(["b", "c"]))), (&["a", "b", "c"], None)]
    {
        let caller = granted(scopes);
        let (.., body) = ask(&router, "/mcp", &caller, call, json!({"name": "two", "arguments": {}}), &[]).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["error"].get("code"), missing.is_some().then_some(&json!(-32051)), "{body}");
        assert_eq!(body["error"]["data"].get("missing"), missing.as_ref());
        let (.., list) = ask(&router, "/mcp", &caller, ("tools/list", None), json!({}), &[]).await;
        let list: Value = serde_json::from_str(&list).unwrap();
        assert_eq!(list["result"]["tools"].as_array().unwrap().is_empty(), missing.is_some(), "{list}");
        assert_eq!(list["result"]["cacheScope"], "private");
        let edge = super::super::missing(&engine, &caller, None, "tools/call", "two");
        assert_eq!(json!(edge), missing.unwrap_or_else(|| json!([])));
    }
    let list = ask(&router, "/mcp", &Caller::local("default".into()), ("tools/list", None), json!({}), &[]).await.2;
    assert!(list.contains("\"cacheScope\":\"public\""), "{list}");
}
