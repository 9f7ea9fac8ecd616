//! A generated server in a git repository of its own, to edit and to check.
//!
//! Invariant: a text that an edit replaces is there exactly once, so that no edit is silently none.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use steadfast_contract::{Finding, Impact, Published};

use super::super::server;
use crate::{
    cli::Answers,
    failure::{Failure, While},
    new::render,
    process::{Cmd, MINUTE, Ran},
    project::Project,
};

/// The day of every check that does not say another one: the story is the same every year.
pub(super) const TODAY: &str = "2030-06-15";

/// The server.
pub(super) struct Workshop<'a> {
    pub(super) project: &'a Project,
    pub(super) root: PathBuf,
    name: String,
}

/// What a check said.
pub(super) struct Checked {
    /// Nothing stops the release.
    pub(super) ok: bool,
    pub(super) findings: Vec<Finding>,
}

impl<'a> Workshop<'a> {
    /// Makes a server and commits it as it comes.
    pub(super) fn new(project: &'a Project, name: &str) -> Result<Self, Failure> {
        let root = server::make(project, "story", name, Answers::default())?;
        let workshop = Self { project, root, name: name.to_owned() };
        workshop.git(&["init", "--quiet", "--initial-branch", "main"])?;
        workshop.commit("Generate")?;
        Ok(workshop)
    }

    fn git(&self, args: &[&str]) -> Result<String, Failure> {
        let who = ["-c", "user.name=story", "-c", "user.email=story@example.com", "-c", "commit.gpgsign=false"];
        Cmd::new("git").args(who).args(args).dir(&self.root).quiet(MINUTE)?.checked()
    }

    /// Everything as it is now is what was released.
    pub(super) fn commit(&self, what: &str) -> Result<(), Failure> {
        self.git(&["add", "--all"])?;
        self.git(&["commit", "--quiet", "--message", what]).map(drop)
    }

    /// Everything as it was released.
    pub(super) fn restore(&self) -> Result<(), Failure> {
        self.git(&["reset", "--quiet", "--hard"])?;
        self.git(&["clean", "--quiet", "-d", "--force"]).map(drop)
    }

    /// The files that are not as they were released.
    pub(super) fn status(&self) -> Result<Vec<String>, Failure> {
        Ok(self.git(&["status", "--porcelain", "--untracked-files=all"])?.lines().map(str::to_owned).collect())
    }

    pub(super) fn read(&self, file: &str) -> Result<String, Failure> {
        let path = self.root.join(file);
        fs::read_to_string(&path).while_(|| format!("reading {}", path.display()))
    }

    pub(super) fn write(&self, file: &str, text: &str) -> Result<(), Failure> {
        let path = self.root.join(file);
        let parent = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(parent).while_(|| format!("making {}", parent.display()))?;
        fs::write(&path, text).while_(|| format!("writing {}", path.display()))
    }

    /// Replaces texts in a file.
    pub(super) fn edit(&self, file: &str, replace: &[(&str, &str)]) -> Result<(), Failure> {
        let mut text = self.read(file)?;
        for (old, new) in replace {
            if text.matches(old).count() != 1 {
                let what = format!("{file} has {} of what an edit replaces: {old}", text.matches(old).count());
                return Err(Failure::new(what).help("change the story's table together with the template"));
            }
            text = text.replace(old, new);
        }
        self.write(file, &text)
    }

    fn xtask(&self, args: &[&str]) -> Result<Ran, Failure> {
        let command = Cmd::new(render::this_program()?).args(args).dir(&self.root);
        command.env("CARGO_TARGET_DIR", &self.project.target).quiet(30 * MINUTE)
    }

    /// `contract check`, with what it found.
    pub(super) fn check(&self, today: &str) -> Result<Checked, Failure> {
        let ran = self.xtask(&["contract", "check", "--format", "json", "--today", today])?;
        let ok = ran.ok;
        let unreadable = || Failure::new(format!("`contract check` judged nothing\n{}\n{}", ran.stdout, ran.stderr));
        let document: Value = serde_json::from_str(&ran.stdout).map_err(|_| unreadable())?;
        let findings = serde_json::from_value(document["findings"].clone()).map_err(|_| unreadable())?;
        Ok(Checked { ok: ok && document["summary"]["ok"] == true, findings })
    }

    /// `contract bless`; whether it wrote down what there is.
    pub(super) fn bless(&self, today: &str) -> Result<bool, Failure> {
        Ok(self.xtask(&["contract", "bless", "--today", today])?.ok)
    }

    /// What the source publishes.
    pub(super) fn published(&self) -> Result<Published, Failure> {
        let run = ["run", "--quiet", "--bin", &self.name, "--", "contract-dump"];
        let dump = server::cargo(self.project, &self.root, &run).quiet(30 * MINUTE)?.checked()?;
        serde_json::from_str(&dump).while_(|| "reading what the server publishes".into())
    }

    /// The server's program, built from the source as it is.
    pub(super) fn build(&self) -> Result<PathBuf, Failure> {
        server::cargo(self.project, &self.root, &["build"]).quiet(30 * MINUTE)?.checked()?;
        Ok(self.project.binary(&self.name))
    }

    /// The definition that the lock has of a major.
    pub(super) fn locked(&self, tool: &str, major: u64) -> Result<Value, Failure> {
        let text = self.read(&format!("contracts/{tool}/{major}.json"))?;
        let lock: Value = serde_json::from_str(&text).while_(|| format!("reading the lock of {tool}"))?;
        Ok(lock["definition"].clone())
    }

    /// Whether a file is there.
    pub(super) fn has(&self, file: &str) -> bool {
        self.root.join(Path::new(file)).exists()
    }
}

impl Checked {
    /// What it found about a tool, or about its files.
    pub(super) fn about(&self, tool: &str) -> Vec<&Finding> {
        self.findings.iter().filter(|finding| finding.tool.as_deref() == Some(tool)).collect()
    }
}

/// Whether a finding stops a release.
pub(super) fn stops(finding: &Finding) -> bool {
    finding.impact >= Impact::Unknown
}

/// A finding in one line, for who has to mend the story.
pub(super) fn line(finding: &Finding) -> String {
    let Finding { rule, impact, pointer, why, .. } = finding;
    let fix = finding.fix.as_deref().unwrap_or("-");
    let witness = finding.witness.as_ref().map(|witness| witness.instance.to_string()).unwrap_or_default();
    format!("  {rule} ({impact:?}) at {pointer}: {why} witness: {witness} fix: {fix}")
}
