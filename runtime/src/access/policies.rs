//! The policies of a server: where they come from, and how they are replaced while it runs.
//!
//! They are read from the directory `policy.dir`; where none is named and no policies are in the directory `policies`, the ones that
//! the program embeds are in force; where it embeds none, there are no policies, and scopes alone decide.
//! Invariant: once there are policies, there are policies until the server ends. A directory that is gone, can't be read or
//! has a mistake leaves those in force that were read last.

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
    /// What was read last, in force or not.
    read: Mutex<Read>,
    replaced: Notify,
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
        let (mode, refresh, read) = (settings.mode, settings.refresh, Mutex::new(Read::Files(files)));
        Ok(Some(Self { cedar, mode, watched, refresh, read, replaced: Notify::new() }))
    }

    /// Looks at the directory again and again, for as long as the server runs.
    pub(crate) async fn watch(&self, metrics: &Metrics) {
        let Some(dir) = &self.watched else { return };
        loop {
            tokio::time::sleep(self.refresh).await;
            let path = dir.clone();
            // A directory may be on a network that is away.
            if let Ok(read) = tokio::task::spawn_blocking(move || read(&path)).await {
                self.take(read, metrics);
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
        if let Some(dir) = &self.watched {
            self.take(read(dir), metrics);
        }
    }

    fn take(&self, found: Read, metrics: &Metrics) {
        let mut last = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if *last == found {
            return;
        }
        let replaced = match &found {
            Read::Files(files) => self.cedar.replace(files).map_err(|problems| list(&problems)),
            Read::Unreadable(error) => Err(error.clone()),
        };
        match replaced {
            Ok(warnings) => {
                self.replaced.notify_waiters();
                tracing::warn!(policies = self.cedar.policies(), "other policies are in force");
                for warning in warnings {
                    tracing::warn!(place = warning.place, "{}", warning.what);
                }
            }
            Err(problems) => {
                metrics.policies_refused();
                tracing::error!("the new policies have problems, and those before them stay in force:\n{problems}");
            }
        }
        *last = found;
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
    if named.is_none() && !dir.is_dir() {
        return embedded();
    }
    let files = Files::read(dir).map_err(|error| {
        Problem::new("the setting `policy.dir`", error.to_string(), "name a directory that the server can read")
    })?;
    // A directory that nobody named, without a policy, is somebody else's.
    if named.is_none() && files.policies.is_empty() {
        return embedded();
    }
    Ok(Some((files, Some(dir.to_owned()))))
}

fn read(dir: &Path) -> Read {
    Files::read(dir).map_or_else(|error| Read::Unreadable(error.to_string()), Read::Files)
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
