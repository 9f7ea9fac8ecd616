//! Surfaces: the set of majors that a release served, frozen, under the release's name.
//!
//! The surface of the release that runs follows the source, whatever its file says; all others are as their files
//! have them. Invariant: every name of a surface is either served or known to be retired.

use std::collections::{BTreeMap, HashMap};

use super::{
    contract::{Contract, Renamed},
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

/// What a surface listed and is retired since.
#[derive(Debug)]
pub(crate) struct Retired {
    /// The major that the release served; none when the whole tool is gone.
    pub(crate) major: Option<u64>,
    pub(crate) ended: Ended,
}

/// One release's set of majors.
#[derive(Debug)]
pub(crate) struct Surface {
    /// The release's version.
    pub(crate) release: String,
    /// By the names that the release listed.
    pub(super) tools: BTreeMap<String, Listed>,
    /// What was retired since, by the same names.
    pub(super) retired: BTreeMap<String, Retired>,
}

/// A tool of a surface.
#[derive(Debug)]
pub(super) struct Listed {
    /// Its place in the catalogue.
    pub(super) entry: usize,
    pub(super) major: Major,
    /// The surface's name for it is not the contract's own.
    pub(super) renamed: Option<Renamed>,
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
        let tools = tools
            .map(|(at, entry)| (entry.name.to_string(), Listed { entry: at, major: Major::Current, renamed: None }));
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
            let renamed = entries[entry].contract(major).under(tool);
            self.tools.insert(tool.to_owned(), Listed { entry, major, renamed });
            return;
        }
        let whole = kept.tombstones.get(tool).and_then(|tombstone| tombstone.whole.as_ref());
        let mut majors = kept.of(tool, at.map(|at| &entries[at])).flat_map(|tombstone| &tombstone.majors);
        let retired = match whole {
            Some(ended) => Some(Retired { major: None, ended: ended.clone() }),
            None => majors
                .find(|(major, _)| **major == number)
                .map(|(major, ended)| Retired { major: Some(*major), ended: ended.clone() }),
        };
        match retired {
            Some(retired) => {
                self.retired.insert(tool.to_owned(), retired);
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

    /// The earliest dates of the majors that it still serves on a day: deprecated, sunset. What is over has been
    /// announced; a surface that says it ended while it is served would be wrong.
    pub(super) fn dates(&self, entries: &[Entry], today: Date) -> (Option<Date>, Option<Date>) {
        let lifecycles = self.tools.values().map(|listed| &entries[listed.entry].contract(listed.major).lifecycle);
        let served = || lifecycles.clone().filter(|lifecycle| lifecycle.sunset.is_none_or(|sunset| sunset > today));
        let sunset = served().filter_map(|lifecycle| lifecycle.sunset).min();
        let deprecated = served().filter_map(|lifecycle| lifecycle.deprecated).min();
        // What ends is deprecated by then at the latest; a sunset before it is not allowed (RFC 9745, section 4).
        (deprecated.map(|deprecated| sunset.map_or(deprecated, |sunset| deprecated.min(sunset))), sunset)
    }
}

#[cfg(test)]
mod tests {
    use crate::{date::Date, mcp_tool, server::Server, tools};

    /// Go without a word.
    #[mcp_tool(version = "1.0.0", effect = read_only, sunset = "2026-02-01", crate = crate)]
    async fn abrupt() {}

    /// Go in time.
    #[mcp_tool(version = "1.0.0", effect = read_only, deprecated = "2026-03-01", sunset = "2027-03-01", crate = crate)]
    async fn announced() {}

    #[test]
    fn a_surface_ends_by_its_next_end_and_never_before_it_is_deprecated() {
        let server = Server::builder("test", ()).version("1.0.0").tools(tools![abrupt, announced]).build();
        let catalogue = server.into_parts().unwrap().catalogue;
        let surface = catalogue.surface("1.0.0").unwrap();
        let day = |text: &str| Date::parse(text).unwrap();
        for (today, deprecated, sunset) in [
            ("2026-01-31", Some("2026-02-01"), Some("2026-02-01")),
            ("2026-02-01", Some("2026-03-01"), Some("2027-03-01")),
            ("2027-03-01", None, None),
        ] {
            assert_eq!(catalogue.dates_of(surface, day(today)), (deprecated.map(day), sunset.map(day)), "{today}");
        }
    }
}
