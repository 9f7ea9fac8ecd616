//! The fields of a span or an event, as they were given.

use std::fmt;

use serde_json::Value;
use tracing::field::{Field, Visit};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(&'static str, Given)>);

/// What a field was given.
#[derive(Debug)]
pub(super) enum Given {
    /// A number or a flag.
    Plain(Value),
    /// A text, which is quoted where values are not told from names otherwise.
    Text(String),
    /// What something prints.
    Printed(String),
}

impl Fields {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &Given)> {
        self.0.iter().map(|(name, given)| (*name, given))
    }

    /// Takes in later ones, which replace those of the same name.
    pub(super) fn take(&mut self, later: Self) {
        for (name, given) in later.0 {
            self.put(name, given);
        }
    }

    fn put(&mut self, name: &'static str, given: Given) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, before)) => *before = given,
            None => self.0.push((name, given)),
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field.name(), Given::Printed(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), Given::Text(value.to_owned()));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), Given::Plain(value.into()));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), Given::Plain(value.into()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), Given::Plain(value.into()));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), Given::Plain(value.into()));
    }
}
