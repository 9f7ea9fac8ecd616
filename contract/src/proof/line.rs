//! The way between two majors, and what happens to a value on it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Map, Value};

use super::Stage;
use crate::shim::{ShimError, Translator};

/// From an older major to a newer one, over those between them.
pub(super) struct Line<'s, 'a> {
    pub(super) older: &'s Stage<'a>,
    pub(super) newer: &'s Stage<'a>,
    /// The oldest first.
    shims: Vec<&'a Translator>,
    /// There are others between them.
    chain: bool,
}

/// A shim that did not give a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Broken {
    Refuses(String),
    Panics(String),
}

impl Broken {
    pub(super) fn said(&self) -> String {
        match self {
            Self::Refuses(what) => format!("returns an error: {what}"),
            Self::Panics(what) => format!("panics: {what}"),
        }
    }
}

impl<'s, 'a> Line<'s, 'a> {
    pub(super) fn new(stages: &'s [Stage<'a>], older: usize, newer: usize) -> Self {
        let shims = stages[older..newer].iter().filter_map(|stage| stage.up).collect();
        Self { older: &stages[older], newer: &stages[newer], shims, chain: newer - older > 1 }
    }

    /// The oldest first; one when the majors are neighbours and have one.
    pub(super) fn shims(&self) -> &[&'a Translator] {
        &self.shims
    }

    /// Over the majors between.
    pub(super) fn is_chain(&self) -> bool {
        self.chain
    }

    pub(super) fn up(&self, arguments: &Map<String, Value>) -> Result<Map<String, Value>, Broken> {
        self.shims.iter().try_fold(arguments.clone(), |arguments, shim| guarded(|| shim.up(arguments)))
    }

    pub(super) fn down(&self, result: &Value) -> Result<Value, Broken> {
        self.shims.iter().rev().try_fold(result.clone(), |result, shim| guarded(|| shim.down(result)))
    }
}

/// A typed shim is anybody's code.
fn guarded<T>(translate: impl FnOnce() -> Result<T, ShimError>) -> Result<T, Broken> {
    // Nothing of the values is used again after a panic.
    match catch_unwind(AssertUnwindSafe(translate)) {
        Ok(result) => result.map_err(|error| Broken::Refuses(error.to_string())),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
            Err(Broken::Panics(text.to_owned()))
        }
    }
}
