//! Surfaces: the set of majors that a release served, frozen, under the release's name.
//!
//! The surface of the release that runs follows the source, whatever its file says; all others are as their files
//! have them. Invariant: every name of a surface is either served or known to be retired.

use std::collections::{BTreeMap, HashMap};

use super::{
    contract::Contract,
    entry::{Entry, Major},
};
use crate::{
    contracts::{Ended, Kept},
    date::Date,
    problem::Problem,
};

/// Which surface, by its place in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SurfaceId(pub(super) usize);

/// One release's set of majors.
#[derive(Debug)]
pub(crate) struct Surface {
    /// The release's version.
    pub(crate) release: String,
    /// By the names that the release listed.
    pub(super) tools: BTreeMap<String, Listed>,
    /// What was retired since, by the same names.
    pub(super) retired: BTreeMap<String, Ended>,
}

/// A tool of a surface.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed {
    /// Its place in the catalogue.
    pub(super) entry: usize,
    pub(super) major: Major,
}

impl Surface {
    /// All surfaces, by release; what can't be served is told.
    pub(super) fn all(
        entries: &[Entry],
        index: &HashMap<&'static str, usize>,
        release: &str,
        kept: &Kept,
        problems: &mut Vec<Problem>,
    ) -> Vec<Self> {
        let frozen = kept.surfaces.iter().filter(|(name, _)| *name != release);
        let mut surfaces: Vec<Self> = frozen
            .map(|(name, tools)| {
                let mut surface = Self::empty(name);
                for (tool, major) in tools {
                    surface.add(tool, *major, entries, index, kept, problems);
                }
                surface
            })
            .collect();
        surfaces.push(Self::current(release, entries));
        surfaces.sort_by(|a, b| a.release.cmp(&b.release));
        surfaces
    }

    fn empty(release: &str) -> Self {
        Self { release: release.to_owned(), tools: BTreeMap::new(), retired: BTreeMap::new() }
    }

    /// The surface of the release that runs. Nothing is promised about previews, so they are on no surface.
    fn current(release: &str, entries: &[Entry]) -> Self {
        let promised = |contract: &Contract| contract.version.major > 0 && contract.version.pre.is_empty();
        let tools = entries.iter().enumerate().filter(|(_, entry)| promised(&entry.current));
        let tools = tools.map(|(at, entry)| (entry.name.to_string(), Listed { entry: at, major: Major::Current }));
        Self { tools: tools.collect(), ..Self::empty(release) }
    }

    fn add(
        &mut self,
        tool: &str,
        number: u64,
        entries: &[Entry],
        index: &HashMap<&'static str, usize>,
        kept: &Kept,
        problems: &mut Vec<Problem>,
    ) {
        let at = index.get(tool).copied();
        let major = at.and_then(|at| {
            let mut majors = entries[at].majors();
            majors.find(|(_, contract)| contract.version.major == number).map(|(major, _)| major)
        });
        if let (Some(entry), Some(major)) = (at, major) {
            self.tools.insert(tool.to_owned(), Listed { entry, major });
            return;
        }
        let tombstone = kept.tombstones.get(tool);
        match tombstone.and_then(|tombstone| tombstone.whole.as_ref().or_else(|| tombstone.majors.get(&number))) {
            Some(ended) => {
                self.retired.insert(tool.to_owned(), ended.clone());
            }
            None => problems.push(Problem::new(
                format!("contracts/surfaces/{}.json", self.release),
                format!(
                    "its clients call major {number} of `{tool}`, which this server neither serves nor has retired"
                ),
                format!(
                    "serve it again (`history(\"{number}\" => ..)`); it may be removed from the source only after the \
                     sunset date that its lock file has, and `cargo xtask contract bless` then notes that it is gone"
                ),
            )),
        }
    }

    /// The earliest dates of its majors: deprecated, sunset.
    pub(super) fn dates(&self, entries: &[Entry]) -> (Option<Date>, Option<Date>) {
        let lifecycles = || self.tools.values().map(|listed| &entries[listed.entry].contract(listed.major).lifecycle);
        let deprecated = lifecycles().filter_map(|lifecycle| lifecycle.deprecated).min();
        let gone = self.retired.values().map(|ended| ended.since);
        (deprecated, lifecycles().filter_map(|lifecycle| lifecycle.sunset).chain(gone).min())
    }
}
