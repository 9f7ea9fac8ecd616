//! `drill TOOL`: shows what callers of a tool meet while its upstream is slow, fails, makes it panic or is dead, and
//! when it is back.
//!
//! The calls go through the whole pipeline in this process, with the tool's own function, policy and configuration;
//! faults are put around the function. Invariants: a drill has no effects, since a function that changes something is
//! never run, and what others share (store, quotas, breakers) is not touched; it is bounded, in calls and in time. It
//! does not measure load.

mod caller;
mod fault;
mod phase;
mod report;
mod screen;
mod stage;
#[cfg(test)]
mod tests;
mod verdict;

use std::{
    io::{IsTerminal as _, Write},
    process::ExitCode,
};

use clap::Args;
use serde_json::Value;

use self::{
    phase::{Phase, Plan},
    report::{End, Report},
    screen::{Mode, Screen},
    stage::Stage,
    verdict::Verdict,
};
use super::{Format, policy};
use crate::{app::AppError, clock::Clock, config::Settings, server::Server};

/// What is drilled, and how.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Options {
    /// The tool.
    tool: String,
    /// The arguments of every call, a JSON object; made up where there are none.
    #[arg(value_name = "JSON")]
    arguments: Option<String>,
    /// The seed of what is made up, and of the pauses before retries.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Makes results up instead of calling the function; a tool that changes something is never called.
    #[arg(long)]
    simulate: bool,
    /// Draws nothing again, as where there is no terminal.
    #[arg(long)]
    plain: bool,
}

/// Why there was no drill.
#[derive(Debug, thiserror::Error)]
pub(super) enum DrillFailure {
    #[error("there is no tool `{tool}`\n  help: {help}")]
    Tool { tool: String, help: String },
    #[error(
        "`{tool}` does not take these arguments: {what}\n  help: give a JSON object that its input schema takes, such as drill {tool} '{{\"query\":\"milk\"}}'"
    )]
    Arguments { tool: String, what: String },
    #[error("{0}")]
    App(#[from] AppError),
    #[error("can't write: {0}")]
    Output(#[from] std::io::Error),
}

/// Drills a tool of the server. Fails, as an exit code, when it did not degrade as it declares.
pub(super) async fn run<S>(
    server: Server<S>,
    settings: &Settings,
    options: &Options,
    format: Format,
) -> Result<ExitCode, DrillFailure> {
    let live = std::io::stdout().is_terminal() && !options.plain;
    let mode = match format {
        Format::Json => Mode::Quiet,
        Format::Text if live => Mode::Live,
        Format::Text => Mode::Plain,
    };
    let mut out = anstream::stdout();
    let (passed, report) = drill(server, settings, options, Clock::system(), Screen::new(&mut out, mode)).await?;
    if format == Format::Json {
        writeln!(out, "{report:#}")?;
    }
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Plays every phase. Whether the tool degraded as it declares, and everything that was seen.
async fn drill<S>(
    server: Server<S>,
    settings: &Settings,
    options: &Options,
    clock: Clock,
    mut screen: Screen<'_>,
) -> Result<(bool, Value), DrillFailure> {
    let stage = Stage::new(server, settings, options, clock)?;
    let mut engine = stage.engine()?;
    let plan = Plan::of(&engine, stage.tool(&engine));
    screen.say(&title(&stage, &engine))?;
    let mut reports: Vec<Report> = Vec::new();
    for phase in Phase::ALL {
        if phase.is_fresh() {
            engine = stage.engine()?;
        }
        let report = phase::play(phase, &plan, &stage, &engine, &mut screen).await?;
        let unwell = phase == Phase::Healthy && report.count(End::Ok) < report.calls();
        reports.push(report);
        if unwell {
            break;
        }
    }
    let verdict = Verdict::of(&reports, &plan, &stage, &engine);
    screen.summary(&reports, &verdict)?;
    let mut report = verdict.as_json();
    report["tool"] = stage.tool(&engine).name.as_ref().into();
    report["arguments"] = stage.shown(stage.tool(&engine));
    report["simulated"] = stage.simulated.into();
    report["phases"] = reports.iter().map(Report::as_json).collect();
    Ok((verdict.passed(), report))
}

fn title(stage: &Stage, engine: &crate::engine::Engine) -> String {
    let tool = stage.tool(engine);
    let mut title = format!("drill {} '{}'\n{}", tool.name, stage.shown(tool), policy::enforced(tool, engine));
    for difference in &stage.differences {
        title.push_str(&format!("\n! {difference}"));
    }
    title.push('\n');
    title
}
