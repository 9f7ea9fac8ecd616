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

const ANEW: &str =
    "if its major was never released, `cargo xtask contract bless` writes it anew from the source that has it";

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
        let file = Lock::path(&entry.name, history.major);
        let broken = |what: String| vec![Problem::new(&file, what, RESTORE)];
        let lock: Lock =
            serde_json::from_str(history.lock).map_err(|error| broken(format!("it can't be read: {error}")))?;
        contracts::format(lock.format).map_err(broken)?;
        if !entry.names().any(|name| name == lock.tool) {
            return Err(broken(format!("it is of the tool `{}`", lock.tool)));
        }
        // A tool that was renamed since has its older files under the older name.
        let file = Lock::path(&lock.tool, history.major);
        let broken = |what: String| vec![Problem::new(&file, what, RESTORE)];
        if !lock.is_genuine() {
            let what = "its digests are not those of its definition: it was edited, or badly merged";
            return Err(vec![Problem::new(&file, what, format!("{RESTORE}; {ANEW}"))]);
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use steadfast_contract::Lock;

    use crate::{
        mcp_tool,
        server::Server,
        tool::{History, Tool, Translation},
        tools,
    };

    /// Say hello.
    #[mcp_tool(version = "2.0.0", effect = read_only, alias = "hi", crate = crate)]
    async fn hello() {}

    fn server(tools: Vec<Tool<()>>) -> Server<()> {
        Server::builder("test", ()).tools(tools).build()
    }

    /// What is wrong with a server whose lock of major 1 was changed.
    fn problems(change: impl FnOnce(&mut Value)) -> Vec<(String, String)> {
        let mut published = server(tools![hello]).published().unwrap().tools.remove(0);
        published.version = "1.0.0".into();
        let mut lock = json!(Lock::of(&published));
        change(&mut lock);
        let history = History {
            major: 1,
            shim: Translation::Declared { input: &[], output: &[] },
            lock: lock.to_string().leak(),
            shape: true,
            deprecated: None,
            sunset: None,
            note: None,
            lossy: None,
        };
        let mut tool = tools![hello].remove(0);
        tool.declaration.history = vec![history].leak();
        let server = server(vec![tool]);
        server.problems().iter().map(|problem| (problem.place.clone(), problem.to_string())).collect()
    }

    #[test]
    fn a_lock_that_was_edited_by_hand_is_told_with_its_file() {
        assert_eq!(problems(|_| {}), []);
        assert_eq!(problems(|lock| lock["tool"] = "hi".into()), []);
        for (tool, file) in [("hello", "contracts/hello/1.json"), ("hi", "contracts/hi/1.json")] {
            let found = problems(|lock| {
                lock["tool"] = tool.into();
                lock["definition"]["description"] = "Say something else.".into();
            });
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!(found[0].0, file);
            assert!(found[0].1.contains("digests") && found[0].1.contains("git checkout"), "{found:?}");
        }
    }
}
