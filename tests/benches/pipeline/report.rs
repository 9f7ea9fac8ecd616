//! Medians and ratios, for people and as JSON.

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::json;

use crate::servers::Kind;

/// Calls per second, by what was measured and by server.
#[derive(Default)]
pub(crate) struct Report {
    figures: BTreeMap<String, BTreeMap<Kind, Vec<f64>>>,
}

impl Report {
    pub(crate) fn add(&mut self, what: &str, kind: Kind, calls: f64) {
        self.figures.entry(what.into()).or_default().entry(kind).or_default().push(calls);
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
    }

    pub(crate) fn write(&self) -> std::io::Result<PathBuf> {
        let figures: BTreeMap<_, _> = self
            .figures
            .iter()
            .map(|(what, rounds)| {
                let rounds: BTreeMap<_, _> = rounds.iter().map(|(kind, rounds)| (kind.as_str(), rounds)).collect();
                (what, json!({ "unit": "calls per second", "rounds": rounds }))
            })
            .collect();
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("../target"), PathBuf::from);
        let folder = target.join("bench");
        std::fs::create_dir_all(&folder)?;
        let path = folder.join("pipeline.json");
        std::fs::write(&path, format!("{:#}\n", json!(figures)))?;
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
