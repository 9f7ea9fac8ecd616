//! What the lock keeps beside the tools' own files: what was retired, and which majors each release served.
//!
//! [`contracts!`](crate::contracts) embeds the files when the program is compiled. Here they are read; what follows
//! from them is the [catalogue](crate::catalogue)'s business.

use std::collections::BTreeMap;

use steadfast_contract::{Surface, Tombstones, ToolTombstone};

use crate::{catalogue::Entry, date::Date, problem::Problem};

/// The embedded files of a server's lock.
#[derive(Debug, Clone, Copy, Default)]
pub struct Contracts {
    tombstones: Option<&'static str>,
    surfaces: &'static [(&'static str, &'static str)],
}

/// Embeds `contracts/tombstones.json` and `contracts/surfaces/*.json`, for [`ServerBuilder::contracts`].
///
/// The folder is `STEADFAST_CONTRACTS`, or the nearest `contracts` from the package's own up to the one that has
/// `Cargo.lock`. Where there is none the value is empty.
///
/// ```
/// use steadfast::prelude::*;
///
/// let server = Server::builder("acme-tools", ()).contracts(contracts!()).build();
/// ```
///
/// [`ServerBuilder::contracts`]: crate::ServerBuilder::contracts
#[macro_export]
macro_rules! contracts {
    () => {
        $crate::__private::embedded_contracts!($crate)
    };
}

/// The files, read.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// By the name of the tool.
    pub(crate) tombstones: BTreeMap<String, Tombstone>,
    /// By release: the major of each tool, by its name then.
    pub(crate) surfaces: BTreeMap<String, BTreeMap<String, u64>>,
}

/// What of a tool was retired.
#[derive(Debug, Default)]
pub(crate) struct Tombstone {
    /// All of it.
    pub(crate) whole: Option<Ended>,
    /// Single majors.
    pub(crate) majors: BTreeMap<u64, Ended>,
}

/// When something ended, and what its callers should do instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) since: Date,
    pub(crate) note: Option<String>,
}

impl Kept {
    /// What was retired under a name, and under all names of the tool that has it: a file that was written before a
    /// tool was renamed knows it by the older name.
    pub(crate) fn of<'a>(&'a self, name: &'a str, tool: Option<&'a Entry>) -> impl Iterator<Item = &'a Tombstone> {
        let others = tool
            .into_iter()
            .flat_map(Entry::names)
            .map(|other| -> &'a str { other })
            .filter(move |other| *other != name);
        std::iter::once(name).chain(others).filter_map(|name| self.tombstones.get(name))
    }
}

/// The format of the files that this release reads.
const FORMAT: u32 = 1;

const TOMBSTONES: &str = "contracts/tombstones.json";
const RESTORE: &str =
    "get it back with `git checkout -- contracts`, or write it anew with `cargo xtask contract bless`";

impl Contracts {
    /// From the texts of the files; surfaces by release. [`contracts!`](crate::contracts) writes this.
    pub const fn new(tombstones: Option<&'static str>, surfaces: &'static [(&'static str, &'static str)]) -> Self {
        Self { tombstones, surfaces }
    }

    /// Reads the files; what can't be read is left out and told.
    pub(crate) fn read(&self, problems: &mut Vec<Problem>) -> Kept {
        let mut kept = Kept::default();
        if let Some(text) = self.tombstones {
            match tombstones(text) {
                Ok(tombstones) => kept.tombstones = tombstones,
                Err(what) => problems.push(Problem::new(TOMBSTONES, what, RESTORE)),
            }
        }
        for (release, text) in self.surfaces {
            match surface(release, text) {
                Ok(tools) => {
                    kept.surfaces.insert((*release).to_owned(), tools);
                }
                Err(what) => problems.push(Problem::new(format!("contracts/surfaces/{release}.json"), what, RESTORE)),
            }
        }
        kept
    }
}

fn tombstones(text: &str) -> Result<BTreeMap<String, Tombstone>, String> {
    let file: Tombstones = serde_json::from_str(text).map_err(|error| format!("it can't be read: {error}"))?;
    format(file.format)?;
    let tool = |tool: ToolTombstone| {
        let majors = tool.majors.into_iter().map(|(major, end)| Ok((major, ended(&end.sunset, end.note)?)));
        let majors = majors.collect::<Result<_, String>>()?;
        let whole = tool.sunset.map(|sunset| ended(&sunset, tool.note)).transpose()?;
        Ok::<_, String>(Tombstone { whole, majors })
    };
    file.tools.into_iter().map(|(name, written)| Ok((name, tool(written)?))).collect()
}

fn ended(sunset: &str, note: Option<String>) -> Result<Ended, String> {
    let since = Date::parse(sunset).ok_or_else(|| format!("`{sunset}` is no date"))?;
    Ok(Ended { since, note })
}

fn surface(release: &str, text: &str) -> Result<BTreeMap<String, u64>, String> {
    let file: Surface = serde_json::from_str(text).map_err(|error| format!("it can't be read: {error}"))?;
    format(file.format)?;
    if file.release != release {
        return Err(format!("it is of the release `{}`", file.release));
    }
    Ok(file.tools)
}

/// Whether this release reads files of a format.
pub(crate) fn format(found: u32) -> Result<(), String> {
    match found {
        FORMAT => Ok(()),
        other => Err(format!("it is of format {other}, and this release of Steadfast reads format {FORMAT}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_read_is_told_by_its_file_and_the_rest_is_read() {
        let contracts = Contracts::new(
            Some(r#"{"format":2,"tools":{}}"#),
            &[
                ("0.1.0", r#"{"format":1,"release":"0.1.0","tools":{"a":1}}"#),
                ("0.2.0", r#"{"format":1,"release":"0.3.0","tools":{}}"#),
                ("0.4.0", "{"),
            ],
        );
        let mut problems = Vec::new();
        let kept = contracts.read(&mut problems);
        assert_eq!(kept.surfaces.keys().collect::<Vec<_>>(), ["0.1.0"]);
        let places: Vec<&str> = problems.iter().map(|problem| problem.place.as_str()).collect();
        assert_eq!(places, [TOMBSTONES, "contracts/surfaces/0.2.0.json", "contracts/surfaces/0.4.0.json"]);
    }

    #[test]
    fn a_tombstone_is_of_a_tool_or_of_single_majors() {
        let text = r#"{"format":1,"tools":{
            "gone": {"sunset": "2025-01-01", "note": "use `other`", "majors": {}},
            "partly": {"majors": {"1": {"sunset": "2025-02-01"}}, "fields": [], "values": []}
        }}"#;
        let read = tombstones(text).unwrap();
        assert_eq!(read["gone"].whole.as_ref().unwrap().note.as_deref(), Some("use `other`"));
        assert!(read["partly"].whole.is_none());
        assert_eq!(read["partly"].majors[&1].since.to_string(), "2025-02-01");
        assert!(tombstones(r#"{"format":1,"tools":{"x":{"sunset":"soon"}}}"#).is_err());
    }
}
