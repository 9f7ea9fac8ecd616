//! Medians and ratios, for people and as JSON.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use serde_json::{Value, json};

use crate::{overload::Overload, servers::Kind};

/// What was measured, by server, round by round.
type Figures = BTreeMap<String, BTreeMap<Kind, Vec<f64>>>;

/// See the module.
#[derive(Default)]
pub(crate) struct Report {
    /// Calls per second.
    figures: Figures,
    /// The 99th percentile of the times of calls, in microseconds.
    times: Figures,
    pub(crate) overload: Option<Overload>,
}

impl Report {
    pub(crate) fn add(&mut self, what: &str, kind: Kind, calls: f64) {
        self.figures.entry(what.into()).or_default().entry(kind).or_default().push(calls);
    }

    pub(crate) fn time(&mut self, what: &str, kind: Kind, p99: Duration) {
        let micros = p99.as_secs_f64() * 1e6;
        self.times.entry(what.into()).or_default().entry(kind).or_default().push(micros);
    }

    pub(crate) fn print(&self) {
        println!("{:<18} {:>14} {:>14} {:>8}   spread", "calls/s", "rmcp", "steadfast", "ratio");
        for (what, rounds) in &self.figures {
            let (rmcp, steadfast) = (median(rounds.get(&Kind::Rmcp)), median(rounds.get(&Kind::Steadfast)));
            println!(
                "{what:<18} {rmcp:>14.0} {steadfast:>14.0} {:>8.3}   {}",
                steadfast / rmcp,
                rounds.values().map(|rounds| spread(rounds)).collect::<Vec<_>>().join(" "),
            );
        }
        println!("\n{:<18} {:>14} {:>14} {:>8}   spread", "p99 in µs", "rmcp", "steadfast", "more");
        for (what, rounds) in &self.times {
            let (rmcp, steadfast) = (median(rounds.get(&Kind::Rmcp)), median(rounds.get(&Kind::Steadfast)));
            let spreads = rounds.values().map(|rounds| spread(rounds)).collect::<Vec<_>>().join(" ");
            println!("{what:<18} {rmcp:>14.0} {steadfast:>14.0} {:>+8.0}   {spreads}", steadfast - rmcp);
        }
        if let Some(overload) = &self.overload {
            println!("\n{overload}");
        }
    }

    pub(crate) fn write(&self) -> std::io::Result<PathBuf> {
        let of = |figures: &Figures, unit: &str| -> Value {
            let each = figures.iter().map(|(what, rounds)| {
                let rounds: BTreeMap<_, _> = rounds.iter().map(|(kind, rounds)| (kind.as_str(), rounds)).collect();
                (what.clone(), json!({ "unit": unit, "rounds": rounds }))
            });
            each.collect()
        };
        let figures = json!({
            "throughput": of(&self.figures, "calls per second"),
            "p99": of(&self.times, "microseconds"),
            "overload": self.overload.as_ref().map(Overload::as_json),
        });
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("../target"), PathBuf::from);
        let folder = target.join("bench");
        std::fs::create_dir_all(&folder)?;
        let path = folder.join("pipeline.json");
        std::fs::write(&path, format!("{figures:#}\n"))?;
        Ok(path)
    }
}

fn median(rounds: Option<&Vec<f64>>) -> f64 {
    let mut rounds = rounds.cloned().unwrap_or_default();
    rounds.sort_by(f64::total_cmp);
    rounds.get(rounds.len() / 2).copied().unwrap_or(f64::NAN)
}

fn spread(rounds: &[f64]) -> String {
    let least = rounds.iter().copied().fold(f64::INFINITY, f64::min);
    let most = rounds.iter().copied().fold(0.0, f64::max);
    format!("{least:.0}–{most:.0}")
}
