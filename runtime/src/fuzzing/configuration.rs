//! A configuration file and variables: settings or problems, and no secret in either.

use serde_json::json;
use toml::{Table, Value};

use super::{input, watch::without_panics};
use crate::config::{ConfigProblem, Settings};

/// What is secret wherever it is written.
const SECRET: &str = "hunter2-is-secret";

/// The text of a `steadfast.toml` and, behind a NUL, variables as `NAME=value` in lines. It is settings, or problems
/// that say where they are and how they are mended; and no problem and no debug output shows a key, a password or a
/// secret.
pub fn configuration(data: &[u8]) {
    let (file, variables) = input::halves(data);
    let (file, variables) = (String::from_utf8_lossy(file), String::from_utf8_lossy(variables));
    let variables = variables.lines().filter_map(|line| line.split_once('='));
    let variables: Vec<_> = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let table: Table = file.parse().unwrap_or_default();
    // No entry reads a file, let alone runs a command.
    if reaches_out(&Value::Table(table)) || variables.iter().any(|(_, value)| is_outside(value)) {
        return;
    }
    without_panics(|| {
        for problem in read(&file, &variables).err().iter().flatten() {
            let ConfigProblem { key, source, what, help } = problem;
            assert!([key, source, what, help].iter().all(|part| !part.is_empty()), "{problem:?}");
        }
        let told = variables.first().map_or("", |(_, value)| value.as_str());
        for key in ["store.url", "store.limits_url", "state.keys", "secrets.token"] {
            shows_no_secret(key, told);
        }
    });
}

fn read(file: &str, variables: &[(String, String)]) -> Result<Settings, Vec<ConfigProblem>> {
    let settings = Settings::from_text_and(file, variables);
    assert!(!settings.as_ref().is_err_and(Vec::is_empty), "it is refused without a problem");
    settings
}

/// A key whose value holds a secret, with something around it.
fn shows_no_secret(key: &str, around: &str) {
    // What JSON writes in quotes is how TOML writes it.
    let value = match key {
        "state.keys" => json!([format!("{SECRET}{around}")]),
        "secrets.token" => json!(format!("{SECRET}{around}")),
        // A password ends where the address begins.
        _ => {
            let around: String = around.chars().filter(|character| !"@/?#".contains(*character)).collect();
            json!(format!("postgres://user:{SECRET}{around}@localhost/notes"))
        }
    };
    let (section, name) = key.split_once('.').unwrap_or_default();
    let shown = match read(&format!("[{section}]\n{name} = {value}"), &[]) {
        Ok(settings) => format!("{settings:?}"),
        Err(problems) => problems.iter().map(|problem| format!("{problem} {problem:?}")).collect(),
    };
    assert!(!shown.contains(SECRET), "{shown}");
}

fn reaches_out(value: &Value) -> bool {
    match value {
        Value::String(text) => is_outside(text),
        Value::Array(items) => items.iter().any(reaches_out),
        Value::Table(members) => members.values().any(reaches_out),
        _ => false,
    }
}

fn is_outside(text: &str) -> bool {
    ["file:", "command:"].iter().any(|source| text.contains(source))
}
