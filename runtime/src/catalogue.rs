//! The tools of a server, compiled: contracts as published, validators, names, surfaces.
//!
//! Invariant: a catalogue exists only if every tool in it can be served, in every major that its source names;
//! otherwise *all* problems are reported at once. It is built when the server is, and never changes. What depends on
//! the day (states, lists) is asked with the day.

mod contract;
mod entry;
mod lifecycle;
mod listing;
mod numbers;
mod older;
mod surfaces;

use std::{collections::HashMap, sync::Arc};

use steadfast_contract::PublishedTool;

pub(crate) use self::{
    contract::Contract,
    entry::{Entry, Major, Run, Served},
    lifecycle::State,
    listing::Listing,
    older::Older,
    surfaces::{Retired, Surface, SurfaceId},
};
use self::{entry::Source, listing::Cached};
use crate::{
    contracts::{Contracts, Kept, Tombstone},
    date::Date,
    problem::Problem,
    tool::Tool,
};

/// See the module.
#[derive(Debug)]
pub(crate) struct Catalogue {
    entries: Vec<Entry>,
    /// Published names and aliases.
    index: HashMap<&'static str, usize>,
    /// By release.
    surfaces: Vec<Surface>,
    kept: Kept,
    /// Of the server as a whole, then of each surface.
    lists: Vec<Cached>,
}

/// What comes of a server's tools.
pub(crate) struct Built {
    /// What the source publishes; right also where the files of the lock are not.
    pub(crate) published: Result<Vec<PublishedTool>, Vec<Problem>>,
    pub(crate) catalogue: Result<Catalogue, Vec<Problem>>,
}

impl Catalogue {
    /// Compiles tools over one state. `release` is the server's own version.
    pub(crate) fn build<S: Send + Sync + 'static>(
        tools: Vec<Tool<S>>,
        state: &Arc<S>,
        release: &str,
        contracts: &Contracts,
    ) -> Built {
        let sources = tools.into_iter().map(|tool| Source::of(tool, state)).collect();
        build(sources, release, contracts)
    }

    /// The tool of a name or an alias.
    pub(crate) fn find(&self, name: &str) -> Option<&Entry> {
        self.index.get(name).map(|at| &self.entries[*at])
    }

    /// The same, for whoever puts something around its functions before a server is made of it.
    pub(crate) fn find_mut(&mut self, name: &str) -> Option<&mut Entry> {
        self.index.get(name).map(|at| &mut self.entries[*at])
    }

    /// The same in its current major, with the name as the catalogue has it.
    pub(crate) fn call(&self, name: &str) -> Option<Served<'_>> {
        let (name, at) = self.index.get_key_value(name)?;
        Some(self.entries[*at].called(name, Major::Current))
    }

    /// All tools, sorted by name.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What was retired under a name, and under the other names of the tool that has it.
    pub(crate) fn tombstones<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Tombstone> {
        self.kept.of(name, self.find(name))
    }

    /// The surface of a release.
    pub(crate) fn surface(&self, release: &str) -> Option<SurfaceId> {
        self.surfaces.iter().position(|surface| surface.release == release).map(SurfaceId)
    }

    /// The release of a surface.
    pub(crate) fn release(&self, surface: SurfaceId) -> &str {
        &self.surfaces[surface.0].release
    }

    /// Every surface there is.
    pub(crate) fn surfaces(&self) -> impl Iterator<Item = (SurfaceId, &Surface)> {
        self.surfaces.iter().enumerate().map(|(at, surface)| (SurfaceId(at), surface))
    }

    /// The tool that a surface lists under a name, or that has the name as an alias and is on the surface.
    pub(crate) fn find_on(&self, surface: SurfaceId, name: &str) -> Option<Served<'_>> {
        let tools = &self.surfaces[surface.0].tools;
        let listed = tools.get_key_value(name).map(|(name, listed)| (name.as_str(), listed));
        let (name, listed) = listed.or_else(|| {
            let (name, entry) = self.index.get_key_value(name)?;
            Some((*name, tools.values().find(|listed| listed.entry == *entry)?))
        })?;
        let tool = &self.entries[listed.entry];
        Some(Served { tool, name, major: listed.major, renamed: listed.renamed.as_ref() })
    }

    /// The tool of a name, of a surface's own where there is a surface.
    pub(crate) fn listed(&self, surface: Option<SurfaceId>, name: &str) -> Option<&Entry> {
        match surface {
            Some(surface) => self.find_on(surface, name).map(|served| served.tool),
            None => self.find(name),
        }
    }

    /// The names that a surface lists.
    pub(crate) fn names_on(&self, surface: SurfaceId) -> impl Iterator<Item = &str> {
        self.surfaces[surface.0].tools.keys().map(String::as_str)
    }

    /// What a surface's tool came to, if it was retired since.
    pub(crate) fn retired_on(&self, surface: SurfaceId, name: &str) -> Option<&Retired> {
        self.surfaces[surface.0].retired.get(name)
    }

    /// The earliest dates of the majors that a surface serves on a day: deprecated, sunset.
    pub(crate) fn dates_of(&self, surface: SurfaceId, today: Date) -> (Option<Date>, Option<Date>) {
        self.surfaces[surface.0].dates(&self.entries, today)
    }

    /// The body of `tools/list` on a day.
    pub(crate) fn list(&self, surface: Option<SurfaceId>, today: Date) -> Arc<Listing> {
        let entries = &self.entries;
        match surface {
            None => self.lists[0].get(today, || Listing::of_all(entries, today)),
            Some(SurfaceId(at)) => self.lists[at + 1].get(today, || Listing::of(&self.surfaces[at], entries, today)),
        }
    }
}

fn build(sources: Vec<Source>, release: &str, contracts: &Contracts) -> Built {
    let mut problems = Vec::new();
    let mut entries: Vec<Entry> = Vec::new();
    for source in sources {
        match Entry::build(source) {
            Ok(entry) => entries.push(entry),
            Err(found) => problems.extend(found),
        }
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    for (id, entry) in entries.iter_mut().enumerate() {
        entry.id = id;
    }
    let index = index(&entries, &mut problems);
    if !problems.is_empty() {
        return Built { published: Err(problems.clone()), catalogue: Err(problems) };
    }
    let published = entries.iter().map(Entry::published).collect();
    for entry in &mut entries {
        entry.older = Older::all(entry, &mut problems);
    }
    let kept = contracts.read(&mut problems);
    // A major that is missing above would be missing on a surface, too.
    let surfaces = match problems.is_empty() {
        true => Surface::all(&entries, &index, release, &kept, &mut problems),
        false => Vec::new(),
    };
    let lists = std::iter::repeat_with(Cached::default).take(surfaces.len() + 1).collect();
    let catalogue = Catalogue { entries, index, surfaces, kept, lists };
    Built { published: Ok(published), catalogue: if problems.is_empty() { Ok(catalogue) } else { Err(problems) } }
}

fn index(entries: &[Entry], problems: &mut Vec<Problem>) -> HashMap<&'static str, usize> {
    let mut index = HashMap::new();
    for (at, entry) in entries.iter().enumerate() {
        for name in entry.names() {
            if let Some(other) = index.insert(name, at) {
                problems.push(Problem::new(
                    format!("tool `{}`", entry.name),
                    format!("the name `{name}` is taken by the tool `{}`", entries[other].name),
                    "give one of them another name: `#[mcp_tool(name = \"..\")]`",
                ));
            }
        }
    }
    index
}

#[cfg(test)]
mod tests {
    use crate::{mcp_tool, server::Server, tools};

    /// Look it up.
    #[mcp_tool(version = "1.0.0", effect = read_only, fallback = remember, crate = crate)]
    async fn look_up() {}

    /// Say what was known.
    #[mcp_tool(version = "1.0.0", effect = read_only, crate = crate)]
    async fn remember() {}

    #[test]
    fn a_tool_has_a_fallback_beside_it_only_where_it_declares_one() {
        let server = Server::builder("test", ()).version("1.0.0").tools(tools![look_up, remember]).build();
        let catalogue = server.into_parts().unwrap().catalogue;
        let has = |name: &str| catalogue.find(name).unwrap().fallback.is_some();
        assert_eq!((has("look_up"), has("remember")), (true, false));
    }
}
