//! An older major: its contract from the lock, and its shim.
//!
//! Invariant: what an older major publishes comes from its lock file alone; the source says only how calls of it are
//! translated and when it ends. Whether the shim is right is proved elsewhere (`steadfast_contract::proof`).

use rmcp::model::Tool as Definition;
use semver::Version;
use steadfast_contract::{Lock, shim::Translator};

use super::{
    contract::{Contract, Uncompilable},
    entry::Entry,
    lifecycle::Lifecycle,
};
use crate::{contracts, problem::Problem, tool::History};

/// See the module.
pub(crate) struct Older {
    pub(crate) contract: Contract,
    /// To the next newer major and back.
    pub(crate) translator: Translator,
    /// A call that names no version may be taken for this major by the shape of its arguments.
    pub(crate) shape: bool,
    /// Why its results can't be translated without loss.
    pub(crate) lossy: Option<&'static str>,
    /// `declared` or `typed`.
    pub(crate) shim: &'static str,
}

const RESTORE: &str = "get the file back from the revision that released it: `git checkout <revision> -- contracts`";

impl Older {
    /// The older majors of a tool, newest first; those that can't be served are told.
    pub(super) fn all(entry: &Entry, problems: &mut Vec<Problem>) -> Vec<Self> {
        let mut older = Vec::new();
        for history in entry.declaration.history {
            match Self::of(entry, history) {
                Ok(one) => older.push(one),
                Err(found) => problems.extend(found),
            }
        }
        older
    }

    fn of(entry: &Entry, history: &History) -> Result<Self, Vec<Problem>> {
        let file = format!("contracts/{}/{}.json", entry.name, history.major);
        let broken = |what: String| vec![Problem::new(&file, what, RESTORE)];
        let lock: Lock =
            serde_json::from_str(history.lock).map_err(|error| broken(format!("it can't be read: {error}")))?;
        contracts::format(lock.format).map_err(broken)?;
        let names = || std::iter::once(entry.declaration.name).chain(entry.declaration.aliases.iter().copied());
        if !names().any(|name| name == lock.tool) {
            return Err(broken(format!("it is of the tool `{}`", lock.tool)));
        }
        let version = Version::parse(&lock.version).map_err(|error| broken(format!("its version: {error}")))?;
        if version.major != history.major {
            return Err(broken(format!("it is of major {}", version.major)));
        }
        let definition: Definition = serde_json::from_value(lock.definition)
            .map_err(|error| broken(format!("its definition can't be read: {error}")))?;
        let lifecycle = Lifecycle::new(history.deprecated, history.sunset, history.note);
        let contract =
            Contract::new(version, definition, lock.digests.definition, lifecycle.within(&entry.current.lifecycle))
                .map_err(|wrong| {
                    let problem =
                        |Uncompilable { part, error }| broken(format!("its {part} schema can't be compiled: {error}"));
                    wrong.into_iter().flat_map(problem).collect::<Vec<_>>()
                })?;
        let translator = history.shim.translator().map_err(|error| {
            let place = format!("tool `{}`, history \"{}\"", entry.name, history.major);
            vec![Problem::new(place, error.to_string(), "mend the operation, or write a typed shim")]
        })?;
        Ok(Self { contract, translator, shape: history.shape, lossy: history.lossy, shim: history.shim.as_str() })
    }
}
