//! The policies of a server: where they come from, and how they are replaced while it runs.
//!
//! They are read from the directory `policy.dir`; where none is named and no policies are in the directory `policies`, the
//! ones that the program embeds are in force; where it embeds none, there are no policies, and scopes alone decide.
//! Invariant: once there are policies, there are policies until the server ends. A directory that is gone, can't be read,
//! has a mistake, has no policy or has lost a file leaves those in force that were read last, and one that is being written
//! is not taken before two looks found the same. A file that is gone may be a volume that is half mounted, and what only it
//! forbade would be permitted; who takes one away starts the server again.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use super::{
    cedar::Cedar,
    files::{Files, PolicyFiles},
    settings::{DIR, Mode, PolicySettings},
};
use crate::{catalogue::Catalogue, metrics::Metrics, problem::Problem};

/// See the module.
pub(crate) struct Policies {
    pub(crate) cedar: Cedar,
    pub(crate) mode: Mode,
    /// The directory, where they come from one.
    watched: Option<PathBuf>,
    refresh: Duration,
    seen: Mutex<Seen>,
    replaced: Notify,
}

/// What looks at the directory gave.
#[derive(Debug)]
struct Seen {
    /// What was decided on last, in force or not.
    decided: Read,
    /// What the last look gave, where it was something else.
    fresh: Option<Read>,
    /// The files of those in force.
    names: BTreeSet<String>,
}

/// What a look at the directory gave.
#[derive(Debug, PartialEq, Eq)]
enum Read {
    Files(Files),
    Unreadable(String),
}

impl Policies {
    /// The policies that a server starts with; none where it has none. `scopes` are those that it asks for.
    pub(crate) fn open(
        catalogue: &Arc<Catalogue>,
        server: &str,
        scopes: BTreeSet<String>,
        settings: &PolicySettings,
        embedded: Option<&PolicyFiles>,
    ) -> Result<Option<Self>, Vec<Problem>> {
        let Some((files, watched)) = files(settings, embedded).map_err(|problem| vec![problem])? else {
            return Ok(None);
        };
        let cedar = Cedar::new(catalogue, server, scopes, settings, &files)?;
        let (mode, refresh) = (settings.mode, settings.refresh);
        let names = files.names().map(str::to_owned).collect();
        let seen = Mutex::new(Seen { decided: Read::Files(files), fresh: None, names });
        Ok(Some(Self { cedar, mode, watched, refresh, seen, replaced: Notify::new() }))
    }

    /// Tells what is suspicious of the policies, and looks at the directory again and again, for as long as the server
    /// runs.
    pub(crate) async fn watch(&self, metrics: &Metrics) {
        tell(&self.cedar.warnings());
        let Some(dir) = &self.watched else { return };
        loop {
            tokio::time::sleep(self.refresh).await;
            let path = dir.clone();
            // A directory may be on a network that is away.
            if let Ok(read) = tokio::task::spawn_blocking(move || read(&path)).await {
                self.look(read, metrics);
            }
        }
    }

    /// Resolves when other policies are in force.
    pub(crate) async fn replaced(&self) {
        self.replaced.notified().await;
    }

    /// Takes what is in the directory now.
    #[cfg(feature = "testing")]
    pub(crate) fn refresh(&self, metrics: &Metrics) {
        self.look_once(metrics);
        self.look_once(metrics);
    }

    /// Looks at the directory once.
    #[cfg(feature = "testing")]
    pub(super) fn look_once(&self, metrics: &Metrics) {
        if let Some(dir) = &self.watched {
            self.look(read(dir), metrics);
        }
    }

    /// Takes what a look gave if the look before gave the same. A directory that is looked at while it is written may be
    /// without a file or the end of one, and what is left can be valid.
    fn look(&self, found: Read, metrics: &Metrics) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.decided == found {
            seen.fresh = None;
        } else if seen.fresh.as_ref() == Some(&found) {
            self.take(&found, &mut seen.names, metrics);
            (seen.decided, seen.fresh) = (found, None);
        } else {
            seen.fresh = Some(found);
        }
    }

    fn take(&self, found: &Read, names: &mut BTreeSet<String>, metrics: &Metrics) {
        let replaced = match found {
            Read::Files(files) => match without_policies(files).or_else(|| lost(files, names)) {
                Some(problem) => Err(problem.to_string()),
                None => self.cedar.replace(files).map(|warnings| (files, warnings)).map_err(|problems| list(&problems)),
            },
            Read::Unreadable(error) => Err(error.clone()),
        };
        match replaced {
            Ok((files, warnings)) => {
                *names = files.names().map(str::to_owned).collect();
                self.replaced.notify_waiters();
                tracing::warn!(policies = self.cedar.policies(), "other policies are in force");
                tell(&warnings);
            }
            Err(problems) => {
                metrics.policies_refused();
                tracing::error!("the new policies have problems, and those before them stay in force:\n{problems}");
            }
        }
    }
}

/// The files to start with, and the directory that they are from.
fn files(
    settings: &PolicySettings,
    embedded: Option<&PolicyFiles>,
) -> Result<Option<(Files, Option<PathBuf>)>, Problem> {
    let named = settings.dir.as_deref();
    let dir = named.unwrap_or(Path::new(DIR));
    let embedded = || Ok(embedded.map(|files| (Files::embedded(files), None)));
    if named.is_none() && !(settings.nearby && dir.is_dir()) {
        return embedded();
    }
    let files = Files::read(dir).map_err(|error| {
        Problem::new("the setting `policy.dir`", error.to_string(), "name a directory that the server can read")
    })?;
    // A directory that nobody named, without a policy, is somebody else's.
    match without_policies(&files) {
        Some(_) if named.is_none() => embedded(),
        Some(problem) => Err(problem),
        None => Ok(Some((files, Some(dir.to_owned())))),
    }
}

/// What is wrong with a directory that policies are read from and that has none: nothing in it would forbid anything.
fn without_policies(files: &Files) -> Option<Problem> {
    let help = "put policies in it, or start the server without `policy.dir`";
    files.policies.is_empty().then(|| Problem::new(&files.dir, "there is no `*.cedar` in this directory", help))
}

/// What is wrong with a directory that had more files when those in force were read.
fn lost(files: &Files, names: &BTreeSet<String>) -> Option<Problem> {
    let found: BTreeSet<&str> = files.names().collect();
    let lost: Vec<&str> = names.iter().map(String::as_str).filter(|name| !found.contains(name)).collect();
    let what = || format!("{} gone, and what it says would no longer hold", is(&lost));
    let help = "put it back, or start the server again to go on without it";
    (!lost.is_empty()).then(|| Problem::new(&files.dir, what(), help))
}

/// `a` is, `a`, `b` are
fn is(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("{} {}", quoted.join(", "), if names.len() == 1 { "is" } else { "are" })
}

/// Nothing else would say that a policy never applies.
fn tell(warnings: &[Problem]) {
    for Problem { place, what, help } in warnings {
        tracing::warn!(place, help, "a policy is suspicious: {what}");
    }
}

fn read(dir: &Path) -> Read {
    Files::read(dir).map_or_else(|error| Read::Unreadable(error.to_string()), Read::Files)
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
