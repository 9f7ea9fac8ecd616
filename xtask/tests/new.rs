//! `cargo xtask new` as a person runs it: the binary, from a checkout, with nothing but its arguments.

#![cfg(feature = "checkout")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

/// The variables that cargo-generate looks for its user's name in.
const IDENTITY: [&str; 6] = ["CARGO_NAME", "GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "USER", "USERNAME", "NAME"];

fn xtask(checkout: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(args).current_dir(checkout);
    for name in IDENTITY {
        command.env_remove(name);
    }
    command.output().unwrap()
}

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn error(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn flags_not_given_take_the_defaults_and_nothing_is_asked() {
    let parent = tempfile::tempdir().unwrap();
    let made = xtask(checkout(), &["new", "acme-notes", "--path", parent.path().to_str().unwrap()]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let server = parent.path().join("acme-notes");
    let read = |file: &str| fs::read_to_string(server.join(file)).unwrap();
    assert!(read("Cargo.toml").contains("name = \"acme-notes\""));
    assert!(read("steadfast.toml").contains("transport = \"http\""));
    let answers =
        "transport = \"both\"\ndeployment = \"sidecar\"\nstore = \"embedded\"\npolicy = \"scopes\"\nci = \"github\"";
    assert!(read(".steadfast-template.toml").contains(answers));
    assert!(read("deploy/systemd/acme-notes.service").contains("--profile sidecar"));
    assert_eq!(read("Cargo.lock"), fs::read_to_string(checkout().join("Cargo.lock")).unwrap());
}

#[test]
fn answers_decide_which_files_there_are() {
    let parent = tempfile::tempdir().unwrap();
    let answers = ["--transport", "stdio", "--deployment", "tenant", "--policy", "cedar", "--ci", "none"];
    let args = [["new", "notes", "--path", parent.path().to_str().unwrap()].as_slice(), &answers].concat();
    assert!(xtask(checkout(), &args).status.success());
    let has = |file: &str| parent.path().join("notes").join(file).exists();
    assert!(has("steadfast.tenant.toml") && !has("steadfast.sidecar.toml"));
    assert!(has("policies/notes.cedar") && has("tests/policies.rs"));
    assert!(!has("deploy/systemd") && !has(".github") && has("deploy/Dockerfile"));
}

#[test]
fn a_bad_name_leaves_nothing_and_names_the_way_out() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().to_str().unwrap();
    for (name, help) in [("Acme Notes", "`acme-notes`"), ("xtask", "`xtask-server`"), ("..", "`acme-notes`")] {
        let text = error(&xtask(checkout(), &["new", name, "--path", path]));
        assert!(text.contains(help), "{text}");
    }
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
}

#[test]
fn what_is_there_is_not_touched() {
    let parent = tempfile::tempdir().unwrap();
    fs::create_dir(parent.path().join("notes")).unwrap();
    fs::write(parent.path().join("notes/mine"), "mine").unwrap();
    let text = error(&xtask(checkout(), &["new", "notes", "--path", parent.path().to_str().unwrap()]));
    assert!(text.contains("already exists"), "{text}");
    assert_eq!(fs::read_to_string(parent.path().join("notes/mine")).unwrap(), "mine");
}

#[test]
fn a_template_that_fails_half_way_leaves_nothing() {
    let broken = tempfile::tempdir().unwrap();
    fs::create_dir(broken.path().join("template")).unwrap();
    fs::write(broken.path().join("Cargo.toml"), "[workspace]\n").unwrap();
    fs::write(broken.path().join("template/cargo-generate.toml"), "[template]\ninclude = [\"/b\"]\n").unwrap();
    fs::write(broken.path().join("template/a"), "").unwrap();
    fs::write(broken.path().join("template/b.liquid"), "{% if %}").unwrap();
    let parent = tempfile::tempdir().unwrap();
    error(&xtask(broken.path(), &["new", "notes", "--path", parent.path().to_str().unwrap()]));
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
}

#[test]
fn outside_of_a_project_the_error_says_where_to_go() {
    let nowhere = tempfile::tempdir().unwrap();
    let text = error(&xtask(nowhere.path(), &["tidy"]));
    assert!(text.contains("checkout of Steadfast"), "{text}");
}
