//! Against real repositories.

use std::{fs, path::PathBuf};

use tempfile::TempDir;

use super::*;

/// A repository with a package at its root, whose lock holds one file with a text.
struct Repository {
    folder: TempDir,
}

const FILE: &str = "contracts/a/1.json";

impl Repository {
    fn new() -> Self {
        let repository = Self { folder: tempfile::tempdir().unwrap() };
        repository.git(&["init", "--quiet", "--initial-branch", "main"]);
        repository
    }

    fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    fn git(&self, args: &[&str]) {
        git(&self.path(), args);
    }

    fn commit(&self, file: &str, text: &str) -> &Self {
        let path = self.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self.git(&["add", "."]);
        self.git(&["commit", "--quiet", "-m", text]);
        self
    }

    fn clone(&self, args: &[&str]) -> TempDir {
        let target = tempfile::tempdir().unwrap();
        let url = format!("file://{}", self.path().display());
        git(target.path(), &[&["clone", "--quiet"], args, &[&url, "clone"]].concat());
        target
    }
}

fn git(folder: &Path, args: &[&str]) {
    let who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
    Cmd::new("git").args(who).args(args).dir(folder).quiet(MINUTE).unwrap().checked().unwrap();
}

/// What the baseline has in the file.
fn text(baseline: &Baseline) -> Option<&str> {
    Some(baseline.files.as_ref()?.get(FILE)?.trim_end())
}

fn said(baseline: &Baseline) -> &str {
    baseline.said.as_deref().unwrap()
}

#[test]
fn the_baseline_is_the_merge_base_with_the_default_branch() {
    let repository = Repository::new();
    repository.commit(FILE, "released").git(&["checkout", "--quiet", "-b", "feature"]);
    repository.commit(FILE, "blessed on the branch").git(&["checkout", "--quiet", "main"]);
    repository.commit(FILE, "released since").git(&["checkout", "--quiet", "feature"]);
    let baseline = find(&repository.path(), None).unwrap();
    assert_eq!(text(&baseline), Some("released"), "{}", said(&baseline));
    assert!(said(&baseline).contains("the merge base with main"));
}

#[test]
fn the_remotes_default_branch_comes_before_the_usual_names() {
    let repository = Repository::new();
    repository.commit(FILE, "main").git(&["checkout", "--quiet", "-b", "trunk"]);
    repository.commit(FILE, "trunk");
    let clone = repository.clone(&["--branch", "trunk"]);
    let root = clone.path().join("clone");
    git(&root, &["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk"]);
    let baseline = find(&root, None).unwrap();
    assert_eq!(text(&baseline), Some("trunk"), "{}", said(&baseline));
}

#[test]
fn a_revision_that_is_named_is_the_baseline() {
    let repository = Repository::new();
    repository.commit(FILE, "one").git(&["tag", "v1"]);
    repository.commit(FILE, "two");
    assert_eq!(text(&find(&repository.path(), Some("v1")).unwrap()), Some("one"));
    assert_eq!(text(&find(&repository.path(), Some("HEAD")).unwrap()), Some("two"));
    for revision in ["v2", "--output=x"] {
        let failure = find(&repository.path(), Some(revision)).unwrap_err().to_string();
        assert!(failure.contains(revision) && failure.contains("help: name a branch"), "{failure}");
    }
}

#[test]
fn a_package_in_a_subfolder_has_its_own_lock() {
    let repository = Repository::new();
    repository.commit(&format!("servers/notes/{FILE}"), "notes").commit(FILE, "root");
    let baseline = find(&repository.path().join("servers/notes"), None).unwrap();
    assert_eq!((text(&baseline), &*baseline.prefix), (Some("notes"), "servers/notes/"));
    let files = baseline.files.unwrap();
    assert_eq!(files.len(), 1, "{files:?}");
}

#[test]
fn a_commit_without_a_lock_is_a_baseline_with_nothing_in_it() {
    let repository = Repository::new();
    repository.commit("README.md", "hello");
    let baseline = find(&repository.path(), None).unwrap();
    assert_eq!(baseline.lock(), Some(LockSet::default()));
}

#[test]
fn what_git_keeps_from_us_is_said_with_the_way_out() {
    let nowhere = tempfile::tempdir().unwrap();
    let empty = Repository::new();
    let odd = Repository::new();
    odd.commit(FILE, "x").git(&["branch", "-m", "main", "odd"]);
    let split = Repository::new();
    split.commit(FILE, "one").git(&["checkout", "--quiet", "--orphan", "other"]);
    split.commit(FILE, "two");
    for (root, why, way_out) in [
        (nowhere.path().to_owned(), "no git repository", "git init"),
        (empty.path(), "no commit yet", "commit"),
        (odd.path(), "no origin/HEAD, main or master", "--against REV"),
        (split.path(), "no common commit", "--against REV"),
    ] {
        let baseline = find(&root, None).unwrap();
        assert_eq!(baseline.lock(), None);
        let said = said(&baseline);
        assert!(said.contains(why) && said.contains(way_out) && !said.contains('\n'), "{said}");
    }
}

#[test]
fn a_shallow_clone_that_ends_too_early_is_said() {
    let repository = Repository::new();
    repository.commit(FILE, "released").git(&["checkout", "--quiet", "-b", "feature"]);
    repository.commit(FILE, "one").commit(FILE, "two").git(&["checkout", "--quiet", "main"]);
    repository.commit(FILE, "newer");

    let both = repository.clone(&["--depth", "1", "--no-single-branch", "--branch", "feature"]);
    let only = repository.clone(&["--depth", "1", "--branch", "feature"]);
    for (clone, why) in [(&both, "ends before the merge base with origin/main"), (&only, "without a default branch")] {
        let root = clone.path().join("clone");
        let baseline = find(&root, None).unwrap();
        assert_eq!(baseline.lock(), None);
        assert!(said(&baseline).contains(why), "{}", said(&baseline));
        assert!(said(&baseline).contains("git fetch --unshallow"), "{}", said(&baseline));
        let failure = find(&root, Some("v9")).unwrap_err().to_string();
        assert!(failure.contains("git fetch --unshallow"), "{failure}");
    }

    let root = both.path().join("clone");
    git(&root, &["fetch", "--quiet", "--unshallow"]);
    assert_eq!(text(&find(&root, None).unwrap()), Some("released"));
    let default = repository.clone(&["--depth", "1"]);
    assert_eq!(text(&find(&default.path().join("clone"), None).unwrap()), Some("newer"));
}
