//! What a decision by policies costs: a hundred policies, twenty tools, callers and arguments in turn.
//!
//! `cargo bench -p steadfast-tests --bench policy`

#![allow(clippy::disallowed_methods, reason = "a benchmark measures real time")]
#![allow(missing_docs, reason = "a program, not a library")]

use std::{hint::black_box, process::ExitCode, time::Instant};

use serde_json::{Value, json};
use steadfast::{PolicyFiles, prelude::*, testing::Client};

/// How many decisions are measured.
const ROUNDS: usize = 200_000;

/// What the slowest of a hundred decisions may take, in nanoseconds.
const BUDGET: u128 = 50_000;

/// Where it goes.
#[derive(JsonSchema, Deserialize)]
#[allow(dead_code, reason = "only its schema is of interest")]
struct Address {
    city: String,
    floor: Option<i32>,
    tags: Vec<String>,
}

macro_rules! made {
    ($($name:ident $effect:ident),*) => {$(
        /// Do something.
        #[mcp_tool(version = "1.0.0", effect = $effect, scopes = ["notes:read"], owner = "team")]
        #[allow(unused_variables, reason = "it is never run")]
        async fn $name(text: String, limit: u32, amount: f64, to: Option<Address>, ids: Vec<u64>) {}
    )*

        fn tools() -> Vec<Tool<()>> {
            tools![$($name),*]
        }

        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

made! {
    find_a read_only, find_b read_only, find_c read_only, find_d read_only, find_e read_only,
    add_a additive, add_b additive, add_c additive, add_d additive, add_e additive,
    add_f additive, add_g additive, add_h additive, add_i additive, add_j additive,
    end_a destructive, end_b destructive, end_c destructive, end_d destructive, end_e destructive
}

/// A hundred policies: for single tools, for classes, for everybody; half of them with conditions on arguments.
fn policies() -> PolicyFiles {
    let conditions = [
        "context.input.text like \"*milk*\"",
        "context.input.limit < 50 && principal.tenant == \"default\"",
        "context.input.amount.lessThan(decimal(\"99.95\"))",
        "context.input has to && context.input.to.tags.containsAny([\"a\", \"b\"])",
        "principal.scopes.containsAll([\"notes:read\", \"notes:write\"])",
    ];
    let text: String = (0..100)
        .map(|at| {
            let effect = if at % 3 == 0 { "forbid" } else { "permit" };
            let action = match at % 4 {
                0 => format!("action == Action::{:?}", NAMES[at % NAMES.len()]),
                1 => "action in Action::\"class:additive\"".to_owned(),
                2 => "action in Action::\"class:destructive\"".to_owned(),
                _ => "action".to_owned(),
            };
            let principal = if at % 5 == 0 { format!("principal in Group::\"g{at}\"") } else { "principal".to_owned() };
            let when = conditions[at % conditions.len()];
            format!("@id(\"p{at}\") {effect} ({principal}, {action}, resource) when {{ {when} }};\n")
        })
        .collect();
    let members = (0..500).map(|at| {
        json!({"uid": {"type": "User", "id": format!("default/u{at}")}, "parents": [{"type": "Group", "id": format!("g{}", at % 100)}]})
    });
    let entities = members.collect::<Value>().to_string();
    let files = [("all.cedar", &*text.leak()), ("entities.json", &*entities.leak())];
    PolicyFiles::new("policies", Vec::from(files).leak())
}

fn main() -> ExitCode {
    let server = Server::builder("bench", ()).tools(tools()).policies(policies()).build();
    let client = match Client::new(server) {
        Ok(client) => client,
        Err(problems) => {
            problems.iter().for_each(|problem| eprintln!("{problem}"));
            return ExitCode::FAILURE;
        }
    };
    let callers: Vec<Client> = (0..50)
        .map(|at| {
            client
                .as_caller(&format!("u{at}"))
                .with_scopes(&["notes:read", if at % 2 == 0 { "notes:write" } else { "x" }])
        })
        .collect();
    let arguments: Vec<Value> = (0..10)
        .map(|at| {
            json!({
                "text": format!("some text of usual length {at}, with or without milk"), "limit": at * 7, "amount": 11.5 * f64::from(at),
                "to": {"city": "Bern", "floor": at, "tags": ["a", "c"]}, "ids": [1, 2, 3],
            })
        })
        .collect();
    let decide = |at: usize| {
        let client = &callers[at % callers.len()];
        black_box(client.permits(NAMES[at % NAMES.len()], &arguments[at % arguments.len()]))
    };
    let permitted = (0..ROUNDS / 10).filter(|at| decide(*at)).count();
    let decisions = measured(|at| {
        decide(at);
    });
    let lists = measured(|at| {
        black_box(callers[at % callers.len()].list().len());
    });
    println!(
        "100 policies, {} tools, 500 members of groups; {permitted} of {} calls permitted",
        NAMES.len(),
        ROUNDS / 10
    );
    println!("a decision   p50 {:>8} ns   p99 {:>8} ns   p99.9 {:>8} ns", decisions[0], decisions[1], decisions[2]);
    println!("a list       p50 {:>8} ns   p99 {:>8} ns   p99.9 {:>8} ns", lists[0], lists[1], lists[2]);
    if decisions[1] > BUDGET {
        eprintln!("p99 of a decision is above {BUDGET} ns");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Percentiles: 50, 99, 99.9.
fn measured(mut work: impl FnMut(usize)) -> [u128; 3] {
    let rounds = ROUNDS;
    let mut times: Vec<u128> = (0..rounds)
        .map(|at| {
            let began = Instant::now();
            work(at);
            began.elapsed().as_nanos()
        })
        .collect();
    times.sort_unstable();
    [rounds / 2, rounds / 100 * 99, rounds / 1000 * 999].map(|at| times[at])
}
