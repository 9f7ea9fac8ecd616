use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::*;
use crate::{
    access::settings::{Mode, PolicySettings},
    caller::{Proved, Scopes},
    mcp_tool,
    principal::Principal,
    server::Server,
    tools,
};

/// How urgent it is.
#[derive(schemars::JsonSchema, serde::Deserialize)]
#[schemars(crate = "schemars")]
#[serde(rename_all = "snake_case")]
#[allow(dead_code, reason = "only its schema is of interest")]
enum Urgency {
    Low,
    /// Today.
    High,
}

/// Where it goes.
#[derive(schemars::JsonSchema, serde::Deserialize)]
#[allow(dead_code, reason = "only its schema is of interest")]
struct Address {
    city: String,
    floor: Option<i32>,
    rate: f64,
    #[serde(default)]
    tags: Vec<String>,
    more: BTreeMap<String, String>,
    inside: Option<Box<Address>>,
}

/// Look something up.
#[mcp_tool(version = "1.0.0", effect = read_only, scopes = ["notes:read"], crate = crate)]
#[allow(unused_variables, reason = "it is never run")]
async fn find(query: String, #[arg(default = 20)] limit: u32) {}

/// Add a note.
#[mcp_tool(version = "1.2.0", effect = additive, owner = "notes-team", crate = crate)]
#[allow(unused_variables, reason = "it is never run")]
async fn add(
    text: String,
    urgency: Option<Urgency>,
    amount: f64,
    to: Option<Address>,
    #[arg(secret)] password: String,
    either: Option<Vec<Vec<i64>>>,
) {
}

/// Delete notes.
#[mcp_tool(version = "2.0.0", effect = destructive, open_world, crate = crate)]
#[allow(unused_variables, reason = "it is never run")]
async fn delete(ids: Vec<u64>, force: bool) {}

fn catalogue() -> Arc<Catalogue> {
    Server::builder("notes", ()).tools(tools![find, add, delete]).build().into_parts().unwrap().catalogue
}

fn settings(reads: Reads) -> PolicySettings {
    let claims = vec!["groups".to_owned(), "department".to_owned()];
    PolicySettings { dir: None, mode: Mode::Enforce, reads, refresh: std::time::Duration::from_secs(5), claims }
}

fn files(texts: &[&str]) -> Files {
    let policies = texts.iter().enumerate().map(|(at, text)| (format!("{}.cedar", at + 1), (*text).to_owned()));
    Files { dir: "policies".into(), policies: policies.collect(), entities: None }
}

fn with(reads: Reads, files: &Files) -> Result<Cedar, Vec<Problem>> {
    Cedar::new(&catalogue(), "notes", ["notes:read".to_owned()].into(), &settings(reads), files)
}

fn cedar(texts: &[&str]) -> Cedar {
    with(Reads::Permit, &files(texts)).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn ada() -> Caller {
    let proved = Proved {
        scopes: Scopes::Granted(["notes:write".to_owned()].into()),
        client: Some("editor".into()),
        claims: json!({"department": "law", "groups": ["staff", "night"]}).as_object().unwrap().clone(),
        expires: None,
    };
    Caller::new(Principal::Named("ada".into()), "acme".into(), proved)
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn decide(cedar: &Cedar, caller: &Caller, tool: &str, arguments: Value) -> Decision {
    let catalogue = Arc::clone(&cedar.catalogue);
    let tool = catalogue.find(tool).unwrap();
    let arguments = object(arguments);
    cedar.decide(caller, &Asked { tool, version: &tool.current.label, surface: Some("1.0.0"), arguments: &arguments })
}

#[test]
fn show() {
    println!("{}", schema_text(&catalogue(), &settings(Reads::Permit)).unwrap());
    for text in [
        "permit(principal, action, resource) when { context.input.text == 1 };\npermit(principal, action == Action::\"ad\", resource);",
        "permit(principal, action == Action::\"add\", resource) when { context.input.text == 1 };\n\n  permit(principal == User::\"a\", action, resource == Tool::\"dlete\") when { context.input.urgency == \"x\" };",
        "permit(principal action, resource);",
        "permit(principal, action, resource) when { 1 + };\npermit(x,y,z)",
        "permit(principal == ?principal, action, resource);",
        "@id(\"a\") permit(principal,action,resource); @id(\"a\") permit(principal,action,resource);",
    ] {
        let problems = with(Reads::Permit, &files(&[text])).err().unwrap();
        for p in problems {
            println!("{p}\n");
        }
    }
    let c = cedar(&[
        "permit(principal, action in Action::\"class:additive\", resource) when { principal.scopes.contains(\"notes:write\") && context.input.text like \"a*\" };",
    ]);
    println!("{:?}", decide(&c, &ada(), "add", json!({"text":"abc","amount":1.5,"password":"x"})));
    println!("{:?}", decide(&c, &ada(), "add", json!({"text":"bbc","amount":1.5,"password":"x"})));
    let catalogue = catalogue();
    let tool = catalogue.find("add").unwrap();
    println!(
        "{:#?}",
        c.explain(
            &ada(),
            &Asked {
                tool,
                version: "1.2.0",
                surface: None,
                arguments: &object(json!({"text":"bbc","amount":1.5,"password":"x"}))
            }
        )
    );
}
