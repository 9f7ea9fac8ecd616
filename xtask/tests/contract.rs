//! `cargo xtask contract` as a person and as a program run it: the binary, its exit codes, its standard streams.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

const TEXT: &str = r#"{"type":"string"}"#;

fn xtask(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.arg("contract").current_dir(folder);
    command
}

fn compare(old: &str, new: &str, more: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("old.json"), old).unwrap();
    fs::write(folder.path().join("new.json"), new).unwrap();
    xtask(folder.path()).args(["compare", "old.json", "new.json"]).args(more).output().unwrap()
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_exit_code_is_the_verdict() {
    let narrow = r#"{"type":"string","maxLength":3}"#;
    for (old, new, direction, code) in [
        (TEXT, TEXT, "input", 0),
        (TEXT, narrow, "input", 1),
        (narrow, TEXT, "input", 0),
        (narrow, TEXT, "output", 1),
        (TEXT, narrow, "output", 0),
    ] {
        let output = compare(old, new, &["--direction", direction, "--format", "json"]);
        assert_eq!(output.status.code(), Some(code), "{old} {new} {direction}: {}", error(&output));
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answer["verdict"], if code == 0 { "compatible" } else { "breaking" });
        assert_eq!(answer.get("witness").is_some(), code == 1, "{answer}");
    }
}

#[test]
fn people_read_the_rule_and_the_verdict_without_escape_codes_in_a_pipe() {
    let output = compare(TEXT, r#"{"type":"string","maxLength":3}"#, &["--direction", "input"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("error[bound-tightened]: "), "{text}");
    assert!(text.contains("verdict: breaking\nwitness: \""), "{text}");
}

#[test]
fn wrong_use_ends_with_two_and_says_what_to_do() {
    let input = ["--direction", "input"];
    for (old, more, says) in [
        (TEXT, &[][..], "--direction"),
        ("{", &input, "old.json:1: no JSON"),
        (TEXT, &["--direction", "sideways"], "[possible values: input, output]"),
        (r#"{"type":"text"}"#, &input, "old.json"),
    ] {
        let output = compare(old, TEXT, more);
        assert_eq!(output.status.code(), Some(2), "{says}: {}", error(&output));
        assert!(error(&output).contains(says), "{}", error(&output));
    }
}

#[test]
fn what_needs_a_server_says_so_elsewhere() {
    let nowhere = tempfile::tempdir().unwrap();
    let mut places = vec![(nowhere.path(), "in no Steadfast project")];
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    places.push((checkout, "this is a checkout of Steadfast"));
    for (folder, says) in places {
        for subcommand in [&["check"][..], &["bless"], &["notes"], &["diff", "a@1", "a@2"]] {
            let output = xtask(folder).args(subcommand).output().unwrap();
            assert_eq!(output.status.code(), Some(2));
            assert!(error(&output).contains(says) && error(&output).contains("help: "), "{}", error(&output));
        }
    }
}

#[test]
fn a_batch_can_be_a_dialogue() {
    let folder = tempfile::tempdir().unwrap();
    let mut program =
        xtask(folder.path()).args(["compare", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = program.stdin.take().unwrap();
    let mut answers = BufReader::new(program.stdout.take().unwrap()).lines();
    let pair =
        json!({ "id": { "n": 1 }, "direction": "input", "old": { "type": "string" }, "new": { "type": "null" } });
    for (line, id, verdict) in
        [(pair.to_string(), json!({ "n": 1 }), "breaking"), ("nonsense".to_owned(), Value::Null, "unknown")]
    {
        writeln!(input, "{line}").unwrap();
        let answer: Value = serde_json::from_str(&answers.next().unwrap().unwrap()).unwrap();
        assert_eq!((&answer["id"], &answer["verdict"]), (&id, &json!(verdict)), "{answer}");
    }
    drop(input);
    assert_eq!(program.wait().unwrap().code(), Some(0));
}
