//! Reads typed settings and collects what is wrong, so that one run shows everything.
//!
//! Invariant: what is read is told ([`Told`]), with the value that counts. A method takes the default, where there is one;
//! those that end in `_of` have none, and tell what is not set as not set.

use std::{
    collections::BTreeSet, fmt, net::SocketAddr, ops::RangeInclusive, path::PathBuf, str::FromStr, time::Duration,
};

use toml::Value;
use tracing_subscriber::EnvFilter;

use super::{
    ConfigProblem, auth,
    layers::Layers,
    listen::Listen,
    policies,
    told::{Setting, Tell, Told},
};
use crate::{
    duration,
    keyring::KeySource,
    nearest::nearest_name,
    reliability::Quota,
    secrets::{self, MASK, NamedSecrets, Secret, SecretError},
    store::StoreUrl,
};

/// Every key with a name of its own; a reader that reads another one is a mistake that the first test finds.
pub(crate) const KEYS: &[&str] = &[
    "profile",
    "transport",
    "listen",
    "admin",
    "data",
    "store.url",
    "store.limits_url",
    "store.timeout",
    "store.pool",
    "store.allow_embedded",
    "surface",
    "list_ttl",
    "read_only",
    "tenant",
    "http.path",
    "http.allowed_hosts",
    "http.allowed_origins",
    "http.max_body_bytes",
    "http.sessions",
    "http.max_connections",
    "http.max_connections_per_peer",
    "http.max_header_bytes",
    "http.header_timeout",
    "http.body_timeout",
    "http.write_timeout",
    "http.max_bytes_in_flight",
    "http.max_bytes_in_flight_per_tenant",
    "http.max_bytes_in_flight_per_caller",
    "http.max_sessions",
    "http.max_sessions_per_tenant",
    "http.max_sessions_per_caller",
    "http.max_streams",
    "http.max_streams_per_tenant",
    "http.max_streams_per_caller",
    "limits.argument_bytes",
    "limits.argument_depth",
    "limits.result_bytes",
    "limits.blocking",
    "limits.deadline",
    "limits.default_timeout",
    "limits.concurrency",
    "limits.concurrency_per_caller",
    "limits.concurrency_per_tenant",
    "limits.queue",
    "limits.queue_per_caller",
    "limits.rate_per_caller",
    "limits.rate_per_tenant",
    "limits.kept_per_caller",
    "retry.base",
    "retry.cap",
    "idempotency.ttl",
    "idempotency.max_bytes",
    "idempotency.lease",
    "tasks.concurrency",
    "tasks.concurrency_per_tenant",
    "tasks.concurrency_per_caller",
    "tasks.deadline",
    "tasks.ttl",
    "tasks.poll",
    "tasks.poll_interval",
    "tasks.lease",
    "output.text_bytes",
    "output.link_schemes",
    "egress.timeout",
    "egress.connect_timeout",
    "egress.max_response_bytes",
    "egress.max_request_bytes",
    "egress.allow_addresses",
    "stale.max_bytes",
    "switches.refresh",
    "policy.dir",
    "policy.mode",
    "policy.reads",
    "policy.refresh",
    "auth.step_up",
    "state.keys",
    "state.rotate_after",
    "confirmation.mode",
    "confirmation.by_token",
    "confirmation.ttl",
    "confirmation.approval_ttl",
    "drain.grace",
    "auth.resource",
    "auth.documentation",
    "auth.scopes",
    "auth.leeway",
    "auth.max_token_lifetime",
    "auth.jwks_refresh",
    "auth.jwks_max_age",
    "auth.jwks_max_stale",
    "log.level",
    "log.format",
];

/// Tables whose keys have a name of the user's in the middle: `tools.search_notes.timeout`.
const NAMED: [(&str, &[&str]); 3] =
    [("tools", &policies::TOOL_KEYS), ("upstreams", &policies::UPSTREAM_KEYS), ("auth.issuers", &auth::ISSUER_KEYS)];

/// See the module.
pub(super) struct Reader {
    layers: Layers,
    problems: Vec<ConfigProblem>,
    /// What was read, and where it came from.
    told: Told,
}

impl Reader {
    pub(super) fn new(layers: Layers, problems: Vec<ConfigProblem>) -> Self {
        Self { layers, problems, told: Told::default() }
    }

    /// Whether the working directory is a client's, so that nothing counts that is found there.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.layers.elsewhere
    }

    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        self.read(key, "text", "write it in quotes", |value| value.as_str().map(str::to_owned))
    }

    /// A text, with a default.
    pub(super) fn text_or(&mut self, key: &str, default: &str) -> String {
        let text = self.text(key);
        self.or(key, text, default.to_owned())
    }

    /// Log directives; a single word must be a level, since as a target it would switch everything off. Where nothing is
    /// set they are those that other programs take, too, or what the command wants: `serving` for the server.
    pub(super) fn directives(&mut self, key: &'static str, rust_log: Option<String>, serving: &str) -> Option<String> {
        const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
        let valid = |text: &str| {
            let lone = |part: &str| part.contains(['=', ':', '[']) || LEVELS.contains(&part.to_lowercase().as_str());
            EnvFilter::builder().parse(text).is_ok() && text.split(',').all(|part| lone(part.trim()))
        };
        let set = self.read(key, "a level, or directives such as \"info,app=debug\"", "write \"info\"", |value| {
            value.as_str().filter(|text| valid(text)).map(str::to_owned)
        });
        match &rust_log {
            Some(rust_log) => self.told.elsewhere(key, rust_log.tell(), "RUST_LOG"),
            None => self.told.otherwise(key, serving.tell()),
        }
        set.or(rust_log)
    }

    pub(super) fn path(&mut self, key: &'static str, default: &str) -> PathBuf {
        self.text_or(key, default).into()
    }

    /// The URL of a store. A problem with it does not repeat it: there may be a password in it.
    pub(super) fn store_url(&mut self, key: &'static str) -> Option<StoreUrl> {
        let secret = self.secret(key)?;
        let text = secret.expose();
        secrets::know_url(text);
        let parsed = StoreUrl::parse(text).map_err(|problem| self.check(key, false, &problem.what, &problem.help)).ok();
        if let Some(url) = &parsed {
            let place = self.told.text(key).filter(|place| *place != MASK);
            let told = place.map_or_else(|| url.to_string(), |place| format!("{url}, read from {place}"));
            self.told.value(key, Value::String(told));
        }
        parsed
    }

    /// A secret: itself, or where it is kept. No problem repeats either.
    pub(super) fn secret(&mut self, key: &str) -> Option<Secret<String>> {
        let (value, source) = self.take(key)?;
        let text = value.as_str();
        let read = match text {
            Some(text) if secrets::is_source(text) => secrets::read(text),
            Some(text) => Ok(Secret::new(text.to_owned())),
            None => Err(SecretError::new("this is not text", "write it in quotes")),
        };
        self.told.value(key, kept(&value));
        self.or_problem(key, source, read)
    }

    /// Secrets by names that are the user's own: `[secrets]`. Each says where it is kept, and is not there itself.
    pub(super) fn secrets(&mut self, key: &str) -> NamedSecrets {
        let mut found = NamedSecrets::new();
        for (name, value, source) in self.layers.take_below(key) {
            let read = secrets::read(value.as_str().unwrap_or_default());
            let key = format!("{key}.{name}");
            self.told.found(&key, &source);
            self.told.value(&key, kept(&value));
            found.extend(self.or_problem(&key, source, read).map(|secret| (name, secret)));
        }
        found
    }

    fn or_problem<T>(&mut self, key: &str, source: String, read: Result<T, SecretError>) -> Option<T> {
        let SecretError { what, help } = match read {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        self.problems.push(ConfigProblem { key: key.into(), source, what, help });
        None
    }

    /// Keys, or where they are. A problem with one does not repeat it.
    pub(super) fn keys(&mut self, key: &'static str) -> Vec<KeySource> {
        let told =
            |texts: &[String]| Value::Array(texts.iter().map(|text| Value::String(secrets::kept(text))).collect());
        let Some(texts) = self.untold(key, A_LIST, SUCH_AS_A_LIST, items) else {
            self.told.otherwise(key, told(&[]));
            return Vec::new();
        };
        self.told.value(key, told(&texts));
        let mut keys = Vec::new();
        for text in &texts {
            match KeySource::parse(text) {
                Ok(source) => keys.push(source),
                Err(problem) => self.check(key, false, &problem.what, &problem.help),
            }
        }
        keys
    }

    pub(super) fn url_path(&mut self, key: &'static str, default: &str) -> String {
        let valid = |path: &str| {
            path.starts_with('/') && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-_.".contains(&b))
        };
        let expected = "a path of letters, digits and `/-_.` that starts with `/`";
        let path = self.read(key, expected, "such as \"/mcp\"", |value| {
            value.as_str().filter(|path| valid(path)).map(str::to_owned)
        });
        self.or(key, path, default.to_owned())
    }

    pub(super) fn listen(&mut self, key: &'static str, default: SocketAddr) -> Listen {
        let expected = "an address and a port, or `unix:` and an absolute path";
        let help = "such as \"127.0.0.1:8080\" or \"unix:/run/notes/mcp.sock\"";
        let listen = self.read(key, expected, help, parsed);
        self.or(key, listen, Listen::Address(default))
    }

    pub(super) fn address_or_off(&mut self, key: &'static str, default: Option<SocketAddr>) -> Option<SocketAddr> {
        let address = self.read(key, "an address and a port, or \"off\"", "such as \"127.0.0.1:9090\"", |value| {
            if value.as_str() == Some("off") { Some(None) } else { parsed(value).map(Some) }
        });
        self.or(key, address, default)
    }

    pub(super) fn duration(&mut self, key: &'static str, default: Duration) -> Duration {
        let duration = self.duration_of(key);
        self.or(key, duration, default)
    }

    pub(super) fn duration_of(&mut self, key: &str) -> Option<Duration> {
        self.read(key, "a duration above 0", "a number and a unit of ms, s, m, h, such as \"2s\"", |value| {
            value.as_str().and_then(duration::parse).filter(|duration| !duration.is_zero())
        })
    }

    pub(super) fn size(&mut self, key: &'static str, default: usize) -> usize {
        self.number(key, 1..=usize::MAX, default)
    }

    /// A whole number in a range, with a default.
    pub(super) fn number<T: Number>(&mut self, key: &str, range: RangeInclusive<T>, default: T) -> T {
        let number = self.number_of(key, range, &format!("such as {default}"));
        self.or(key, number, default)
    }

    /// A whole number in a range.
    pub(super) fn number_of<T: Number>(&mut self, key: &str, range: RangeInclusive<T>, help: &str) -> Option<T> {
        let expected = match range.end() {
            most if *most == T::MOST => match range.start().to_string().as_str() {
                "1" => "a whole number above 0".to_owned(),
                least => format!("a whole number, {least} or more"),
            },
            most => format!("a whole number from {} to {most}", range.start()),
        };
        self.read(key, &expected, help, |value| {
            let number = value.as_integer().and_then(|number| T::try_from(number).ok());
            number.or_else(|| parsed(value)).filter(|number| range.contains(number))
        })
    }

    /// A percentage above 0.
    pub(super) fn percentage_of(&mut self, key: &str) -> Option<f64> {
        self.read(key, "a percentage above 0 and up to 100", "such as 50", |value| {
            #[allow(clippy::cast_precision_loss, reason = "a percentage is small")]
            let number = value.as_float().or_else(|| value.as_integer().map(|number| number as f64));
            number.or_else(|| parsed(value)).filter(|number| *number > 0.0 && *number <= 100.0)
        })
    }

    /// As [`rate_of`](Self::rate_of), with a default.
    pub(super) fn rate(&mut self, key: &'static str, default: Option<Quota>) -> Option<Quota> {
        let rate = self.rate_of(key);
        self.or(key, rate, default)
    }

    /// A rate, such as `100/s`; none where it is `off`.
    pub(super) fn rate_of(&mut self, key: &str) -> Option<Option<Quota>> {
        self.read(key, "a rate, or \"off\"", "a whole number, `/` and a unit of s, m, h, such as \"100/s\"", |value| {
            let text = value.as_str()?;
            if text == "off" { Some(None) } else { Quota::parse(text).map(Some) }
        })
    }

    pub(super) fn flag(&mut self, key: &'static str, default: bool) -> bool {
        let flag = self.flag_of(key);
        self.or(key, flag, default)
    }

    pub(super) fn flag_of(&mut self, key: &str) -> Option<bool> {
        self.read(key, "true or false", "write `true` or `false`", |value| value.as_bool().or_else(|| parsed(value)))
    }

    /// A list; in the environment and in flags its items are separated by commas.
    pub(super) fn list_of(&mut self, key: &str) -> Option<Vec<String>> {
        self.read(key, A_LIST, SUCH_AS_A_LIST, items)
    }

    /// As [`list_of`](Self::list_of), with a default.
    pub(super) fn list(&mut self, key: &str, default: &[&str]) -> Vec<String> {
        let list = self.list_of(key);
        self.or(key, list, default.iter().map(|item| (*item).to_owned()).collect())
    }

    /// A setting of a feature that this program was built without: that it is there is a problem.
    #[cfg(not(feature = "egress"))]
    pub(super) fn needs_feature(&mut self, key: &'static str, feature: &str) {
        let Some((_, source)) = self.take(key) else { return };
        self.problems.push(ConfigProblem {
            key: key.into(),
            source,
            what: format!("this program was built without the feature `{feature}`"),
            help: format!("build it with `steadfast = {{ features = [\"{feature}\"] }}`, or leave the key out"),
        });
    }

    /// Texts by names that are the user's own: `[pins]`. A name may itself have dots.
    pub(super) fn table(&mut self, key: &str) -> Vec<(String, String)> {
        let mut texts = Vec::new();
        for (name, value, source) in self.layers.take_below(key) {
            let key = format!("{key}.{name}");
            self.told.found(&key, &source);
            match value.as_str() {
                Some(text) => {
                    self.told.value(&key, text.tell());
                    texts.push((name, text.to_owned()));
                }
                None => self.problems.push(ConfigProblem {
                    key,
                    source,
                    what: format!("{} is not text", shown(&value)),
                    help: "write it in quotes".into(),
                }),
            }
        }
        texts
    }

    pub(super) fn choice<T: Copy + PartialEq>(&mut self, key: &'static str, choices: &[(&str, T)], default: T) -> T {
        let choice = self.choice_of(key, choices);
        if let Some((name, _)) = choices.iter().find(|(_, choice)| *choice == default) {
            self.told.otherwise(key, name.tell());
        }
        choice.unwrap_or(default)
    }

    pub(super) fn choice_of<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let expected = format!("one of {}", names.join(", "));
        let choice = self.untold(key, &expected, &format!("write \"{}\"", names[0]), |value| {
            let value = value.as_str()?;
            choices.iter().find(|(name, _)| *name == value)
        });
        choice.map(|(name, choice)| {
            self.told.value(key, name.tell());
            *choice
        })
    }

    /// What was read, or the default.
    pub(super) fn or<T: Tell>(&mut self, key: &str, read: Option<T>, default: T) -> T {
        read.unwrap_or_else(|| {
            self.told.otherwise(key, default.tell());
            default
        })
    }

    /// What a key comes to with what else is set.
    pub(super) fn comes_to(&mut self, key: &str, value: &impl Tell) {
        self.told.value(key, value.tell());
    }

    /// The user's names in a table of [`NAMED`]. A name may itself have dots; the setting is the last part of a key.
    pub(super) fn names(&self, table: &str) -> BTreeSet<String> {
        let known = NAMED.iter().find(|(name, _)| *name == table).map_or(&[][..], |(_, keys)| *keys);
        let below = self.layers.below(table);
        below
            .filter_map(|key| key.rsplit_once('.'))
            .filter(|(_, key)| known.contains(key))
            .map(|(name, _)| name.to_owned())
            .collect()
    }

    /// The keys below one that nobody has read yet, without it.
    pub(super) fn below(&self, key: &str) -> impl Iterator<Item = &str> {
        self.layers.below(key)
    }

    /// A rule between settings; the problem is reported at `key`.
    pub(super) fn check(&mut self, key: &str, holds: bool, what: &str, help: &str) {
        if !holds {
            self.problems.push(ConfigProblem {
                key: key.into(),
                source: self.told.source(key).into(),
                what: what.into(),
                help: help.into(),
            });
        }
    }

    /// What every key comes to, and the settings, unless there was a problem; keys that nobody read are one.
    pub(super) fn finish<T>(mut self, settings: T) -> (Vec<Setting>, Result<T, Vec<ConfigProblem>>) {
        for (key, source) in self.layers.rest() {
            let help = help_for(&key);
            self.problems.push(ConfigProblem { key, source, what: "unknown key".into(), help });
        }
        (self.told.finish(), if self.problems.is_empty() { Ok(settings) } else { Err(self.problems) })
    }

    /// A key's value and where it came from.
    fn take(&mut self, key: &str) -> Option<(Value, String)> {
        debug_assert!(KEYS.contains(&key) || named(key).is_some(), "`{key}` is not in KEYS");
        match self.layers.take(key) {
            Some((value, source)) => {
                self.told.found(key, &source);
                Some((value, source))
            }
            None => {
                self.told.missing(key);
                None
            }
        }
    }

    fn read<T: Tell>(
        &mut self,
        key: &str,
        expected: &str,
        help: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        let read = self.untold(key, expected, help, read);
        if let Some(read) = &read {
            self.told.value(key, read.tell());
        }
        read
    }

    /// Reads what is no value to tell by itself.
    fn untold<T>(
        &mut self,
        key: &str,
        expected: &str,
        help: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        let (value, source) = self.take(key)?;
        let read = read(&value);
        if read.is_none() {
            self.problems.push(ConfigProblem {
                key: key.into(),
                source,
                what: format!("{} is not {expected}", shown(&value)),
                help: help.into(),
            });
        }
        read
    }
}

/// The settings of the table that a key is in, where the table has the user's names.
fn named(key: &str) -> Option<(&'static str, &'static [&'static str])> {
    NAMED.into_iter().find(|(table, _)| key.strip_prefix(table).is_some_and(|rest| rest.starts_with('.')))
}

/// The way out of an unknown key.
fn help_for(key: &str) -> String {
    let Some((table, settings)) = named(key) else { return suggestion(key, KEYS.iter().copied()) };
    match key.rsplit_once('.') {
        Some((place, setting)) if place != table => suggestion(setting, settings.iter().copied()),
        _ => format!("a setting of one of the {table} is `{table}.<name>.{}`", settings[0]),
    }
}

/// The way out of an unknown name.
pub(super) fn suggestion<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest_name(name, known.clone()) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("known are {}", known.collect::<Vec<_>>().join(", ")),
    }
}

/// A whole number.
pub(super) trait Number: TryFrom<i64> + FromStr + PartialOrd + fmt::Display + Tell {
    /// The largest of its type, which stands for "no bound" in messages.
    const MOST: Self;
}

impl Number for u32 {
    const MOST: Self = u32::MAX;
}

impl Number for usize {
    const MOST: Self = usize::MAX;
}

/// What a list is, and how one is written.
const A_LIST: &str = "a list of texts";
const SUCH_AS_A_LIST: &str = "such as [\"a\", \"b\"]";

fn items(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        Value::String(text) => {
            Some(text.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect())
        }
        _ => None,
    }
}

/// Where a secret is kept, or that it is one.
fn kept(value: &Value) -> Value {
    Value::String(value.as_str().map_or_else(|| MASK.to_owned(), secrets::kept))
}

fn parsed<T: FromStr>(value: &Value) -> Option<T> {
    value.as_str()?.parse().ok()
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Datetime(date) => date.to_string(),
        Value::Array(_) => "a list".into(),
        Value::Table(_) => "a table".into(),
    }
}
