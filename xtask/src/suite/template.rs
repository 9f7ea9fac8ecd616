//! The template: every combination of its answers, a representative set tested, and `cargo generate` itself.
//!
//! Answers choose whole files and a few values, never Rust sources. So combinations fall into groups whose compiled
//! files are the same byte for byte; one of each group is compiled, and every combination's configuration is loaded
//! by the server that was built.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use clap::ValueEnum;

use super::{cargo::counted, server};
use crate::{
    cli::{Answers, Ci, Deployment, Policy, Store, Transport, written},
    failure::{Failure, While},
    new::render,
    process::{self, Cmd, MINUTE},
    project::Project,
    report::Outcome,
};

/// The name of every generated server here: with one name, equal sources are equal bytes.
const NAME: &str = "steadfast-template-check";

/// What the compiler and the tests read of a server: path and text.
type Sources = Vec<(PathBuf, String)>;

/// Each value of each answer at least once.
const REPRESENTATIVES: [Answers; 3] = [
    Answers {
        transport: Transport::Both,
        deployment: Deployment::Sidecar,
        store: Store::Embedded,
        policy: Policy::Scopes,
        ci: Ci::Github,
    },
    Answers {
        transport: Transport::Stdio,
        deployment: Deployment::Tenant,
        store: Store::Embedded,
        policy: Policy::Scopes,
        ci: Ci::None,
    },
    Answers {
        transport: Transport::Http,
        deployment: Deployment::Shared,
        store: Store::Fleet,
        policy: Policy::Cedar,
        ci: Ci::Github,
    },
];

fn all() -> Vec<Answers> {
    let mut all = Vec::new();
    for &transport in Transport::value_variants() {
        for &deployment in Deployment::value_variants() {
            for &store in Store::value_variants() {
                for &policy in Policy::value_variants() {
                    for &ci in Ci::value_variants() {
                        all.push(Answers { transport, deployment, store, policy, ci });
                    }
                }
            }
        }
    }
    all
}

fn group(answers: Answers) -> String {
    let Answers { transport, deployment, store, policy, ci } = answers;
    [written(transport), written(deployment), written(store), written(policy), written(ci)].join("-")
}

pub(crate) fn combinations(project: &Project) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    let mut same: BTreeMap<Sources, Vec<(PathBuf, Answers)>> = BTreeMap::new();
    for answers in all() {
        let server = server::make(project, &group(answers), NAME, answers)?;
        match problems(&server, answers)? {
            problems if problems.is_empty() => outcome.passed += 1,
            problems => {
                outcome.failed += 1;
                eprintln!("{}: {}", group(answers), problems.join(", "));
            }
        }
        same.entry(compiled(&server)?).or_default().push((server, answers));
    }
    let (made, sources) = (all().len(), same.len());
    for servers in same.into_values() {
        let Some((first, _)) = servers.first() else { continue };
        let build = ["build", "--workspace", "--all-targets"];
        let built = server::cargo(project, first, &build).shown(30 * MINUTE)?.ok;
        outcome.add(Outcome::check(built));
        for (server, answers) in servers.iter().filter(|_| built) {
            outcome.add(Outcome::check(starts(project, server, *answers)?));
        }
    }
    Ok(outcome.note(format!(
        "{made} combinations were generated, with {sources} different sets of sources between them; each set was \
         compiled, and the configuration of all {made} was loaded"
    )))
}

pub(crate) fn representatives(project: &Project) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    for answers in REPRESENTATIVES {
        let server = server::make(project, &group(answers), NAME, answers)?;
        outcome.add(counted(server::cargo(project, &server, &["test", "--workspace"]))?);
    }
    let [first, ..] = REPRESENTATIVES;
    let server = server::folder(project).join(group(first)).join(NAME);
    let suite = server::cargo(project, &server, &["xtask", "test"]).shown(30 * MINUTE)?;
    outcome.add(Outcome::check(suite.ok));
    Ok(outcome)
}

/// As a person uses the template without a checkout's `new`: published versions by default, a path when it is given.
pub(crate) fn cargo_generate(project: &Project) -> Result<Outcome, Failure> {
    let parent = server::folder(project).join("cargo-generate");
    if parent.exists() {
        fs::remove_dir_all(&parent).while_(|| format!("removing {}", parent.display()))?;
    }
    fs::create_dir_all(&parent).while_(|| format!("making {}", parent.display()))?;
    let template = project.root.join("template");

    // No answer given: the defaults hold, and the dependency is a version.
    generate(&template, &parent, "published", &[])?;
    let manifest = fs::read_to_string(parent.join("published/Cargo.toml")).while_(|| "reading a manifest".into())?;
    let mut outcome = Outcome::check(manifest.contains("\nsteadfast = \"") && !manifest.contains("path = \"/"));

    let path = format!("steadfast-path={}", project.root.display());
    generate(&template, &parent, NAME, &["--define", &path, "--define", "transport=http"])?;
    let server = parent.join(NAME);
    fs::copy(project.root.join("Cargo.lock"), server.join("Cargo.lock")).while_(|| "copying the lock file".into())?;
    outcome.add(counted(server::cargo(project, &server, &["test"]))?);

    // A value that is no choice is refused.
    let refused = generate(&template, &parent, "refused", &["--define", "transport=carrier-pigeon"]).is_err();
    outcome.add(Outcome::check(refused));
    if !process::exists("cargo-generate") {
        outcome = outcome
            .note("cargo-generate is not installed; its library, with the arguments of its command line, was used");
    }
    Ok(outcome)
}

fn generate(template: &Path, parent: &Path, name: &str, more: &[&str]) -> Result<(), Failure> {
    let command = if process::exists("cargo-generate") {
        Cmd::new("cargo-generate")
            .args(["generate", "--silent", "--no-workspace", "--vcs", "none", "--name", name, "--path"])
            .args([template])
            .args(["--destination".as_ref(), parent.as_os_str()])
            .env("CARGO_NAME", "steadfast")
    } else {
        render::command(template, name, parent)?
    };
    command.args(more).quiet(MINUTE)?.checked().map(drop)
}

/// What is wrong with the files of a generated server.
fn problems(server: &Path, answers: Answers) -> Result<Vec<String>, Failure> {
    let mut problems = Vec::new();
    let mut expect = |file: &str, there: bool| {
        if server.join(file).exists() != there {
            problems.push(format!("{file} is {}", if there { "missing" } else { "there" }));
        }
    };
    expect(".github/workflows/ci.yml", answers.ci == Ci::Github);
    expect(&format!("deploy/systemd/{NAME}.service"), answers.transport != Transport::Stdio);
    for file in ["policies/notes.cedar", "tests/policies.rs"] {
        expect(file, answers.policy == Policy::Cedar);
    }
    for &deployment in Deployment::value_variants() {
        let file = format!("steadfast.{}.toml", written(deployment));
        expect(&file, answers.deployment == deployment);
    }
    expect("cargo-generate.toml", false);
    for (path, text) in files(server, server)? {
        let rendered = !path.starts_with(".github");
        if rendered && (text.contains("{{") && !path.ends_with(".rs") || text.contains("{%")) {
            problems.push(format!("{} holds an unrendered placeholder", path.display()));
        }
        if path.to_string_lossy().contains(['{', '}']) || path.extension().is_some_and(|end| end == "liquid") {
            problems.push(format!("{} is a template's name", path.display()));
        }
    }
    Ok(problems)
}

/// What the compiler and the tests read.
fn compiled(server: &Path) -> Result<Sources, Failure> {
    let mut files = files(server, server)?;
    files.retain(|(path, _)| {
        let folders =
            ["contracts", "policies", "src", "tests", "xtask", ".cargo"].iter().any(|folder| path.starts_with(folder));
        folders
            || ["build.rs", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml"]
                .iter()
                .any(|file| path == Path::new(file))
    });
    Ok(files)
}

fn files(root: &Path, folder: &Path) -> Result<Sources, Failure> {
    let mut files = Vec::new();
    let entries = fs::read_dir(folder).while_(|| format!("reading {}", folder.display()))?;
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(self::files(root, &path)?);
        } else {
            let text = fs::read_to_string(&path).while_(|| format!("reading {}", path.display()))?;
            files.push((path.strip_prefix(root).unwrap_or(&path).to_owned(), text));
        }
    }
    files.sort();
    Ok(files)
}

/// Whether the server takes the configuration that was generated, with the profile it was generated for.
fn starts(project: &Project, server: &Path, answers: Answers) -> Result<bool, Failure> {
    let profile = written(answers.deployment);
    let tools = Cmd::new(project.binary(NAME)).args(["tools", "--format", "json", "--profile", &profile]).dir(server);
    let tools = tools.env("STEADFAST_TENANT", "acme").env("STEADFAST_STATE_KEYS", "07".repeat(32));
    let tools = match answers.store {
        // A sidecar keeps everything in a file, whatever it has for others.
        _ if answers.deployment == Deployment::Sidecar => tools,
        Store::Embedded => tools,
        // Nobody listens there; the command says that it knows of no switches, and goes on.
        Store::Fleet => tools.env("STEADFAST_STORE_URL", "postgres://127.0.0.1:1/none"),
    };
    match tools.quiet(MINUTE)?.checked() {
        Ok(stdout) if stdout.contains("search_notes") => Ok(true),
        Ok(stdout) => {
            eprintln!("{}: `tools` printed {stdout}", group(answers));
            Ok(false)
        }
        Err(failure) => {
            eprintln!("{}: {failure}", group(answers));
            Ok(false)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_72_combinations_and_the_representatives_show_each_value() {
        assert_eq!(all().len(), 72);
        for answers in all() {
            assert!(REPRESENTATIVES.iter().any(|one| one.transport == answers.transport));
            assert!(REPRESENTATIVES.iter().any(|one| one.deployment == answers.deployment));
            assert!(REPRESENTATIVES.iter().any(|one| one.store == answers.store));
            assert!(REPRESENTATIVES.iter().any(|one| one.policy == answers.policy));
            assert!(REPRESENTATIVES.iter().any(|one| one.ci == answers.ci));
        }
    }
}
