//! Prompts and resources need the scopes that the server's author says.

use rmcp::{ErrorData, RoleServer, ServerHandler, model::*, service::RequestContext};

use super::*;
use crate::{ScopeRules, mcp_tool, tools};

/// Serves two prompts, two resources and a template, whoever asks.
struct Author;

fn of<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, ErrorData> {
    Ok(serde_json::from_value(value).unwrap())
}

impl ServerHandler for Author {
    fn get_info(&self) -> ServerConfig {
        let all = ServerCapabilities::builder().enable_prompts().enable_resources().enable_completions();
        ServerConfig::new(all.build())
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        of(json!({"prompts": [{"name": "daily"}, {"name": "weekly"}], "cacheScope": "public"}))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        of::<GetPromptResult>(json!({"messages": [], "description": request.name})).map(Into::into)
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        of(json!({"resources": [{"uri": "notes://1", "name": "1"}, {"uri": "open://1", "name": "1"}]}))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        of(json!({"resourceTemplates": [
            {"uriTemplate": "notes://{id}", "name": "note"}, {"uriTemplate": "open://{id}", "name": "open"},
        ]}))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        of::<ReadResourceResult>(json!({"contents": [{"uri": request.uri, "text": ""}]})).map(Into::into)
    }

    async fn complete(
        &self,
        _: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        of(json!({"completion": {"values": ["1"]}}))
    }

    async fn on_custom_request(
        &self,
        _: CustomRequest,
        _: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        Ok(CustomResult::new(json!({"done": true})))
    }
}

/// Do nothing.
#[mcp_tool(version = "1.0.0", effect = read_only, crate = crate)]
async fn rest() {}

fn server() -> Server<()> {
    let rules = ScopeRules::new().prompt("daily", &["reports", "more"]).resource("notes://*", &["notes"]);
    let rules = rules.custom("acme/re*", &["index"]);
    Server::builder("test", ()).tools(tools![rest]).handler(Author).scopes(rules).build()
}

async fn answer(router: &Router, caller: &Caller, method: &str, name: Option<&str>, params: Value) -> Value {
    let (.., body) = ask(router, "/mcp", caller, (method, name), params, &[]).await;
    serde_json::from_str(&body).unwrap()
}

#[tokio::test]
async fn what_needs_scopes_is_refused_without_them_and_all_that_are_missing_are_named() {
    let argument = json!({"name": "id", "value": ""});
    let requests = [
        ("prompts/get", Some("daily"), json!({"name": "daily"}), &["reports", "more"][..]),
        ("prompts/get", Some("weekly"), json!({"name": "weekly"}), &[]),
        ("resources/read", Some("notes://1"), json!({"uri": "notes://1"}), &["notes"]),
        ("resources/read", Some("NOTES://1"), json!({"uri": "NOTES://1"}), &["notes"]),
        ("resources/read", Some("open://1"), json!({"uri": "open://1"}), &[]),
        (
            "completion/complete",
            None,
            json!({"ref": {"type": "ref/prompt", "name": "daily"}, "argument": argument}),
            &["reports", "more"],
        ),
        (
            "completion/complete",
            None,
            json!({"ref": {"type": "ref/resource", "uri": "notes://{id}"}, "argument": argument}),
            &["notes"],
        ),
        ("acme/reindex", None, json!({}), &["index"]),
        ("acme/count", None, json!({}), &[]),
    ];
    for (method, name, params, needed) in requests {
        for step_up in [true, false] {
            let (router, _) = served(server(), &format!("[auth]\nstep_up = {step_up}"));
            let answered = answer(&router, &granted(&["other"]), method, name, params.clone()).await;
            let missing: Vec<&str> = answered["error"]["data"]["missing"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            if step_up {
                let mut needed = needed.to_vec();
                needed.sort_unstable();
                assert_eq!(missing, needed, "{method} {params}: {answered}");
            } else {
                assert!(missing.is_empty() && answered.get("error").is_some() != needed.is_empty(), "{answered}");
                if method == "acme/reindex" {
                    assert_eq!(answered["error"], json!({"code": -32601, "message": method}));
                }
            }
            for caller in [granted(needed), Caller::local("default".into())] {
                let answered = answer(&router, &caller, method, name, params.clone()).await;
                assert!(answered.get("result").is_some(), "{method} {params}: {answered}");
            }
        }
    }
}

#[tokio::test]
async fn a_uri_that_rules_can_not_be_sure_of_is_refused_to_everybody() {
    let (router, engine) = served(server(), "");
    for (uri, unclear) in [("no\ttes://1", true), (" notes://1", true), ("notes://%09", false), ("notes://1", false)] {
        let reference = json!({"type": "ref/resource", "uri": uri});
        let params = json!({"ref": reference, "argument": {"name": "id", "value": ""}});
        for caller in [granted(&["notes"]), granted(&[]), Caller::local("default".into())] {
            let answered = answer(&router, &caller, "completion/complete", None, params.clone()).await;
            assert_eq!(answered["error"]["code"] == -32602, unclear, "{uri:?}: {answered}");
        }
        for method in ["resources/read", "resources/subscribe"] {
            let request = serde_json::from_value(json!({"method": method, "params": {"uri": uri}})).unwrap();
            assert_eq!(engine.access.is_unclear(&request), unclear, "{method} {uri:?}");
        }
        let asked: SubscriptionFilter = serde_json::from_value(json!({"resourceSubscriptions": [uri]})).unwrap();
        let narrowed = engine.access.narrowed(&granted(&["notes"]), &asked).resource_subscriptions.unwrap();
        assert_eq!(narrowed.is_empty(), unclear, "{uri:?}");
    }
}

#[cfg(feature = "cedar")]
#[tokio::test]
async fn a_list_that_policies_decide_on_takes_a_place() {
    for (policies, takes) in [(true, true), (false, false)] {
        let mut builder = Server::builder("test", ()).tools(tools![rest]);
        if policies {
            let all = &[("a.cedar", "permit (principal, action, resource);")];
            builder = builder.policies(crate::PolicyFiles::new("policies", all));
        }
        let (router, engine) = served(builder.build(), "[limits]\nconcurrency = 1\nqueue = 0");
        let ada = granted(&[]);
        let taken = engine.places.enter(granted(&[]).key()).unwrap();
        let answered = answer(&router, &ada, "tools/list", None, json!({})).await;
        assert_eq!(answered["error"]["data"]["reason"] == "overloaded", takes, "{answered}");
        drop(taken);
        let answered = answer(&router, &ada, "tools/list", None, json!({})).await;
        assert_eq!(answered["result"]["tools"][0]["name"], "rest", "{answered}");
    }
}

#[tokio::test]
async fn lists_have_what_the_caller_may_use_and_are_its_own() {
    let (router, _) = served(server(), "");
    for (method, member, name, all, without) in [
        ("prompts/list", "prompts", "name", &["daily", "weekly"][..], &["weekly"][..]),
        ("resources/list", "resources", "uri", &["notes://1", "open://1"], &["open://1"]),
        (
            "resources/templates/list",
            "resourceTemplates",
            "uriTemplate",
            &["notes://{id}", "open://{id}"],
            &["open://{id}"],
        ),
    ] {
        for (caller, expected) in [
            (granted(&["reports", "more", "notes"]), all),
            (granted(&["reports"]), without),
            (Caller::local("default".into()), all),
        ] {
            let answered = answer(&router, &caller, method, None, json!({})).await;
            let listed = answered["result"][member].as_array().unwrap();
            let listed: Vec<&str> = listed.iter().map(|one| one[name].as_str().unwrap()).collect();
            assert_eq!(listed, expected, "{method}");
            if caller.principal().as_str() == "ada" {
                assert_eq!(answered["result"]["cacheScope"], "private", "{method}");
            }
        }
    }
}

#[test]
fn a_subscription_is_narrowed_to_what_its_caller_may_read() {
    let (_, engine) = served(server(), "");
    let uris = |caller: &Caller| {
        let asked: SubscriptionFilter =
            serde_json::from_value(json!({"resourceSubscriptions": ["notes://1", "open://1"]})).unwrap();
        engine.access.narrowed(caller, &asked).resource_subscriptions.unwrap()
    };
    assert_eq!(uris(&granted(&["notes"])), ["notes://1", "open://1"]);
    assert_eq!(uris(&granted(&[])), ["open://1"]);
}
