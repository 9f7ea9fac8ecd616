//! What was released: the lock at the merge base with the default branch, as git has it.
//!
//! Invariant: where there is no baseline, the reason and the way out are said; the lock in the work tree is then taken
//! for what was released, so that a check without a baseline is never the more lenient one about the source.

use std::{collections::BTreeMap, path::Path};

use steadfast_contract::LockSet;

use super::files::FOLDER;
use crate::{
    failure::Failure,
    process::{Cmd, MINUTE, Ran},
};

/// The baseline, if there is one, and what there is to say about it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Baseline {
    files: Option<BTreeMap<String, String>>,
    /// What it is, or why there is none, in one line.
    said: Option<String>,
    /// The folder of the package in its repository: empty, or ending in `/`.
    pub(super) prefix: String,
}

impl Baseline {
    /// The lock in it.
    pub(super) fn lock(&self) -> Option<LockSet> {
        self.files.as_ref().map(LockSet::read)
    }

    /// The line to print.
    pub(super) fn note(&self) -> Option<String> {
        self.said.clone()
    }

    fn none(why: &str, way_out: &str, prefix: String) -> Self {
        let said = format!("no baseline ({why}), so the lock itself counts as released; {way_out}");
        Self { files: None, said: Some(said), prefix }
    }

    #[cfg(test)]
    pub(super) fn of(files: BTreeMap<String, String>) -> Self {
        Self { files: Some(files), said: Some("the baseline is a test's".into()), prefix: String::new() }
    }
}

/// Finds the baseline of the package at `root`.
///
/// # Errors
/// When `against` names nothing, or git fails on what it has.
pub(super) fn find(root: &Path, against: Option<&str>) -> Result<Baseline, Failure> {
    let git = Git(root);
    let Ok(inside) = git.run(&["rev-parse", "--show-prefix"]) else {
        return without("git could not be run", "install git", against, String::new());
    };
    if !inside.ok {
        return without("this is in no git repository", "run `git init` and commit", against, String::new());
    }
    let prefix = inside.stdout.trim().to_owned();
    if let Some(revision) = against {
        let Some(commit) = git.commit(revision) else {
            let help = if git.is_shallow() {
                "this is a shallow clone: run `git fetch --unshallow`"
            } else {
                "name a branch, a tag or a commit; `git fetch` brings those of the remote"
            };
            return Err(Failure::new(format!("`--against {revision}` names no commit here")).help(help));
        };
        return git.at(&commit, &format!("`{revision}`"), prefix);
    }
    if git.commit("HEAD").is_none() {
        return Ok(Baseline::none("there is no commit yet", "commit, and what is blessed is kept", prefix));
    }
    let Some(branch) = git.default_branch() else {
        return Ok(if git.is_shallow() {
            let way_out = "run `git fetch --unshallow` and fetch the default branch, or use `--against REV`";
            Baseline::none("this is a shallow clone without a default branch", way_out, prefix)
        } else {
            let way_out = "name what was released: `--against REV`";
            Baseline::none("there is no origin/HEAD, main or master", way_out, prefix)
        });
    };
    let base = git.run(&["merge-base", "HEAD", &branch])?;
    match base.stdout.trim() {
        commit if base.ok && !commit.is_empty() => git.at(commit, &format!("the merge base with {branch}"), prefix),
        _ if git.is_shallow() => {
            let why = format!("this is a shallow clone that ends before the merge base with {branch}");
            Ok(Baseline::none(&why, "run `git fetch --unshallow`, or use `--against REV`", prefix))
        }
        _ => {
            let why = format!("HEAD and {branch} have no common commit");
            Ok(Baseline::none(&why, "name what was released: `--against REV`", prefix))
        }
    }
}

/// No repository: fine, unless a revision was asked for.
fn without(why: &str, way_out: &str, against: Option<&str>, prefix: String) -> Result<Baseline, Failure> {
    match against {
        Some(revision) => Err(Failure::new(format!("`--against {revision}`: {why}")).help(way_out)),
        None => Ok(Baseline::none(why, way_out, prefix)),
    }
}

struct Git<'a>(&'a Path);

impl Git<'_> {
    fn run(&self, args: &[&str]) -> Result<Ran, Failure> {
        Cmd::new("git").args(args).dir(self.0).env("LC_ALL", "C").quiet(MINUTE)
    }

    /// What it printed, when it succeeded and printed something.
    fn ask(&self, args: &[&str]) -> Option<String> {
        let ran = self.run(args).ok().filter(|ran| ran.ok)?;
        Some(ran.stdout.trim().to_owned()).filter(|text| !text.is_empty())
    }

    fn commit(&self, revision: &str) -> Option<String> {
        self.ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{revision}^{{commit}}")])
    }

    fn is_shallow(&self) -> bool {
        self.ask(&["rev-parse", "--is-shallow-repository"]).as_deref() == Some("true")
    }

    /// The remote's default branch, or else the usual names, the remote's before those of this clone.
    fn default_branch(&self) -> Option<String> {
        let known = self.ask(&["symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"]);
        let usual = ["origin/main", "origin/master", "main", "master"].into_iter().map(str::to_owned);
        known.into_iter().chain(usual).find(|branch| self.commit(branch).is_some())
    }

    /// The lock's files in a commit.
    fn at(&self, commit: &str, what: &str, prefix: String) -> Result<Baseline, Failure> {
        let folder = format!("{FOLDER}/");
        let listed = self.run(&["ls-tree", "-r", "-z", "--name-only", commit, "--", &folder])?.checked()?;
        let mut files = BTreeMap::new();
        for path in listed.split('\0').map(str::trim).filter(|path| path.ends_with(".json")) {
            let text = self.run(&["show", &format!("{commit}:./{path}")])?.checked()?;
            files.insert(path.to_owned(), text);
        }
        let short = commit.get(..10).unwrap_or(commit);
        Ok(Baseline { files: Some(files), said: Some(format!("the baseline is {what} ({short})")), prefix })
    }
}

#[cfg(test)]
mod tests;
