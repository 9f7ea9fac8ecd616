//! What a person sees of a drill while it runs, and what is left of it.
//!
//! On a terminal there is one line for each phase, which is drawn again as it goes on; elsewhere a line for each thing
//! that happens.

use std::{
    io::{Result, Write},
    time::Duration,
};

use anstyle::{AnsiColor, Style};
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::{
    phase::Phase,
    report::{End, Report},
    verdict::Verdict,
};
use crate::{cli::table::Table, names, reliability::BreakerState};

/// How often a line is drawn again.
const FRAME: Duration = Duration::from_millis(100);

/// Goes back to the start of the line, and empties it (ECMA-48).
const AGAIN: &str = "\r\x1b[2K";

/// How it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Live,
    Plain,
    Quiet,
}

/// See the module.
pub(super) struct Screen<'a> {
    out: &'a mut (dyn Write + Send),
    mode: Mode,
    drawn: Option<Instant>,
}

impl<'a> Screen<'a> {
    pub(super) fn new(out: &'a mut (dyn Write + Send), mode: Mode) -> Self {
        Self { out, mode, drawn: None }
    }

    /// A line of text.
    pub(super) fn say(&mut self, text: &str) -> Result<()> {
        if self.mode == Mode::Quiet { Ok(()) } else { writeln!(self.out, "{text}") }
    }

    /// The phase goes on.
    pub(super) fn progress(&mut self, report: &Report, now: Instant) -> Result<()> {
        let due = self.drawn.is_none_or(|drawn| now.saturating_duration_since(drawn) >= FRAME);
        if self.mode != Mode::Live || !due {
            return Ok(());
        }
        self.drawn = Some(now);
        write!(self.out, "{AGAIN}{}", line(report))?;
        self.out.flush()
    }

    /// The breaker changed.
    pub(super) fn changed(&mut self, report: &Report) -> Result<()> {
        match (self.mode, report.breaker.last()) {
            (Mode::Plain, Some((state, after))) => {
                writeln!(self.out, "{:<14} {:>6}  breaker {}", report.phase.as_str(), seconds(*after), word(*state))
            }
            _ => Ok(()),
        }
    }

    /// The phase is over.
    pub(super) fn done(&mut self, report: &Report) -> Result<()> {
        self.drawn = None;
        match self.mode {
            Mode::Live => writeln!(self.out, "{AGAIN}{}", line(report)),
            Mode::Plain => writeln!(self.out, "{}", line(report)),
            Mode::Quiet => Ok(()),
        }
    }

    /// Everything together, and what to say about it.
    pub(super) fn summary(&mut self, reports: &[Report], verdict: &Verdict) -> Result<()> {
        if self.mode == Mode::Quiet {
            return Ok(());
        }
        let mut table = Table::new(&[
            "PHASE", "CALLS", "OK", "FALLBACK", "STALE", "REFUSED", "FAILED", "UPSTREAM", "P50", "P99", "BREAKER",
        ]);
        for report in reports {
            let counts = End::ALL.map(|end| report.count(end));
            let counts = counts.map(|count| if count == 0 { "–".into() } else { count.to_string() });
            let mut row = vec![report.phase.as_str().to_owned(), report.calls().to_string()];
            row.extend(counts);
            row.push(format!("{:.2}x", report.load()));
            row.extend([rough(report.percentile(50)), rough(report.percentile(99)), breaker(report)]);
            table.row(row);
        }
        writeln!(self.out)?;
        table.lines(0).iter().try_for_each(|line| writeln!(self.out, "{line}"))?;
        writeln!(self.out, "\nwhat a client saw")?;
        // What is as it should be looks the same in every phase.
        let worth_seeing = |report: &Report, end| report.phase == Phase::Healthy || end != End::Ok;
        for report in reports {
            if let Some((end, answer)) = report.worst().filter(|(end, _)| worth_seeing(report, *end)) {
                writeln!(self.out, "  {} ({}): {}", report.phase.as_str(), end.as_str(), sample(answer))?;
            }
        }
        writeln!(self.out)?;
        let (good, bad) = (colour(AnsiColor::Green), colour(AnsiColor::Red));
        verdict.held.iter().try_for_each(|held| writeln!(self.out, "{good}held{good:#}    {held}"))?;
        for note in &verdict.notes {
            writeln!(self.out, "note    {note}")?;
        }
        for finding in &verdict.findings {
            writeln!(self.out, "{bad}failed{bad:#}  {}\n  help: {}", finding.what, finding.help)?;
        }
        Ok(())
    }
}

/// An answer without what every answer of the tool says.
fn sample(answer: &Value) -> String {
    if let Some(error) = answer.get("error") {
        return format!("{error}");
    }
    let mut meta = answer["_meta"].clone();
    if let Some(meta) = meta.as_object_mut() {
        meta.remove(names::meta::CONTRACT);
    }
    let text = answer["content"][0]["text"].as_str().map_or_else(|| answer["content"].to_string(), str::to_owned);
    match meta.as_object().is_none_or(Map::is_empty) {
        true => text,
        false => format!("{text}  _meta {meta}"),
    }
}

fn colour(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(colour.into()))
}

/// A phase in one line.
fn line(report: &Report) -> String {
    let ends = End::ALL.into_iter().filter(|end| report.count(*end) > 0);
    let ends: Vec<String> = ends.map(|end| format!("{} {}", report.count(end), end.as_str())).collect();
    let mut parts = vec![format!("{:>3} calls", report.calls())];
    parts.extend(ends);
    parts.push(format!("{:.2}x upstream", report.load()));
    let states = breaker(report);
    if states != "–" {
        parts.push(format!("breaker {states}"));
    }
    let waits = matches!(report.breaker.last(), Some((BreakerState::Open, _)));
    if report.phase == Phase::Recovery && waits {
        parts.push(format!("waiting for the breaker, {}", seconds(report.took)));
    }
    format!("{:<14} {}", report.phase.as_str(), parts.join(" · "))
}

/// The states that the breaker had, each with the time since the phase began.
fn breaker(report: &Report) -> String {
    let states = report.breaker.iter().enumerate().map(|(at, (state, after))| match at {
        0 => word(*state).to_owned(),
        _ => format!("{} {}", word(*state), seconds(*after)),
    });
    match states.collect::<Vec<_>>() {
        states if states.is_empty() => "–".into(),
        states => states.join(" → "),
    }
}

fn word(state: BreakerState) -> &'static str {
    match state {
        BreakerState::HalfOpen => "half open",
        other => other.as_str(),
    }
}

pub(super) fn seconds(duration: Duration) -> String {
    format!("{:.1}s", duration.as_secs_f64())
}

fn rough(duration: Duration) -> String {
    match duration.as_millis() {
        0 => "<1ms".into(),
        millis @ 1..10_000 => format!("{millis}ms"),
        _ => seconds(duration),
    }
}
