//! `new`: makes a server from the template.
//!
//! Invariant: either the whole server is there afterwards, or nothing is. Asks nothing: an answer that is not given
//! is the default. The server depends on this checkout by path, and starts with its lock file, so that it builds
//! with the same versions and without the network.

pub(crate) mod render;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use crate::{
    cli::{Answers, New},
    failure::{Failure, While},
    name,
    process::{Cmd, MINUTE},
    project::Project,
};

pub(crate) fn main(project: &Project, options: &New) -> Result<ExitCode, Failure> {
    project.checkout_only("new")?;
    let folder = make(project, &options.name, &options.path, options.answers)?;
    println!("made {}", folder.display());
    if options.run {
        return run(&folder);
    }
    println!("try  cd {}", folder.display());
    println!("     cargo run -- call add_note '{{\"text\":\"buy milk\"}}'");
    println!("     cargo run             # serve");
    println!("     cargo xtask test      # every check");
    Ok(ExitCode::SUCCESS)
}

/// Makes a server, and returns its folder.
pub(crate) fn make(project: &Project, name: &str, parent: &Path, answers: Answers) -> Result<PathBuf, Failure> {
    let parent = parent.canonicalize().map_err(|error| {
        Failure::new(format!("{}: {error}", parent.display())).help("`--path` names a folder that exists")
    })?;
    name::check(name, &parent)?;
    let folder = parent.join(name);
    let made = generate(project, name, &parent, answers).and_then(|()| {
        fs::copy(project.root.join("Cargo.lock"), folder.join("Cargo.lock")).while_(|| "copying the lock file".into())
    });
    if let Err(failure) = made {
        // The name was free before, so what is there now is ours.
        let _ = fs::remove_dir_all(&folder);
        return Err(failure);
    }
    Ok(folder)
}

fn generate(project: &Project, name: &str, parent: &Path, answers: Answers) -> Result<(), Failure> {
    let checkout = project.root.to_str().filter(|path| !path.contains(['"', '\\']));
    let checkout = checkout.ok_or_else(|| {
        Failure::new(format!("{} can't be written into a Cargo.toml", project.root.display()))
            .help("move the checkout to a folder whose path is plain text without quotes")
    })?;
    render::command(&project.root.join("template"), name, parent)?
        .args(render::answers(answers))
        .args(["--define".into(), format!("steadfast-path={checkout}")])
        .quiet(MINUTE)?
        .checked()
        .map(drop)
}

fn run(folder: &Path) -> Result<ExitCode, Failure> {
    let mut command = Cmd::new("cargo").args(["run"]).dir(folder).into_inner();
    let status = command.status().while_(|| "starting `cargo run`".into())?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
