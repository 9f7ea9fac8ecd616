//! What a configuration comes to, setting by setting: its effective value, and where it came from.
//!
//! Invariant: no value here is a secret. What is read as one is told by where it is kept, and what may stand before the
//! `@` of a URL by a mask, whatever the setting is for.

use std::{net::SocketAddr, time::Duration};

use toml::Value;

use super::{listen::Listen, reader::KEYS};
use crate::{duration, reliability::Quota, secrets::MASK};

/// The source of what nobody set.
const DEFAULT: &str = "default";

/// One setting.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Setting {
    pub(crate) key: String,
    /// As a file would have it; none where nothing is set and nothing is the default, or where what was set is wrong.
    pub(crate) value: Option<Value>,
    /// A file, a variable, a flag, or `default`.
    pub(crate) source: String,
}

impl Setting {
    /// The value as programs read it, and people of TOML as well.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::to_value(&self.value).unwrap_or_default()
    }
}

/// What a reader has read so far.
#[derive(Debug, Default)]
pub(super) struct Told(Vec<Setting>);

impl Told {
    /// A key that is set, before it is known to what.
    pub(super) fn found(&mut self, key: &str, source: &str) {
        self.0.push(Setting { key: key.into(), value: None, source: source.into() });
    }

    /// A key that is not set. Of those with a name of the user's in them only what is set or has a default is told.
    pub(super) fn missing(&mut self, key: &str) {
        if KEYS.contains(&key) {
            self.found(key, DEFAULT);
        }
    }

    /// What a key that was found is set to, or comes to with what else is set.
    pub(super) fn value(&mut self, key: &str, value: Value) {
        if let Some(setting) = self.0.iter_mut().find(|setting| setting.key == key) {
            setting.value = Some(value);
        }
    }

    /// What a key is where nobody set it; what is set and wrong stays without a value.
    pub(super) fn otherwise(&mut self, key: &str, value: Value) {
        match self.0.iter_mut().find(|setting| setting.key == key) {
            Some(setting) if setting.source == DEFAULT => setting.value = Some(value),
            Some(_) => {}
            None => self.0.push(Setting { key: key.into(), value: Some(value), source: DEFAULT.into() }),
        }
    }

    /// What a key that nobody set is by something else than its default.
    pub(super) fn elsewhere(&mut self, key: &str, value: Value, source: &str) {
        if let Some(setting) = self.0.iter_mut().find(|setting| setting.key == key && setting.source == DEFAULT) {
            (setting.value, setting.source) = (Some(value), source.into());
        }
    }

    /// What a key that is text is set to.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|setting| setting.key == key)?.value.as_ref()?.as_str()
    }

    /// Where a key came from.
    pub(super) fn source(&self, key: &str) -> &str {
        self.0.iter().find(|setting| setting.key == key).map_or(DEFAULT, |setting| &setting.source)
    }

    /// All settings in the order of [`KEYS`], those with a name of the user's in them behind their own kind, and what
    /// nobody asked for because of what else is set as not set.
    pub(super) fn finish(mut self) -> Vec<Setting> {
        for key in KEYS {
            if !self.0.iter().any(|setting| setting.key == *key) {
                self.missing(key);
            }
        }
        self.0.sort_by_key(|setting| place(&setting.key));
        self.0
    }
}

/// Where a key stands among all.
fn place(key: &str) -> (usize, bool) {
    let first = |key: &str| key.split('.').next().map(str::to_owned);
    match KEYS.iter().position(|known| *known == key) {
        Some(place) => (place, false),
        None => (KEYS.iter().rposition(|known| first(known) == first(key)).unwrap_or(KEYS.len()), true),
    }
}

/// A value of a setting, as a file would have it.
pub(super) trait Tell {
    fn tell(&self) -> Value;
}

impl Tell for bool {
    fn tell(&self) -> Value {
        Value::Boolean(*self)
    }
}

impl Tell for u32 {
    fn tell(&self) -> Value {
        Value::Integer((*self).into())
    }
}

impl Tell for usize {
    fn tell(&self) -> Value {
        Value::Integer(i64::try_from(*self).unwrap_or(i64::MAX))
    }
}

impl Tell for f64 {
    fn tell(&self) -> Value {
        Value::Float(*self)
    }
}

impl Tell for str {
    fn tell(&self) -> Value {
        Value::String(without_credentials(self))
    }
}

impl Tell for String {
    fn tell(&self) -> Value {
        self.as_str().tell()
    }
}

impl Tell for Vec<String> {
    fn tell(&self) -> Value {
        Value::Array(self.iter().map(Tell::tell).collect())
    }
}

impl Tell for Duration {
    fn tell(&self) -> Value {
        Value::String(duration::text(*self))
    }
}

impl Tell for Listen {
    fn tell(&self) -> Value {
        Value::String(self.to_string())
    }
}

impl Tell for SocketAddr {
    fn tell(&self) -> Value {
        Value::String(self.to_string())
    }
}

impl Tell for Quota {
    fn tell(&self) -> Value {
        Value::String(self.to_string())
    }
}

/// What can be switched off.
impl<T: Tell> Tell for Option<T> {
    fn tell(&self) -> Value {
        self.as_ref().map_or_else(|| Value::String("off".into()), Tell::tell)
    }
}

/// A URL may have a password in it where nobody expects one.
fn without_credentials(text: &str) -> String {
    match text.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?.1))) {
        Some((scheme, behind)) => format!("{scheme}://{MASK}@{behind}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_told_without_what_may_be_a_password() {
        for (text, told) in [
            ("https://user:hunter2@host/path", "https://[secret]@host/path"),
            ("https://user:hun/ter2@x@host", "https://[secret]@host"),
            ("https://host/path?a", "https://host/path?a"),
            ("someone@host", "someone@host"),
        ] {
            assert_eq!(text.tell(), Value::String(told.into()));
        }
    }

    #[test]
    fn settings_are_told_in_their_order_and_named_ones_behind_their_kind() {
        let mut told = Told::default();
        for key in ["tools.search.timeout", "auth.issuers.main.url", "log.format", "profile"] {
            told.found(key, "a file");
        }
        let keys: Vec<String> = told.finish().into_iter().map(|setting| setting.key).collect();
        let at = |key: &str| keys.iter().position(|known| known == key).unwrap();
        assert_eq!((at("profile"), at("tools.search.timeout")), (0, keys.len() - 1));
        assert_eq!(at("auth.issuers.main.url"), at("auth.jwks_max_stale") + 1);
        assert_eq!(keys.len(), KEYS.len() + 2);
    }
}
