//! Where the command runs: in a checkout of Steadfast, or in a generated server.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{
    failure::{Failure, While},
    process::{Cmd, MINUTE},
};

/// What kind of project this is; commands differ by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The workspace that Steadfast itself is developed in.
    Checkout,
    /// A server made from the template.
    Server,
}

/// The project that a command works on.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    pub(crate) kind: Kind,
    pub(crate) root: PathBuf,
    /// Cargo's target directory, which may lie elsewhere.
    pub(crate) target: PathBuf,
    /// The workspace's packages.
    pub(crate) packages: Vec<String>,
}

impl Project {
    /// The project around the current directory.
    pub(crate) fn find() -> Result<Self, Failure> {
        let here = env::current_dir().while_(|| "finding the current directory".into())?;
        Self::around(&here)
    }

    pub(crate) fn around(here: &Path) -> Result<Self, Failure> {
        let (root, kind) = here.ancestors().find_map(|folder| Some((folder, kind(folder)?))).ok_or_else(|| {
            Failure::new(format!("{} is in no Steadfast project", here.display()))
                .help("change to a checkout of Steadfast, or to a server that was made with `cargo xtask new`")
        })?;
        let metadata = Cmd::new("cargo")
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .dir(root)
            .quiet(MINUTE)?
            .checked()?;
        let metadata: Value = serde_json::from_str(&metadata).while_(|| "reading `cargo metadata`".into())?;
        let target = metadata["target_directory"].as_str().unwrap_or("target");
        let packages = metadata["packages"].as_array().into_iter().flatten();
        Ok(Self {
            kind,
            root: root.to_owned(),
            target: root.join(target),
            packages: packages.filter_map(|package| Some(package["name"].as_str()?.to_owned())).collect(),
        })
    }

    /// Refuses a command that makes sense in a checkout of Steadfast only.
    pub(crate) fn checkout_only(&self, command: &str) -> Result<(), Failure> {
        match self.kind {
            Kind::Checkout => Ok(()),
            Kind::Server => Err(Failure::new(format!("`{command}` checks Steadfast itself, and this is a server"))
                .help("`cargo xtask test` runs every check of a server")),
        }
    }

    /// A binary that cargo built with the dev profile.
    pub(crate) fn binary(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }
}

fn kind(folder: &Path) -> Option<Kind> {
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).ok()?;
    if !manifest.contains("[workspace]") {
        None
    } else if folder.join("template/cargo-generate.toml").is_file() {
        Some(Kind::Checkout)
    } else if folder.join(".steadfast-template.toml").is_file() {
        Some(Kind::Server)
    } else {
        None
    }
}
