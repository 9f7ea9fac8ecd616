//! What the whole pipeline costs over bare rmcp: the same tools, the same load, in turn in one run.
//!
//! Servers are processes of their own, pinned to one core; the load runs on another. Figures are medians of rounds
//! in which all servers take turns, so that a machine whose speed drifts drifts for all of them. The ratio counts.
//! Then one server is offered ten times what it can do.
//!
//! `cargo bench -p steadfast-tests --bench pipeline -- [--rounds N] [--seconds N] [--only http|stdio|overload]`

#![allow(clippy::disallowed_methods, reason = "a benchmark measures real time")]
#![allow(missing_docs, reason = "a program, not a library")]

mod http_load;
mod overload;
mod report;
mod rmcp_server;
mod servers;
mod stdio_load;
mod steadfast_server;
mod work;

use std::process::ExitCode;

use crate::{
    report::Report,
    servers::{Kind, Running, Wire},
    work::Work,
};

/// How long and how often to measure.
struct Plan {
    rounds: usize,
    seconds: u64,
    only: Option<String>,
}

impl Plan {
    fn has(&self, part: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == part)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--serve") {
        return servers::serve(&arguments[at + 1..]).await;
    }
    let value = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag);
        at.and_then(|at| arguments.get(at + 1))
    };
    let number = |flag: &str, default: usize| value(flag).and_then(|value| value.parse().ok()).unwrap_or(default);
    let plan =
        Plan { rounds: number("--rounds", 5), seconds: number("--seconds", 2) as u64, only: value("--only").cloned() };
    match run(&plan).await {
        Ok(report) => {
            report.print();
            match report.write() {
                Ok(path) => println!("\nwritten to {}", path.display()),
                Err(error) => eprintln!("the figures could not be written: {error}"),
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("the benchmark failed: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(plan: &Plan) -> std::io::Result<Report> {
    let mut report = Report::default();
    servers::pin_load();
    if plan.has("http") {
        http(plan, &mut report).await?;
    }
    if plan.has("stdio") {
        stdio(plan, &mut report).await?;
    }
    if plan.has("overload") {
        report.overload = Some(overload::run(plan.seconds).await?);
    }
    Ok(report)
}

async fn http(plan: &Plan, report: &mut Report) -> std::io::Result<()> {
    let servers = [Running::start(Kind::Rmcp, Wire::Http)?, Running::start(Kind::Steadfast, Wire::Http)?];
    for work in Work::ALL {
        for round in 0..=plan.rounds {
            for server in &servers {
                for connections in [1, 16] {
                    let load = http_load::run(server, work, connections, plan.seconds).await?;
                    // The first round warms up.
                    if round > 0 {
                        let what = format!("http {} x{connections}", work.tool());
                        report.time(&what, server.kind, load.p99());
                        report.add(&what, server.kind, load.calls_per_second);
                    }
                }
            }
        }
    }
    Ok(())
}

async fn stdio(plan: &Plan, report: &mut Report) -> std::io::Result<()> {
    let mut servers = [Running::start(Kind::Rmcp, Wire::Stdio)?, Running::start(Kind::Steadfast, Wire::Stdio)?];
    for work in Work::ALL {
        for in_flight in [1, 64] {
            for round in 0..=plan.rounds {
                for server in &mut servers {
                    let kind = server.kind;
                    let calls = stdio_load::run(server, work, in_flight, plan.seconds).await?;
                    if round > 0 {
                        report.add(&format!("stdio {} x{in_flight}", work.tool()), kind, calls);
                    }
                }
            }
        }
    }
    Ok(())
}
