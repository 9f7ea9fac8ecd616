//! Bodies of `tools/list`, of the server as a whole and of each surface, kept until a date changes them.

use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::{MetaObject, Tool as Definition};
use serde_json::{Value, json};

use super::{contract::Contract, entry::Entry, lifecycle::State, surfaces::Surface};
use crate::{date::Date, names};

/// A list as it is on some days.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) tools: Vec<Definition>,
    /// The first day on which it is right.
    from: Date,
    /// The day on which it changes.
    pub(crate) until: Option<Date>,
}

/// The list that was asked for last.
#[derive(Debug, Default)]
pub(super) struct Cached(Mutex<Option<Arc<Listing>>>);

impl Cached {
    pub(super) fn get(&self, today: Date, make: impl FnOnce() -> Listing) -> Arc<Listing> {
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*cached {
            Some(listing) if listing.from <= today && listing.until.is_none_or(|until| today < until) => {
                Arc::clone(listing)
            }
            _ => Arc::clone(cached.insert(Arc::new(make()))),
        }
    }
}

impl Listing {
    /// Every tool in its current major.
    pub(super) fn of_all(entries: &[Entry], today: Date) -> Self {
        let mut listing = Self { tools: Vec::new(), from: today, until: None };
        for entry in entries {
            let mut served = Vec::new();
            for (_, contract) in entry.majors() {
                listing.ends(contract.lifecycle.sunset);
                if contract.lifecycle.state(&contract.version, today) != State::Sunset {
                    served.push(contract.label.clone());
                }
            }
            listing.ends(entry.current.lifecycle.deprecated);
            listing.add(&entry.name, &entry.current, &entry.current.digest, served);
        }
        listing
    }

    /// The tools of a surface, in its majors.
    pub(super) fn of(surface: &Surface, entries: &[Entry], today: Date) -> Self {
        let mut listing = Self { tools: Vec::new(), from: today, until: None };
        for (name, listed) in &surface.tools {
            let contract = entries[listed.entry].contract(listed.major);
            listing.ends(contract.lifecycle.deprecated);
            listing.ends(contract.lifecycle.sunset);
            let digest = listed.renamed.as_ref().map_or(&contract.digest, |renamed| &renamed.digest);
            listing.add(name, contract, digest, vec![contract.label.clone()]);
        }
        listing
    }

    fn add(&mut self, name: &str, contract: &Contract, digest: &str, served: Vec<String>) {
        let state = contract.lifecycle.state(&contract.version, self.from);
        if state == State::Sunset {
            return;
        }
        let mut about = contract.about(digest);
        about.insert("state".into(), state.as_str().into());
        about.insert("served".into(), json!(served));
        let mut definition = contract.definition.clone();
        definition.name = name.to_owned().into();
        let mut meta = MetaObject::new();
        meta.0.insert(names::meta::CONTRACT.into(), Value::Object(about));
        self.tools.push(definition.with_meta(meta));
    }

    /// Notes a date on which the list changes, if that is still to come.
    fn ends(&mut self, date: Option<Date>) {
        let coming = date.filter(|date| *date > self.from);
        self.until = self.until.into_iter().chain(coming).min();
    }
}
