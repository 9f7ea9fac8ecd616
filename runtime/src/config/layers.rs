//! Gathers the layers of a configuration into one value for each key, with where it came from.
//!
//! Invariant: what is told to speak MCP over stdio was started by a client, in a directory that may be anybody's, such as a
//! project that was just cloned. Nothing is read there that was not named: a configuration can run programs.

use std::{
    collections::BTreeMap,
    ops::Range,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

use super::{ConfigProblem, Profile, reader};

/// The variable that every setting's own starts with.
const PREFIX: &str = "STEADFAST_";
/// What is read in the working directory where no other file is named.
pub(super) const FILE: &str = "steadfast.toml";

/// Values from the command line, by key; one that was not given is absent.
#[derive(Debug, Default)]
pub(crate) struct Flags {
    pub(crate) values: Vec<(&'static str, String)>,
    /// `--config`: a file that must exist.
    pub(crate) config: Option<PathBuf>,
}

/// The value of each key in the last layer that has it.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    values: BTreeMap<String, (Value, String)>,
    /// The working directory is a client's, and what is in it does not count.
    pub(super) elsewhere: bool,
}

impl Flags {
    /// What the command line says, or else the environment.
    fn given(&self, key: &str) -> Option<String> {
        let flag = self.values.iter().find(|(known, _)| *known == key).map(|(_, value)| value.clone());
        flag.or_else(|| std::env::var(format!("{PREFIX}{}", key.to_ascii_uppercase())).ok())
    }
}

/// Whether whoever starts this process says, by itself or by the profile, that it is a client.
pub(super) fn starts_over_stdio(flags: &Flags) -> bool {
    match flags.given("transport") {
        Some(transport) => transport == "stdio",
        None => flags.given("profile").as_deref() == Some(Profile::Sidecar.as_str()),
    }
}

impl Layers {
    /// Reads files, environment and flags, in this order.
    pub(crate) fn gather(flags: Flags) -> (Self, Vec<ConfigProblem>) {
        let mut layers = Self::default();
        let mut problems = Vec::new();
        let named = flags.config.clone().or_else(|| std::env::var_os("STEADFAST_CONFIG").map(PathBuf::from));
        layers.elsewhere = named.is_none() && starts_over_stdio(&flags);
        if !layers.elsewhere {
            let file = named.clone().unwrap_or_else(|| PathBuf::from(FILE));
            layers.file(&file, named.is_some(), &mut problems);
            let profile = layers.profile(&flags).unwrap_or_else(|| Profile::default().as_str().into());
            let stem = file.with_extension("");
            layers.file(&PathBuf::from(format!("{}.{profile}.toml", stem.display())), false, &mut problems);
        }
        // What is not text is some other program's; a value of ours that is not text fails as what it is read for.
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())));
        layers.environment(variables, &mut problems);
        for (key, value) in flags.values {
            layers.flag(key, Some(value));
        }
        (layers, problems)
    }

    /// Takes a key's value out.
    pub(super) fn take(&mut self, key: &str) -> Option<(Value, String)> {
        self.values.remove(key)
    }

    /// Takes every key below one out: name, value, source.
    pub(super) fn take_below(&mut self, key: &str) -> Vec<(String, Value, String)> {
        let prefix = format!("{key}.");
        let taken = self.values.extract_if(.., |known, _| known.starts_with(&prefix));
        taken.map(|(key, (value, source))| (key[prefix.len()..].to_owned(), value, source)).collect()
    }

    /// The keys below one, without it.
    pub(super) fn below(&self, key: &str) -> impl Iterator<Item = &str> {
        let prefix = format!("{key}.");
        self.values.keys().filter_map(move |known| known.strip_prefix(&prefix))
    }

    /// What nobody took.
    pub(super) fn rest(self) -> impl Iterator<Item = (String, String)> {
        self.values.into_iter().map(|(key, (_, source))| (key, source))
    }

    /// Which profile's file to read; the profile itself is read with all other settings.
    fn profile(&self, flags: &Flags) -> Option<String> {
        let file = || self.values.get("profile").and_then(|(value, _)| value.as_str()).map(str::to_owned);
        flags.given("profile").or_else(file)
    }

    fn file(&mut self, path: &Path, required: bool, problems: &mut Vec<ConfigProblem>) {
        let source = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => self.toml(&source, &text, problems),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !required => {}
            Err(error) => problems.push(ConfigProblem {
                key: source,
                source: "file".into(),
                what: format!("can't be read: {error}"),
                help: "name a readable file, or leave `--config` away".into(),
            }),
        }
    }

    pub(super) fn toml(&mut self, source: &str, text: &str, problems: &mut Vec<ConfigProblem>) {
        match text.parse::<Table>() {
            Ok(table) => self.table("", table, source),
            Err(error) => problems.push(ConfigProblem {
                key: source.into(),
                source: "file".into(),
                // The line itself is not repeated: there may be a password in it.
                what: format!("line {}: {}", line(text, error.span()), error.message()),
                help: "mend the TOML at this place".into(),
            }),
        }
    }

    fn table(&mut self, prefix: &str, table: Table, source: &str) {
        for (name, value) in table {
            let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
            match value {
                Value::Table(inner) => self.table(&key, inner, source),
                value => {
                    self.values.insert(key, (value, source.to_owned()));
                }
            }
        }
    }

    pub(super) fn environment(
        &mut self,
        variables: impl Iterator<Item = (String, String)>,
        problems: &mut Vec<ConfigProblem>,
    ) {
        for (name, value) in variables.filter(|(name, _)| name.starts_with(PREFIX)) {
            // One names this file, the other is for the compiler.
            if ["STEADFAST_CONFIG", "STEADFAST_CONTRACTS"].contains(&name.as_str()) {
                continue;
            }
            match reader::KEYS.iter().find(|key| variable(key) == name) {
                Some(key) => {
                    self.values.insert((*key).to_owned(), (Value::String(value), name));
                }
                None => {
                    let known: Vec<String> = reader::KEYS.iter().map(|key| variable(key)).collect();
                    problems.push(ConfigProblem {
                        help: reader::suggestion(&name, known.iter().map(String::as_str)),
                        key: name,
                        source: "environment".into(),
                        what: "unknown variable".into(),
                    });
                }
            }
        }
    }

    pub(super) fn flag(&mut self, key: &'static str, value: Option<String>) {
        if let Some(value) = value {
            self.values.insert(key.to_owned(), (Value::String(value), format!("--{key}")));
        }
    }
}

/// The line that an error is on, from 1.
fn line(text: &str, span: Option<Range<usize>>) -> usize {
    let before = span.map_or("", |span| &text[..span.start.min(text.len())]);
    1 + before.matches('\n').count()
}

/// The variable that every Rust program takes its log directives from.
pub(super) fn rust_log() -> Option<String> {
    std::env::var("RUST_LOG").ok().filter(|level| !level.is_empty())
}

/// `limits.deadline` is `STEADFAST_LIMITS_DEADLINE`.
fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "_").to_uppercase())
}
