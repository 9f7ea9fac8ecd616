//! All files of a server's lock, read from texts and written back.

use std::collections::BTreeMap;

use semver::Version;
use serde::de::DeserializeOwned;

use super::file::{self, FORMAT, problem};
use crate::{Finding, Lock, PublishedTool, Rule, Surface, Tombstones};

/// The lock of one server; waivers are not a part of it, because they are a person's.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LockSet {
    /// Each tool's majors.
    pub tools: BTreeMap<String, BTreeMap<u64, Lock>>,
    /// What was retired.
    pub tombstones: Tombstones,
    /// What each release served, by its version.
    pub surfaces: BTreeMap<String, Surface>,
    /// A finding for each file that could not be read.
    pub unreadable: Vec<Finding>,
}

/// What a file is, by its path.
enum Kind<'a> {
    Lock(&'a str, u64),
    Tombstones,
    Surface(&'a str),
    Other,
    Stray,
}

impl LockSet {
    /// Reads files: paths relative to the root of the package with `/` between folders, such as
    /// `contracts/search/1.json`, and their texts. Files that are not `.json` are somebody else's.
    pub fn read<P: AsRef<str>, T: AsRef<str>>(files: impl IntoIterator<Item = (P, T)>) -> Self {
        let mut set = Self::default();
        for (path, text) in files {
            if let Err(finding) = set.add(path.as_ref(), text.as_ref()) {
                set.unreadable.push(*finding);
            }
        }
        set
    }

    /// The files, sorted by path.
    pub fn files(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        for (tool, majors) in &self.tools {
            files.extend(majors.iter().map(|(major, lock)| (Lock::path(tool, *major), file::text(lock))));
        }
        if !self.tombstones.tools.is_empty() {
            files.insert(super::tombstones::PATH.to_owned(), file::text(&self.tombstones));
        }
        files.extend(self.surfaces.iter().map(|(release, surface)| (Surface::path(release), file::text(surface))));
        files
    }

    /// What may only change by the rules: the baseline, and what was blessed since then. A file that was never
    /// released can be deleted, and is then free again.
    pub(crate) fn released(&self, baseline: Option<&Self>) -> Self {
        let Some(baseline) = baseline else { return self.clone() };
        let mut released = Self { unreadable: Vec::new(), ..baseline.clone() };
        for (tool, majors) in &self.tools {
            let known = released.tools.entry(tool.clone()).or_default();
            for (major, lock) in majors {
                known.entry(*major).or_insert_with(|| lock.clone());
            }
        }
        for (release, surface) in &self.surfaces {
            released.surfaces.entry(release.clone()).or_insert_with(|| surface.clone());
        }
        released.tombstones.merge(&self.tombstones);
        released
    }

    /// One major of one tool.
    pub fn lock(&self, tool: &str, major: u64) -> Option<&Lock> {
        self.tools.get(tool)?.get(&major)
    }

    /// The name that a major's file is kept under: the tool's own, or that of an alias from before it was renamed.
    pub(crate) fn filed<'a>(&self, tool: &'a PublishedTool, major: u64) -> &'a str {
        let mut names = std::iter::once(&tool.name).chain(&tool.aliases);
        names.find(|name| self.lock(name, major).is_some()).unwrap_or(&tool.name)
    }

    /// What a tool promised in a major, also where it had another name then.
    pub(crate) fn promised(&self, tool: &PublishedTool, major: u64) -> Option<&Lock> {
        self.lock(self.filed(tool, major), major)
    }

    fn add(&mut self, path: &str, text: &str) -> Result<(), Box<Finding>> {
        match kind(path) {
            Kind::Lock(tool, major) => {
                let lock: Lock = parse(path, text)?;
                let version = Version::parse(&lock.version).map_err(|error| {
                    unreadable(path, format!("`version` is `{}`, which is not semver: {error}", lock.version))
                })?;
                if lock.tool != tool || version.major != major {
                    let inside = format!("it holds {} {}", lock.tool, lock.version);
                    return Err(unreadable(path, format!("the name says major {major} of {tool}, but {inside}")));
                }
                formatted(path, lock.format)?;
                self.tools.entry(tool.to_owned()).or_default().insert(major, lock);
            }
            Kind::Tombstones => {
                let tombstones: Tombstones = parse(path, text)?;
                formatted(path, tombstones.format)?;
                self.tombstones = tombstones;
            }
            Kind::Surface(release) => {
                let surface: Surface = parse(path, text)?;
                formatted(path, surface.format)?;
                if surface.release != release {
                    let inside = format!("it holds {}", surface.release);
                    return Err(unreadable(path, format!("the name says release {release}, but {inside}")));
                }
                self.surfaces.insert(release.to_owned(), surface);
            }
            Kind::Other => {}
            Kind::Stray => {
                let names = "`contracts/<tool>/<major>.json`, `contracts/surfaces/<release>.json` and \
                             `contracts/tombstones.json`";
                return Err(unreadable(path, format!("the lock's files are {names}")));
            }
        }
        Ok(())
    }
}

fn kind(path: &str) -> Kind<'_> {
    let Some(stem) = path.strip_prefix("contracts/").and_then(|path| path.strip_suffix(".json")) else {
        return Kind::Other;
    };
    match stem.split('/').collect::<Vec<_>>()[..] {
        ["tombstones"] => Kind::Tombstones,
        [tool, name] => match name.parse() {
            // `01.json` and `+1.json` would be a second file of major 1.
            Ok(major) if name == u64::to_string(&major) => Kind::Lock(tool, major),
            _ if tool == "surfaces" => Kind::Surface(name),
            _ => Kind::Stray,
        },
        _ => Kind::Stray,
    }
}

fn parse<T: DeserializeOwned>(path: &str, text: &str) -> Result<T, Box<Finding>> {
    serde_json::from_str(text).map_err(|error| {
        let conflict = text.lines().position(|line| line.starts_with("<<<<<<< "));
        match conflict {
            Some(line) => unreadable(&format!("{path}:{}", line + 1), "it holds a merge conflict"),
            None => unreadable(&format!("{path}:{}", error.line()), error.to_string()),
        }
    })
}

fn formatted(path: &str, format: u32) -> Result<(), Box<Finding>> {
    if format == FORMAT {
        return Ok(());
    }
    let mut finding = unreadable(path, format!("it is in format {format}; this program reads format {FORMAT}"));
    finding.fix = Some("use the release of steadfast-xtask that wrote it, or a newer one".into());
    Err(finding)
}

fn unreadable(place: &str, why: impl Into<String>) -> Box<Finding> {
    let path = place.split(':').next().unwrap_or(place);
    let mut finding = problem(Rule::LockUnreadable, None, place, why);
    finding.fix = Some(format!(
        "take the released file back (`git checkout -- {path}`; after a conflict: the default branch's side), then run \
         `cargo xtask contract bless`"
    ));
    Box::new(finding)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surface(release: &str) -> String {
        format!(r#"{{"format":1,"release":"{release}","tools":{{"b":1,"a":12}}}}"#)
    }

    #[test]
    fn files_are_written_sorted_pretty_and_the_same_again() {
        let set = LockSet::read([("contracts/surfaces/0.1.0.json", surface("0.1.0"))]);
        assert_eq!(set.unreadable, []);
        let files = set.files();
        let text =
            "{\n  \"format\": 1,\n  \"release\": \"0.1.0\",\n  \"tools\": {\n    \"a\": 12,\n    \"b\": 1\n  }\n}\n";
        assert_eq!(files["contracts/surfaces/0.1.0.json"], text);
        assert_eq!(LockSet::read(&files).files(), files);
    }

    #[test]
    fn what_cannot_be_read_is_a_finding_with_file_line_and_way_out() {
        for (path, text, place, what) in [
            ("contracts/a/1.json", "{\n  \"format\": ", "contracts/a/1.json:2", "EOF"),
            ("contracts/a/1.json", "{\n<<<<<<< HEAD\n}", "contracts/a/1.json:2", "merge conflict"),
            ("contracts/a/01.json", "{}", "contracts/a/01.json", "<tool>/<major>"),
            ("contracts/x.json", "{}", "contracts/x.json", "<tool>/<major>"),
            ("contracts/a/b/1.json", "{}", "contracts/a/b/1.json", "<tool>/<major>"),
            ("contracts/tombstones.json", r#"{"format":2}"#, "contracts/tombstones.json", "format 2"),
            ("contracts/surfaces/0.2.0.json", &surface("0.1.0"), "contracts/surfaces/0.2.0.json", "it holds 0.1.0"),
        ] {
            let set = LockSet::read([(path, text)]);
            let [finding] = &set.unreadable[..] else { panic!("{path}: {:?}", set.unreadable) };
            assert_eq!((finding.rule, &*finding.pointer), (Rule::LockUnreadable, place), "{path}");
            assert!(finding.why.contains(what), "{}", finding.why);
            assert!(finding.fix.is_some());
        }
    }

    #[test]
    fn other_peoples_files_are_left_alone() {
        let set = LockSet::read([("contracts/waivers.toml", "x"), ("contracts/README.md", "x"), ("src/a.json", "x")]);
        assert_eq!(set, LockSet::default());
    }
}
